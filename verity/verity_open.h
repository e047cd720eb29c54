// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Opening a dm-verity device (dm-verity: Documentation/admin-guide/device-mapper/verity.rst) whose
 * hash tree, with a superblock, is a partition of its own.
 *
 * The kernel accepts any root hash at activation and finds out only when a block is read, which
 * with "restart on corruption" is a reset without a word. So the top of the tree is compared with
 * the root hash first, here, and the first and last block are read through the device before its
 * path is handed out.
 *
 * The device-mapper and dm-verity modules must be there (or built in) before. When anything fails,
 * no device is left behind. Uses libcryptsetup, which allocates: for boot only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "verity/root_hash.h"

/* What the kernel does when a block does not match its hash. */
enum verity_mode {
	VERITY_RESTART, /* resets the machine (the default) */
	VERITY_PANIC,	/* panics */
	VERITY_EIO,	/* fails the read with EIO */
	VERITY_IGNORE,	/* logs it and returns the data: for debugging only */
};

/* Why verity_open() failed, to be told apart by tests and by what is worth waiting for. */
enum verity_failure {
	VERITY_OK,
	VERITY_DEVICE_UNREADABLE,  /* a partition cannot be opened or read */
	VERITY_SUPERBLOCK_INVALID, /* the hash partition's superblock is none, or is hostile */
	VERITY_ALGORITHM_MISMATCH, /* root hash of another length than the superblock's algorithm */
	VERITY_DATA_TOO_SMALL,	   /* the data partition is smaller than the tree says */
	VERITY_HASH_TOO_SMALL,	   /* the hash partition cannot hold its tree */
	VERITY_ROOT_HASH_MISMATCH, /* the root hash is not the one of this tree */
	VERITY_DATA_CORRUPT,	   /* the first or last block does not match the tree */
	VERITY_DEVICE_MAPPER,	   /* the kernel or libcryptsetup refused */
};

/* A failure in words, ready for the log: "superblock: version 7 is not supported". */
struct verity_cause {
	enum verity_failure failure;
	char text[200];
};

#define VERITY_PATH_SIZE 64

/**
 * verity_open() - opens @data_device, checked by the tree on @hash_device, read-only as @name.
 *
 * @hash: the root hash that is trusted
 * @name: the device-mapper name; at most 32 bytes of [A-Za-z0-9_-]
 * @ret_path: device node of the new device: "/dev/mapper/NAME", or "/dev/dm-N" where that is missing
 * @ret_cause: filled on failure only
 * Return: 0; -EKEYREJECTED (root hash or first blocks do not match), -EBADMSG (superblock),
 * -EFBIG (a partition is too small), -EBUSY (@name exists), or the -errno of what failed.
 * A corrupt first or last block resets the machine or panics right here in VERITY_RESTART and VERITY_PANIC;
 * the kernel says which block it was.
 */
int verity_open(const char *data_device, const char *hash_device, const struct root_hash *hash,
		enum verity_mode mode, const char *name, char ret_path[static VERITY_PATH_SIZE],
		struct verity_cause *ret_cause);

/** verity_close() - removes the device @name. Return: 0, -ENODEV (there is none), -EBUSY (in use) or -errno. */
int verity_close(const char *name);

/**
 * verity_status() - asks the kernel whether @name has met a corrupt block since it was opened:
 * the letter of its table status, V or C (hc-60). One ioctl, no allocation.
 * Return: 0, -ENXIO (no such device, or not a verity one) or -errno.
 */
int verity_status(const char *name, bool *ret_corrupt);
