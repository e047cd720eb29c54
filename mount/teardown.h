// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Act 3's storage: unmount, detach, sync, in rounds that go on only while they make progress.
 *
 * Nothing here allocates; everything that can hang runs in a child with a deadline; there is a cap
 * on the rounds and one deadline for the whole. The root, the API file systems and the devices that
 * the root lies on are left alone. All functions log what they do and what is in their way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Rounds of unmounting and detaching; each has to get rid of something to earn the next one. */
#define TEARDOWN_ROUNDS_MAX 20

struct teardown_options {
	uint64_t deadline; /* for everything, on CLOCK_BOOTTIME; CLOCK_TIME_MAX: none */
	uint64_t operation_timeout; /* for one umount, remount or ioctl, in ns; 0: TEARDOWN_OPERATION_TIMEOUT */
	bool container; /* leave devices (loop, dm, swap) and the root's rw flag to the machine */
};

/* Long enough to flush a few GiB to a slow disk. */
#define TEARDOWN_OPERATION_TIMEOUT (UINT64_C(30) * 1000000000)

/**
 * teardown_storage() - the whole of it: swap off, unmount all that can be, detach loop and
 * device-mapper devices, again while that helps, and at last remount / read-only if it is writable.
 * teardown_sync() comes before it: what cannot be unmounted is then written at least.
 *
 * Return: how many mounts and devices are still in the way (each was logged), 0 if none.
 */
int teardown_storage(const struct teardown_options *options);

/**
 * teardown_unmount() - the unmounting alone, in rounds over /proc/self/mountinfo from its end.
 *
 * A writable disk file system is first remounted read-only, which leaves it clean even where
 * another mount namespace still holds it. A mount whose umount2(2) hangs is not tried again.
 * @last_try: log what is left and who uses it
 *
 * Return: how many mounts are left that should not be, or -errno if mountinfo cannot be read.
 */
int teardown_unmount(const struct teardown_options *options, bool last_try);

/**
 * teardown_sync() - sync(2) in a child, waited for as long as it gets somewhere.
 *
 * It is looked at every ten seconds: three times in a row without progress (Dirty + Writeback of
 * /proc/meminfo lower than before) is the end of it (hc-81).
 * @deadline: on CLOCK_BOOTTIME, an end to waiting in any case
 *
 * Return: 0 when everything is written, or -ETIMEDOUT (the child is left behind).
 */
int teardown_sync(uint64_t deadline);
