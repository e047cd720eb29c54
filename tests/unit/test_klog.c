// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * lib/klog: what reaches kmsg and the console, and how. The devices are pipes of the test's: open(2)
 * of the two names is answered with them, and the pipe keeps what each write(2) was.
 */
// LDFLAGS: -Wl,--wrap=open,--wrap=openat
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "lib/klog.h"

/* Sequenced packets: each write(2) or writev(2) comes out as one message. */
static int kmsg[2];
static int console[2];
static const char *printk_levels = "4 4 1 7\n";
static bool kmsg_there = true;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/kmsg") == 0) {
		if (!kmsg_there) {
			errno = ENOENT;
			return -1;
		}
		return fcntl(kmsg[1], F_DUPFD_CLOEXEC, 3);
	}
	if (strcmp(path, "/dev/console") == 0) {
		/* PID 1 must not get a controlling terminal, and must not block on one. */
		assert_true(flags & O_NOCTTY);
		assert_true(flags & O_NONBLOCK);
		return fcntl(console[1], F_DUPFD_CLOEXEC, 3);
	}
	return __real_open(path, flags);
}

int __real_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...)
{
	int pair[2];

	if (strcmp(path, "/proc/sys/kernel/printk") != 0)
		return __real_openat(directory, path, flags);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(fd_write_all(pair[1], printk_levels, strlen(printk_levels)), 0);
	close(pair[1]);
	return pair[0];
}

static int setup(void **state _unused_)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, kmsg) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, console) < 0)
		return -1;
	printk_levels = "4 4 1 7\n";
	kmsg_there = true;
	klog_set_console(true);
	klog_set_level(KLOG_INFO);
	return 0;
}

static int teardown(void **state _unused_)
{
	klog_close();
	close(kmsg[0]);
	close(kmsg[1]);
	close(console[0]);
	close(console[1]);
	return 0;
}

/* The next message, or "" when there is none. */
static const char *next(int fd)
{
	static char text[8192];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The same of kmsg, where each record must end with a newline: the kernel holds it back otherwise. */
static const char *next_kmsg(void)
{
	static char text[8192];
	struct buf b = BUF(text);

	buf_add(&b, next(kmsg[0]));
	if (b.len > 0) {
		assert_true(text[b.len - 1] == '\n');
		text[b.len - 1] = '\0';
	}
	return text;
}

static void drain(int fd)
{
	while (*next(fd))
		;
}

static void test_lines(void **state _unused_)
{
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	errno = EPROTO;
	log_notice("hello %d", 5);
	assert_int_equal(errno, EPROTO);
	/* Facility daemon, the level, one record. */
	assert_string_equal(next_kmsg(), "<29>orlop: hello 5");
	/* hc-26: text and newline in one write. */
	assert_string_equal(next(console[0]), "orlop: hello 5\n");
	assert_string_equal(next(console[0]), "");
}

static void test_levels(void **state _unused_)
{
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	log_info("for kmsg only");
	assert_string_equal(next_kmsg(), "<30>orlop: for kmsg only");
	assert_string_equal(next(console[0]), "");
	/* Not logged at all at the default level. */
	log_debug("not this");
	assert_string_equal(next_kmsg(), "");
	klog_set_level(KLOG_DEBUG);
	log_debug("this");
	assert_string_equal(next_kmsg(), "<31>orlop: this");
	klog_set_level(KLOG_ERROR);
	log_warning("not this");
	assert_string_equal(next_kmsg(), "");
	log_error("but this");
	assert_string_equal(next_kmsg(), "<27>orlop: but this");
}

/* The kernel puts records below its console level there by itself: here errors, and not warnings. */
static void test_no_line_twice(void **state _unused_)
{
	printk_levels = "4\t4\t1\t7\n";
	assert_int_equal(klog_open(), 0);
	log_error("shown by the kernel");
	assert_string_equal(next(console[0]), "");
	log_warning("shown by us");
	assert_string_equal(next(console[0]), "orlop: shown by us\n");
	printk_levels = "nonsense";
	assert_int_equal(klog_open(), 0);
	log_error("shown by us");
	assert_string_equal(next(console[0]), "orlop: shown by us\n");
}

static void test_escapes_hc_22(void **state _unused_)
{
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	log_warning("a\nb\x1b[2J\\%s", "\x7f");
	assert_string_equal(next_kmsg(), "<28>orlop: a\\x0ab\\x1b[2J\\x5c\\x7f");
	assert_string_equal(next(console[0]), "orlop: a\\x0ab\\x1b[2J\\x5c\\x7f\n");
}

/* hc-22: over KLOG_LINE_MAX a line is several records, and none of it is lost. */
static void test_splits_hc_22(void **state _unused_)
{
	static const char prefix[] = "<28>orlop: ";
	char line[1001];
	char seen[2048] = "";
	struct buf all = BUF(seen);
	const char *part;
	int records = 0;

	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = (char)('a' + i % 26);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	log_warning("%s", line);
	while (*(part = next_kmsg())) {
		assert_true(str_starts(str_from(part), prefix));
		part += strlen(prefix);
		assert_true(strlen(part) <= KLOG_LINE_MAX);
		buf_add(&all, part);
		records++;
	}
	assert_int_equal(records, 2);
	assert_string_equal(seen, line);
}

/* Worst case: every byte becomes four. */
static void test_long_and_escaped_hc_22(void **state _unused_)
{
	char line[2000];
	size_t total = 0;
	const char *part;

	memset(line, '\n', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	log_warning("%s", line);
	while (*(part = next_kmsg()))
		total += strlen(part) - strlen("<28>orlop: ");
	/* What is over 1023 bytes is cut before it is escaped. */
	assert_int_equal(total, 4 * 1023);
	assert_true(str_ends(str_from(next(console[0])), "\\x0a\n"));
}

static void test_early_lines(void **state _unused_)
{
	char expected[64];
	const char *part;

	kmsg_there = false;
	assert_int_equal(klog_open(), -ENOENT);
	for (int i = 0; i < KLOG_EARLY_MAX + 3; i++)
		log_info("line %d", i);
	log_error("line of a later level");
	/* Without kmsg the console has what is for people. */
	assert_string_equal(next(console[0]), "orlop: line of a later level\n");
	kmsg_there = true;
	assert_int_equal(klog_open(), 0);
	for (int i = 0; i < KLOG_EARLY_MAX; i++) {
		struct buf b = BUF(expected);

		buf_printf(&b, "<30>orlop: line %d", i);
		assert_string_equal(next_kmsg(), expected);
	}
	/* What did not fit is at least said. */
	assert_string_equal(next_kmsg(), "<28>orlop: 4 early log lines did not fit and were lost");
	part = next_kmsg();
	assert_string_equal(part, "");
	/* Written once only. */
	assert_int_equal(klog_open(), 0);
	assert_string_equal(next_kmsg(), "");
}

static void test_early_again_after_close(void **state _unused_)
{
	assert_int_equal(klog_open(), 0);
	drain(kmsg[0]);
	klog_close();
	log_info("meanwhile");
	assert_string_equal(next_kmsg(), "");
	assert_int_equal(klog_open(), 0);
	assert_string_equal(next_kmsg(), "<30>orlop: meanwhile");
}

static void test_console_of_others_hc_26(void **state _unused_)
{
	klog_console(STR("hello.service: text of a service"));
	assert_string_equal(next(console[0]), "hello.service: text of a service\n");
	assert_string_equal(next(console[0]), "");
	assert_string_equal(next_kmsg(), "");
	klog_set_console(false);
	klog_console(STR("silence"));
	log_notice("silence");
	assert_string_equal(next(console[0]), "");
}

/* hc-20: a console that takes nothing costs its lines, not the caller. */
static void test_console_that_is_full_hc_20(void **state _unused_)
{
	static const char filler[1024] = "filler";

	assert_int_equal(klog_open(), 0);
	while (send(console[1], filler, sizeof(filler), MSG_DONTWAIT) > 0)
		;
	drain(kmsg[0]);
	log_notice("in kmsg all the same");
	assert_string_equal(next_kmsg(), "<29>orlop: in kmsg all the same");
	drain(console[0]);
	log_notice("and the console goes on");
	assert_string_equal(next(console[0]), "orlop: and the console goes on\n");
}

static void test_error_name(void **state _unused_)
{
	assert_string_equal(error_name(-ENOENT), "No such file or directory");
	assert_string_equal(error_name(ENOENT), "No such file or directory");
	assert_string_equal(error_name(-99999), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* The first: no earlier line waits yet. */
		cmocka_unit_test_setup_teardown(test_early_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_early_again_after_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_line_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escapes_hc_22, setup, teardown),
		cmocka_unit_test_setup_teardown(test_splits_hc_22, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_and_escaped_hc_22, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_of_others_hc_26, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_that_is_full_hc_20, setup, teardown),
		cmocka_unit_test(test_error_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
