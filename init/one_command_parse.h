// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The options of an init for one command, as three programs spell them: orlop --init, tini(1) and
 * dumb-init(1). Pure: words in, settings out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

/* Whose options and habits count; a bit each, as an option may be known to several. */
enum one_command_kind {
	ONE_COMMAND_OWN = 1 << 0,
	ONE_COMMAND_TINI = 1 << 1,
	ONE_COMMAND_DUMB_INIT = 1 << 2,
};

/* The signals that have a number by POSIX's and Linux's ABI; real-time signals are never rewritten. */
#define ONE_COMMAND_SIGNALS 32

struct one_command {
	char *const *arguments; /* of the command, ended by NULL; points into what was parsed */
	bool session;	   /* the command leads a session of its own; otherwise a process group */
	bool signal_group; /* signals go to the command's whole process group */
	bool suspend_too;  /* what stops the command by the terminal stops us as well */
	bool keep_ignored; /* signals that we were started with ignored or blocked stay so for it */
	bool subreaper;	   /* orphans come to us though we are not PID 1 */
	bool warn_reaped;  /* each orphan that is reaped is a warning */
	unsigned verbosity; /* 0: errors, 1: and warnings, 2: and what is done, 3: everything */
	int parent_death_signal; /* 0: none */
	int exec_failed;	 /* the status when execve(2) fails; 0: 127 or 126, as shells do */
	uint8_t rewrite[ONE_COMMAND_SIGNALS]; /* what is sent in the place of a signal; 0: nothing */
	uint64_t expected[4];		      /* a bit for each exit status that counts as 0 */
};

enum one_command_outcome {
	ONE_COMMAND_RUN,
	ONE_COMMAND_HELP,
	ONE_COMMAND_VERSION,
};

/* Why words were refused, for a person. */
struct one_command_problem {
	const char *reason;
	const char *word; /* may be NULL */
};

/**
 * one_command_parse() - reads options up to the first word that is none, or behind "--".
 * @arguments: the words after the program's name, ended by NULL
 * @environment: as environ(7); TINI_SUBREAPER, TINI_VERBOSITY, TINI_KILL_PROCESS_GROUP,
 * DUMB_INIT_DEBUG and DUMB_INIT_SETSID count for the programs that know them
 * Return: an enum one_command_outcome, or -EINVAL with @ret_problem.
 */
int one_command_parse(enum one_command_kind kind, char *const *arguments, char *const *environment,
		      struct one_command *ret_settings, struct one_command_problem *ret_problem);

/** one_command_usage() - appends the help text for @kind, a line for each option. */
void one_command_usage(enum one_command_kind kind, const char *program, struct buf *text);

/** one_command_status() - Return: the exit status for how the command ended (waitid(2): CLD_...). */
int one_command_status(const struct one_command *settings, int code, int status);

/** one_command_signal() - Return: what to send to the command for @signal, or 0 for nothing. */
int one_command_signal(const struct one_command *settings, int signal);
