// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Children with a deadline: see deadline.h. The pidfd comes with the child from clone(2), so there
 * is no moment in which a child exists that cannot be waited for, and none in which its number
 * could mean another process.
 */
#include "mount/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/signals.h"

/* How long a killed child may take to disappear before it is left behind. */
#define KILL_GRACE (200 * NS_PER_MS)

/* The kernel's waitid(2) knows pidfds since Linux 5.4; <sys/wait.h> of older libcs does not. */
#define ID_TYPE_PIDFD ((idtype_t)3)

/*
 * fork(2) with a pidfd. The raw call, as glibc has none that does this without a stack to switch
 * to.
 */
static int child_fork(int *ret_pidfd)
{
	int pidfd = -1;
	long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);

	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (int)pid;
}

int deadline_start(int (*function)(void *argument), void *argument, struct deadline_child *ret)
{
	int pidfd;
	int pid = child_fork(&pidfd);

	if (pid < 0)
		return pid;
	if (pid == 0) {
		int r;

		/* PID 1 blocks signals and catches faults to reboot; a fault in a child is the child's own end. */
		(void)signals_reset(0);
		r = function(argument);
		_exit(r < 0 ? -r & 0xff : 0);
	}
	*ret = (struct deadline_child){ .pid = pid, .pidfd = pidfd };
	return 0;
}

/* The exit status of a child that has ended, or -ECANCELED. */
static int child_reap(int pidfd)
{
	siginfo_t info = { 0 };

	while (waitid(ID_TYPE_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return -errno;
	return info.si_code == CLD_EXITED ? info.si_status : -ECANCELED;
}

/* poll(2) that goes on after a signal. Return: how many are ready, 0 at the deadline, or -errno. */
static int poll_until(struct pollfd *fds, nfds_t count, uint64_t deadline)
{
	for (;;) {
		int n = poll(fds, count, clock_until(deadline));

		if (n > 0)
			return n;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (clock_now() >= deadline)
			return 0;
	}
}

int deadline_wait(struct deadline_child *child, uint64_t deadline)
{
	struct pollfd fd = { .fd = child->pidfd, .events = POLLIN };
	int r = poll_until(&fd, 1, deadline);

	if (r < 0)
		return r;
	if (r == 0)
		return -ETIMEDOUT;
	r = child_reap(child->pidfd);
	child->pidfd = fd_close(child->pidfd);
	return r > 0 ? -r : r;
}

void deadline_end(struct deadline_child *child)
{
	if (child->pidfd < 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
	(void)deadline_wait(child, clock_add(clock_now(), KILL_GRACE));
	child->pidfd = fd_close(child->pidfd);
}

int deadline_run(int (*function)(void *argument), void *argument, uint64_t timeout_ns)
{
	struct deadline_child child;
	int r = deadline_start(function, argument, &child);

	if (r < 0)
		return r;
	r = deadline_wait(&child, clock_add(clock_now(), timeout_ns));
	deadline_end(&child);
	return r;
}

/*
 * Pipe ends: where the program prints, and where the child says why it could not become the
 * program.
 */
struct exec_pipes {
	int output[2];
	int failure[2];
};

static void exec_pipes_close(struct exec_pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		pipes->output[i] = fd_close(pipes->output[i]);
		pipes->failure[i] = fd_close(pipes->failure[i]);
	}
}

static _noreturn_ void child_exec(char *const argv[], const struct exec_pipes *pipes)
{
	char *environment[] = { NULL };
	int input;
	int error;

	(void)signals_reset(0);
	/*
	 * Above 2 already, as stdio_ensure() keeps 0 to 2 open, so that no dup2(2) here hits a
	 * pipe.
	 */
	input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (input >= 0 && dup2(input, 0) == 0 && dup2(pipes->output[1], 1) == 1 &&
	    dup2(pipes->output[1], 2) == 2 &&
	    syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) == 0)
		(void)execve(argv[0], argv, environment);
	error = errno;
	(void)!write(pipes->failure[1], &error, sizeof(error));
	_exit(127);
}

/*
 * Keeps what fits, reads and forgets the rest, so that the program never waits for us. Return:
 * whether more may come.
 */
static bool output_read(int fd, struct buf *output)
{
	char chunk[512];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR;
	if (n == 0)
		return false;
	if (output && !output->overflow) {
		size_t room = output->cap - output->len - 1;

		buf_add_str(output, (struct str){ chunk, (size_t)n < room ? (size_t)n : room });
	}
	return true;
}

static int exec_wait(struct deadline_child *child, const struct exec_pipes *pipes,
		     struct buf *output, uint64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = child->pidfd, .events = POLLIN },
		{ .fd = pipes->output[0], .events = POLLIN },
	};
	int error;
	int r;

	do {
		r = poll_until(fds, ARRAY_SIZE(fds), deadline);
		if (r < 0)
			return r;
		if (r == 0)
			return -ETIMEDOUT;
		if (fds[1].revents != 0 && !output_read(fds[1].fd, output))
			fds[1].fd = -1;
	} while (fds[0].revents == 0);

	/*
	 * What it printed last. The pipe does not block, should a child of the child still hold
	 * it.
	 */
	while (fds[1].fd >= 0 && output_read(fds[1].fd, output))
		;
	r = child_reap(child->pidfd);
	child->pidfd = fd_close(child->pidfd);
	if (read(pipes->failure[0], &error, sizeof(error)) == (ssize_t)sizeof(error))
		return -error;
	return r;
}

int deadline_exec(char *const argv[], uint64_t timeout_ns, struct buf *output)
{
	_cleanup_(exec_pipes_close) struct exec_pipes pipes = { { -1, -1 }, { -1, -1 } };
	struct deadline_child child = { .pidfd = -1 };
	uint64_t deadline = clock_add(clock_now(), timeout_ns);
	int r;

	if (pipe2(pipes.output, O_CLOEXEC) < 0 || pipe2(pipes.failure, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    fcntl(pipes.output[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	child.pid = child_fork(&child.pidfd);
	if (child.pid < 0)
		return child.pid;
	if (child.pid == 0)
		child_exec(argv, &pipes);
	pipes.output[1] = fd_close(pipes.output[1]);
	pipes.failure[1] = fd_close(pipes.failure[1]);
	r = exec_wait(&child, &pipes, output, deadline);
	deadline_end(&child);
	return r;
}

const char *deadline_error(int error)
{
	if (error == -ETIMEDOUT)
		return "took too long";
	if (error == -ECANCELED)
		return "was ended by a signal";
	return error_name(error);
}
