// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init/record: the boot record. Its fixed path is answered by a file of the test's, so that the
 * machine's own /run is left alone.
 */
// LDFLAGS: -Wl,--wrap=open,--wrap=openat,--wrap=mkdir
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "init/record.h"
#include "lib/fd.h"
#include "lib/str.h"

static char path[] = "/tmp/test_record.XXXXXX";
static bool run_is_there;

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...)
{
	if (strcmp(name, RECORD_PATH) != 0)
		return __real_open(name, flags, 0600);
	if (!run_is_there) {
		errno = ENOENT;
		return -1;
	}
	return __real_open(path, flags, 0600);
}

int __real_openat(int directory, const char *name, int flags, ...);
int __wrap_openat(int directory, const char *name, int flags, ...);
int __wrap_openat(int directory, const char *name, int flags, ...)
{
	return __real_openat(directory, strcmp(name, RECORD_PATH) == 0 ? path : name, flags, 0600);
}

int __wrap_mkdir(const char *name, mode_t mode);
int __wrap_mkdir(const char *name, mode_t mode _unused_)
{
	assert_string_equal(name, RECORD_DIRECTORY);
	errno = run_is_there ? EEXIST : EROFS;
	return -1;
}

static int group_setup(void **state _unused_)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int group_teardown(void **state _unused_)
{
	return unlink(path);
}

static void assert_file(const char *expected)
{
	char text[16384];

	assert_true(file_read(AT_FDCWD, path, text, sizeof(text)) >= 0);
	assert_string_equal(text, expected);
}

/* Lines wait until /run is there, in order; a second open writes nothing twice. */
static void test_waits_for_run(void **state _unused_)
{
	assert_int_equal(record_open(), -EROFS);
	record_add("initramfs.verity", 1, 2, "ok");
	record_add("mounts", 3, UINT64_MAX, "failed");
	run_is_there = true;
	assert_int_equal(record_open(), 0);
	record_add("kernel", 0, 1234567890, "ok");
	assert_file("initramfs.verity 1 2 ok\nmounts 3 18446744073709551615 failed\n"
		    "kernel 0 1234567890 ok\n");
	assert_int_equal(record_open(), 0);
	assert_true(record_kernel_ended() == 1234567890);
	record_close();
	record_close();
	record_add("late", 5, 6, "skipped");
	assert_int_equal(record_open(), 0);
	assert_file("initramfs.verity 1 2 ok\nmounts 3 18446744073709551615 failed\n"
		    "kernel 0 1234567890 ok\nlate 5 6 skipped\n");
	record_close();
}

/* What does not fit is dropped; nothing is written over anything. */
static void test_more_than_can_wait(void **state _unused_)
{
	char text[16384];
	struct str rest = { text, 0 };
	struct str line;
	unsigned lines = 0;
	ssize_t n;

	assert_int_equal(truncate(path, 0), 0);
	for (unsigned i = 0; i < RECORD_WAITING_MAX + 10; i++)
		record_add("phase", i, i, "ok");
	assert_int_equal(record_open(), 0);
	n = file_read(AT_FDCWD, path, text, sizeof(text));
	assert_true(n > 0);
	rest.n = (size_t)n;
	while (str_split(&rest, '\n', &line))
		assert_true(str_starts(line, "phase ") && ++lines);
	assert_int_equal(lines, RECORD_WAITING_MAX);
	record_close();
}

static void test_long_name(void **state _unused_)
{
	char name[256];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(record_open(), 0);
	record_add(name, 1, 2, "ok");
	name[63] = '\0';
	{
		char expected[128];
		struct buf b = BUF(expected);

		buf_printf(&b, "%s 1 2 ok\n", name);
		assert_file(expected);
	}
	record_close();
}

static void test_no_kernel_line(void **state _unused_)
{
	static const char *const texts[] = { "", "kernel\n", "kernel 0 x ok\n", "kernelx 0 5 ok\n",
					     "\n\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(file_replace(path, texts[i], strlen(texts[i]), 0600, false), 0);
		assert_true(record_kernel_ended() == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_run),
		cmocka_unit_test(test_more_than_can_wait),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_no_kernel_line),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
