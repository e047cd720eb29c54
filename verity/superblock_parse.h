// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The dm-verity superblock, first sector of the hash partition, as veritysetup format writes it
 * (cryptsetup wiki, "DMVerity": on-disk format version 1). It is read before anything is verified,
 * so it is hostile until shown otherwise (hc-57): each field is checked, and sums cannot overflow.
 * Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SUPERBLOCK_SIZE 512
#define SUPERBLOCK_SALT_MAX 256
#define SUPERBLOCK_DIGEST_MAX 64

enum superblock_algorithm {
	SUPERBLOCK_SHA256,
	SUPERBLOCK_SHA512,
};

struct superblock {
	uint8_t uuid[16];
	enum superblock_algorithm algorithm;
	size_t digest_size; /* bytes of the algorithm's digest: 32 or 64 */
	uint32_t data_block_size;
	uint32_t hash_block_size;
	uint64_t data_blocks;
	size_t salt_size;
	uint8_t salt[SUPERBLOCK_SALT_MAX];
};

/* What is wrong with a superblock; superblock_problem_text() has the words. */
enum superblock_problem {
	SUPERBLOCK_VALID,
	SUPERBLOCK_NO_SIGNATURE,
	SUPERBLOCK_BAD_VERSION,
	SUPERBLOCK_BAD_HASH_TYPE,
	SUPERBLOCK_BAD_ALGORITHM,
	SUPERBLOCK_BAD_DATA_BLOCK_SIZE,
	SUPERBLOCK_BAD_HASH_BLOCK_SIZE,
	SUPERBLOCK_BAD_SALT_SIZE,
	SUPERBLOCK_BAD_DATA_BLOCKS,
	SUPERBLOCK_DATA_TOO_SMALL,
	SUPERBLOCK_HASH_TOO_SMALL,
};

/** superblock_problem_text() - Return: a problem in words, for after "superblock: ". */
const char *superblock_problem_text(enum superblock_problem problem);

/**
 * superblock_parse() - reads and checks a superblock.
 * @bytes: the first sector of the hash partition
 * @page_size: of the running kernel, which takes no larger data blocks
 * Return: SUPERBLOCK_VALID with @ret filled, or what is wrong, with @ret untouched.
 */
enum superblock_problem superblock_parse(const uint8_t bytes[static SUPERBLOCK_SIZE],
					 size_t page_size, struct superblock *ret);

/**
 * superblock_check_sizes() - whether the data fits its device and the tree fits its own.
 * @data_device_size, @hash_device_size: bytes
 * Return: SUPERBLOCK_VALID, SUPERBLOCK_DATA_TOO_SMALL or SUPERBLOCK_HASH_TOO_SMALL.
 */
enum superblock_problem superblock_check_sizes(const struct superblock *sb,
					       uint64_t data_device_size, uint64_t hash_device_size);

/** superblock_levels() - Return: levels of the tree; 0 where the root hash is that of a single data block. */
unsigned superblock_levels(const struct superblock *sb);

/**
 * superblock_tree_size() - bytes of the hash partition that the superblock's block and the tree behind it take.
 * The top block, whose digest is the root hash, comes right after the superblock's block.
 * Return: bytes, or UINT64_MAX where that does not fit.
 */
uint64_t superblock_tree_size(const struct superblock *sb);
