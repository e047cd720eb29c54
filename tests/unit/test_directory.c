// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/directory: every name once, and names in order. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/str.h"

static char path[] = "/tmp/test_directory.XXXXXX";
static int top = -1;

static int group_setup(void **state _unused_)
{
	if (!mkdtemp(path))
		return -1;
	top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0 ? -1 : 0;
}

static int group_teardown(void **state _unused_)
{
	close(top);
	return rmdir(path);
}

static void make(const char *name)
{
	int fd = openat(top, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	close(fd);
}

/* More names than one getdents64(2) gives. */
static void test_every_name_once(void **state _unused_)
{
	enum { COUNT = 500 };
	static bool seen[COUNT];
	struct directory d;
	const char *name;
	int count = 0;
	int r;

	for (int i = 0; i < COUNT; i++) {
		char text[32];
		struct buf b = BUF(text);

		buf_printf(&b, "file-%03d", i);
		make(text);
	}
	assert_int_equal(directory_open(&d, top, "."), 0);
	while ((r = directory_next(&d, &name)) > 0) {
		uint64_t number;

		assert_true(str_starts(str_from(name), "file-"));
		assert_int_equal(str_to_u64(str_from(name + 5), &number), 0);
		assert_in_range(number, 0, COUNT - 1);
		assert_false(seen[number]);
		seen[number] = true;
		count++;
		assert_int_equal(unlinkat(top, name, 0), 0);
	}
	assert_int_equal(r, 0);
	assert_int_equal(count, COUNT);
	directory_close(&d);
	assert_int_equal(d.fd, -1);
	directory_close(&d);
}

static void test_in_order(void **state _unused_)
{
	static const char *const names[] = { "b.conf", "10.conf", "9.conf", "b.conf~", "a", ".conf" };
	static const char *const expected[] = { ".conf", "10.conf", "9.conf", "b.conf" };
	char name[DIRECTORY_NAME_SIZE] = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make(names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		/* The result may take the place of where to go on. */
		assert_int_equal(directory_next_sorted(top, ".", name, ".conf", name), 1);
		assert_string_equal(name, expected[i]);
	}
	assert_int_equal(directory_next_sorted(top, ".", name, ".conf", name), 0);
	assert_int_equal(directory_next_sorted(top, ".", "a", "", name), 1);
	assert_string_equal(name, "b.conf");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(unlinkat(top, names[i], 0), 0);
}

static void test_none(void **state _unused_)
{
	char name[DIRECTORY_NAME_SIZE] = "kept";
	struct directory d = { .fd = -1 };

	assert_int_equal(directory_open(&d, top, "missing"), -ENOENT);
	assert_int_equal(directory_next_sorted(top, "missing", "", "", name), -ENOENT);
	assert_int_equal(directory_next_sorted(top, ".", "", "", name), 0);
	assert_string_equal(name, "kept");
	make("file");
	assert_int_equal(directory_next_sorted(top, "file", "", "", name), -ENOTDIR);
	assert_int_equal(unlinkat(top, "file", 0), 0);
}

/* A name as long as a name can be. */
static void test_longest_name(void **state _unused_)
{
	char name[DIRECTORY_NAME_SIZE];
	char longest[DIRECTORY_NAME_SIZE];

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	make(longest);
	assert_int_equal(directory_next_sorted(top, ".", "", "", name), 1);
	assert_string_equal(name, longest);
	assert_int_equal(unlinkat(top, longest, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_name_once),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_longest_name),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
