// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Fields of the ext4 superblock: see ext4_superblock_parse.h. Pure; all numbers on disk are
 * little-endian.
 */
#include "mount/ext4_superblock_parse.h"

#include <errno.h>
#include <string.h>

/* Byte offsets in the superblock, and values, by the kernel's description of it. */
enum {
	BLOCK_COUNT_LOW = 0x04,
	LOG_BLOCK_SIZE = 0x18,
	BLOCKS_PER_GROUP = 0x20,
	MOUNT_COUNT = 0x34,
	MOUNT_COUNT_MAX = 0x36,
	MAGIC = 0x38,
	STATE = 0x3a,
	FEATURE_COMPATIBLE = 0x5c,
	FEATURE_INCOMPATIBLE = 0x60,
	LABEL = 0x78,
	BLOCK_COUNT_HIGH = 0x150,
};

#define MAGIC_EXT 0xef53
#define STATE_CLEAN 0x1
#define STATE_ERRORS 0x2
#define COMPATIBLE_HAS_JOURNAL 0x4
#define INCOMPATIBLE_RECOVER 0x4
#define INCOMPATIBLE_JOURNAL_DEVICE 0x8
#define INCOMPATIBLE_64BIT 0x80
/* Block sizes are 1024 << this, up to 64 KiB. */
#define LOG_BLOCK_SIZE_MAX 6
#define LABEL_SIZE 16

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

int ext4_superblock_parse(const uint8_t *bytes, size_t size, struct ext4_superblock *ret)
{
	struct ext4_superblock s = { 0 };
	uint32_t log_block_size;
	uint32_t incompatible;
	uint16_t state;

	if (size < EXT4_SUPERBLOCK_SIZE || get_u16(bytes + MAGIC) != MAGIC_EXT)
		return -EINVAL;
	log_block_size = get_u32(bytes + LOG_BLOCK_SIZE);
	incompatible = get_u32(bytes + FEATURE_INCOMPATIBLE);
	state = get_u16(bytes + STATE);
	/* A lone journal device has the magic number too, and is nothing that can be mounted. */
	if (log_block_size > LOG_BLOCK_SIZE_MAX || (incompatible & INCOMPATIBLE_JOURNAL_DEVICE) != 0 ||
	    get_u32(bytes + BLOCKS_PER_GROUP) == 0)
		return -EBADMSG;

	s.block_size = UINT32_C(1024) << log_block_size;
	s.block_count = get_u32(bytes + BLOCK_COUNT_LOW);
	if ((incompatible & INCOMPATIBLE_64BIT) != 0)
		s.block_count |= (uint64_t)get_u32(bytes + BLOCK_COUNT_HIGH) << 32;
	/* So that its size in bytes, which everybody wants to know, cannot overflow. */
	if (s.block_count == 0 || s.block_count > UINT64_MAX / s.block_size)
		return -EBADMSG;
	s.mount_count = get_u16(bytes + MOUNT_COUNT);
	s.mount_count_max = (int16_t)get_u16(bytes + MOUNT_COUNT_MAX);
	s.clean = (state & STATE_CLEAN) != 0;
	s.errors = (state & STATE_ERRORS) != 0;
	s.has_journal = (get_u32(bytes + FEATURE_COMPATIBLE) & COMPATIBLE_HAS_JOURNAL) != 0;
	s.needs_recovery = (incompatible & INCOMPATIBLE_RECOVER) != 0;
	memcpy(s.label, bytes + LABEL, LABEL_SIZE);
	*ret = s;
	return 0;
}

bool ext4_needs_check(const struct ext4_superblock *superblock)
{
	return superblock->errors || (!superblock->clean && !superblock->has_journal) ||
	       (superblock->mount_count_max > 0 &&
		superblock->mount_count >= superblock->mount_count_max);
}
