// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the kernel says: its log from the start of the boot (/dev/kmsg), in which PID 1's own lines are too, and the
 * messages of SELinux from the audit netlink, where the kernel and its permissions allow that. A denial comes in both
 * ways; it is kept once.
 */
#pragma once

#include <stdbool.h>

/** kmsg_open() - @path: /dev/kmsg. Return: a descriptor, the caller's, or -errno (-ENODEV: it is no kernel log). */
int kmsg_open(const char *path);

/** kmsg_read() - takes a bounded number of records. Return: whether there may be more. */
bool kmsg_read(int fd);

/** audit_open() - Return: a netlink socket, the caller's, or -errno: there is no audit, or it is not for us. */
int audit_open(void);

/** audit_read() - takes a bounded number of messages. Return: whether there may be more. */
bool audit_read(int fd);
