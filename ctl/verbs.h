// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The verbs of orlopctl, as a table that dispatch, --help, the completion and the man page check
 * share.
 */
#pragma once

#include "ctl/control_client.h"
#include "ctl/options.h"

/* Exit statuses, as systemctl(1) and the LSB have them. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3, /* of status and is-active */
	EXIT_NO_UNIT = 4,     /* the same; of the verbs that change something: not allowed */
	EXIT_NOT_ALLOWED = 4,
	EXIT_NOT_INSTALLED = 5,	 /* start, stop, ...: there is no such unit */
	EXIT_NOT_CONFIGURED = 6, /* the unit is masked, or its file is wrong */
};

typedef int verb_fn(const char *verb, const struct options *options, char *const words[], int count);

enum verb_flags {
	VERB_WANTS_UNIT = 1 << 0, /* at least one word */
	VERB_NO_WORDS = 1 << 1,
	VERB_ALIAS = 1 << 2, /* another name, not shown in --help */
	VERB_UNITS = 1 << 3, /* words are units, for the completion */
	VERB_RAW = 1 << 4,   /* has options of its own: gets them as they are */
};

struct verb {
	const char *name;
	const char *words; /* for --help */
	const char *help;
	verb_fn *run;
	unsigned flags;
};

/* Ends with a row without a name. */
extern const struct verb verb_table[];

const struct verb *verb_find(const char *name);

/** verbs_help() - writes what --help says. */
void verbs_help(FILE *out, const char *program);

/* One function a verb, or for some that are alike; in the files of their names. */
verb_fn verb_job;	    /* job_verbs.c: start, stop, restart, ... */
verb_fn verb_kill;	    /* job_verbs.c */
verb_fn verb_reset_failed;  /* job_verbs.c */
verb_fn verb_daemon_reload; /* job_verbs.c */
verb_fn verb_power;	    /* job_verbs.c: reboot, poweroff, halt, kexec */
verb_fn verb_isolate;	    /* job_verbs.c: refused */
verb_fn verb_status;	    /* status.c */
verb_fn verb_is_active;	    /* state_verbs.c: is-active, is-failed */
verb_fn verb_is_running;    /* state_verbs.c: is-system-running */
verb_fn verb_show;	    /* state_verbs.c */
verb_fn verb_version;	    /* state_verbs.c */
verb_fn verb_list;	    /* list.c */
verb_fn verb_list_files;    /* unit_files.c */
verb_fn verb_cat;	    /* unit_files.c */
verb_fn verb_is_enabled;    /* enable.c */
verb_fn verb_enable;	    /* enable.c: enable, disable, reenable */
verb_fn verb_mask;	    /* enable.c: mask, unmask */
verb_fn verb_verify;	    /* verify.c */
verb_fn verb_deps;	    /* deps.c */
verb_fn verb_boot;	    /* boot.c */

/**
 * unit_name_complete() - gives a name without a suffix .service.
 * Return: 0, or -EINVAL: that cannot be a unit (said).
 */
int unit_name_complete(const char *word, struct buf *ret_name);

/** connect_or_say() - client_open(), and says why not. Return: 0 or EXIT_FAILED. */
int connect_or_say(struct control_client *client);

/** protocol_error() - says what is wrong with the connection. Return: EXIT_FAILED. */
int protocol_error(int error);
