// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a service sees of the file system (systemd.exec(5), "Sandboxing"): a table of places and what is
 * mounted there, made from the unit's settings. Pure but for the heap: for the forked child.
 *
 * The table is sorted, parents before children, with one entry a place. Each entry may have an opinion
 * on read-only and on execution, which holds for its place and everything below, up to the next entry
 * that has one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/exec_settings.h"

/* Some settings name a dozen paths; the tables below have 40 between them. */
#define MOUNT_TABLE_MAX 512

/* By precedence: of two entries for one place the earlier kind is kept. systemd's order. */
enum mount_kind {
	MOUNT_INACCESSIBLE,
	MOUNT_BIND,
	MOUNT_PRIVATE_DEVICES,
	MOUNT_HOST_DEVICES, /* the host's /dev in a root of its own */
	MOUNT_EMPTY,
	MOUNT_NETWORK_SYSFS, /* a new one, of the service's own network */
	MOUNT_HOST_SYSFS,
	MOUNT_PROC,
	MOUNT_READ_ONLY,
	MOUNT_READ_WRITE,
	MOUNT_NO_EXEC,
	MOUNT_EXEC,
	MOUNT_TMPFS,
	MOUNT_RUN,
	MOUNT_MESSAGE_QUEUES,
	MOUNT_READ_WRITE_IMPLICIT,
};

enum mount_opinion {
	OPINION_NONE,
	OPINION_NO,
	OPINION_YES,
};

struct mount_point {
	const char *path;    /* absolute, below the service's root */
	const char *source;  /* of MOUNT_BIND */
	const char *options; /* of MOUNT_TMPFS and MOUNT_PROC, for the file system; NULL: none */
	enum mount_kind kind;
	enum mount_opinion read_only;
	enum mount_opinion no_exec;
	bool no_suid;
	bool exact;	/* the opinions do not hold for mounts below */
	bool optional;	/* the place, or the source, may be missing */
	bool recursive; /* of MOUNT_BIND: with what is mounted below the source */
	int tree; /* of MOUNT_BIND: a descriptor of the source, or -1; for who applies the table */
};

struct mount_table {
	struct mount_point points[MOUNT_TABLE_MAX];
	size_t count;
};

/** What the table is made of beside the unit's settings. All paths are absolute. */
struct mount_table_inputs {
	const struct exec_settings *exec;
	const char *root;	   /* RootDirectory=, or NULL */
	const char *tmp;	   /* PrivateTmp=: what goes on /tmp, or NULL */
	const char *var_tmp;	   /* and on /var/tmp */
	const char *credentials;   /* the unit's own directory, or NULL */
	bool host_has_credentials; /* there are some that it must not see */
};

/** mount_table_needed() - Return: whether the settings want a mount namespace at all. */
bool mount_table_needed(const struct exec_settings *exec);

/** mount_table_fill() - makes the table, unsorted. Return: 0, -ENOMEM, -E2BIG, or -EINVAL with child_error(). */
int mount_table_fill(const struct mount_table_inputs *inputs, struct mount_table *ret_table);

/** mount_table_sort() - parents first, one entry a place, nothing below what is inaccessible. */
void mount_table_sort(struct mount_table *table);

/** mount_table_below() - Return: whether @path is @parent or below it. */
bool mount_table_below(const char *path, const char *parent);

/** mount_table_opinions() - what holds for a mount at @path. Return: whether any entry has an opinion. */
bool mount_table_opinions(const struct mount_table *table, const char *path,
			  enum mount_opinion *ret_read_only, enum mount_opinion *ret_no_exec,
			  bool *ret_no_suid);
