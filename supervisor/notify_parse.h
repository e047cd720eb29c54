// SPDX-License-Identifier: MIT OR Apache-2.0
/* One datagram of the sd_notify(3) protocol. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

/* Longest datagram that is looked at, as in systemd (NOTIFY_BUFFER_MAX is a page). */
#define NOTIFY_SIZE_MAX 4096
#define NOTIFY_STATUS_SIZE 128
/* Longest FDNAME= and its NUL (sd_pid_notify_with_fds(3)). */
#define NOTIFY_FD_NAME_SIZE 256

struct notify_message {
	bool ready;
	bool reloading;
	bool stopping;
	bool watchdog;
	bool watchdog_trigger;
	bool barrier;
	bool fd_store;
	bool fd_store_remove;
	bool fd_no_poll; /* FDPOLL=0 */
	bool has_monotonic;
	bool has_watchdog_period;
	bool has_errno;
	uint64_t main_pid;	  /* 0: not given */
	uint64_t extend_timeout;  /* ns, 0: not given */
	uint64_t monotonic;	  /* MONOTONIC_USEC=, ns on CLOCK_MONOTONIC */
	uint64_t watchdog_period; /* WATCHDOG_USEC=, ns */
	uint64_t errno_value;
	char status[NOTIFY_STATUS_SIZE];   /* cut, and made printable */
	char fd_name[NOTIFY_FD_NAME_SIZE]; /* "": not given, or not a good name */
};

/**
 * notify_parse() - lines KEY=VALUE; unknown keys are passed over, as the protocol wants.
 * Return: 0; -EINVAL: a NUL byte inside, or a number that is none (nothing of the message counts then).
 */
int notify_parse(struct str datagram, struct notify_message *ret_message);
