// SPDX-License-Identifier: MIT OR Apache-2.0
/* The record of a boot as orlopctl reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/boot_parse.h"

static struct boot_record record;

static void a_machine(void **state)
{
	(void)state;
	boot_parse(STR("kernel 0 100 ok\n"
		       "initramfs.module 110 120 dm_mod\n"
		       "initramfs.modules 100 150 ok\n"
		       "selinux 200 200 skipped\n"
		       "state 200 260 failed\n"
		       "b.service 300 350 ok\n"
		       "a.service 270 400 ok\n"
		       "critical 270 400 a.service\n"
		       "up 0 410 ok\n"
		       "late.service 500 600 ok\n"),
		   &record);
	assert_int_equal(record.count, 5);
	assert_true(str_is(record.entries[1].name, "modules"));
	assert_int_equal(record.entries[1].kind, BOOT_INITRAMFS);
	assert_true(record.entries[2].failed);
	assert_true(str_is(record.entries[3].name, "a.service") && record.entries[3].critical);
	assert_true(str_is(record.entries[4].name, "b.service") && !record.entries[4].critical);
	assert_int_equal(record.kernel_end, 100);
	assert_int_equal(record.initramfs_end, 150);
	assert_int_equal(record.system_end, 260);
	assert_int_equal(record.up, 410);
	assert_int_equal(record.chain_count, 1);
}

/* Its kernel ran before: everything counts from its first phase. */
static void a_container(void **state)
{
	(void)state;
	boot_parse(STR("log 1000 1010 ok\na.service 1020 1050 ok\ncritical 1020 1050 a.service\nup 1000 1060 ok\n"),
		   &record);
	assert_int_equal(record.entries[0].start, 0);
	assert_int_equal(record.entries[1].end, 50);
	assert_int_equal(record.chain[0].start, 20);
	assert_int_equal(record.system_end, 10);
	assert_int_equal(record.up, 60);
}

static void odd_lines_are_passed_over(void **state)
{
	(void)state;
	boot_parse(STR("\n\nx\na 1\na 1 2\na 2 1 ok\na b c ok\nkernel 0 5 ok later words\n"), &record);
	assert_int_equal(record.count, 1);
	assert_int_equal(record.up, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine),
		cmocka_unit_test(a_container),
		cmocka_unit_test(odd_lines_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
