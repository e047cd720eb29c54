// SPDX-License-Identifier: MIT OR Apache-2.0
/* A daemon at rest: when memory is given back, that it really is, and that nothing but scratch is lost. */
// LDFLAGS: -Wl,--wrap=stack_give_back,--wrap=scratch_give_back,--wrap=code_give_back
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/macros.h"
#include "lib/pages.h"
#include "lib/rest.h"

static const char constant[512 * 1024] = { 1, 2, 3 };

static unsigned given_back;

/* Under a sanitizer the stack is not ours alone: LeakSanitizer's thread has been seen to crash after it. */
void __wrap_stack_give_back(void);
void __wrap_stack_give_back(void)
{
	given_back++;
}

void __wrap_scratch_give_back(void);
void __wrap_scratch_give_back(void)
{
	given_back++;
}

void __real_code_give_back(void);
void __wrap_code_give_back(void);
void __wrap_code_give_back(void)
{
	given_back++;
}

static void rests_once_and_only_after_quiet(void **state)
{
	(void)state;
	uint64_t start = 100 * NS_PER_S;

	assert_int_equal(rest_deadline(), CLOCK_TIME_MAX);
	assert_false(rest_try(start));

	rest_moved(start);
	assert_true(rest_deadline() > start);
	assert_false(rest_try(start));
	/* Work since then puts it off, without another deadline for each event. */
	uint64_t due = rest_deadline();

	rest_moved(due - 1);
	assert_int_equal(rest_deadline(), due);
	assert_false(rest_try(due));
	assert_true(rest_deadline() > due);
	assert_int_equal(given_back, 0);
	assert_true(rest_try(rest_deadline()));
	assert_int_equal(given_back, 3);

	assert_int_equal(rest_deadline(), CLOCK_TIME_MAX);
	assert_false(rest_try(CLOCK_TIME_MAX - 1));
	rest_moved(due);
	assert_true(rest_deadline() < CLOCK_TIME_MAX);
}

static void code_and_constants_come_again(void **state)
{
	(void)state;
	__real_code_give_back();
	for (size_t i = 0; i < sizeof(constant); i++)
		assert_int_equal(constant[i], i < 3 ? i + 1 : 0);
}

/* pagemap of proc(5): bit 63 of an entry says that the page is there. */
static bool is_mapped(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &entry, sizeof(entry),
			       (off_t)((uintptr_t)address / 4096 * sizeof(entry))),
			 sizeof(entry));
	close(fd);
	return entry >> 63;
}

static void what_is_locked_stays(void **state)
{
	(void)state;
	/* Far enough from each other: a fault maps what lies around it as well. */
	const char *page = &constant[256 * 1024];

	assert_int_equal(page[0] + constant[128 * 1024] + constant[384 * 1024], 0);
	pages_lock(page, 1);
	__real_code_give_back();
	assert_true(is_mapped(page));
	assert_false(is_mapped(&constant[128 * 1024]));
	assert_false(is_mapped(&constant[384 * 1024]));
}

static void pages_read_as_zeros(void **state)
{
	(void)state;
	static unsigned char memory[3 * 4096];
	size_t zeros = 0;

	memset(memory, 1, sizeof(memory));
	pages_give_back(memory, sizeof(memory));
	for (size_t i = 0; i < sizeof(memory); i++)
		zeros += memory[i] == 0;
	/* Whole pages only: what shares its page with something else is kept. */
	assert_true(zeros >= 2 * 4096 && zeros % 4096 == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_once_and_only_after_quiet),
		cmocka_unit_test(code_and_constants_come_again),
		cmocka_unit_test(what_is_locked_stays),
		cmocka_unit_test(pages_read_as_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
