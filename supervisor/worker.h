// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A child that does for PID 1 what could block: bind in a file system, look a user up, touch a file on the
 * state volume. It has none of PID 1's descriptors but its result socket, and dies by any signal. What it
 * found out lies in that socket when it is reaped, so nobody has to wait or to watch.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Descriptors that one result can carry (SCM_MAX_FD is 253). */
#define WORKER_FD_MAX 128

struct worker {
	pid_t pid; /* 0: none */
	int pidfd;
	int result_fd;
};

#define WORKER_NONE ((struct worker){ .pidfd = -1, .result_fd = -1 })

/**
 * worker_fork() - makes the child, which has umask 022 and all signals at their defaults.
 * @keep, @count: descriptors that the child has as WORKER_FIRST_FD and those after it
 * @ret_worker: in the parent; to be given to worker_result() or worker_abandon()
 * Return: 0 in the parent, 1 in the child (which ends by _exit(2)), or -errno.
 */
int worker_fork(const int *keep, size_t count, struct worker *ret_worker);

/* In the child: what was to be kept. */
#define WORKER_FIRST_FD 4

/** worker_send() - in the child: sends @size bytes and @count descriptors. Return: 0 or -errno. */
int worker_send(const void *data, size_t size, const int *fds, size_t count);

/**
 * worker_result() - in the parent, when the child is a zombie: takes what it sent and forgets it.
 * @data: @size bytes, which must be all
 * @fds: room for WORKER_FD_MAX, or NULL: none is wanted, and what comes is closed
 * Return: how many descriptors came (the caller's now); -ENODATA: it sent nothing, or something else.
 */
int worker_result(struct worker *worker, void *data, size_t size, int *fds);

/** worker_signal() - Return: 0 or -errno. */
int worker_signal(const struct worker *worker, int signal);

/** worker_forget() - lets the child go on by itself: nobody wants its result. */
void worker_forget(struct worker *worker);

/** worker_abandon() - kills the child and forgets it; it is reaped as an orphan. */
void worker_abandon(struct worker *worker);
