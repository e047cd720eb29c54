// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/environment_parse: the quotes, escapes and comments of environment files (systemd.exec(5)). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/environment_parse.h"

struct expected {
	const char *text;
	const char *assignments; /* NAME=VALUE, each with a "|" behind; "!" before one that is not valid */
};

static void test_files(void **state _unused_)
{
	static const struct expected cases[] = {
		{ "A=1\nB=two\n", "A=1|B=two|" },
		{ "A=1", "A=1|" },
		{ "  A = 1  \n", "A=1|" },
		{ "A=\n", "A=|" },
		{ "# c=d\n;e=f\nA=1 # no comment\n", "A=1 # no comment|" },
		{ "# c \\\nA=1\n", "A=1|" },
		{ "A=\"x y\"\nB='x\\y'\n", "A=x y|B=x\\y|" },
		{ "A=\"a\"'b'c\n", "A=abc|" },
		{ "A=it's\n", "A=it's|" },
		{ "A=\"\\$x \\a \\\\ \\\"\"\n", "A=$x \\a \\ \"|" },
		{ "A=a\\\nb\n", "A=ab|" },
		{ "A=a\\ \\\\b\n", "A=a \\b|" },
		{ "A='two\nlines'\n", "A=two\nlines|" },
		{ "A=\"open\nB=2", "A=open\nB=2|" },
		{ "no value\nB=2\n", "B=2|" },
		{ "1A=x\nA-B=y\n", "!1A=x|!A-B=y|" },
		{ "A=\xc3\xa9\nB=\xff\n", "A=\xc3\xa9|!B=\xff|" },
		{ "A=1\r\nB=2\r\n", "A=1|B=2|" },
		{ "export A=1\n", "!export A=1|" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str rest = str_from(cases[i].text);
		char memory[256];
		char text[256];
		struct buf b = BUF(text);
		struct str name;
		struct str value;
		bool valid;

		while (environment_next(&rest, memory, &name, &value, &valid))
			buf_printf(&b, "%s" STR_FORMAT "=" STR_FORMAT "|", valid ? "" : "!",
				   STR_ARGS(name), STR_ARGS(value));
		assert_string_equal(text, cases[i].assignments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
