// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop-console: a page on the console that shows how the machine is, orlop-console(8). It only looks: units from PID 1's
 * control socket, errors from the log's socket, addresses from the kernel; keys scroll. It draws when something has
 * changed. What it watches may go and come back; a terminal that takes nothing is not waited for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "console/page.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/pages.h"
#include "lib/rest.h"
#include "lib/syscall_filter.h"
#include "logd/log_format.h"
#include "logd/log_query_parse.h"

#define CONTROL_PATH "/run/orlop/control"
#define LOG_PATH "/run/orlop/logs"
/* orlop-control(7): the longest record of a reply. */
#define CONTROL_RECORD_MAX 4096
/* A socket that is not there, or went, is tried again so often. */
#define RETRY_INTERVAL NS_PER_S
/* Changes come in bursts, and a serial line is slow: no more than ten frames a second. */
#define FRAME_INTERVAL (100 * NS_PER_MS)
/* A terminal that does not say how large it is (serial lines). */
#define ROWS_DEFAULT 24
#define COLUMNS_DEFAULT 80

enum {
	POLL_TERMINAL,
	POLL_SIGNAL,
	POLL_NETLINK,
	POLL_CONTROL,
	POLL_LOG,
	POLL_COUNT,
};

static struct {
	struct page page;
	struct pollfd fds[POLL_COUNT];
	struct termios before;
	bool raw;
	bool changed;
	bool stop;
	uint64_t next_try;
	uint64_t next_frame;
	size_t log_length;
	char log[2 * LOG_LINE_MAX];
	char frame[PAGE_FRAME_SIZE];
} app;

/* ---- the terminal ---- */

/* A description of its own, that it can be non-blocking without changing that of others. */
static int terminal_open(void)
{
	struct termios raw;
	int fd = open("/proc/self/fd/0", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &app.before) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	raw = app.before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	app.raw = tcsetattr(fd, TCSANOW, &raw) == 0;
	return fd;
}

static void terminal_restore(void)
{
	static const char normal[] = "\x18\x1b[0m\x1b[?25h\x1b[H\x1b[J";
	int fd = app.fds[POLL_TERMINAL].fd;

	(void)!write(fd, normal, sizeof(normal) - 1);
	if (app.raw)
		(void)tcsetattr(fd, TCSANOW, &app.before);
}

static void terminal_size(unsigned *ret_rows, unsigned *ret_columns)
{
	struct winsize size = { 0 };

	(void)ioctl(app.fds[POLL_TERMINAL].fd, TIOCGWINSZ, &size);
	*ret_rows = size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
	*ret_columns = size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
}

/* What the terminal does not take of a frame is dropped: the next one has it. */
static void draw(void)
{
	struct buf b = BUF(app.frame);
	unsigned rows;
	unsigned columns;
	ssize_t n;

	terminal_size(&rows, &columns);
	page_draw(&app.page, rows, columns, &b);
	n = write(app.fds[POLL_TERMINAL].fd, b.p, b.len);
	app.changed = n >= 0 ? (size_t)n < b.len : errno == EAGAIN;
	app.next_frame = clock_add(clock_now(), FRAME_INTERVAL);
}

static void read_keys(void)
{
	char text[64];
	ssize_t n = read(app.fds[POLL_TERMINAL].fd, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	enum page_key key;
	unsigned rows;
	unsigned columns;

	/* Hung up: there is nobody to show anything to. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		app.stop = app.fds[POLL_TERMINAL].revents & (POLLHUP | POLLERR);
	terminal_size(&rows, &columns);
	while ((key = page_key(&rest)) != PAGE_KEY_NONE) {
		page_scroll(&app.page, key, rows);
		app.changed = true;
	}
}

/* ---- what it watches ---- */

static int connect_to(const char *path, int type, const char *greeting)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf b = BUF(address.sun_path);
	size_t length = strlen(greeting);

	buf_add(&b, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, greeting, length, MSG_NOSIGNAL) != (ssize_t)length)
		return -1;
	return TAKE_FD(fd);
}

static void connect_missing(void)
{
	uint64_t now = clock_now();

	if (now < app.next_try)
		return;
	app.next_try = clock_add(now, RETRY_INTERVAL);
	if (app.fds[POLL_CONTROL].fd < 0)
		app.fds[POLL_CONTROL].fd = connect_to(CONTROL_PATH, SOCK_SEQPACKET, "1 subscribe");
	if (app.fds[POLL_LOG].fd < 0) {
		app.fds[POLL_LOG].fd = connect_to(LOG_PATH, SOCK_STREAM,
						  "logs priority=3 boot=0 lines=10 follow=yes\n");
		app.log_length = 0;
		/* The last errors come again. */
		if (app.fds[POLL_LOG].fd >= 0)
			app.page.error_count = 0;
	}
}

static void read_control(void)
{
	char record[CONTROL_RECORD_MAX];
	ssize_t n;

	while ((n = recv(app.fds[POLL_CONTROL].fd, record, sizeof(record), MSG_DONTWAIT)) > 0)
		app.changed |= page_record(&app.page, (struct str){ record, (size_t)n });
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	app.fds[POLL_CONTROL].fd = fd_close(app.fds[POLL_CONTROL].fd);
	page_forget_units(&app.page);
	app.changed = true;
}

static void show_error(struct str line)
{
	static char text[LOG_FORMAT_SIZE];
	const struct log_format_context context = { .host = app.page.host, .boot_id = "" };
	struct log_record record;
	struct buf b = BUF(text);
	struct str shown;

	if (log_record_parse(line, &record) < 0)
		return;
	log_format_short(&b, &record, &context);
	/* Of several lines the first. */
	shown = (struct str){ b.p, b.len };
	if (str_split(&shown, '\n', &line))
		page_error(&app.page, line);
	app.changed = true;
}

static void read_log(void)
{
	ssize_t n = recv(app.fds[POLL_LOG].fd, app.log + app.log_length,
			 sizeof(app.log) - app.log_length, MSG_DONTWAIT);
	struct str rest;
	const char *newline;

	if (n <= 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		app.fds[POLL_LOG].fd = fd_close(app.fds[POLL_LOG].fd);
		return;
	}
	rest = (struct str){ app.log, app.log_length + (size_t)n };
	while ((newline = memchr(rest.p, '\n', rest.n))) {
		struct str line = { rest.p, (size_t)(newline - rest.p) };

		show_error(line);
		rest = (struct str){ newline + 1, rest.n - line.n - 1 };
	}
	/* Longer than any line: not ours. */
	app.log_length = rest.n < sizeof(app.log) ? rest.n : 0;
	memmove(app.log, rest.p, app.log_length);
}

static void add_address(const struct ifaddrs *entry)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct buf b;

	if (app.page.address_count == PAGE_ADDRESSES_MAX || !entry->ifa_addr ||
	    entry->ifa_flags & IFF_LOOPBACK)
		return;
	if (entry->ifa_addr->sa_family == AF_INET)
		(void)inet_ntop(AF_INET,
				&((const struct sockaddr_in *)(const void *)entry->ifa_addr)->sin_addr,
				text, sizeof(text));
	else if (entry->ifa_addr->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6,
				&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)->sin6_addr,
				text, sizeof(text));
	if (!*text)
		return;
	b = buf_init(app.page.addresses[app.page.address_count++], PAGE_ADDRESS_SIZE);
	buf_printf(&b, "%-16s %s", entry->ifa_name, text);
}

static void read_addresses(void)
{
	struct ifaddrs *all;

	app.page.address_count = 0;
	app.changed = true;
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next)
		add_address(entry);
	freeifaddrs(all);
}

/* Which message it is does not matter, nor whether some were lost: all addresses are read anew. */
static void read_netlink(void)
{
	char data[8192];

	while (recv(app.fds[POLL_NETLINK].fd, data, sizeof(data), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	read_addresses();
}

static int netlink_open(void)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* ---- the loop ---- */

static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(app.fds[POLL_SIGNAL].fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		app.stop |= info.ssi_signo != SIGWINCH;
		app.changed = true;
	}
}

/*
 * What it does from here on: it draws, reads keys and files, and connects to PID 1, the log and the kernel's addresses. No
 * process, no program, nothing that changes a file.
 */
static const int system_calls[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_lseek,
	SYS_close,
	SYS_fcntl,
	SYS_ioctl,
	SYS_openat,
	SYS_fstat,
	SYS_newfstatat,
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_getsockname,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_sendto,
	SYS_sendmsg,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_shutdown,
	SYS_ppoll,
	SYS_brk,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_getpid,
	SYS_uname,
	SYS_futex,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
#ifdef __x86_64__
	/* What the C library still calls by the old names there. */
	SYS_open,
	SYS_stat,
	SYS_poll,
	SYS_time,
#endif
};

static int setup(void)
{
	sigset_t set;
	int terminal = terminal_open();

	if (terminal < 0)
		return terminal;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < POLL_COUNT; i++)
		app.fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	app.fds[POLL_TERMINAL].fd = terminal;
	app.fds[POLL_SIGNAL].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	app.fds[POLL_NETLINK].fd = netlink_open();
	(void)gethostname(app.page.host, sizeof(app.page.host) - 1);
	read_addresses();
	if (app.fds[POLL_SIGNAL].fd < 0)
		return -errno;
	/* Without one, as on a kernel that has none, it is as it was before. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)syscall_filter_allow(system_calls, ARRAY_SIZE(system_calls));
	return 0;
}

static void one_pass(void)
{
	static void (*const readers[POLL_COUNT])(void) = {
		[POLL_TERMINAL] = read_keys,   [POLL_SIGNAL] = read_signals,
		[POLL_NETLINK] = read_netlink, [POLL_CONTROL] = read_control,
		[POLL_LOG] = read_log,
	};
	bool missing = app.fds[POLL_CONTROL].fd < 0 || app.fds[POLL_LOG].fd < 0;
	uint64_t next = missing ? app.next_try : CLOCK_TIME_MAX;

	if (app.changed && app.next_frame < next)
		next = app.next_frame;
	if (rest_deadline() < next)
		next = rest_deadline();
	if (poll(app.fds, POLL_COUNT, clock_until(next)) > 0) {
		rest_moved(clock_now());
		for (size_t i = 0; i < POLL_COUNT; i++)
			if (app.fds[i].fd >= 0 && app.fds[i].revents)
				readers[i]();
	}
	connect_missing();
	if (app.changed && clock_now() >= app.next_frame)
		draw();
	(void)rest_try(clock_now());
}

int main(void)
{
	pages_keep_small();
	if (setup() < 0) {
		static const char problem[] = "orlop-console: standard input is no terminal\n";

		(void)!write(STDERR_FILENO, problem, sizeof(problem) - 1);
		return EXIT_FAILURE;
	}
	rest_moved(clock_now());
	while (!app.stop)
		one_pass();
	terminal_restore();
	return EXIT_SUCCESS;
}
