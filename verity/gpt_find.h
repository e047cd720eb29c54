// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Finding partitions by what the GPT says of them (UEFI specification, chapter 5), read from the
 * disk itself through libblkid: no udev, no links under /dev/disk. What the kernel has not made a
 * device of yet counts as not there, so a caller looks again after each uevent of a block device.
 * libblkid allocates: for boot only.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "verity/root_hash.h"

/* "/dev/" and a kernel device name (at most 31 bytes, BDEVNAME_SIZE), with room to spare. */
#define GPT_DEVICE_SIZE 64

struct gpt_partition {
	char device[GPT_DEVICE_SIZE]; /* "/dev/vda2" */
	char disk[GPT_DEVICE_SIZE];   /* "/dev/vda" */
	unsigned number;	      /* in the table, from 1 */
	uint64_t size;		      /* bytes */
	char uuid[UUID_TEXT_SIZE];    /* lower case */
	char type[UUID_TEXT_SIZE];    /* lower case */
};

/**
 * gpt_find_by_uuid() - looks for the partition with @uuid on every disk.
 * Return: 0; -ENOENT when no ready disk has it; or -errno.
 */
int gpt_find_by_uuid(const char *uuid, struct gpt_partition *ret);

/**
 * gpt_find_by_type() - looks for the first partition of type @type on the disk @disk ("/dev/vda").
 * Return: 0; -ENOENT when it has none, or no GPT; or -errno.
 */
int gpt_find_by_type(const char *disk, const char *type, struct gpt_partition *ret);

/**
 * gpt_disk_of() - finds the whole disk that @device (a partition, a disk, or a device-mapper device over either) lies on.
 * Over several disks, the first.
 * Return: 0 with "/dev/NAME", -ENODEV when it is on none, or -errno.
 */
int gpt_disk_of(dev_t device, char ret_disk[static GPT_DEVICE_SIZE]);
