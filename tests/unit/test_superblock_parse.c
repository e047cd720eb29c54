// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * verity/superblock_parse: vectors made from one good superblock (what `veritysetup format` writes), each
 * with one thing wrong; and the size of the tree against the sizes that veritysetup makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "verity/superblock_parse.h"

#define PAGE_SIZE 4096

/* sha256, 4096-byte blocks, 1200 data blocks, 32 bytes of salt. */
static void make_good(uint8_t bytes[SUPERBLOCK_SIZE])
{
	memset(bytes, 0, SUPERBLOCK_SIZE);
	memcpy(bytes, "verity\0", 8);
	bytes[8] = 1;		      /* version */
	bytes[12] = 1;		      /* hash type */
	memset(bytes + 16, 0x11, 16); /* uuid */
	memcpy(bytes + 32, "sha256", 6);
	bytes[65] = 0x10; /* data block size 0x1000 */
	bytes[69] = 0x10; /* hash block size 0x1000 */
	bytes[72] = 0xb0; /* data blocks 0x4b0 */
	bytes[73] = 0x04;
	bytes[80] = 32; /* salt size */
	memset(bytes + 88, 0xaa, 32);
}

static void reads_a_good_one(void **state)
{
	uint8_t bytes[SUPERBLOCK_SIZE];
	struct superblock sb;

	(void)state;
	make_good(bytes);
	assert_int_equal(superblock_parse(bytes, PAGE_SIZE, &sb), SUPERBLOCK_VALID);
	assert_int_equal(sb.algorithm, SUPERBLOCK_SHA256);
	assert_int_equal(sb.digest_size, 32);
	assert_int_equal(sb.data_block_size, 4096);
	assert_int_equal(sb.hash_block_size, 4096);
	assert_int_equal(sb.data_blocks, 1200);
	assert_int_equal(sb.salt_size, 32);
	assert_int_equal(sb.salt[31], 0xaa);
	assert_int_equal(sb.salt[32], 0);
	assert_int_equal(sb.uuid[0], 0x11);
	memcpy(bytes + 32, "sha512", 6);
	assert_int_equal(superblock_parse(bytes, PAGE_SIZE, &sb), SUPERBLOCK_VALID);
	assert_int_equal(sb.digest_size, 64);
}

/* One change to the good superblock and what has to come of it. */
struct vector {
	size_t at;
	size_t length;
	const char *bytes;
	enum superblock_problem problem;
};

static void test_hc_57_hostile_superblocks_are_refused(void **state)
{
	static const struct vector vectors[] = {
		{ 0, 1, "V", SUPERBLOCK_NO_SIGNATURE },
		{ 7, 1, "x", SUPERBLOCK_NO_SIGNATURE },
		{ 8, 1, "\0", SUPERBLOCK_BAD_VERSION },
		{ 8, 1, "\7", SUPERBLOCK_BAD_VERSION },
		{ 11, 1, "\1", SUPERBLOCK_BAD_VERSION },
		{ 12, 1, "\0", SUPERBLOCK_BAD_HASH_TYPE },
		{ 12, 1, "\2", SUPERBLOCK_BAD_HASH_TYPE },
		{ 32, 6, "sha1\0\0", SUPERBLOCK_BAD_ALGORITHM },
		{ 32, 6, "crc32c", SUPERBLOCK_BAD_ALGORITHM },
		{ 32, 6, "SHA256", SUPERBLOCK_BAD_ALGORITHM },
		{ 32, 7, "sha2567", SUPERBLOCK_BAD_ALGORITHM },
		{ 32, 8, "sha256\0x", SUPERBLOCK_BAD_ALGORITHM },
		{ 63, 1, "x", SUPERBLOCK_BAD_ALGORITHM },
		{ 65, 1, "\0", SUPERBLOCK_BAD_DATA_BLOCK_SIZE },
		{ 65, 1, "\1", SUPERBLOCK_BAD_DATA_BLOCK_SIZE },
		{ 65, 1, "\x11", SUPERBLOCK_BAD_DATA_BLOCK_SIZE },
		{ 65, 1, "\x20", SUPERBLOCK_BAD_DATA_BLOCK_SIZE }, /* over the page size */
		{ 67, 1, "\x80", SUPERBLOCK_BAD_DATA_BLOCK_SIZE },
		{ 69, 1, "\0", SUPERBLOCK_BAD_HASH_BLOCK_SIZE },
		{ 69, 1, "\x30", SUPERBLOCK_BAD_HASH_BLOCK_SIZE },
		{ 69, 2, "\0\x10", SUPERBLOCK_BAD_HASH_BLOCK_SIZE }, /* 1 MiB */
		{ 72, 2, "\0\0", SUPERBLOCK_BAD_DATA_BLOCKS },
		{ 79, 1, "\x01", SUPERBLOCK_BAD_DATA_BLOCKS },
		{ 72, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", SUPERBLOCK_BAD_DATA_BLOCKS },
		/* 2^52 blocks of 4096 bytes: the product is 2^64, that is 0 */
		{ 72, 8, "\0\0\0\0\0\0\x10\0", SUPERBLOCK_BAD_DATA_BLOCKS },
		/* 2^51: fits 64 bits, but not the signed ones of an offset */
		{ 72, 8, "\0\0\0\0\0\0\x08\0", SUPERBLOCK_BAD_DATA_BLOCKS },
		{ 80, 2, "\x01\x01", SUPERBLOCK_BAD_SALT_SIZE },
		{ 80, 2, "\xff\xff", SUPERBLOCK_BAD_SALT_SIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		uint8_t bytes[SUPERBLOCK_SIZE];
		struct superblock sb = { .data_blocks = 42 };

		make_good(bytes);
		memcpy(bytes + vectors[i].at, vectors[i].bytes, vectors[i].length);
		assert_int_equal(superblock_parse(bytes, PAGE_SIZE, &sb), vectors[i].problem);
		assert_int_equal(sb.data_blocks, 42);
		assert_true(strlen(superblock_problem_text(vectors[i].problem)) > 0);
	}
}

static void salt_may_be_empty_or_full(void **state)
{
	uint8_t bytes[SUPERBLOCK_SIZE];
	struct superblock sb;

	(void)state;
	make_good(bytes);
	bytes[80] = 0;
	assert_int_equal(superblock_parse(bytes, PAGE_SIZE, &sb), SUPERBLOCK_VALID);
	assert_int_equal(sb.salt_size, 0);
	bytes[81] = 1; /* 256 */
	assert_int_equal(superblock_parse(bytes, PAGE_SIZE, &sb), SUPERBLOCK_VALID);
	assert_int_equal(sb.salt_size, 256);
}

static void tree_sizes_are_veritysetups(void **state)
{
	/* Bytes of the hash file that `veritysetup format` made for so many blocks. */
	static const struct {
		uint64_t data_blocks;
		uint32_t block_size;
		size_t digest_size;
		unsigned levels;
		uint64_t tree_size;
	} sizes[] = {
		{ 1, 4096, 32, 0, 4096 },
		{ 2, 4096, 32, 1, 2 * 4096 },
		{ 128, 4096, 32, 1, 2 * 4096 },
		{ 129, 4096, 32, 2, (1 + 1 + 2) * 4096 },
		{ 1200, 4096, 32, 2, (1 + 1 + 10) * 4096 },
		{ 16384, 4096, 32, 2, (1 + 1 + 128) * 4096 },
		{ 16385, 4096, 32, 3, (1 + 1 + 2 + 129) * 4096 },
		{ 65, 4096, 64, 2, (1 + 1 + 2) * 4096 },
		{ 17, 512, 32, 2, (1 + 1 + 2) * 512 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct superblock sb = {
			.data_blocks = sizes[i].data_blocks,
			.data_block_size = sizes[i].block_size,
			.hash_block_size = sizes[i].block_size,
			.digest_size = sizes[i].digest_size,
		};

		assert_int_equal(superblock_levels(&sb), sizes[i].levels);
		assert_int_equal(superblock_tree_size(&sb), sizes[i].tree_size);
	}
}

static void test_hc_57_sizes_are_held_against_the_devices(void **state)
{
	struct superblock sb = {
		.data_blocks = 1200,
		.data_block_size = 4096,
		.hash_block_size = 4096,
		.digest_size = 32,
	};

	(void)state;
	assert_int_equal(superblock_check_sizes(&sb, 1200 * 4096, 12 * 4096), SUPERBLOCK_VALID);
	assert_int_equal(superblock_check_sizes(&sb, 1200 * 4096 - 1, 12 * 4096),
			 SUPERBLOCK_DATA_TOO_SMALL);
	assert_int_equal(superblock_check_sizes(&sb, 1200 * 4096, 12 * 4096 - 1),
			 SUPERBLOCK_HASH_TOO_SMALL);
	assert_int_equal(superblock_check_sizes(&sb, 0, 0), SUPERBLOCK_DATA_TOO_SMALL);
	/* So many blocks that their bytes overflow must not pass as few. */
	sb.data_blocks = UINT64_C(1) << 52;
	assert_int_equal(superblock_check_sizes(&sb, UINT64_MAX, UINT64_MAX), SUPERBLOCK_DATA_TOO_SMALL);
	sb.data_blocks = UINT64_MAX;
	assert_int_equal(superblock_check_sizes(&sb, UINT64_MAX, UINT64_MAX), SUPERBLOCK_DATA_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_good_one),
		cmocka_unit_test(test_hc_57_hostile_superblocks_are_refused),
		cmocka_unit_test(salt_may_be_empty_or_full),
		cmocka_unit_test(tree_sizes_are_veritysetups),
		cmocka_unit_test(test_hc_57_sizes_are_held_against_the_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
