// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Time, in one unit: unsigned nanoseconds on CLOCK_BOOTTIME, which starts at 0 with the kernel,
 * never goes back and counts suspends. CLOCK_TIME_MAX means "never". Sums saturate there, so a
 * deadline that is too far away is simply never reached.
 */
#pragma once

#include <stdint.h>

#define CLOCK_TIME_MAX UINT64_MAX
#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/** clock_now() - Return: nanoseconds since the kernel started (CLOCK_BOOTTIME, clock_gettime(2)). */
uint64_t clock_now(void);

/** clock_add() - Return: @a + @b nanoseconds, or CLOCK_TIME_MAX where the sum does not fit. */
uint64_t clock_add(uint64_t a, uint64_t b);

/** clock_multiply() - Return: @a times @factor, or CLOCK_TIME_MAX where the product does not fit. */
uint64_t clock_multiply(uint64_t a, uint64_t factor);

/**
 * clock_until() - how long a poll(2) or epoll_wait(2) may sleep until @deadline.
 *
 * Return: whole milliseconds, rounded up so that the deadline has passed afterwards; 0 when it
 * already has; -1 (wait for ever) for CLOCK_TIME_MAX.
 */
int clock_until(uint64_t deadline);
