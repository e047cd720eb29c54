// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/clock: sums saturate, and a wait for a deadline is never too short. */
// LDFLAGS: -Wl,--wrap=clock_gettime
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "lib/clock.h"

static uint64_t fake_now;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	assert_int_equal(clock, CLOCK_BOOTTIME);
	ret_time->tv_sec = (time_t)(fake_now / NS_PER_S);
	ret_time->tv_nsec = (long)(fake_now % NS_PER_S);
	return 0;
}

static void counts_nanoseconds(void **state)
{
	(void)state;
	fake_now = 12 * NS_PER_S + 345;
	assert_int_equal(clock_now(), 12 * NS_PER_S + 345);
}

static void sums_saturate(void **state)
{
	(void)state;
	assert_int_equal(clock_add(1, 2), 3);
	assert_int_equal(clock_add(CLOCK_TIME_MAX - 1, 1), CLOCK_TIME_MAX);
	assert_int_equal(clock_add(CLOCK_TIME_MAX, 1), CLOCK_TIME_MAX);
	assert_int_equal(clock_add(CLOCK_TIME_MAX, CLOCK_TIME_MAX), CLOCK_TIME_MAX);
	assert_int_equal(clock_multiply(3, NS_PER_S), 3 * NS_PER_S);
	assert_int_equal(clock_multiply(UINT64_C(1) << 40, NS_PER_S), CLOCK_TIME_MAX);
	assert_int_equal(clock_multiply(CLOCK_TIME_MAX, 0), 0);
}

static void waits_until_the_deadline_has_passed(void **state)
{
	(void)state;
	fake_now = 5 * NS_PER_S;
	assert_int_equal(clock_until(CLOCK_TIME_MAX), -1);
	assert_int_equal(clock_until(0), 0);
	assert_int_equal(clock_until(fake_now), 0);
	assert_int_equal(clock_until(fake_now + 1), 1);
	/* Rounding down would spin through the last part of a millisecond. */
	assert_true(clock_until(fake_now + 3 * NS_PER_MS + 1) >= 4);
	assert_true(clock_until(fake_now + 3 * NS_PER_MS) >= 3);
	assert_int_equal(clock_until(CLOCK_TIME_MAX - 1), INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_nanoseconds),
		cmocka_unit_test(sums_saturate),
		cmocka_unit_test(waits_until_the_deadline_has_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
