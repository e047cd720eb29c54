// SPDX-License-Identifier: MIT OR Apache-2.0
/* 512 bytes are a superblock whose sums hold, or are refused. Shorter inputs are padded with zeros. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "verity/superblock_parse.h"

#define PAGE_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[SUPERBLOCK_SIZE] = { 0 };
	enum superblock_problem problem;
	struct superblock sb;
	uint64_t tree;

	if (size > 0)
		memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	problem = superblock_parse(bytes, PAGE_SIZE, &sb);
	assert(*superblock_problem_text(problem));
	if (problem != SUPERBLOCK_VALID)
		return 0;
	assert(sb.data_block_size >= 512 && sb.data_block_size <= PAGE_SIZE);
	assert(sb.hash_block_size >= 512 && sb.salt_size <= SUPERBLOCK_SALT_MAX);
	assert(sb.data_blocks > 0 && sb.data_blocks <= (uint64_t)INT64_MAX / sb.data_block_size);
	assert(superblock_levels(&sb) < 64);
	tree = superblock_tree_size(&sb);
	assert(tree >= sb.hash_block_size && tree <= INT64_MAX);
	assert(superblock_check_sizes(&sb, sb.data_blocks * sb.data_block_size, tree) ==
	       SUPERBLOCK_VALID);
	assert(superblock_check_sizes(&sb, sb.data_blocks * sb.data_block_size - 1, tree) ==
	       SUPERBLOCK_DATA_TOO_SMALL);
	assert(superblock_check_sizes(&sb, INT64_MAX, tree - 1) == SUPERBLOCK_HASH_TOO_SMALL);
	return 0;
}
