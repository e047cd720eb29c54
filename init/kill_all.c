// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Killing what is left: see kill_all.h. The child that signals leaves the list of those that it
 * signalled in shared memory; PID 1 asks the kernel about them with kill(pid, 0), which never
 * blocks. A number that was used again meanwhile only makes the wait longer: the next list settles it.
 */
#include "init/kill_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"
#include "mount/deadline.h"

/*
 * Processes that are waited for by number; what is over it is signalled as well, and found again
 * by the next round.
 */
#define VICTIMS_MAX 4096
/*
 * For the child that reads /proc and signals. A process in state D can hold it up: its command line
 * is read under a lock that it may keep while it waits.
 */
#define SCAN_TIMEOUT (5 * NS_PER_S)
/* Processes that held up the child once, and are signalled without a look at them from then on. */
#define STUCK_MAX 4
/* A list can be short of processes that were forked while it was made. */
#define ROUNDS_MAX 8
/* Survivors that are named. */
#define SURVIVORS_MAX 16
/* include/linux/sched.h: a thread of the kernel. */
#define PF_KTHREAD 0x00200000

struct scan {
	int signal; /* 0: only list */
	const pid_t *spare;
	size_t spare_count;
	pid_t current; /* the one that the child is busy with */
	pid_t stuck[STUCK_MAX];
	size_t stuck_count;
	size_t count;
	pid_t victims[VICTIMS_MAX];
};

/*
 * The fields of /proc/PID/stat that matter here (proc(5)). The name may hold anything, so it ends
 * at the last ')'.
 */
struct process_stat {
	struct str name;
	char state;
	uint64_t flags;
};

static int process_stat_read(int process, char *text, size_t size, struct process_stat *ret)
{
	ssize_t n = file_read(process, "stat", text, size);
	struct str rest;
	struct str word = { 0 };
	const char *open_bracket;
	const char *close_bracket;

	if (n < 0)
		return (int)n;
	open_bracket = memchr(text, '(', (size_t)n);
	close_bracket = memrchr(text, ')', (size_t)n);
	if (!open_bracket || !close_bracket || close_bracket < open_bracket)
		return -EBADMSG;
	ret->name = (struct str){ open_bracket + 1, (size_t)(close_bracket - open_bracket - 1) };
	rest = (struct str){ close_bracket + 1, (size_t)(text + n - close_bracket - 1) };
	/* state ppid pgrp session tty_nr tpgid flags */
	for (unsigned i = 0; i < 7; i++) {
		if (!str_next_word(&rest, &word))
			return -EBADMSG;
		if (i == 0)
			ret->state = word.p[0];
	}
	return str_to_u64(word, &ret->flags);
}

/* Only root may say so, or any container could make itself immortal. */
static bool is_storage_daemon(int process)
{
	_cleanup_fd_ int fd = openat(process, "cmdline", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char first;

	return fd >= 0 && read(fd, &first, 1) == 1 && first == '@' && fstat(process, &st) == 0 &&
	       st.st_uid == 0;
}

static bool contains(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool is_victim(const struct scan *scan, int process, pid_t pid)
{
	struct process_stat stat;
	char text[512];

	if (pid <= 1 || pid == getpid() || pid == getppid() ||
	    contains(scan->spare, scan->spare_count, pid))
		return false;
	if (process_stat_read(process, text, sizeof(text), &stat) < 0)
		return false;
	if ((stat.flags & PF_KTHREAD) != 0 || stat.state == 'Z' || stat.state == 'X')
		return false;
	return contains(scan->stuck, scan->stuck_count, pid) || !is_storage_daemon(process);
}

static void victim_take(struct scan *scan, pid_t pid)
{
	/* On the list first: should the signal itself hang, PID 1 still knows about it. */
	if (scan->count < VICTIMS_MAX)
		scan->victims[scan->count++] = pid;
	if (scan->signal == 0 || kill(pid, scan->signal) < 0)
		return;
	/* A stopped process would see the signal only when somebody woke it. */
	if (scan->signal != SIGKILL)
		(void)kill(pid, SIGCONT);
}

static int scan_child(void *argument)
{
	struct scan *scan = argument;
	_cleanup_directory_ struct directory proc = { .fd = -1 };
	const char *name;
	int r = directory_open(&proc, AT_FDCWD, "/proc");

	if (r < 0)
		return r;
	while ((r = directory_next(&proc, &name)) > 0) {
		_cleanup_fd_ int process = -1;
		uint64_t pid;

		if (str_to_u64(str_from(name), &pid) < 0 || pid > INT32_MAX)
			continue;
		scan->current = (pid_t)pid;
		process = openat(proc.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process >= 0 && is_victim(scan, process, (pid_t)pid))
			victim_take(scan, (pid_t)pid);
	}
	return r;
}

static int survivors_child(void *argument)
{
	const struct scan *scan = argument;

	for (size_t i = 0; i < scan->count && i < SURVIVORS_MAX; i++) {
		_cleanup_fd_ int process = -1;
		struct process_stat stat;
		char text[512];
		struct buf b = BUF(text);

		buf_printf(&b, "/proc/%d", scan->victims[i]);
		process = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process >= 0 && process_stat_read(process, text, sizeof(text), &stat) == 0)
			log_warning("process %d (" STR_FORMAT ") is still there, state %c%s",
				    scan->victims[i], STR_ARGS(stat.name), stat.state,
				    stat.state == 'D' ? ": it waits for a device or a server" : "");
	}
	return 0;
}

static void reap(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}

/* Drops from the list who is gone. Return: how many are left. */
static size_t victims_left(struct scan *scan)
{
	size_t left = 0;

	for (size_t i = 0; i < scan->count; i++)
		if (kill(scan->victims[i], 0) == 0)
			scan->victims[left++] = scan->victims[i];
	scan->count = left;
	return left;
}

/*
 * Every process that ends is a child of PID 1 or has a parent that ends too, so SIGCHLD tells of
 * all of them sooner or later; the period is for those that came in from another PID namespace.
 */
static void wait_for_victims(struct scan *scan, uint64_t deadline)
{
	static const struct timespec period = { .tv_nsec = 250 * (long)NS_PER_MS };
	sigset_t child;
	sigset_t old;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, &old);
	for (;;) {
		uint64_t now;
		struct timespec timeout = period;

		reap();
		now = clock_now();
		if (victims_left(scan) == 0 || now >= deadline)
			break;
		if (deadline - now < (uint64_t)period.tv_nsec)
			timeout.tv_nsec = (long)(deadline - now);
		(void)sigtimedwait(&child, NULL, &timeout);
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

/*
 * Signals or lists everybody. A child that hung at one process is followed by another, which knows
 * of it. Return: 0, or -errno; with -ETIMEDOUT a part has been done.
 */
static int scan_all(struct scan *scan, int signal)
{
	int r;

	scan->signal = signal;
	do {
		scan->count = 0;
		r = deadline_run(scan_child, scan, SCAN_TIMEOUT);
		if (r != -ETIMEDOUT || scan->stuck_count == STUCK_MAX ||
		    contains(scan->stuck, scan->stuck_count, scan->current))
			return r;
		log_warning("process %d cannot be looked at", scan->current);
		scan->stuck[scan->stuck_count++] = scan->current;
	} while (true);
}

int kill_all(int signal, uint64_t timeout_ns, const pid_t *spare, size_t spare_count)
{
	uint64_t deadline = clock_add(clock_now(), timeout_ns);
	struct scan *scan = mmap(NULL, sizeof(*scan), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int left;
	int r;

	if (scan == MAP_FAILED)
		return -errno;
	scan->spare = spare;
	scan->spare_count = spare_count;
	r = scan_all(scan, signal);
	wait_for_victims(scan, deadline);
	/* Whoever was born during the scan is caught by the next; a SIGTERM is not said twice. */
	for (unsigned i = 1;
	     i < ROUNDS_MAX && r == 0 && signal == SIGKILL && clock_now() < deadline; i++) {
		r = scan_all(scan, signal);
		if (scan->count == 0)
			break;
		wait_for_victims(scan, deadline);
	}
	if (signal != SIGKILL && r == 0)
		r = scan_all(scan, 0);
	left = (int)victims_left(scan);
	if (left > 0 && signal == SIGKILL)
		(void)deadline_run(survivors_child, scan, SCAN_TIMEOUT);
	(void)munmap(scan, sizeof(*scan));
	return r < 0 && r != -ETIMEDOUT ? r : left;
}
