// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is to become of a mount at shutdown. Pure. */
#pragma once

#include "mount/mountinfo_parse.h"

enum teardown_action {
	TEARDOWN_KEEP,	  /* the root, and what the system itself runs on until the end */
	TEARDOWN_UNMOUNT, /* holds data, or may hold a mount that does */
	TEARDOWN_DETACH, /* the kernel's own file systems inside a container: no data (MNT_DETACH) */
};

/**
 * teardown_action() - decides by the mount point (@where, unescaped) and the type of the file
 * system.
 */
enum teardown_action teardown_action(const struct mountinfo *mount, const char *where);

/**
 * teardown_wants_read_only() - Return: whether the file system is writable and on a block device,
 * so that being read-only at the end is what makes it clean.
 */
bool teardown_wants_read_only(const struct mountinfo *mount);
