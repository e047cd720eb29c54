// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/unit_parse: the lines of unit files, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/unit_parse.h"

static void assert_str(struct str s, const char *text)
{
	if (!str_is(s, text))
		fail_msg("\"" STR_FORMAT "\" is not \"%s\"", STR_ARGS(s), text);
}

static void assert_line(struct unit_reader *reader, unsigned number, const char *section,
			const char *key, const char *value)
{
	struct unit_line line = { 0 };

	assert_int_equal(unit_read_next(reader, &line), UNIT_READ_LINE);
	assert_int_equal(line.number, number);
	assert_str(line.section, section);
	assert_str(line.key, key);
	assert_str(line.value, value);
}

static void assert_bad(struct unit_reader *reader, unsigned number, enum unit_read what)
{
	struct unit_line line = { 0 };

	assert_int_equal(unit_read_next(reader, &line), what);
	assert_int_equal(line.number, number);
}

static void assert_end(struct unit_reader *reader)
{
	struct unit_line line;

	assert_int_equal(unit_read_next(reader, &line), UNIT_READ_END);
	/* The end is the end, however often one asks. */
	assert_int_equal(unit_read_next(reader, &line), UNIT_READ_END);
}

static void test_usual_file(void **state _unused_)
{
	struct unit_reader reader;

	unit_read_begin(&reader, STR("# a comment\n"
				     "; another\n"
				     "\n"
				     "[Unit]\n"
				     "Description = spaces around  \n"
				     "  Indented=yes\n"
				     "Empty=\n"
				     "[Service]\n"
				     "ExecStart=/bin/sh -c \"a=b\"\n"
				     "# trailing comment"));
	assert_line(&reader, 5, "Unit", "Description", "spaces around");
	assert_line(&reader, 6, "Unit", "Indented", "yes");
	assert_line(&reader, 7, "Unit", "Empty", "");
	assert_line(&reader, 9, "Service", "ExecStart", "/bin/sh -c \"a=b\"");
	assert_end(&reader);
}

static void test_continuations(void **state _unused_)
{
	struct unit_reader reader;

	unit_read_begin(&reader, STR("[Service]\n"
				     "ExecStart=/bin/echo one \\\n"
				     "# a comment in between is dropped\n"
				     "  two\\\n"
				     "; and this one\n"
				     "three\n"
				     "After=all\n"
				     "Last=a\\\n"
				     "\n"
				     "Next=b\n"
				     "End=c\\"));
	assert_line(&reader, 2, "Service", "ExecStart", "/bin/echo one  two three");
	assert_line(&reader, 7, "Service", "After", "all");
	/* An empty line ends it. */
	assert_line(&reader, 8, "Service", "Last", "a");
	assert_line(&reader, 10, "Service", "Next", "b");
	/* The file ends in the middle of a line. */
	assert_line(&reader, 11, "Service", "End", "c");
	assert_end(&reader);
}

/* The section of a continued line still points into the file, not into a buffer. */
static void test_section_outlives_continuation(void **state _unused_)
{
	struct unit_reader reader;

	unit_read_begin(&reader, STR("[Unit]\nA=1\\\n2\nB=3\n[Ser\\\nvice]\nC=4\n"));
	assert_line(&reader, 2, "Unit", "A", "1 2");
	assert_line(&reader, 4, "Unit", "B", "3");
	assert_bad(&reader, 5, UNIT_READ_BAD_LINE);
	assert_line(&reader, 7, "Unit", "C", "4");
	assert_end(&reader);
}

static void test_bad_lines(void **state _unused_)
{
	struct unit_reader reader;

	unit_read_begin(&reader, STR("Key=early\n"
				     "[Unit\n"
				     "[Unit]\n"
				     "no equals sign\n"
				     "=no key\n"
				     " = no key either\n"
				     "Good=1\n"
				     "[]\n"
				     "Nameless=2"));
	assert_bad(&reader, 1, UNIT_READ_NO_SECTION);
	assert_bad(&reader, 2, UNIT_READ_BAD_LINE);
	assert_bad(&reader, 4, UNIT_READ_BAD_LINE);
	assert_bad(&reader, 5, UNIT_READ_BAD_LINE);
	assert_bad(&reader, 6, UNIT_READ_BAD_LINE);
	assert_line(&reader, 7, "Unit", "Good", "1");
	assert_line(&reader, 9, "", "Nameless", "2");
	assert_end(&reader);
}

static void test_odd_bytes(void **state _unused_)
{
	struct unit_reader reader;

	/* What editors on other systems leave behind. */
	unit_read_begin(&reader, STR("\xef\xbb\xbf[Unit]\r\nDescription=two words\r\nA=b\\\r\nc\r\n"));
	assert_line(&reader, 2, "Unit", "Description", "two words");
	assert_line(&reader, 3, "Unit", "A", "b c");
	assert_end(&reader);
	unit_read_begin(&reader, STR(""));
	assert_end(&reader);
	unit_read_begin(&reader, STR("\n\n\n"));
	assert_end(&reader);
	unit_read_begin(&reader, STR("\\\n\\\n"));
	assert_end(&reader);
}

static void test_too_long(void **state _unused_)
{
	static char text[3 * UNIT_LINE_MAX];
	struct buf b = BUF(text);
	struct unit_reader reader;

	/* A single long line needs no room. */
	buf_add(&b, "[Unit]\nLong=");
	for (int i = 0; i < UNIT_LINE_MAX; i++)
		buf_add_char(&b, 'x');
	buf_add(&b, "\nJoined=");
	for (int i = 0; i < UNIT_LINE_MAX / 60; i++)
		buf_add(&b, "0123456789012345678901234567890123456789012345678901234567890\\\n");
	buf_add(&b, "\nGood=1\n");
	assert_false(b.overflow);
	unit_read_begin(&reader, (struct str){ b.p, b.len });
	{
		struct unit_line line;

		assert_int_equal(unit_read_next(&reader, &line), UNIT_READ_LINE);
		assert_int_equal(line.value.n, UNIT_LINE_MAX);
		assert_int_equal(unit_read_next(&reader, &line), UNIT_READ_TOO_LONG);
		assert_int_equal(line.number, 3);
	}
	/* Reading goes on behind it. */
	assert_line(&reader, 3 + UNIT_LINE_MAX / 60 + 1, "Unit", "Good", "1");
	assert_end(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_file),
		cmocka_unit_test(test_continuations),
		cmocka_unit_test(test_section_outlives_continuation),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
