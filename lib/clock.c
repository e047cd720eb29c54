// SPDX-License-Identifier: MIT OR Apache-2.0
/* Nanoseconds on CLOCK_BOOTTIME: see clock.h for what holds. Nothing here fails. */
#include "lib/clock.h"

#include <limits.h>
#include <time.h>

uint64_t clock_now(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? CLOCK_TIME_MAX : sum;
}

uint64_t clock_multiply(uint64_t a, uint64_t factor)
{
	uint64_t product;

	return __builtin_mul_overflow(a, factor, &product) ? CLOCK_TIME_MAX : product;
}

int clock_until(uint64_t deadline)
{
	uint64_t now = clock_now();
	uint64_t ms;

	if (deadline == CLOCK_TIME_MAX)
		return -1;
	if (deadline <= now)
		return 0;
	ms = (deadline - now) / NS_PER_MS + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}
