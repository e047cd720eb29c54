// SPDX-License-Identifier: MIT OR Apache-2.0
/* The log's ring in memory: against a list of what has to be in it, while it wraps, is walked and is cleared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logd/ring.h"

static _Alignas(16) char memory[4096];

static struct str line_of(uint64_t number, char *text, size_t size)
{
	/* Lengths that do not fit evenly. */
	int n = snprintf(text, size, "%llu %.*s", (unsigned long long)number, (int)(number * 7 % 200),
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

	return (struct str){ text, (size_t)n };
}

/* Every line from the oldest on, in order, whole. */
static uint64_t check_all(const struct ring *ring, uint64_t after)
{
	struct ring_cursor cursor = { 0 };
	uint64_t expected = 0;
	uint64_t count = 0;
	struct str got;

	for (uint64_t number = after; (number = ring_next(ring, number, &cursor, &got)) > 0; count++) {
		char text[256];
		struct str want = line_of(number, text, sizeof(text));

		if (expected > 0)
			assert_int_equal(number, expected);
		assert_true(str_equal(got, want));
		expected = number + 1;
	}
	if (count > 0)
		assert_int_equal(expected - 1, ring->last_number);
	return count;
}

static void wraps_and_keeps_the_newest(void **state)
{
	(void)state;
	struct ring ring;

	ring_init(&ring, memory, sizeof(memory));
	for (uint64_t number = 1; number < 2000; number++) {
		char text[256];

		assert_int_equal(ring_add(&ring, number, line_of(number, text, sizeof(text))), 0);
		assert_true(check_all(&ring, 0) >= 1);
	}
	assert_true(check_all(&ring, 0) > 10);
}

static void cleared_it_begins_anew_and_cursors_stay_good(void **state)
{
	(void)state;
	struct ring_cursor cursor = { 0 };
	struct ring ring;
	char text[256];
	struct str got;

	ring_init(&ring, memory, sizeof(memory));
	for (uint64_t number = 1; number <= 10; number++)
		(void)ring_add(&ring, number, line_of(number, text, sizeof(text)));
	assert_int_equal(ring_next(&ring, 6, &cursor, &got), 7);

	ring_clear(&ring);
	assert_int_equal(ring_next(&ring, 7, &cursor, &got), 0);
	assert_int_equal(ring.last_number, 10);
	for (uint64_t number = 11; number <= 14; number++)
		(void)ring_add(&ring, number, line_of(number, text, sizeof(text)));
	/* It points where another line begins now, or none. */
	assert_int_equal(ring_next(&ring, 7, &cursor, &got), 11);
	assert_true(str_equal(got, line_of(11, text, sizeof(text))));
	assert_int_equal(check_all(&ring, 0), 4);
	assert_ptr_equal(got.p < memory + 64 ? memory : NULL, memory);
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	(void)state;
	static char text[sizeof(memory)];
	struct ring ring;

	ring_init(&ring, memory, sizeof(memory));
	assert_true(ring_add(&ring, 1, (struct str){ text, sizeof(text) }) < 0);
	assert_int_equal(check_all(&ring, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_and_keeps_the_newest),
		cmocka_unit_test(cleared_it_begins_anew_and_cursors_stay_good),
		cmocka_unit_test(a_line_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
