// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel command line, read once and in one place (hc-56). Words are cut and unquoted exactly
 * as the kernel does it (next_arg() in lib/cmdline.c, described in kernel-parameters.rst): a double
 * quote starts and ends a stretch in which white space counts as text, quotes around a whole word
 * or a whole value are dropped, '-' and '_' are the same in keys, and a lone "--" ends the
 * parameters. The last good value of a key wins.
 *
 * Pure: text in, struct out. Nothing here fails as a whole: a bad value leaves what was there
 * before it, and the caller gets a list of what was wrong to log.
 *
 * orlop.cmdline(7) documents every key of cmdline_keys[]; tests/unit/test_cmdline_man.c compares the two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "verity/verity_open.h"

/*
 * Room for /proc/cmdline with its NUL. COMMAND_LINE_SIZE is 2048 on x86 and arm64 and 4096 at most
 * elsewhere; a boot configuration in the initrd (bootconfig) can add to that.
 */
#define CMDLINE_SIZE 8193
/* Problems that are kept for the log; more are only counted. A sane line has none. */
#define CMDLINE_PROBLEM_MAX 16

/* What fatal() does when a required step failed. */
enum cmdline_fatal {
	CMDLINE_FATAL_REBOOT,
	CMDLINE_FATAL_POWEROFF,
	CMDLINE_FATAL_HALT,
};

/* Texts are NUL-terminated; an empty one means "not given". */
struct cmdline {
	char root_hash[129];	      /* roothash=: 64 or 128 hexadecimal digits, checked */
	char root[256];		      /* root=: /dev/NAME, PARTUUID=UUID, as given */
	char root_fstype[32];	      /* rootfstype= */
	enum verity_mode verity;      /* orlop.verity= */
	uint64_t root_timeout_ns;     /* orlop.root_timeout=; CLOCK_TIME_MAX for "infinity" */
	enum cmdline_fatal fatal;     /* orlop.fatal= */
	char unit[128];		      /* orlop.unit= */
	char critical[128];	      /* orlop.critical= */
	uint64_t boot_timeout_ns;     /* orlop.boot_timeout= */
	char modules[256];	      /* orlop.modules=: names, comma separated */
	int log_level;		      /* orlop.log_level=: an enum klog_level */
	char banner[256];	      /* orlop.banner= */
	char hostname[65];	      /* orlop.hostname= */
	char machine_id[33];	      /* orlop.machine_id=: 32 lower-case hexadecimal digits */
	uint64_t shutdown_timeout_ns; /* orlop.shutdown_timeout= */
	uint64_t watchdog_ns;	      /* orlop.watchdog=: 0 for none */
	bool enforcing;		      /* enforcing=: SELinux's own; true unless it is 0 */
};

/* How a value is read. */
enum cmdline_kind {
	CMDLINE_TEXT,	    /* anything that fits and has no control bytes */
	CMDLINE_HASH,	    /* a verity root hash */
	CMDLINE_CHOICE,	    /* one word of a list */
	CMDLINE_SECONDS,    /* whole or decimal seconds, or "infinity" */
	CMDLINE_BOOL,	    /* 0 or 1 */
	CMDLINE_UNIT,	    /* a unit's name */
	CMDLINE_NAMES,	    /* module names, comma separated */
	CMDLINE_HOSTNAME,   /* RFC 1123 labels */
	CMDLINE_MACHINE_ID, /* machine-id(5) */
};

struct cmdline_choice {
	const char *word; /* NULL ends a list */
	int value;
};

struct cmdline_key {
	const char *name; /* with '_', never '-' */
	enum cmdline_kind kind;
	size_t offset; /* into struct cmdline */
	size_t size;   /* of a text field, with its NUL */
	const struct cmdline_choice *choices;
};

/* Every key that Orlop reads. A NULL name ends it. */
extern const struct cmdline_key cmdline_keys[];

/* One thing that is wrong with the line. @key and @value point into the line that was parsed. */
struct cmdline_problem {
	struct str key;
	struct str value;
	bool fatal;	  /* boot cannot safely go on (a malformed root hash) */
	char reason[120]; /* "not one of reboot, poweroff, halt; using reboot" */
};

/* One word of the line. All slices point into the line. */
struct cmdline_word {
	struct str raw; /* as it stands there, with its quotes */
	struct str key;
	struct str value;
	bool has_value; /* there was a '=' */
};

/**
 * cmdline_next() - cuts the next parameter off the front of @rest.
 * Return: true with it in @ret_word; false at the end of the line, at a NUL byte or at "--".
 */
bool cmdline_next(struct str *rest, struct cmdline_word *ret_word);

/** cmdline_key_equal() - Return: whether two keys are the same, '-' being '_'. */
bool cmdline_key_equal(struct str a, struct str b);

/**
 * cmdline_parse() - fills @ret from @line, beginning with the defaults.
 *
 * @problems: what was wrong, in the order of the line: bad values, unknown "orlop." keys, keys that
 *            were given more than once
 * @ret_problem_count: how many there were, which may be more than CMDLINE_PROBLEM_MAX
 * Return: 0; or -EINVAL when one of them is fatal (everything else is filled in all the same).
 */
int cmdline_parse(struct str line, struct cmdline *ret,
		  struct cmdline_problem problems[static CMDLINE_PROBLEM_MAX],
		  size_t *ret_problem_count);

/**
 * cmdline_module_options() - gathers every MODULE.PARAM[=VALUE] of @line for one module.
 *
 * The kernel applies these by itself only to what is built in; finit_module(2) wants them as text.
 * @module: its name, with '-' or '_'
 * @ret: "PARAM=VALUE PARAM=VALUE", quotes as they stood, is appended; overflow shows in it
 */
void cmdline_module_options(struct str line, struct str module, struct buf *ret);

/** cmdline_module_blacklisted() - Return: whether modprobe.blacklist= of @line lists @module. */
bool cmdline_module_blacklisted(struct str line, struct str module);
