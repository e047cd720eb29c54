// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Loading kernel modules: what modprobe(8) does, from the text indexes of depmod(8), with
 * dependencies, soft dependencies, aliases and the options of the kernel command line. Files are
 * handed to the kernel as they are, compressed or not (finit_module(2)).
 *
 * The indexes are read, when first needed, into anonymous mappings (a mapped file would turn a corrupt block
 * into SIGBUS), and modules_close() gives all of it back. Nothing here logs: each load is reported.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/modules_parse.h"
#include "lib/str.h"

/* Modules that one struct remembers as dealt with; more are asked about in /sys/module each time. */
#define MODULES_DONE_MAX 128
/* Nesting of soft dependencies, each of which may have its own. Real ones stay under 4. */
#define MODULES_DEPTH_MAX 12
/* Text of one module's options. */
#define MODULES_OPTIONS_SIZE 1024

/* One module that was loaded, or that failed to. */
struct module_report {
	const char *name; /* with '_' */
	struct str path; /* file, relative to the directory of the indexes; empty if none was found */
	const char *options;
	uint64_t start_ns; /* clock_now() */
	uint64_t end_ns;
	int error; /* 0 or -errno */
	bool soft; /* only a soft dependency: a failure does not matter */
};

struct modules_index {
	char *text; /* anonymous mapping, or NULL: not read yet */
	size_t length;
	size_t mapped;
};

/* All private but the fields that modules_open() says the caller may set. */
struct modules {
	int directory;
	struct str cmdline; /* the kernel command line; may be set */
	bool dry_run;	    /* report, but do not load; may be set */
	bool use_blacklist; /* names are held against modprobe.blacklist= too, as aliases always are; may be set */
	void (*report)(void *userdata, const struct module_report *report); /* may be set */
	void *userdata;
	unsigned depth;
	struct modules_index dep;
	struct modules_index softdep;
	struct modules_index alias;
	struct modules_index builtin;
	const char *done[MODULES_DONE_MAX]; /* lines of modules.dep */
	size_t done_count;
};

/**
 * modules_open() - prepares @m for the modules of the running kernel.
 * @root: directory that /usr/lib/modules/RELEASE is looked for under; "" for /
 * @m: afterwards the caller may set cmdline, report with userdata, dry_run and use_blacklist
 * Return: 0; -ENOENT when there is no such directory (a kernel without modules, or for another root); or -errno.
 */
int modules_open(struct modules *m, const char *root);

/** modules_close() - gives back everything that @m holds. Idempotent; nothing to do after a failed open. */
void modules_close(struct modules *m);

/**
 * modules_load() - loads the module @name, or every module with that alias, and before it what it depends on.
 * What is built in, loaded already or seen before is passed over.
 * @options: more options, "PARAM=VALUE …", after those of the command line; or ""
 * Return: 0 when it is there afterwards; -ENOENT (no such module or alias); -EPERM (blacklisted); or the -errno
 * of finit_module(2) or of reading the indexes.
 */
int modules_load(struct modules *m, struct str name, const char *options);

/**
 * modules_load_alias() - loads every module that has an alias matching @modalias, as udev would for a device.
 * Honours modprobe.blacklist= of the command line (the kernel itself does module_blacklist=).
 * Return: number of modules that matched and are there now (0: none, which is common), or the first -errno.
 */
int modules_load_alias(struct modules *m, struct str modalias);
