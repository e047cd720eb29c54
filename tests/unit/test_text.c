// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/text: the arena of a unit set, and string lists that stay in one piece. */
#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/text.h"

static alignas(max_align_t) char memory[256];

static struct text_arena arena_of(size_t size)
{
	memset(memory, 'x', sizeof(memory));
	return (struct text_arena){ .memory = memory, .size = size };
}

static void test_keep(void **state _unused_)
{
	struct text_arena arena = arena_of(8);
	const char *kept = text_keep(&arena, STR("abc"));

	assert_string_equal(kept, "abc");
	assert_int_equal(arena.used, 4);
	/* Four bytes are left: three and a NUL. */
	assert_null(text_keep(&arena, STR("abcd")));
	assert_int_equal(arena.used, 4);
	assert_string_equal(text_keep(&arena, STR("def")), "def");
	assert_null(text_keep(&arena, STR("")));
	assert_string_equal(kept, "abc");
}

static void test_reserve(void **state _unused_)
{
	struct text_arena arena = arena_of(64);
	char *object;

	(void)text_keep(&arena, STR("a"));
	object = text_reserve(&arena, 8);
	assert_non_null(object);
	assert_int_equal((uintptr_t)object % sizeof(uint64_t), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(object[i], 0);
	assert_null(text_reserve(&arena, 64));
	assert_null(text_reserve(&arena, SIZE_MAX));
	/* What is refused takes nothing. */
	assert_non_null(text_reserve(&arena, 16));
}

static void test_intern(void **state _unused_)
{
	struct text_arena arena = arena_of(200);
	uint64_t numbers[2] = { 1, 2 };
	const char *a = text_intern_str(&arena, STR("ab"));
	const uint64_t *kept = text_intern(&arena, numbers, sizeof(numbers));
	size_t used = arena.used;

	assert_string_equal(a, "ab");
	assert_memory_equal(kept, numbers, sizeof(numbers));
	assert_int_equal((uintptr_t)kept % sizeof(uint64_t), 0);
	/* The same again is the same object and takes nothing. */
	assert_ptr_equal(text_intern_str(&arena, STR("ab")), a);
	assert_ptr_equal(text_intern(&arena, numbers, sizeof(numbers)), kept);
	assert_int_equal(arena.used, used);
	/* A part of it, or more, is something else. */
	assert_ptr_not_equal(text_intern_str(&arena, STR("a")), a);
	assert_ptr_not_equal(text_intern_str(&arena, STR("abc")), a);
	assert_ptr_not_equal(text_intern(&arena, numbers, sizeof(numbers[0])), kept);
	/* A full arena refuses what is new, and still knows what it has. */
	assert_null(text_intern(&arena, memory, 190));
	assert_ptr_equal(text_intern_str(&arena, STR("ab")), a);
}

static void test_list(void **state _unused_)
{
	struct text_arena arena = arena_of(64);
	struct text_list list = { 0 };
	const char *item;

	assert_null(text_list_next(&list, NULL));
	assert_int_equal(text_list_add(&arena, &list, STR("one")), 0);
	/* An empty string is an item. */
	assert_int_equal(text_list_add(&arena, &list, STR("")), 0);
	/* Something else comes in between: the list moves, and is whole. */
	assert_non_null(text_keep(&arena, STR("between")));
	assert_int_equal(text_list_add(&arena, &list, STR("three")), 0);
	assert_int_equal(list.count, 3);
	item = text_list_next(&list, NULL);
	assert_string_equal(item, "one");
	item = text_list_next(&list, item);
	assert_string_equal(item, "");
	item = text_list_next(&list, item);
	assert_string_equal(item, "three");
	assert_null(text_list_next(&list, item));
	assert_true(text_list_has(&list, "three"));
	assert_true(text_list_has(&list, ""));
	assert_false(text_list_has(&list, "between"));
	assert_false(text_list_has(&list, "thre"));
}

static void test_list_that_is_full(void **state _unused_)
{
	struct text_arena arena = arena_of(8);
	struct text_list list = { 0 };

	assert_int_equal(text_list_add(&arena, &list, STR("abc")), 0);
	assert_int_equal(text_list_add(&arena, &list, STR("defgh")), -ENOSPC);
	assert_int_equal(list.count, 1);
	assert_string_equal(text_list_next(&list, NULL), "abc");
	assert_int_equal(text_list_add(&arena, &list, STR("def")), 0);
	assert_int_equal(list.count, 2);

	list.count = UINT16_MAX;
	assert_int_equal(text_list_add(&arena, &list, STR("")), -ENOSPC);
}

/* Two lists that grow by turns each come out whole. */
static void test_two_lists(void **state _unused_)
{
	struct text_arena arena = arena_of(256);
	struct text_list lists[2] = { 0 };

	for (int i = 0; i < 8; i++) {
		char c = (char)('a' + i);

		assert_int_equal(text_list_add(&arena, &lists[i % 2], (struct str){ &c, 1 }), 0);
	}
	for (int which = 0; which < 2; which++) {
		const char *item = NULL;
		char expected = (char)('a' + which);

		while ((item = text_list_next(&lists[which], item))) {
			assert_int_equal(item[0], expected);
			expected = (char)(expected + 2);
		}
		assert_int_equal(expected, 'a' + which + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_that_is_full),
		cmocka_unit_test(test_two_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
