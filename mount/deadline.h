// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Work that can hang in the kernel (mount, umount, sync, a file-system check), done in a forked
 * child that is given up on at a deadline, so that PID 1 itself never hangs.
 *
 * Only the child made here is waited for, through its pidfd (clone(2) CLONE_PIDFD, waitid(2) P_PIDFD):
 * the other children of PID 1 stay unreaped for whoever watches them. A child that is still there
 * at the deadline gets SIGKILL; one that does not die of it (state D) is left behind and becomes
 * an unknown child for PID 1's reaper.
 */
#pragma once

#include <stdint.h>

#include "lib/str.h"

/* A child that somebody waits for. */
struct deadline_child {
	int pid;
	int pidfd; /* close-on-exec, owned by the struct; -1 when there is none */
};

/**
 * deadline_start() - forks a child that runs @function; the steps of deadline_run() for those who
 * have to look at something else while they wait.
 * Return: 0, with a child that has to go to deadline_end(); or -errno of clone(2).
 */
int deadline_start(int (*function)(void *argument), void *argument, struct deadline_child *ret);

/**
 * deadline_wait() - waits until @deadline (CLOCK_BOOTTIME) at most. Return: as deadline_run();
 * after -ETIMEDOUT the child runs on.
 */
int deadline_wait(struct deadline_child *child, uint64_t deadline);

/**
 * deadline_end() - kills the child if it is still there, waits a moment for that, and forgets it.
 * May be called twice.
 */
void deadline_end(struct deadline_child *child);

/**
 * deadline_run() - runs @function in a forked child.
 *
 * The child has default signal handlers and an empty mask. What it changes in memory is lost,
 * except in memory that is shared (mmap(2) MAP_SHARED). It never returns into its caller's code.
 * @function: returns 0 or -errno, with an errno under 256
 * @timeout_ns: from now; CLOCK_TIME_MAX waits for ever
 *
 * Return: what @function returned; -ETIMEDOUT; -ECANCELED if a signal ended the child; or -errno
 * of clone(2).
 */
int deadline_run(int (*function)(void *argument), void *argument, uint64_t timeout_ns);

/**
 * deadline_exec() - runs a program with an empty environment, /dev/null as its input, and no other
 * descriptors.
 *
 * @argv: a path and its arguments, ended by NULL; no search path is used
 * @output: what the program printed (standard output and error), as much of it as fits; NULL throws
 * it away
 *
 * Return: the exit status, 0 to 255; -ETIMEDOUT; -ECANCELED if a signal ended the program; -errno
 * of execve(2), for example -ENOENT; or -errno of pipe2(2), clone(2).
 */
int deadline_exec(char *const argv[], uint64_t timeout_ns, struct buf *output);

/**
 * deadline_error() - Return: the text of what deadline_run() or deadline_exec() returned, fit for
 * a person: "took too long" for -ETIMEDOUT.
 */
const char *deadline_error(int error);
