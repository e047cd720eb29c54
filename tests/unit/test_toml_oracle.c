// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * lib/toml_parse beside Python's tomllib on the same random documents, good and spoilt (toml_oracle.py): both
 * take them or neither does, and the trees are the same. Skipped where Python is older than 3.11.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/toml_parse.h"
#include "tests/unit/toml_dump.h"

#define ORACLE "/usr/bin/python3 tests/unit/toml_oracle.py "
#define COUNT "20000"

static char memory[1024 * 1024];

/* Return: whether there was one more line, without its end. */
static bool next_line(FILE *from, char *line, size_t size)
{
	if (!fgets(line, (int)size, from))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static void compare(struct str text, bool is_good, const char *tree)
{
	static char dumped[65536];
	struct arena arena = ARENA(memory);
	struct buf b = BUF(dumped);
	const struct toml_node *root = NULL;
	struct toml_error error;

	if (toml_parse(text, &arena, &root, &error) < 0) {
		if (is_good)
			fail_msg("<" STR_FORMAT "> fails at %u:%u: %s", STR_ARGS(text),
				 error.at.line, error.at.column, error.reason);
		return;
	}
	dump(&b, root);
	if (!is_good)
		fail_msg("<" STR_FORMAT "> was taken as %s", STR_ARGS(text), dumped);
	if (strcmp(dumped, tree) != 0)
		fail_msg("<" STR_FORMAT "> is %s and not %s", STR_ARGS(text), dumped, tree);
}

static void test_same_as_tomllib(void **state _unused_)
{
	static char line[65536];
	static char verdict[16];
	static char tree[65536];
	static uint8_t text[32768];
	size_t counts[2] = { 0 };
	FILE *oracle;

	if (system("/usr/bin/python3 -c 'import tomllib' 2>/dev/null") != 0)
		skip();
	oracle = popen(ORACLE COUNT, "r");
	assert_non_null(oracle);
	while (next_line(oracle, line, sizeof(line))) {
		int n = hex_decode(str_from(line), text, sizeof(text));

		assert_true(n >= 0);
		assert_true(next_line(oracle, verdict, sizeof(verdict)) &&
			    next_line(oracle, tree, sizeof(tree)));
		compare((struct str){ (char *)text, (size_t)n }, strcmp(verdict, "good") == 0, tree);
		counts[strcmp(verdict, "good") == 0]++;
	}
	assert_int_equal(pclose(oracle), 0);
	assert_int_equal(counts[0] + counts[1], strtoul(COUNT, NULL, 10));
	/* Neither kind is rare. */
	assert_true(counts[0] > 3000 && counts[1] > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_tomllib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
