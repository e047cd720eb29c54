// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How the output of services reaches orlop-logd. Each service writes into a pipe of its own (two where
 * one stream goes to the console as well and the other does not), of which PID 1 keeps both ends for as long as the unit exists; the read end is handed to orlop-logd over a
 * socket. So orlop-logd can crash and come back with nothing lost, and a service can be restarted
 * without its log noticing. PID 1 itself never reads a service's output.
 *
 * Messages to orlop-logd are SOCK_SEQPACKET text records (orlop-logd(8)):
 *   "add UNIT quiet|console [OPTION=VALUE]..."   with the read end as SCM_RIGHTS
 *   "process UNIT pid=PID"     what comes from now on is printed by that main process
 *   "flush UNIT"               the unit's process ended: a line without its newline is complete
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "supervisor/unit.h"

/* The unit that gets the other end of the socket. */
#define LOG_LINK_UNIT "orlop-logd.service"

struct log_pipe {
	int read_fd;
	int write_fd;
	pid_t pid;	/* of the main process, 0: none yet */
	bool announced; /* orlop-logd has the read end */
};

#define LOG_PIPE_NONE ((struct log_pipe){ .read_fd = -1, .write_fd = -1 })

/** log_link_open() - makes the socket. Return: 0 or -errno. */
int log_link_open(void);

/** log_link_peer() - Return: the end for orlop-logd, which stays ours (it is handed to each incarnation), or -1. */
int log_link_peer(void);

/** log_link_fd() - Return: our end, to wait for writability while log_link_announce() said -EAGAIN, or -1. */
int log_link_fd(void);

/** log_pipe_open() - makes the pipe of a unit if it has none. Return: 0 or -errno. */
int log_pipe_open(struct log_pipe *log);

/**
 * log_link_announce() - hands the pipe over if that was not done yet.
 * @console: whether its lines are for the console too
 * Return: 0; -EAGAIN: the socket is full; or -errno.
 */
int log_link_announce(const struct unit *unit, struct log_pipe *log, bool console);

/**
 * log_link_process() - tells which process prints into the pipes of @unit from now on. Best effort: a full socket drops it.
 * @logs: both pipes of the unit, which remember it for a later log_link_announce()
 */
void log_link_process(const struct unit *unit, struct log_pipe logs[static 2], pid_t pid);

/** log_link_flush() - tells that the unit's process ended. Best effort: a full socket drops it. */
void log_link_flush(const struct unit *unit);
