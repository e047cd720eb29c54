// SPDX-License-Identifier: MIT OR Apache-2.0
/* Children that may block: see worker.h. Made as services are (spawn.c), but without an exec. */
#include "supervisor/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/signals.h"

#define RESULT_FD 3

/* Copies @fd to a number from @first on. */
static int move_up(int fd, unsigned first)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, (int)first);

	if (r < 0)
		_exit(1);
	return r;
}

/*
 * The result socket becomes 3, what is kept stands behind it, everything above is closed; 0 to 2 are PID 1's
 * and harmless. All move up first, so that none is overwritten.
 */
static void become_child(int result_fd, const int *keep, size_t count)
{
	unsigned end = WORKER_FIRST_FD + (unsigned)count;
	int copies[WORKER_FD_MAX];

	(void)signals_reset(0);
	result_fd = move_up(result_fd, end);
	for (size_t i = 0; i < count; i++)
		copies[i] = move_up(keep[i], end);
	if (dup3(result_fd, RESULT_FD, O_CLOEXEC) < 0)
		_exit(1);
	for (size_t i = 0; i < count; i++)
		if (dup3(copies[i], WORKER_FIRST_FD + (int)i, O_CLOEXEC) < 0)
			_exit(1);
	if (close_range(end, ~0U, 0) < 0)
		_exit(1);
	/* It may stay where the file system hangs: that must not keep PID 1's session or directory. */
	(void)setsid();
	(void)!chdir("/");
	(void)umask(022);
}

int worker_fork(const int *keep, size_t count, struct worker *ret_worker)
{
	int pidfd = -1;
	int pair[2];
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	sigset_t all;
	sigset_t before;
	long pid;

	if (count > WORKER_FD_MAX)
		return -E2BIG;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		become_child(pair[1], keep, count);
		return 1;
	}
	if (pid < 0)
		pid = -errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(pair[1]);
	if (pid < 0) {
		fd_close(pair[0]);
		return (int)pid;
	}
	*ret_worker = (struct worker){ .pid = (pid_t)pid, .pidfd = pidfd, .result_fd = pair[0] };
	return 0;
}

int worker_send(const void *data, size_t size, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * WORKER_FD_MAX)];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count > WORKER_FD_MAX)
		return -E2BIG;
	if (count > 0) {
		struct cmsghdr *c = &control.header;

		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
	}
	return sendmsg(RESULT_FD, &message, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -EIO;
}

static int take_fds(struct msghdr *message, int *fds)
{
	int taken = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (fds && taken < WORKER_FD_MAX)
				fds[taken++] = fd;
			else
				fd_close(fd);
		}
	}
	return taken;
}

void worker_forget(struct worker *worker)
{
	fd_close(worker->pidfd);
	fd_close(worker->result_fd);
	*worker = WORKER_NONE;
}

int worker_result(struct worker *worker, void *data, size_t size, int *fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * WORKER_FD_MAX)];
	} control;
	struct iovec part = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n = recvmsg(worker->result_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	bool whole = n == (ssize_t)size && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
	int taken = n < 0 ? 0 : take_fds(&message, whole ? fds : NULL);

	worker_forget(worker);
	return whole ? taken : -ENODATA;
}

int worker_signal(const struct worker *worker, int number)
{
	if (worker->pid == 0)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, worker->pidfd, number, NULL, 0) < 0 ? -errno : 0;
}

void worker_abandon(struct worker *worker)
{
	if (worker->pid == 0)
		return;
	(void)worker_signal(worker, SIGKILL);
	worker_forget(worker);
}
