// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Walking a directory without allocation: getdents64(2) into a buffer of the caller's frame, and
 * names in byte order where the order matters (drop-ins, sysctl.d).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/macros.h"

struct directory {
	int fd;
	unsigned length;
	unsigned offset;
	uint64_t buffer[256]; /* 2 KiB; 64-bit items for the alignment of the records in it */
};

/** directory_open() - opens @path under @at (AT_FDCWD or a directory). Return: 0 or -errno. */
int directory_open(struct directory *d, int at, const char *path);
void directory_close(struct directory *d);
#define _cleanup_directory_ _cleanup_(directory_close)

/**
 * directory_next() - the next name but "." and "..", in no order.
 * @ret_name: points into @d, good until the next call
 * Return: 1 with a name, 0 at the end, or -errno.
 */
int directory_next(struct directory *d, const char **ret_name);

/* Longest file name that Linux allows, with its NUL. */
#define DIRECTORY_NAME_SIZE 256

/**
 * directory_next_sorted() - the smallest name (by strcmp) that is greater than @after.
 * Reads the whole directory each time, so it suits directories of a few dozen entries.
 * @after: the previous name, or "" for the first
 * @suffix: only names that end so, or "" for all
 * Return: 1 with a name, 0 when there is none, or -errno (-ENOENT: no such directory).
 */
int directory_next_sorted(int at, const char *path, const char *after, const char *suffix,
			  char ret_name[static DIRECTORY_NAME_SIZE]);
