// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The superblock of ext4 (Documentation/filesystems/ext4/super.rst): the few fields that decide
 * whether the state volume has to be checked or grown. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The superblock begins this far into the device, whatever the block size, and is this long. */
#define EXT4_SUPERBLOCK_OFFSET 1024
#define EXT4_SUPERBLOCK_SIZE 1024

struct ext4_superblock {
	uint64_t block_count;
	uint32_t block_size; /* bytes, a power of two from 1024 to 65536 */
	uint16_t mount_count;
	int16_t mount_count_max; /* 0 or less: no check by count */
	bool clean;  /* state: unmounted cleanly (without a journal: cleared while mounted) */
	bool errors; /* state: the kernel found errors */
	bool has_journal;
	bool needs_recovery; /* feature RECOVER: the journal has to be replayed, it was not unmounted */
	char label[17];
};

/**
 * ext4_superblock_parse() - reads @size bytes from EXT4_SUPERBLOCK_OFFSET of a device.
 *
 * Return: 0; -EINVAL if that is no ext2, ext3 or ext4 superblock (wrong magic number); -EBADMSG if
 * it has the magic number but values that cannot be.
 */
int ext4_superblock_parse(const uint8_t *bytes, size_t size, struct ext4_superblock *ret);

/**
 * ext4_needs_check() - Return: whether e2fsck(8) has to look at it before it is mounted: the kernel
 * noted errors, it was not unmounted and has no journal, or it was mounted as often as it allows.
 * A journal that needs replay is no reason: the kernel does that.
 */
bool ext4_needs_check(const struct ext4_superblock *superblock);
