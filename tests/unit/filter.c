// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Linked into every unit test: lets the environment choose the tests of a
 * program by a glob, in ORLOP_TEST_FILTER (make check-unit TESTS=PATTERN).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void set_filter(void)
{
	const char *filter = getenv("ORLOP_TEST_FILTER");

	if (filter && *filter)
		cmocka_set_test_filter(filter);
}
