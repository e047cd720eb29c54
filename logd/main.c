// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop-logd: the log of the machine. PID 1 hands it the read ends of the services' pipes over a socket
 * (the descriptor named "control") and keeps them itself as well, so that this process can end at any moment and its successor goes
 * on where it stopped. Besides it reads /dev/log, /dev/kmsg and the audit netlink, and answers readers.
 *
 * One loop, no threads, no allocation: all memory is static. Nothing that it reads from or writes to can make
 * it wait but the log's own file system. On SIGTERM it takes what still waits everywhere and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
#include "lib/rest.h"
#include "lib/syscall_filter.h"
#include "logd/console_writer.h"
#include "logd/dev_log.h"
#include "logd/journal.h"
#include "logd/kernel.h"
#include "logd/options_parse.h"
#include "logd/output.h"
#include "logd/server.h"

/* The first descriptor that is passed (sd_listen_fds(3)), and how many are looked at. */
#define PASSED_FIRST 3
#define PASSED_MAX 16
#define RECORD_SIZE 1024
#define RECORDS_PER_PASS 256
#define EVENTS_PER_PASS 64

/* The upper half of epoll data; the lower says which. */
enum source {
	SOURCE_CONTROL = 1,
	SOURCE_SIGNAL,
	SOURCE_OUTPUT,
	SOURCE_DEV_LOG,
	SOURCE_KMSG,
	SOURCE_AUDIT,
	SOURCE_CONSOLE,
	SOURCE_LISTEN,
	SOURCE_CLIENT,
};

static struct {
	int epoll_fd;
	int control_fd;
	int signal_fd;
	int dev_log_fd;
	int kmsg_fd;
	int audit_fd;
	/* Descriptors that came from PID 1 besides the control socket. */
	int passed_dev_log;
	int passed_logs;
	bool kmsg_more;
	bool audit_more;
	bool dev_log_more;
	bool control_more;
	bool stop;
} logd = {
	.epoll_fd = -1,
	.control_fd = -1,
	.signal_fd = -1,
	.dev_log_fd = -1,
	.kmsg_fd = -1,
	.audit_fd = -1,
	.passed_dev_log = -1,
	.passed_logs = -1,
};

static int watch(int fd, enum source source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)source << 32 };

	return epoll_ctl(logd.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* ---- PID 1 ---- */

/* sd_listen_fds(3): LISTEN_FDNAMES says which descriptor is which. */
static void take_passed(void)
{
	const char *names = getenv("LISTEN_FDNAMES");
	struct str rest = str_from(names ? names : "");
	struct str name;
	int fd = PASSED_FIRST;

	while (fd < PASSED_FIRST + PASSED_MAX && str_split(&rest, ':', &name)) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
			if (str_is(name, "control"))
				logd.control_fd = fd;
			else if (str_is(name, "dev-log"))
				logd.passed_dev_log = fd;
			else if (str_is(name, "logs"))
				logd.passed_logs = fd;
		}
		fd++;
	}
}

/* Return: false when PID 1's end is gone. */
static bool read_control(void)
{
	for (unsigned i = 0; i < RECORDS_PER_PASS; i++) {
		char text[RECORD_SIZE];
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(sizeof(int))];
		} control;
		struct iovec part = { .iov_base = text, .iov_len = sizeof(text) };
		struct msghdr message = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(logd.control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		struct cmsghdr *header;
		int fd = -1;

		logd.control_more = false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
		    header->cmsg_len >= CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		if (n == 0) {
			fd_close(fd);
			return false;
		}
		output_control((struct str){ text, (size_t)n }, fd);
	}
	logd.control_more = true;
	return true;
}

/* ---- signals ---- */

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void read_signals(void)
{
	struct signalfd_siginfo info;
	pid_t pid;

	while (read(logd.signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM)
			logd.stop = true;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		journal_on_child(pid);
}

/* ---- the start ---- */

/*
 * What the loop does: it reads and writes what is open, accepts clients, keeps, rotates and removes files, and forks to sync
 * them. It opens no socket and executes nothing. The rest is the C library's: memory, time, the end of a process.
 */
static const int system_calls[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_lseek,
	SYS_close,
	SYS_fcntl,
	SYS_ioctl,
	SYS_openat,
	SYS_newfstatat,
	SYS_fstat,
	SYS_statx,
	SYS_fstatfs,
	SYS_statfs,
	SYS_getdents64,
	SYS_fsync,
	SYS_fdatasync,
	SYS_syncfs,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_renameat,
	SYS_renameat2,
	SYS_unlinkat,
	SYS_linkat,
	SYS_mkdirat,
	SYS_fchmod,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_accept4,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_recvmmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_tee,
	SYS_splice,
	SYS_shutdown,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_brk,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_gettimeofday,
	SYS_uname,
	SYS_getpid,
	SYS_gettid,
	SYS_futex,
	SYS_clone,
	SYS_wait4,
	SYS_kill,
	SYS_tgkill,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_exit,
	SYS_exit_group,
	SYS_restart_syscall,
#ifdef __x86_64__
	/* What the C library still calls by the old names there. */
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_mkdir,
	SYS_rename,
	SYS_unlink,
	SYS_link,
	SYS_readlink,
	SYS_chmod,
	SYS_fork,
	SYS_poll,
	SYS_epoll_wait,
	SYS_time,
#endif
};

/*
 * Root's identity is kept, as the files are root's; of its powers nothing: the kernel's log, the audit
 * socket and the group of our socket needed some, and are open.
 */
static void drop_privileges(void)
{
	cap_t none = cap_init();
	int r;

	if (!none || cap_set_proc(none) < 0)
		log_warning("logd: cannot drop capabilities: %s", error_name(errno));
	(void)cap_free(none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		log_warning("logd: cannot give up privileges: %s", error_name(errno));
	r = syscall_filter_allow(system_calls, ARRAY_SIZE(system_calls));
	if (r < 0)
		log_warning("logd: no filter of system calls: %s", error_name(r));
}

/* What is missing is said, and the rest works without. */
static void open_sources(const struct logd_options *options)
{
	/* In a container the kernel's log is the host's. */
	const char *kmsg = options->kmsg ? options->kmsg : log_in_container() ? "" : "/dev/kmsg";
	int r;

	if (*kmsg) {
		logd.kmsg_fd = kmsg_open(kmsg);
		r = logd.kmsg_fd < 0 ? logd.kmsg_fd : watch(logd.kmsg_fd, SOURCE_KMSG);
		if (r < 0)
			log_warning("logd: %s: %s; the kernel's lines are not kept", kmsg,
				    error_name(r));
		logd.audit_fd = audit_open();
		r = logd.audit_fd < 0 ? logd.audit_fd : watch(logd.audit_fd, SOURCE_AUDIT);
		if (r < 0)
			log_debug("logd: no audit messages: %s", error_name(r));
	}
	logd.dev_log_fd = dev_log_open(logd.passed_dev_log);
	r = logd.dev_log_fd < 0 ? logd.dev_log_fd : watch(logd.dev_log_fd, SOURCE_DEV_LOG);
	if (r < 0)
		log_warning("logd: " DEV_LOG_PATH ": %s; syslog messages are not kept", error_name(r));
	r = server_open(logd.epoll_fd, SOURCE_CLIENT, logd.passed_logs, options->group);
	if (r >= 0)
		r = watch(r, SOURCE_LISTEN);
	if (r < 0)
		log_warning("logd: " LOG_SOCKET_PATH ": %s; the log can be read from its files only",
			    error_name(r));
}

static int setup(const struct logd_options *options)
{
	int r;

	logd.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	logd.signal_fd = open_signals();
	if (logd.epoll_fd < 0 || logd.signal_fd < 0)
		return -errno;
	console_init(logd.epoll_fd, (uint64_t)SOURCE_CONSOLE << 32);
	journal_init(&options->limits);
	r = output_init(logd.epoll_fd, SOURCE_OUTPUT, &options->rate);
	if (r == 0)
		r = watch(logd.control_fd, SOURCE_CONTROL);
	if (r == 0)
		r = watch(logd.signal_fd, SOURCE_SIGNAL);
	if (r < 0)
		return r;
	open_sources(options);
	drop_privileges();
	return 0;
}

/* ---- the loop ---- */

static void dispatch(const struct epoll_event *event)
{
	uint32_t index = (uint32_t)event->data.u64;

	switch ((enum source)(event->data.u64 >> 32)) {
	case SOURCE_CONTROL:
		logd.control_more = true;
		return;
	case SOURCE_SIGNAL:
		read_signals();
		return;
	case SOURCE_OUTPUT:
		output_dispatch(index);
		return;
	case SOURCE_DEV_LOG:
		logd.dev_log_more = true;
		return;
	case SOURCE_KMSG:
		logd.kmsg_more = true;
		return;
	case SOURCE_AUDIT:
		logd.audit_more = true;
		return;
	case SOURCE_CONSOLE:
		console_dispatch();
		return;
	case SOURCE_LISTEN:
		server_accept();
		return;
	case SOURCE_CLIENT:
		server_dispatch(index, event->events);
		return;
	}
}

/* A portion of everything that has something. Return: whether there is more. */
static bool work(void)
{
	bool more = false;

	if (logd.kmsg_more)
		more |= logd.kmsg_more = kmsg_read(logd.kmsg_fd);
	if (logd.audit_more)
		more |= logd.audit_more = audit_read(logd.audit_fd);
	if (logd.dev_log_more)
		more |= logd.dev_log_more = dev_log_read(logd.dev_log_fd);
	more |= output_work();
	/* Behind the output: "flush" comes after what was printed. */
	if (logd.control_more && !read_control())
		logd.stop = true;
	return server_work() || more || logd.control_more;
}

static int time_to_wait(void)
{
	uint64_t next = journal_deadline();

	if (output_deadline() < next)
		next = output_deadline();
	if (rest_deadline() < next)
		next = rest_deadline();
	return clock_until(next);
}

static void run(void)
{
	/* What was there before us makes no edge. */
	bool more = true;

	logd.kmsg_more = logd.kmsg_fd >= 0;
	while (!logd.stop) {
		struct epoll_event events[EVENTS_PER_PASS];
		int n = epoll_wait(logd.epoll_fd, events, EVENTS_PER_PASS, more ? 0 : time_to_wait());
		uint64_t now;

		for (int i = 0; i < n; i++)
			dispatch(&events[i]);
		more = work();
		now = clock_now();
		if (n > 0 || more)
			rest_moved(now);
		if (now >= output_deadline())
			output_tick(now);
		if (now >= journal_deadline())
			journal_tick(now);
		if (rest_try(now))
			server_rest();
	}
}

/* The last lines of everybody, so that a stop loses nothing. */
static void finish(void)
{
	(void)read_control();
	if (logd.kmsg_fd >= 0)
		while (kmsg_read(logd.kmsg_fd))
			;
	if (logd.audit_fd >= 0)
		(void)audit_read(logd.audit_fd);
	if (logd.dev_log_fd >= 0)
		while (dev_log_read(logd.dev_log_fd))
			;
	output_drain();
	(void)server_work();
	journal_close();
}

int main(int argc, char **argv)
{
	struct logd_options options;
	const char *problem;
	int r;

	pages_keep_small();
	/* In a container there is none; PID 1 has given us its own standard error then. */
	if (klog_open() < 0)
		klog_use_standard_error();
	if (logd_options_parse(argc, argv, &options, &problem) < 0) {
		log_error("logd: %s", problem);
		return 2;
	}
	take_passed();
	r = setup(&options);
	if (r < 0) {
		log_error("logd: no control socket (%s): orlop-logd is started by PID 1",
			  error_name(r));
		return EXIT_FAILURE;
	}
	run();
	finish();
	return EXIT_SUCCESS;
}
