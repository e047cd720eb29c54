// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/sysctl_parse: lines of sysctl.d(5), and none that leads out of /proc/sys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/sysctl_parse.h"

static void assert_one(const char *text, const char *path, const char *value, bool optional)
{
	struct str rest = str_from(text);
	struct sysctl_line line;
	unsigned number = 0;

	assert_int_equal(sysctl_next(&rest, &line, &number), 1);
	assert_string_equal(line.path, path);
	assert_string_equal(line.value, value);
	assert_int_equal(line.optional, optional);
	assert_int_equal(sysctl_next(&rest, &line, &number), 0);
}

static void test_keys(void **state _unused_)
{
	assert_one("net.ipv4.ip_forward = 1", "/proc/sys/net/ipv4/ip_forward", "1", false);
	assert_one("net/ipv4/ip_forward=1", "/proc/sys/net/ipv4/ip_forward", "1", false);
	/* The first separator decides what the other one means. */
	assert_one("net/ipv4/conf/eth0.1/forwarding=1", "/proc/sys/net/ipv4/conf/eth0.1/forwarding",
		   "1", false);
	assert_one("net.ipv4.conf.eth0/1.forwarding=1", "/proc/sys/net/ipv4/conf/eth0.1/forwarding",
		   "1", false);
	assert_one("kernel.core_pattern=|/bin/false a=b", "/proc/sys/kernel/core_pattern",
		   "|/bin/false a=b", false);
	assert_one("-kernel.missing = 1", "/proc/sys/kernel/missing", "1", true);
	assert_one("- kernel.missing = 1", "/proc/sys/kernel/missing", "1", true);
	assert_one("  kernel.panic =  5 \r", "/proc/sys/kernel/panic", "5", false);
	assert_one("net.ipv4.ping_group_range = 0 2147483647",
		   "/proc/sys/net/ipv4/ping_group_range", "0 2147483647", false);
	assert_one("kernel.domainname =", "/proc/sys/kernel/domainname", "", false);
}

static void test_lines(void **state _unused_)
{
	struct str rest = STR("# comment\n; another\n\n  \na.b=1\nnonsense\nc.d=2");
	struct sysctl_line line;
	unsigned number = 0;

	assert_int_equal(sysctl_next(&rest, &line, &number), 1);
	assert_string_equal(line.path, "/proc/sys/a/b");
	assert_int_equal(number, 5);
	assert_int_equal(sysctl_next(&rest, &line, &number), -EINVAL);
	assert_int_equal(number, 6);
	assert_int_equal(sysctl_next(&rest, &line, &number), 1);
	assert_string_equal(line.path, "/proc/sys/c/d");
	assert_int_equal(number, 7);
	assert_int_equal(sysctl_next(&rest, &line, &number), 0);
}

static void test_refused(void **state _unused_)
{
	static const char *const bad[] = { "=1",	  "-=1",    "novalue", "../etc/passwd=x",
					   "a/../../b=1", "a/..=1", "..=1" };
	static char long_line[SYSCTL_VALUE_SIZE + 64];
	struct sysctl_line line = { .value = "kept" };
	struct str rest;
	unsigned number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r;

		rest = str_from(bad[i]);
		r = sysctl_next(&rest, &line, &number);
		/* Dots are separators and not a way up, whatever they become. */
		if (r == 1 && !strstr(line.path, "/.."))
			continue;
		if (r != -EINVAL)
			fail_msg("\"%s\" gives %s", bad[i], line.path);
	}
	rest = STR("kernel.a\0b=1");
	assert_int_equal(sysctl_next(&rest, &line, &number), -EINVAL);

	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[1] = '=';
	rest = str_from(long_line);
	assert_int_equal(sysctl_next(&rest, &line, &number), -EINVAL);
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[SYSCTL_PATH_SIZE] = '=';
	rest = str_from(long_line);
	assert_int_equal(sysctl_next(&rest, &line, &number), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
