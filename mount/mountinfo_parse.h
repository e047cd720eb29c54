// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The lines of /proc/self/mountinfo (proc(5), Documentation/filesystems/proc.rst section 3.5).
 * Pure: slices into the caller's text, no allocation, no system call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* Fields that are paths or names keep the kernel's octal escapes: see mountinfo_unescape(). */
struct mountinfo {
	uint64_t id;
	uint64_t parent;
	unsigned major;
	unsigned minor;
	struct str root;    /* the directory of the file system that is mounted */
	struct str where;   /* the mount point, relative to the process's root */
	struct str options; /* of this mount: "rw,nosuid" */
	struct str fs_type;
	struct str source;	  /* may be empty */
	struct str super_options; /* of the file system: "ro,size=64k"; may be empty */
};

/**
 * mountinfo_next() - cuts the next line off the front of @rest and reads it.
 *
 * Return: 1 with a mount in @ret; 0 at the end; -EBADMSG for a line that is no mountinfo line (it
 * is cut off @rest all the same, so the caller may go on; nothing is stored).
 */
int mountinfo_next(struct str *rest, struct mountinfo *ret);

/**
 * mountinfo_unescape() - writes @field with \040 (space), \011, \012, \134 and \043 turned back
 * into bytes, and a NUL.
 * A backslash that starts no three octal digits stays as it is.
 *
 * Return: the length; -ENAMETOOLONG if @size is too small; -EBADMSG for an escaped NUL byte.
 */
int mountinfo_unescape(struct str field, char *ret_text, size_t size);

/** mountinfo_has_option() - Return: whether @option is one of the comma-separated @options. */
bool mountinfo_has_option(struct str options, const char *option);
