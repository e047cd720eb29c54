// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/mount_table: which settings want mounts, in which order, and what holds where. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/mount_table.h"

/* The table's paths are the forked child's, which frees nothing. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct mount_table table;

static const struct mount_point *find(const char *path)
{
	for (size_t i = 0; i < table.count; i++)
		if (strcmp(table.points[i].path, path) == 0)
			return &table.points[i];
	return NULL;
}

static struct text_list list(char *memory, size_t size, const char *first, const char *second)
{
	struct text_arena arena = { .memory = memory, .size = size };
	struct text_list l = { 0 };

	assert_int_equal(text_list_add(&arena, &l, str_from(first)), 0);
	if (second)
		assert_int_equal(text_list_add(&arena, &l, str_from(second)), 0);
	return l;
}

static void test_needed(void **state _unused_)
{
	struct exec_settings exec = { 0 };

	assert_false(mount_table_needed(&exec));
	exec.protect_home = PROTECT_HOME_TMPFS;
	assert_true(mount_table_needed(&exec));
	exec = (struct exec_settings){ .root_directory = "/srv" };
	assert_true(mount_table_needed(&exec));
	/* A root without API file systems is a plain chroot(2). */
	exec.flags = UINT64_C(1) << EXEC_FLAG_MOUNT_API_VFS_SET;
	assert_false(mount_table_needed(&exec));
}

static void test_order_and_precedence(void **state _unused_)
{
	char a[256];
	char b[256];
	struct exec_settings exec = {
		.protect_system = PROTECT_SYSTEM_STRICT,
		.read_write_paths = list(a, sizeof(a), "/var/lib//x/", "-/var-lib"),
		.inaccessible_paths = list(b, sizeof(b), "/var/lib", "/home"),
	};
	const struct mount_table_inputs inputs = { .exec = &exec };

	assert_int_equal(mount_table_fill(&inputs, &table), 0);
	mount_table_sort(&table);
	for (size_t i = 1; i < table.count; i++)
		assert_false(mount_table_below(table.points[i - 1].path, table.points[i].path));
	/* Nothing below what is inaccessible, which wins over what is implied. */
	assert_int_equal(find("/var/lib")->kind, MOUNT_INACCESSIBLE);
	assert_null(find("/var/lib/x"));
	assert_int_equal(find("/home")->kind, MOUNT_INACCESSIBLE);
	assert_int_equal(find("/var-lib")->read_only, OPINION_NO);
	assert_true(find("/var-lib")->optional);
}

static void opinions(const char *path, enum mount_opinion read_only, enum mount_opinion no_exec)
{
	enum mount_opinion ro;
	enum mount_opinion nx;
	bool no_suid;

	(void)mount_table_opinions(&table, path, &ro, &nx, &no_suid);
	assert_int_equal(ro, read_only);
	assert_int_equal(nx, no_exec);
}

static void test_opinions(void **state _unused_)
{
	char a[256];
	char b[256];
	char c[256];
	struct exec_settings exec = {
		.protect_system = PROTECT_SYSTEM_STRICT,
		.read_write_paths = list(a, sizeof(a), "/var", NULL),
		.no_exec_paths = list(b, sizeof(b), "/", NULL),
		.exec_paths = list(c, sizeof(c), "/usr", NULL),
		.flags = UINT64_C(1) << EXEC_FLAG_PRIVATE_DEVICES,
	};
	const struct mount_table_inputs inputs = { .exec = &exec };

	assert_int_equal(mount_table_fill(&inputs, &table), 0);
	mount_table_sort(&table);
	opinions("/", OPINION_YES, OPINION_YES);
	opinions("/mnt/disk", OPINION_YES, OPINION_YES);
	opinions("/usr/share", OPINION_YES, OPINION_NO);
	opinions("/var", OPINION_NO, OPINION_YES);
	opinions("/variable", OPINION_YES, OPINION_YES);
	opinions("/home/x", OPINION_NO, OPINION_YES);
	/* /dev itself is closed, what is mounted in it is not. */
	opinions("/dev", OPINION_YES, OPINION_YES);
	opinions("/dev/shm", OPINION_YES, OPINION_YES);
}

static void test_roots(void **state _unused_)
{
	char a[256];
	struct exec_settings exec = {
		.root_directory = "/srv/root",
		.read_only_paths = list(a, sizeof(a), "/srv/root/etc", "+/usr"),
	};
	const struct mount_table_inputs inputs = { .exec = &exec, .root = "/srv/root" };
	char b[256];

	assert_int_equal(mount_table_fill(&inputs, &table), 0);
	mount_table_sort(&table);
	assert_non_null(find("/etc"));
	assert_non_null(find("/usr"));
	assert_int_equal(find("/proc")->kind, MOUNT_PROC);
	exec.read_only_paths = list(b, sizeof(b), "/a/../b", NULL);
	assert_int_equal(mount_table_fill(&inputs, &table), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_order_and_precedence),
		cmocka_unit_test(test_opinions),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
