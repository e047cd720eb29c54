// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/arena, lib/nearest and lib/utf8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "lib/nearest.h"
#include "lib/utf8.h"

static void test_arena(void **state _unused_)
{
	_Alignas(16) char memory[32];
	struct arena arena = ARENA(memory);

	assert_ptr_equal(arena_take(&arena, 1, 1), memory);
	assert_ptr_equal(arena_take(&arena, 8, 8), memory + 8);
	assert_null(arena_take(&arena, 17, 1));
	assert_null(arena_take(&arena, SIZE_MAX, 16));
	assert_int_equal(arena.used, 16);
	assert_ptr_equal(arena_take(&arena, 15, 1), memory + 16);
	assert_null(arena_take(&arena, 0, 16) == memory + 32 ? NULL : memory);
	assert_null(arena_take(&arena, 1, 1));
}

static const char *nearest(const char *name)
{
	struct nearest search = NEAREST(str_from(name));

	nearest_offer(&search, "dhcp4");
	nearest_offer(&search, "dhcp6");
	nearest_offer(&search, "static4");
	nearest_offer(&search, "primary");
	return search.best;
}

static void test_nearest(void **state _unused_)
{
	assert_string_equal(nearest("dchp6"), "dhcp6");
	assert_string_equal(nearest("dhcp"), "dhcp4");
	assert_string_equal(nearest("primry"), "primary");
	assert_string_equal(nearest("static"), "static4");
	assert_string_equal(nearest("dhcp6"), "dhcp6");
	assert_null(nearest("xyzzy"));
	assert_null(nearest(""));
	assert_null(nearest("dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4dhcp4"));
}

/* Every code point there and back; what is none has no length. */
static void test_utf8(void **state _unused_)
{
	for (uint32_t c = 0; c <= 0x110000; c++) {
		char bytes[UTF8_MAX];
		size_t n;

		if (!utf8_is_scalar(c)) {
			assert_true((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff);
			continue;
		}
		n = utf8_write(c, bytes);
		assert_int_equal(n, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
		assert_int_equal(utf8_length((struct str){ bytes, n }), n);
		assert_int_equal(utf8_length((struct str){ bytes, n - 1 }), 0);
	}
	for (unsigned first = 0x80; first <= 0xff; first++) {
		size_t good = 0;

		for (unsigned second = 0; second <= 0xff; second++) {
			char bytes[] = { (char)first, (char)second, (char)0x80, (char)0x80 };

			good += utf8_length((struct str){ bytes, 4 }) > 0;
		}
		assert_int_equal(good, first < 0xc2 || first > 0xf4	? 0
				       : first == 0xe0 || first == 0xed ? 32
				       : first == 0xf0			? 48
				       : first == 0xf4			? 16
									: 64);
	}
}

static void test_shown(void **state _unused_)
{
	char shown[UTF8_SHOWN_SIZE];
	char text[200];
	size_t n;

	assert_string_equal(utf8_shown(STR("a\n\xc3\xa4\\"), shown), "a\\x0a\xc3\xa4\\x5c");
	assert_string_equal(utf8_shown((struct str){ 0 }, shown), "");
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	utf8_shown((struct str){ text, sizeof(text) }, shown);
	n = strlen(shown);
	assert_true(n < sizeof(shown) && n > sizeof(shown) - 4);
	assert_string_equal(shown + n - 3, "...");
	assert_int_equal((n - 3) % 2, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
