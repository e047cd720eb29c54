// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * /dev/log: the datagrams of syslog(3). Who sent one is the kernel's word (SCM_CREDENTIALS), its unit is that of the
 * sender's cgroup. The socket may come from PID 1 and live through a restart of orlop-logd; else it is made here.
 */
#pragma once

#include <stdbool.h>

#define DEV_LOG_PATH "/dev/log"

/** dev_log_open() - @fd: the socket that PID 1 kept, or -1. Return: a socket, the caller's, or -errno. */
int dev_log_open(int fd);

/** dev_log_read() - takes a bounded number of datagrams. Return: whether there may be more. */
bool dev_log_read(int fd);
