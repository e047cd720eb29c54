// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/socket_open, socket_options and worker: real sockets, in a directory of the test's own and on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/socket_fsm.h"
#include "supervisor/socket_open.h"

static struct unit_draft draft;
static struct unit unit = { .name = "a.socket", .settings = &draft.settings, .socket = &draft.socket };
static struct socket_settings *const s = &draft.socket;
static struct socket_listen lines[4];
static char directory[] = "/tmp/orlop-test-XXXXXX";
static char paths[4][128];

static int make_directory(void **state _unused_)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state _unused_)
{
	char command[256];
	struct buf b = BUF(command);

	buf_printf(&b, "rm -rf %s", directory);
	return system(command);
}

static int setup(void **state _unused_)
{
	unit_draft_begin(&draft, "a.socket", UNIT_SOCKET);
	return 0;
}

static void add(unsigned i, enum socket_kind kind, const char *address)
{
	lines[i] = (struct socket_listen){ .kind = kind, .address = address };
	if (i > 0)
		lines[i - 1].next = &lines[i];
	s->listen = lines;
}

/* A path in the directory of the test. */
static const char *in_directory(unsigned i, const char *name)
{
	struct buf b = BUF(paths[i]);

	buf_printf(&b, "%s/%s", directory, name);
	assert_false(b.overflow);
	return paths[i];
}

static int open_one(void)
{
	struct socket_report report;
	int fds[SOCKET_LISTEN_MAX];

	if (socket_open_all(&unit, fds, &report) != 1 || socket_listen_all(&unit, fds, &report) != 1)
		fail_msg("cannot %s it: %s", socket_stage_name((enum socket_stage)report.stage),
			 strerror(report.error));
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	return fds[0];
}

static void refused(int error, enum socket_stage stage, unsigned line)
{
	struct socket_report report;
	int fds[SOCKET_LISTEN_MAX];
	int before = dup(0);

	fd_close(before);
	assert_int_equal(socket_open_all(&unit, fds, &report), -error);
	assert_int_equal(report.stage, stage);
	assert_int_equal(report.error, error);
	assert_int_equal(report.line, line);
	/* Nothing stays open. */
	assert_int_equal(dup(0), before);
	fd_close(before);
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

static void test_path(void **state _unused_)
{
	const char *path = in_directory(0, "deep/er/socket");
	struct stat st;
	int fd;

	add(0, SOCKET_STREAM, path);
	s->socket_mode = 0660;
	s->directory_mode = 0750;
	assert_true(socket_may_block(&unit));
	fd = open_one();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	assert_int_equal(stat(in_directory(1, "deep/er"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	fd_close(fd);
	/* What was left there is replaced. */
	fd = open_one();
	fd_close(fd);
}

static void test_fifo(void **state _unused_)
{
	const char *path = in_directory(0, "fifo");
	struct stat st;
	int fd;

	add(0, SOCKET_FIFO, path);
	s->socket_mode = 0620;
	s->pipe_size = 65536;
	fd = open_one();
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0620);
	assert_int_equal(fcntl(fd, F_GETPIPE_SZ), 65536);
	fd_close(fd);
	fd_close(open_one());
	/* Something else of that name is not taken for it. */
	s->socket_mode = 0600;
	refused(EEXIST, SOCKET_STAGE_KIND, 0);
	unlink(path);
	fd_close(open(path, O_CREAT | O_WRONLY, 0600));
	refused(EEXIST, SOCKET_STAGE_KIND, 0);
}

static void test_special(void **state _unused_)
{
	add(0, SOCKET_SPECIAL, "/dev/null");
	fd_close(open_one());
	add(0, SOCKET_SPECIAL, directory);
	refused(EEXIST, SOCKET_STAGE_KIND, 0);
	add(0, SOCKET_SPECIAL, in_directory(0, "nothing"));
	refused(ENOENT, SOCKET_STAGE_OPEN, 0);
}

static void test_several_lines(void **state _unused_)
{
	struct socket_report report;
	int fds[SOCKET_LISTEN_MAX];

	add(0, SOCKET_STREAM, "@orlop-test-open");
	add(1, SOCKET_DATAGRAM, "@orlop-test-open-datagram");
	add(2, SOCKET_NETLINK, "route");
	/* None of these can block, so PID 1 makes them itself. */
	assert_false(socket_may_block(&unit));
	assert_int_equal(socket_open_all(&unit, fds, &report), 3);
	assert_int_equal(socket_listen_all(&unit, fds, &report), 3);
	assert_int_equal(option(fds[0], SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	assert_int_equal(option(fds[1], SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	assert_int_equal(option(fds[2], SOL_SOCKET, SO_DOMAIN), AF_NETLINK);
	/* The name is taken: the others are closed again. */
	add(0, SOCKET_NETLINK, "route");
	add(1, SOCKET_STREAM, "@orlop-test-open");
	refused(EADDRINUSE, SOCKET_STAGE_BIND, 1);
	for (int i = 0; i < 3; i++)
		fd_close(fds[i]);
}

static void test_options(void **state _unused_)
{
	struct sockaddr_storage local;
	socklen_t size = sizeof(local);
	int fd;

	/* A port that is free now: that of a socket which the kernel chose one for. */
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int probe = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(probe, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(getsockname(probe, (struct sockaddr *)&local, &size), 0);
	fd_close(probe);
	struct buf b = BUF(paths[0]);
	buf_printf(&b, "127.0.0.1:%d", ntohs(((struct sockaddr_in *)&local)->sin_port));

	add(0, SOCKET_STREAM, paths[0]);
	s->flags = 1U << SOCKET_FLAG_KEEP_ALIVE | 1U << SOCKET_FLAG_NO_DELAY |
		   1U << SOCKET_FLAG_FREE_BIND | 1U << SOCKET_FLAG_REUSE_PORT;
	s->keep_alive_time = 77 * NS_PER_S;
	s->keep_alive_interval = 7 * NS_PER_S;
	s->keep_alive_probes = 3;
	s->defer_accept = 1 * NS_PER_S;
	s->ip_tos = 8;
	s->ip_ttl = 5;
	s->priority = 4;
	s->receive_buffer = 16384;
	fd = open_one();
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, 4 /* TCP_KEEPIDLE */), 77);
	assert_int_equal(option(fd, IPPROTO_TCP, 5 /* TCP_KEEPINTVL */), 7);
	assert_int_equal(option(fd, IPPROTO_TCP, 6 /* TCP_KEEPCNT */), 3);
	assert_true(option(fd, IPPROTO_TCP, 9 /* TCP_DEFER_ACCEPT */) > 0);
	assert_int_equal(option(fd, IPPROTO_IP, IP_TOS), 8);
	assert_int_equal(option(fd, IPPROTO_IP, IP_TTL), 5);
	assert_int_equal(option(fd, IPPROTO_IP, IP_FREEBIND), 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	/* The kernel doubles it for its own needs (socket(7)). */
	assert_int_equal(option(fd, SOL_SOCKET, SO_RCVBUF), 2 * 16384);
	fd_close(fd);
}

static void test_port_alone(void **state _unused_)
{
	struct socket_address address;
	int fd;

	add(0, SOCKET_DATAGRAM, "64999");
	s->bind_ipv6_only = 1;
	assert_int_equal(socket_address_parse(SOCKET_DATAGRAM, str_from("64999"), &address), 0);
	fd = open_one();
	if (option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6)
		assert_int_equal(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	fd_close(fd);
}

static void await(const struct worker *worker)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOWAIT), 0);
}

static void test_worker_opens(void **state _unused_)
{
	struct worker worker = WORKER_NONE;
	struct socket_report report;
	int fds[WORKER_FD_MAX];
	pid_t pid;
	struct text_arena arena = { .memory = draft.memory, .size = sizeof(draft.memory) };
	const char *link = in_directory(1, "link/to");
	char target[128] = "";

	add(0, SOCKET_STREAM, in_directory(0, "by-worker"));
	add(1, SOCKET_STREAM, "@orlop-test-by-worker");
	assert_int_equal(text_list_add(&arena, &s->symlinks, str_from(link)), 0);
	int r = worker_fork(NULL, 0, &worker);
	if (r == 1)
		socket_work_open(&unit);
	assert_int_equal(r, 0);
	pid = worker.pid;
	await(&worker);
	assert_int_equal(worker_result(&worker, &report, sizeof(report), fds), 2);
	assert_int_equal(report.stage, SOCKET_STAGE_NONE);
	/* With two sockets a link to the one with a path is clear. */
	assert_int_equal(report.bad_symlinks, 0);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, paths[0]);
	assert_int_equal(socket_listen_all(&unit, fds, &report), 2);
	assert_int_equal(option(fds[0], SOL_SOCKET, SO_ACCEPTCONN), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	fd_close(fds[0]);
	fd_close(fds[1]);

	/* RemoveOnStop= */
	r = worker_fork(NULL, 0, &worker);
	if (r == 1)
		socket_work_remove(&unit);
	pid = worker.pid;
	await(&worker);
	worker_abandon(&worker);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(access(paths[0], F_OK), -1);
	assert_int_equal(readlink(link, target, sizeof(target)), -1);
}

static void test_worker_fails(void **state _unused_)
{
	struct worker worker = WORKER_NONE;
	struct socket_report report;
	int fds[WORKER_FD_MAX];
	pid_t pid;
	int r;

	add(0, SOCKET_STREAM, in_directory(0, "owned"));
	s->socket_user = "nobody-has-this-name";
	r = worker_fork(NULL, 0, &worker);
	if (r == 1)
		socket_work_open(&unit);
	pid = worker.pid;
	await(&worker);
	assert_int_equal(worker_result(&worker, &report, sizeof(report), fds), 0);
	assert_int_equal(report.stage, SOCKET_STAGE_USER);
	assert_int_equal(report.error, ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_worker_hangs_hc_10(void **state _unused_)
{
	struct worker worker = WORKER_NONE;
	struct socket_report report;
	int status = 0;
	pid_t pid;
	int r = worker_fork(NULL, 0, &worker);

	/* As on a file system that does not answer. */
	if (r == 1)
		for (;;)
			pause();
	pid = worker.pid;
	worker_abandon(&worker);
	assert_int_equal(worker.pid, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

	/* One that dies without a word. */
	r = worker_fork(NULL, 0, &worker);
	if (r == 1)
		_exit(0);
	pid = worker.pid;
	await(&worker);
	assert_int_equal(worker_result(&worker, &report, sizeof(report), NULL), -ENODATA);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_worker_has_nothing_of_ours_hc_23(void **state _unused_)
{
	struct worker worker = WORKER_NONE;
	int kept[2];
	uint32_t open_fds = 0;
	pid_t pid;
	int r;

	assert_int_equal(pipe2(kept, O_CLOEXEC), 0);
	r = worker_fork(&kept[1], 1, &worker);
	if (r == 1) {
		for (int fd = 0; fd < 32; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				open_fds |= 1U << fd;
		(void)!write(WORKER_FIRST_FD, "x", 1);
		_exit(worker_send(&open_fds, sizeof(open_fds), NULL, 0) < 0);
	}
	pid = worker.pid;
	await(&worker);
	assert_int_equal(worker_result(&worker, &open_fds, sizeof(open_fds), NULL), 0);
	/* 0 to 2, the result, and what was to be kept. */
	assert_int_equal(open_fds & ~7U, 1U << 3 | 1U << WORKER_FIRST_FD);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	fd_close(kept[0]);
	fd_close(kept[1]);
}

static void test_flush(void **state _unused_)
{
	struct worker worker = WORKER_NONE;
	int pair[2];
	pid_t pid;
	int r;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send(pair[0], "x", 1, 0), 1);
	r = worker_fork(&pair[1], 1, &worker);
	if (r == 1)
		socket_work_flush(1);
	pid = worker.pid;
	await(&worker);
	worker_abandon(&worker);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(recv(pair[1], &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	fd_close(pair[0]);
	fd_close(pair[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_path, setup),
		cmocka_unit_test_setup(test_fifo, setup),
		cmocka_unit_test_setup(test_special, setup),
		cmocka_unit_test_setup(test_several_lines, setup),
		cmocka_unit_test_setup(test_options, setup),
		cmocka_unit_test_setup(test_port_alone, setup),
		cmocka_unit_test_setup(test_worker_opens, setup),
		cmocka_unit_test_setup(test_worker_fails, setup),
		cmocka_unit_test_setup(test_worker_hangs_hc_10, setup),
		cmocka_unit_test_setup(test_worker_has_nothing_of_ours_hc_23, setup),
		cmocka_unit_test_setup(test_flush, setup),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
