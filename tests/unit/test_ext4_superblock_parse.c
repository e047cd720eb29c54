// SPDX-License-Identifier: MIT OR Apache-2.0
/* mount/ext4_superblock_parse: the fields, what cannot be, and when a check is due. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "mount/ext4_superblock_parse.h"

static uint8_t bytes[EXT4_SUPERBLOCK_SIZE];

static void put_u32(size_t offset, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

static void put_u16(size_t offset, uint16_t value)
{
	bytes[offset] = (uint8_t)value;
	bytes[offset + 1] = (uint8_t)(value >> 8);
}

/* 4 KiB blocks, 65,536 of them, a journal, 64-bit, clean. */
static int setup(void **test_state _unused_)
{
	memset(bytes, 0, sizeof(bytes));
	put_u32(0x04, 65536);
	put_u32(0x18, 2);
	put_u32(0x20, 32768);
	put_u16(0x34, 3);
	put_u16(0x36, 0xffff);
	put_u16(0x38, 0xef53);
	put_u16(0x3a, 1);
	put_u32(0x5c, 0x3c);
	put_u32(0x60, 0x2c2);
	memcpy(bytes + 0x78, "orlop-state", 11);
	return 0;
}

static struct ext4_superblock parse(int expected)
{
	struct ext4_superblock s = { 0 };

	assert_int_equal(ext4_superblock_parse(bytes, sizeof(bytes), &s), expected);
	return s;
}

static void test_fields(void **test_state _unused_)
{
	struct ext4_superblock s = parse(0);

	assert_int_equal(s.block_count, 65536);
	assert_int_equal(s.block_size, 4096);
	assert_int_equal(s.mount_count, 3);
	assert_int_equal(s.mount_count_max, -1);
	assert_true(s.clean);
	assert_false(s.errors);
	assert_true(s.has_journal);
	assert_false(s.needs_recovery);
	assert_string_equal(s.label, "orlop-state");
	assert_false(ext4_needs_check(&s));
}

/* The upper half of the block count counts only with the 64-bit feature. */
static void test_block_count_64_bit(void **test_state _unused_)
{
	put_u32(0x150, 1);
	assert_int_equal(parse(0).block_count, (UINT64_C(1) << 32) + 65536);
	put_u32(0x60, 0x242);
	assert_int_equal(parse(0).block_count, 65536);
}

static void test_recovery(void **test_state _unused_)
{
	struct ext4_superblock s;

	put_u32(0x60, 0x2c6);
	s = parse(0);
	assert_true(s.needs_recovery);
	assert_false(ext4_needs_check(&s));
}

static void test_needs_check(void **test_state _unused_)
{
	struct ext4_superblock s;

	put_u16(0x3a, 3);
	s = parse(0);
	assert_true(ext4_needs_check(&s));

	/* Not clean: with a journal no reason, without one it is. */
	put_u16(0x3a, 0);
	s = parse(0);
	assert_false(ext4_needs_check(&s));
	put_u32(0x5c, 0x38);
	s = parse(0);
	assert_true(ext4_needs_check(&s));
}

static void test_needs_check_by_count(void **test_state _unused_)
{
	static const struct {
		uint16_t count;
		uint16_t max;
		bool check;
	} cases[] = {
		{ 3, 4, false }, { 4, 4, true },       { 5, 4, true },
		{ 9, 0, false }, { 9, 0xffff, false }, { 0xffff, 0x7fff, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ext4_superblock s;

		put_u16(0x34, cases[i].count);
		put_u16(0x36, cases[i].max);
		s = parse(0);
		assert_int_equal(ext4_needs_check(&s), cases[i].check);
	}
}

static void test_not_ext4(void **test_state _unused_)
{
	struct ext4_superblock s;

	assert_int_equal(ext4_superblock_parse(bytes, sizeof(bytes) - 1, &s), -EINVAL);
	put_u16(0x38, 0xef52);
	parse(-EINVAL);
	memset(bytes, 0, sizeof(bytes));
	parse(-EINVAL);
}

static void test_impossible_values(void **test_state _unused_)
{
	put_u32(0x18, 7); /* blocks of 128 KiB */
	parse(-EBADMSG);
	put_u32(0x18, 0xffffffff);
	parse(-EBADMSG);
	setup(NULL);
	put_u32(0x20, 0); /* no blocks in a group */
	parse(-EBADMSG);
	setup(NULL);
	put_u32(0x04, 0); /* no blocks at all */
	parse(-EBADMSG);
	put_u32(0x150, 0xffffffff); /* more bytes than 64 bits can say */
	parse(-EBADMSG);
	setup(NULL);
	put_u32(0x60, 0x2ca); /* a journal on a device of its own */
	parse(-EBADMSG);
}

/* A label of all 16 bytes has no NUL on the disk. */
static void test_full_label(void **test_state _unused_)
{
	memset(bytes + 0x78, 'x', 16);
	bytes[0x88] = 'y';
	assert_string_equal(parse(0).label, "xxxxxxxxxxxxxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_fields, setup),
		cmocka_unit_test_setup(test_block_count_64_bit, setup),
		cmocka_unit_test_setup(test_recovery, setup),
		cmocka_unit_test_setup(test_needs_check, setup),
		cmocka_unit_test_setup(test_needs_check_by_count, setup),
		cmocka_unit_test_setup(test_not_ext4, setup),
		cmocka_unit_test_setup(test_impossible_values, setup),
		cmocka_unit_test_setup(test_full_label, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
