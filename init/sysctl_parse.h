// SPDX-License-Identifier: MIT OR Apache-2.0
/* The lines of sysctl.d(5) files. Pure. */
#pragma once

#include <stdbool.h>

#include "lib/str.h"

#define SYSCTL_FILE_MAX 16384
#define SYSCTL_PATH_SIZE 256
#define SYSCTL_VALUE_SIZE 1024

struct sysctl_line {
	char path[SYSCTL_PATH_SIZE]; /* /proc/sys/… */
	char value[SYSCTL_VALUE_SIZE];
	bool optional; /* "-key": a failure does not matter */
};

/**
 * sysctl_next() - the next assignment.
 * Keys have dots or slashes between their parts; where the first separator is a slash, dots are part
 * of names (net/ipv4/conf/eth0.1/forwarding).
 * @number: of the line, counted up
 * Return: 1, 0 at the end, -EINVAL for a line that is none, that is too long or that leads out of /proc/sys.
 */
int sysctl_next(struct str *rest, struct sysctl_line *ret_line, unsigned *number);
