// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Copies of small trees at boot: the image's factory /etc into a fresh tmpfs, and what is missing
 * of the factory /var into the state volume.
 */
#pragma once

enum tree_copy_flags {
	/*
	 * Keep whatever is there; only make what is missing. Each new file appears complete and is on
	 * the disk before it has a name, so that a power cut leaves no half of one behind.
	 */
	TREE_COPY_MISSING = 1,
};

/* Directories inside each other; the factory trees have five or so. */
#define TREE_COPY_DEPTH_MAX 16

/**
 * tree_copy() - copies what is in @from into the existing directory @to.
 *
 * Regular files, directories and symbolic links, each with mode and owner; time stamps and
 * extended attributes are not kept, other types are refused. It does not leave the file system of
 * @from (a mount point in it is copied as an empty directory).
 * @flags: 0 or TREE_COPY_MISSING; without it what exists is an error, except directories
 *
 * Return: 0; -ELOOP (too deep); -EOPNOTSUPP (a device, fifo or socket in @from); -ENOENT (no
 * @from or no @to); or -errno of the call that failed. What was copied until then stays.
 */
int tree_copy(const char *from, const char *to, unsigned flags);

/**
 * tree_copy_at() - the same between two open directories, which stay open and belong to the
 * caller.
 */
int tree_copy_at(int from, int to, unsigned flags);
