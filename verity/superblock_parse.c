// SPDX-License-Identifier: MIT OR Apache-2.0
/* The dm-verity superblock: see superblock_parse.h. Pure; the bytes are hostile until checked. */
#include "verity/superblock_parse.h"

#include <stdbool.h>
#include <string.h>

/* The kernel's sector, and the smallest block that dm-verity takes. */
#define BLOCK_SIZE_MIN 512
/* cryptsetup's limit (VERITY_MAX_BLOCK_SIZE) for hash blocks. */
#define BLOCK_SIZE_MAX (512 * 1024)

/* Offsets of the fields, all little-endian. */
enum {
	AT_SIGNATURE = 0,	 /* 8 bytes: "verity" and two NULs */
	AT_VERSION = 8,		 /* 32 bits: 1 */
	AT_HASH_TYPE = 12,	 /* 32 bits: 1; 0 is the old Chrome OS layout */
	AT_UUID = 16,		 /* 16 bytes */
	AT_ALGORITHM = 32,	 /* 32 bytes, NUL-padded */
	AT_DATA_BLOCK_SIZE = 64, /* 32 bits */
	AT_HASH_BLOCK_SIZE = 68, /* 32 bits */
	AT_DATA_BLOCKS = 72,	 /* 64 bits */
	AT_SALT_SIZE = 80,	 /* 16 bits, 6 bytes of padding */
	AT_SALT = 88,		 /* 256 bytes */
	ALGORITHM_SIZE = 32,
};

static const struct {
	const char *name;
	enum superblock_algorithm algorithm;
	size_t digest_size;
} algorithms[] = {
	{ "sha256", SUPERBLOCK_SHA256, 32 },
	{ "sha512", SUPERBLOCK_SHA512, 64 },
};

const char *superblock_problem_text(enum superblock_problem problem)
{
	switch (problem) {
	case SUPERBLOCK_VALID:
		return "valid";
	case SUPERBLOCK_NO_SIGNATURE:
		return "there is none on the hash partition";
	case SUPERBLOCK_BAD_VERSION:
		return "version is not 1";
	case SUPERBLOCK_BAD_HASH_TYPE:
		return "hash type is not 1";
	case SUPERBLOCK_BAD_ALGORITHM:
		return "hash algorithm is neither sha256 nor sha512";
	case SUPERBLOCK_BAD_DATA_BLOCK_SIZE:
		return "data block size is not a power of two from 512 to the page size";
	case SUPERBLOCK_BAD_HASH_BLOCK_SIZE:
		return "hash block size is not a power of two from 512 to 524288";
	case SUPERBLOCK_BAD_SALT_SIZE:
		return "salt is longer than 256 bytes";
	case SUPERBLOCK_BAD_DATA_BLOCKS:
		return "number of data blocks is zero or too large";
	case SUPERBLOCK_DATA_TOO_SMALL:
		return "the data partition is smaller than the hash tree says";
	case SUPERBLOCK_HASH_TOO_SMALL:
		return "the hash partition is smaller than its hash tree";
	}
	return "unknown problem";
}

static uint64_t read_le(const uint8_t *p, size_t bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | p[bytes];
	return value;
}

static bool block_size_good(uint64_t size, uint64_t max)
{
	return size >= BLOCK_SIZE_MIN && size <= max && (size & (size - 1)) == 0;
}

enum superblock_problem superblock_parse(const uint8_t bytes[static SUPERBLOCK_SIZE],
					 size_t page_size, struct superblock *ret)
{
	struct superblock sb = { 0 };
	uint64_t data_size;

	if (memcmp(bytes + AT_SIGNATURE, "verity\0", 8) != 0)
		return SUPERBLOCK_NO_SIGNATURE;
	if (read_le(bytes + AT_VERSION, 4) != 1)
		return SUPERBLOCK_BAD_VERSION;
	if (read_le(bytes + AT_HASH_TYPE, 4) != 1)
		return SUPERBLOCK_BAD_HASH_TYPE;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		char padded[ALGORITHM_SIZE] = { 0 };

		/* All 32 bytes count: what hides behind a NUL is not what veritysetup writes. */
		memcpy(padded, algorithms[i].name, strlen(algorithms[i].name));
		if (memcmp(bytes + AT_ALGORITHM, padded, sizeof(padded)) == 0) {
			sb.algorithm = algorithms[i].algorithm;
			sb.digest_size = algorithms[i].digest_size;
		}
	}
	if (sb.digest_size == 0)
		return SUPERBLOCK_BAD_ALGORITHM;
	if (!block_size_good(read_le(bytes + AT_DATA_BLOCK_SIZE, 4), page_size))
		return SUPERBLOCK_BAD_DATA_BLOCK_SIZE;
	if (!block_size_good(read_le(bytes + AT_HASH_BLOCK_SIZE, 4), BLOCK_SIZE_MAX))
		return SUPERBLOCK_BAD_HASH_BLOCK_SIZE;
	sb.data_block_size = (uint32_t)read_le(bytes + AT_DATA_BLOCK_SIZE, 4);
	sb.hash_block_size = (uint32_t)read_le(bytes + AT_HASH_BLOCK_SIZE, 4);
	sb.salt_size = (size_t)read_le(bytes + AT_SALT_SIZE, 2);
	if (sb.salt_size > SUPERBLOCK_SALT_MAX)
		return SUPERBLOCK_BAD_SALT_SIZE;
	memcpy(sb.salt, bytes + AT_SALT, sb.salt_size);
	sb.data_blocks = read_le(bytes + AT_DATA_BLOCKS, 8);
	/* Offsets on a block device are signed 64-bit bytes, whatever the device's size claims to be. */
	if (sb.data_blocks == 0 ||
	    __builtin_mul_overflow(sb.data_blocks, (uint64_t)sb.data_block_size, &data_size) ||
	    data_size > INT64_MAX || superblock_tree_size(&sb) > INT64_MAX)
		return SUPERBLOCK_BAD_DATA_BLOCKS;
	memcpy(sb.uuid, bytes + AT_UUID, sizeof(sb.uuid));
	*ret = sb;
	return SUPERBLOCK_VALID;
}

unsigned superblock_levels(const struct superblock *sb)
{
	uint64_t digests_per_block = sb->hash_block_size / sb->digest_size;
	uint64_t blocks = sb->data_blocks;
	unsigned levels = 0;

	for (; blocks > 1; levels++)
		blocks = blocks / digests_per_block + (blocks % digests_per_block != 0);
	return levels;
}

uint64_t superblock_tree_size(const struct superblock *sb)
{
	/* Both digest sizes are powers of two, so digests fill a block without padding between them. */
	uint64_t digests_per_block = sb->hash_block_size / sb->digest_size;
	uint64_t blocks = sb->data_blocks;
	uint64_t total = 1; /* the superblock's own block */
	uint64_t size;

	while (blocks > 1) {
		blocks = blocks / digests_per_block + (blocks % digests_per_block != 0);
		if (__builtin_add_overflow(total, blocks, &total))
			return UINT64_MAX;
	}
	return __builtin_mul_overflow(total, (uint64_t)sb->hash_block_size, &size) ? UINT64_MAX : size;
}

enum superblock_problem superblock_check_sizes(const struct superblock *sb,
					       uint64_t data_device_size, uint64_t hash_device_size)
{
	if (data_device_size / sb->data_block_size < sb->data_blocks)
		return SUPERBLOCK_DATA_TOO_SMALL;
	if (superblock_tree_size(sb) > hash_device_size)
		return SUPERBLOCK_HASH_TOO_SMALL;
	return SUPERBLOCK_VALID;
}
