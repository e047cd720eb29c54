// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The tables of orlopctl and of the control socket against what is written about them: man/orlopctl.8,
 * ctl/completion.bash and man/orlop-control.7 name each verb and option, and nothing else. Run from the
 * top of the tree, as make does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/options.h"
#include "ctl/verbs.h"
#include "init/control_parse.h"
#include "lib/fd.h"

#define ITEM ".It Cm "

static char page[65536];

static void read_file(const char *path)
{
	assert_true(file_read(AT_FDCWD, path, page, sizeof(page)) > 0);
}

static struct str section(const char *name)
{
	const char *start = strstr(page, name);
	const char *end;

	assert_non_null(start);
	end = strstr(start + 1, "\n.Sh ");
	return (struct str){ start, end ? (size_t)(end - start) : strlen(start) };
}

/* The word behind @before in the next line that begins with it. */
static bool next_item(struct str *rest, const char *before, struct str *ret_word)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		if (!str_starts(line, before))
			continue;
		line = (struct str){ line.p + strlen(before), line.n - strlen(before) };
		return str_next_word(&line, ret_word);
	}
	return false;
}

static bool has_item(struct str rest, const char *before, const char *wanted)
{
	struct str word;

	while (next_item(&rest, before, &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

static void each_verb_has_its_item(void **state)
{
	(void)state;
	read_file("man/orlopctl.8");
	for (const struct verb *verb = verb_table; verb->name; verb++)
		if (!(verb->flags & VERB_ALIAS) && !has_item(section("\n.Sh VERBS\n"), ITEM, verb->name))
			fail_msg("%s is not in man/orlopctl.8", verb->name);
}

static void each_item_is_a_verb(void **state)
{
	struct str rest;
	struct str word;

	(void)state;
	read_file("man/orlopctl.8");
	rest = section("\n.Sh VERBS\n");
	while (next_item(&rest, ITEM, &word)) {
		char name[64];
		struct buf b = BUF(name);

		buf_add_str(&b, word);
		if (!verb_find(name))
			fail_msg("%s in man/orlopctl.8 is no verb", name);
	}
}

static void each_option_is_in_the_page(void **state)
{
	(void)state;
	read_file("man/orlopctl.8");
	for (const struct option_info *option = option_table; option->name; option++) {
		char wanted[80];

		if (!option->help)
			continue;
		if (option->letter)
			(void)snprintf(wanted, sizeof(wanted), "\n.It Fl %c , -%s", option->letter,
				       option->name);
		else
			(void)snprintf(wanted, sizeof(wanted), "\n.It Fl -%s", option->name);
		if (!strstr(page, wanted))
			fail_msg("--%s is not in man/orlopctl.8 as \"%s\"", option->name, wanted + 1);
	}
}

/* Words between the quotes of a variable of the script. */
static struct str list_of(const char *variable)
{
	const char *start = strstr(page, variable);
	const char *end;

	assert_non_null(start);
	start += strlen(variable);
	end = strchr(start, '\'');
	assert_non_null(end);
	return (struct str){ start, (size_t)(end - start) };
}

static bool has_word(struct str list, const char *wanted)
{
	struct str word;

	while (str_next_word(&list, &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

static void completion_has_each_verb_and_option(void **state)
{
	unsigned verbs = 0;
	unsigned words = 0;
	struct str list;
	struct str word;

	(void)state;
	read_file("ctl/completion.bash");
	for (const struct verb *verb = verb_table; verb->name; verb++) {
		if (verb->flags & VERB_ALIAS)
			continue;
		verbs++;
		if (!has_word(list_of("_orlopctl_verbs='"), verb->name))
			fail_msg("%s is not in ctl/completion.bash", verb->name);
	}
	for (list = list_of("_orlopctl_verbs='"); str_next_word(&list, &word);)
		words++;
	assert_int_equal(words, verbs);
	for (const struct option_info *option = option_table; option->name; option++) {
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted), "--%s%s", option->name,
			       option->argument == OPTION_REQUIRED ? "=" : "");
		if (option->help && !has_word(list_of("_orlopctl_options='"), wanted))
			fail_msg("%s is not in ctl/completion.bash", wanted);
	}
}

static void each_request_is_specified(void **state)
{
	struct str rest;
	struct str word;

	(void)state;
	read_file("man/orlop-control.7");
	for (size_t i = 0; i < CONTROL_VERB_COUNT; i++)
		if (!has_item(section("\n.Sh REQUESTS\n"), ITEM, control_verbs[i].name))
			fail_msg("%s is not in man/orlop-control.7", control_verbs[i].name);
	rest = section("\n.Sh REQUESTS\n");
	while (next_item(&rest, ITEM, &word)) {
		bool found = false;

		for (size_t i = 0; i < CONTROL_VERB_COUNT; i++)
			found = found || str_is(word, control_verbs[i].name);
		if (!found)
			fail_msg(STR_FORMAT " in man/orlop-control.7 is no request", STR_ARGS(word));
	}
}

static void each_error_is_specified(void **state)
{
	(void)state;
	read_file("man/orlop-control.7");
	for (int error = 1; error < CONTROL_ERROR_COUNT; error++)
		if (!has_item(section("\n.Ss Error codes\n"), ITEM,
			      control_error_name((enum control_error)error)))
			fail_msg("%s is not in man/orlop-control.7",
				 control_error_name((enum control_error)error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verb_has_its_item),
		cmocka_unit_test(each_item_is_a_verb),
		cmocka_unit_test(each_option_is_in_the_page),
		cmocka_unit_test(completion_has_each_verb_and_option),
		cmocka_unit_test(each_request_is_specified),
		cmocka_unit_test(each_error_is_specified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
