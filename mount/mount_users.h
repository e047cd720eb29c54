// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who keeps a file system from being unmounted. For the log of a shutdown that does not get on. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Processes that are named; more say nothing new. */
#define MOUNT_USERS_MAX 8

/**
 * mount_users_log() - logs one line for each process that has its root, working directory, program
 * or an open file on @device. Looking at another process can hang, so a child does it.
 * @where: the mount point, for the text only
 */
void mount_users_log(const char *where, dev_t device, uint64_t timeout_ns);
