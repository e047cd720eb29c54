// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/str: slices, strict numbers, and an appender that never cuts in silence. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/str.h"

#define assert_str(s, text) assert_true(str_is((s), (text)))

static void compares(void **state)
{
	static const struct str nothing;

	(void)state;
	assert_true(str_equal(STR("ab"), STR("ab")));
	assert_false(str_equal(STR("ab"), STR("abc")));
	assert_false(str_equal(STR("ab"), STR("aB")));
	assert_true(str_equal(nothing, STR("")));
	assert_true(str_starts(STR("orlop.fatal"), "orlop."));
	assert_false(str_starts(STR("orlop"), "orlop."));
	assert_true(str_ends(STR("a.service"), ".service"));
	assert_false(str_ends(STR("service"), ".service"));
	assert_true(str_ends(STR(""), ""));
}

static void trims_both_ends(void **state)
{
	(void)state;
	assert_str(str_trim(STR(" \t a b\r ")), "a b");
	assert_str(str_trim(STR("\n")), "\n");
	assert_int_equal(str_trim(STR(" \t\r")).n, 0);
	assert_int_equal(str_trim(STR("")).n, 0);
}

static void splits_into_fields(void **state)
{
	struct str rest = STR("a,,b,"), field;

	(void)state;
	assert_true(str_split(&rest, ',', &field));
	assert_str(field, "a");
	assert_true(str_split(&rest, ',', &field));
	assert_str(field, "");
	assert_true(str_split(&rest, ',', &field));
	assert_str(field, "b");
	assert_false(str_split(&rest, ',', &field));
}

static void splits_into_words(void **state)
{
	struct str rest = STR("  one\ttwo \n three"), word;

	(void)state;
	assert_true(str_next_word(&rest, &word));
	assert_str(word, "one");
	assert_true(str_next_word(&rest, &word));
	assert_str(word, "two");
	assert_true(str_next_word(&rest, &word));
	assert_str(word, "three");
	assert_false(str_next_word(&rest, &word));
	assert_int_equal(rest.n, 0);
	rest = STR(" \t ");
	assert_false(str_next_word(&rest, &word));
}

/* Each row is one text, as an unsigned and as a signed number. */
static void reads_numbers_strictly(void **state)
{
	static const struct {
		const char *text;
		int unsigned_result;
		uint64_t unsigned_value;
		int signed_result;
		int64_t signed_value;
	} rows[] = {
		{ "0", 0, 0, 0, 0 },
		{ "007", 0, 7, 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0, -ERANGE, 0 },
		{ "184467440737095516150", -ERANGE, 0, -ERANGE, 0 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", 0, UINT64_C(1) << 63, -ERANGE, 0 },
		{ "-9223372036854775807", -EINVAL, 0, 0, -INT64_MAX },
		{ "-1", -EINVAL, 0, 0, -1 },
		{ "+1", -EINVAL, 0, 0, 1 },
		{ "-", -EINVAL, 0, -EINVAL, 0 },
		{ "--1", -EINVAL, 0, -EINVAL, 0 },
		{ "", -EINVAL, 0, -EINVAL, 0 },
		{ " 1", -EINVAL, 0, -EINVAL, 0 },
		{ "1 ", -EINVAL, 0, -EINVAL, 0 },
		{ "0x1", -EINVAL, 0, -EINVAL, 0 },
		{ "1k", -EINVAL, 0, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t untouched = 12345;
		uint64_t u = untouched;
		int64_t s = (int64_t)untouched;

		assert_int_equal(str_to_u64(str_from(rows[i].text), &u), rows[i].unsigned_result);
		assert_int_equal(u, rows[i].unsigned_result < 0 ? untouched : rows[i].unsigned_value);
		assert_int_equal(str_to_i64(str_from(rows[i].text), &s), rows[i].signed_result);
		assert_int_equal(s, rows[i].signed_result < 0 ? (int64_t)untouched
							      : rows[i].signed_value);
	}
}

static void decodes_hexadecimal(void **state)
{
	uint8_t bytes[3] = { 9, 9, 9 };

	(void)state;
	assert_int_equal(hex_decode(STR("00fFa5"), bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "\x00\xff\xa5", 3);
	assert_int_equal(hex_decode(STR(""), bytes, sizeof(bytes)), 0);
	assert_int_equal(hex_decode(STR("abc"), bytes, sizeof(bytes)), -EINVAL);
	assert_int_equal(hex_decode(STR("0g"), bytes, sizeof(bytes)), -EINVAL);
	assert_int_equal(hex_decode(STR("0x"), bytes, sizeof(bytes)), -EINVAL);
	assert_int_equal(hex_decode(STR("01020304"), bytes, sizeof(bytes)), -ENOSPC);
	assert_memory_equal(bytes, "\x00\xff\xa5", 3);
}

static void appends_all_or_nothing(void **state)
{
	char memory[8];
	struct buf b = BUF(memory);

	(void)state;
	assert_string_equal(memory, "");
	buf_add(&b, "1234567");
	assert_false(b.overflow);
	assert_string_equal(memory, "1234567");
	buf_add_char(&b, '8');
	assert_true(b.overflow);
	assert_string_equal(memory, "1234567");

	/* Once something is missing, nothing more is added. */
	buf_clear(&b);
	buf_add(&b, "abc");
	buf_add(&b, "too long for it");
	buf_add(&b, "d");
	assert_true(b.overflow);
	assert_string_equal(memory, "abc");
	assert_int_equal(b.len, 3);
}

static void formats_all_or_nothing(void **state)
{
	char memory[8];
	struct buf b = BUF(memory);

	(void)state;
	buf_printf(&b, "%d-%s", 12, "abcd");
	assert_false(b.overflow);
	assert_string_equal(memory, "12-abcd");
	buf_clear(&b);
	buf_add(&b, "ab");
	buf_printf(&b, "%d", 123456);
	assert_true(b.overflow);
	assert_string_equal(memory, "ab");
}

static void appends_hexadecimal(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0xaf, 0x10 };
	char memory[7], small[6];
	struct buf b = BUF(memory), s = BUF(small);

	(void)state;
	buf_add_hex(&b, bytes, sizeof(bytes));
	assert_false(b.overflow);
	assert_string_equal(memory, "00af10");
	buf_add_hex(&s, bytes, sizeof(bytes));
	assert_true(s.overflow);
	assert_string_equal(small, "");
}

static void escapes_what_is_not_a_line(void **state)
{
	char memory[64];
	struct buf b = BUF(memory);

	(void)state;
	buf_add_escaped(&b, (struct str){ "a\nb\x1b[m\\\x7f\xc3\xa4", 10 });
	assert_string_equal(memory, "a\\x0ab\\x1b[m\\x5c\\x7f\xc3\xa4");
}

static void formats_seconds(void **state)
{
	static const struct {
		uint64_t ns;
		int decimals;
		const char *text;
	} rows[] = {
		{ 0, 3, "0.000" },
		{ 1999999999, 0, "1" },
		{ 1999999999, 1, "1.9" },
		{ 60000000, 3, "0.060" },
		{ UINT64_MAX, 3, "18446744073.709" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char memory[32];
		struct buf b = BUF(memory);

		buf_add_seconds(&b, rows[i].ns, rows[i].decimals);
		assert_string_equal(memory, rows[i].text);
	}
}

static void formats_numbers(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -1000, "-1000" },
		{ 10, "10" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char memory[32];
		struct buf b = BUF(memory);

		buf_add_number(&b, rows[i].number);
		assert_string_equal(memory, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(trims_both_ends),
		cmocka_unit_test(splits_into_fields),
		cmocka_unit_test(splits_into_words),
		cmocka_unit_test(reads_numbers_strictly),
		cmocka_unit_test(decodes_hexadecimal),
		cmocka_unit_test(appends_all_or_nothing),
		cmocka_unit_test(formats_all_or_nothing),
		cmocka_unit_test(appends_hexadecimal),
		cmocka_unit_test(escapes_what_is_not_a_line),
		cmocka_unit_test(formats_seconds),
		cmocka_unit_test(formats_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
