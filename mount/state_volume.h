// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The state volume: the one writable disk file system of the machine, ext4, on /var.
 *
 * It is made on the first boot, on a partition that is empty; checked when its superblock asks for
 * it; and grown online to its partition. A partition with anything else on it is never touched. A
 * power cut while it is being made is safe: a marker in the last MARGIN bytes of the partition,
 * which the file system never uses, stands there until mke2fs(8) is done and everything is on the disk.
 *
 * Every step that can hang runs in a child with a deadline.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bytes at the end of the partition that the file system leaves alone. */
#define STATE_VOLUME_MARGIN 65536

struct state_volume_report {
	bool created;	/* the file system was made just now */
	bool recovered; /* it had not been unmounted cleanly: the journal was replayed */
	bool checked;	/* e2fsck ran */
	bool repaired;	/* e2fsck changed something */
	bool grown;	/* it was enlarged */
	uint64_t size;	/* bytes of the file system now */
};

/**
 * state_volume_mount() - mounts the state volume, in whatever state it is found.
 *
 * @device: a block device (or in tests a loop device), for example /dev/vda6
 * @where: an existing directory
 *
 * Logs what it did and what failed. Return: 0; -EMEDIUMTYPE if there is something else on the
 * device, which was not touched; -EUCLEAN if it could not be repaired; -ETIMEDOUT; -ENOSPC if the
 * device is too small; or -errno of open(2), mount(2), execve(2) and so on.
 */
int state_volume_mount(const char *device, const char *where, struct state_volume_report *ret);
