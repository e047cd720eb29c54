// SPDX-License-Identifier: MIT OR Apache-2.0
/* verity/root_hash: strict hexadecimal, two lengths, and the UUIDs of the partitions. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verity/root_hash.h"

#define HASH_256 "4f68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf5"

static void parses_both_lengths(void **state)
{
	struct root_hash hash;

	(void)state;
	assert_int_equal(root_hash_parse(STR(HASH_256), &hash), 0);
	assert_int_equal(hash.size, 32);
	assert_int_equal(hash.bytes[0], 0x4f);
	assert_int_equal(hash.bytes[31], 0xf5);
	assert_int_equal(root_hash_parse(STR(HASH_256 HASH_256), &hash), 0);
	assert_int_equal(hash.size, 64);
}

static void accepts_upper_case(void **state)
{
	struct root_hash hash;

	(void)state;
	assert_int_equal(root_hash_parse(STR("4F68BCE3E8CD4DB196E7FBCAF984B7092C7357EDEBD246D9AEC123D437EC2BF5"),
					 &hash),
			 0);
	assert_int_equal(hash.bytes[2], 0xbc);
}

static void test_hc_58_malformed_hash_is_refused(void **state)
{
	static const char *const malformed[] = {
		"",
		"4f",
		/* one digit short, one too many, 48 bytes (SHA-384) */
		"4f68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf",
		HASH_256 "0",
		"4f68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf54f68bce3e8cd4db196e7fbcaf984b709",
		HASH_256 HASH_256 "00",
		/* no hexadecimal; a space; a prefix */
		"4g68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf5",
		" " HASH_256,
		HASH_256 " ",
		"0x68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf5",
	};
	struct root_hash hash = { .size = 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		assert_int_equal(root_hash_parse(str_from(malformed[i]), &hash), -EINVAL);
	assert_int_equal(hash.size, 7);
}

static void derives_partition_uuids(void **state)
{
	char uuid[UUID_TEXT_SIZE];
	struct root_hash hash;

	(void)state;
	assert_int_equal(root_hash_parse(STR(HASH_256), &hash), 0);
	root_hash_data_uuid(&hash, uuid);
	assert_string_equal(uuid, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
	root_hash_verity_uuid(&hash, uuid);
	assert_string_equal(uuid, "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5");
}

static void uuids_of_a_long_hash_are_its_ends(void **state)
{
	char uuid[UUID_TEXT_SIZE];
	struct root_hash hash;

	(void)state;
	assert_int_equal(root_hash_parse(STR("00112233445566778899aabbccddeeff" HASH_256
					     "ffeeddccbbaa99887766554433221100"),
					 &hash),
			 0);
	root_hash_data_uuid(&hash, uuid);
	assert_string_equal(uuid, "00112233-4455-6677-8899-aabbccddeeff");
	root_hash_verity_uuid(&hash, uuid);
	assert_string_equal(uuid, "ffeeddcc-bbaa-9988-7766-554433221100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_both_lengths),
		cmocka_unit_test(accepts_upper_case),
		cmocka_unit_test(test_hc_58_malformed_hash_is_refused),
		cmocka_unit_test(derives_partition_uuids),
		cmocka_unit_test(uuids_of_a_long_hash_are_its_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
