// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Devices that hold other devices or files: swap areas, loop devices, device-mapper devices.
 *
 * Each function goes once over what the kernel lists, tries to take each away in a child with a
 * deadline, and lists again: what counts is that the list got shorter, not that an ioctl said yes
 * (a loop device with a user "succeeds" and stays). What / lies on, directly or through other
 * devices, is not touched and not counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * detach_swap(), detach_loop(), detach_dm() - one pass.
 *
 * @timeout_ns: for one device
 * @last_try: log what is left and why
 * @ret_progress: set to true if the list got shorter, else left alone
 *
 * Return: how many are left, 0 also if the kernel has none of that kind at all.
 */
int detach_swap(uint64_t timeout_ns, bool last_try, bool *ret_progress);
int detach_loop(uint64_t timeout_ns, bool last_try, bool *ret_progress);
int detach_dm(uint64_t timeout_ns, bool last_try, bool *ret_progress);
