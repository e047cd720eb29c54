// SPDX-License-Identifier: MIT OR Apache-2.0
/* The options of orlopctl, in every way that people write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/options.h"
#include "lib/str.h"

#define PARSE(options, error, ...) \
	parse((char *[]){ (char *)"orlopctl", __VA_ARGS__, NULL }, options, error)

static int parse(char **argv, struct options *options, struct option_error *error)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(argc, argv, options, error);
}

static void options_stand_anywhere(void **state)
{
	char *argv[] = { (char *)"orlopctl", (char *)"--json", (char *)"start", (char *)"-q",
			 (char *)"a",	     (char *)"-n5",    (char *)"b",	(char *)"--root",
			 (char *)"/r",	     (char *)"--",     (char *)"-c",	NULL };
	struct options options;
	struct option_error error;

	(void)state;
	assert_int_equal(options_parse(11, argv, &options, &error), 4);
	assert_string_equal(argv[1], "start");
	assert_string_equal(argv[2], "a");
	assert_string_equal(argv[3], "b");
	assert_string_equal(argv[4], "-c");
	assert_true(options.json && options.quiet && !options.all);
	assert_string_equal(options.lines, "5");
	assert_string_equal(options.root, "/r");
}

static void values_and_letters(void **state)
{
	struct options options;
	struct option_error error;

	(void)state;
	assert_int_equal(PARSE(&options, &error, (char *)"-qaln", (char *)"7", (char *)"--type=a,b"), 0);
	assert_true(options.quiet && options.all && options.full);
	assert_string_equal(options.lines, "7");
	assert_string_equal(options.types, "a,b");
	assert_int_equal(PARSE(&options, &error, (char *)"--svg", (char *)"x"), 1);
	assert_string_equal(options.svg, "-");
	assert_int_equal(PARSE(&options, &error, (char *)"--svg=x"), 0);
	assert_string_equal(options.svg, "x");
	assert_int_equal(PARSE(&options, &error, (char *)"--no-pager", (char *)"--system"), 0);
}

static void errors_name_the_word(void **state)
{
	static const struct {
		const char *word;
		const char *reason;
	} cases[] = {
		{ "--nosuch", "no such option" }, { "-Z", "no such option" },
		{ "--json=1", "takes no value" }, { "--root", "wants a value" },
		{ "-n", "wants a value" },	  { "--no-pager=x", "takes no value" },
	};
	struct options options;
	struct option_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(PARSE(&options, &error, (char *)(uintptr_t)cases[i].word), -EINVAL);
		assert_string_equal(error.word, cases[i].word);
		assert_non_null(strstr(error.reason, cases[i].reason));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(values_and_letters),
		cmocka_unit_test(errors_name_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
