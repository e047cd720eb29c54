// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * man/orlop.cmdline.7 against cmdline_keys[]: each key has an item in the section KEYS, each item is a key, and
 * each word of a choice is in its item. Run from the top of the tree, as make does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/cmdline_parse.h"
#include "lib/fd.h"

#define PAGE "man/orlop.cmdline.7"
#define ITEM ".It Cm "

static char page[65536];

static int read_page(void **state)
{
	(void)state;
	return file_read(AT_FDCWD, PAGE, page, sizeof(page)) > 0 ? 0 : -1;
}

/* The lines of the section KEYS. */
static struct str keys_section(void)
{
	const char *start = strstr(page, "\n.Sh KEYS\n");
	const char *end;

	assert_non_null(start);
	end = strstr(start + 1, "\n.Sh ");
	assert_non_null(end);
	return (struct str){ start, (size_t)(end - start) };
}

/* The next item's line, and its key. */
static bool next_item(struct str *rest, struct str *ret_line, struct str *ret_key)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		struct str words = line;

		if (!str_starts(line, ITEM))
			continue;
		words = (struct str){ line.p + sizeof(ITEM) - 1, line.n - sizeof(ITEM) + 1 };
		*ret_line = line;
		return str_next_word(&words, ret_key);
	}
	return false;
}

static bool has_word(struct str line, const char *wanted)
{
	struct str word;

	while (str_next_word(&line, &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

static void every_key_has_its_item(void **state)
{
	(void)state;
	for (const struct cmdline_key *key = cmdline_keys; key->name; key++) {
		struct str rest = keys_section();
		struct str line;
		struct str name = { 0 };
		bool found = false;

		while (!found && next_item(&rest, &line, &name))
			found = str_is(name, key->name);
		if (!found)
			fail_msg("%s is not in " PAGE, key->name);
		for (const struct cmdline_choice *choice = key->choices; choice && choice->word;
		     choice++)
			if (!has_word(line, choice->word))
				fail_msg("%s of %s is not in " PAGE, choice->word, key->name);
	}
}

static void every_item_is_a_key(void **state)
{
	struct str rest = keys_section();
	struct str line;
	struct str name;

	(void)state;
	while (next_item(&rest, &line, &name)) {
		const struct cmdline_key *key = cmdline_keys;

		while (key->name && !str_is(name, key->name))
			key++;
		if (!key->name)
			fail_msg(STR_FORMAT " in " PAGE " is no key", STR_ARGS(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_item),
		cmocka_unit_test(every_item_is_a_key),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
