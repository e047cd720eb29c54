// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * man/orlop.unit.5 against the table of directives: each directive has an item in the chapter of its section, and
 * each item is a directive. Run from the top of the tree, as make does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/unit_table.h"

#define PAGE "man/orlop.unit.5"
#define ITEM ".It Ic "

static char page[128 * 1024];

static const struct {
	const char *section;
	const char *chapter;
} chapters[] = {
	{ "Unit", "\n.Sh UNIT SECTION\n" },	{ "Service", "\n.Sh SERVICE SECTION\n" },
	{ "Socket", "\n.Sh SOCKET SECTION\n" }, { "Timer", "\n.Sh TIMER SECTION\n" },
	{ "Processes", "\n.Sh PROCESSES\n" },	{ "Install", "\n.Sh INSTALL SECTION\n" },
};

static int read_page(void **state _unused_)
{
	return file_read(AT_FDCWD, PAGE, page, sizeof(page)) > 0 ? 0 : -1;
}

/* The lines of the chapter about a section. */
static struct str chapter_of(const char *section)
{
	const char *start = NULL;
	const char *end;

	for (size_t i = 0; i < ARRAY_SIZE(chapters); i++)
		if (strcmp(chapters[i].section, section) == 0)
			start = strstr(page, chapters[i].chapter);
	if (!start)
		fail_msg("there is no chapter about %s in " PAGE, section);
	end = strstr(start + 1, "\n.Sh ");
	assert_non_null(end);
	return (struct str){ start, (size_t)(end - start) };
}

/* The next directive that an item's line names; a line may name several. */
static bool next_name(struct str *rest, struct str *line, struct str *ret_name)
{
	struct str word;

	for (;;) {
		while (str_next_word(line, &word))
			if (str_is(word, "Ic"))
				return str_next_word(line, ret_name);
		do
			if (!str_split(rest, '\n', line))
				return false;
		while (!str_starts(*line, ITEM));
	}
}

static bool is_described(const char *section, const char *name)
{
	struct str rest = chapter_of(section);
	struct str line = { 0 };
	struct str found;

	while (next_name(&rest, &line, &found))
		if (str_is(found, name))
			return true;
	return false;
}

static void test_every_directive_has_its_item(void **state _unused_)
{
	struct unit_table_entry entry;

	for (size_t i = 0; unit_table_next(i, &entry); i++)
		if (!is_described(entry.section, entry.name))
			fail_msg("%s= of %s is not in " PAGE, entry.name, entry.section);
}

static bool is_directive(const char *section, struct str name)
{
	struct unit_table_entry entry;

	for (size_t i = 0; unit_table_next(i, &entry); i++)
		if (strcmp(entry.section, section) == 0 && str_is(name, entry.name))
			return true;
	return false;
}

static void test_every_item_is_a_directive(void **state _unused_)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(chapters); i++) {
		struct str rest = chapter_of(chapters[i].section);
		struct str line = { 0 };
		struct str name;

		for (; next_name(&rest, &line, &name); count++)
			if (!is_directive(chapters[i].section, name))
				fail_msg(STR_FORMAT "= in the chapter about %s is no directive",
					 STR_ARGS(name), chapters[i].section);
	}
	assert_true(count > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_directive_has_its_item),
		cmocka_unit_test(test_every_item_is_a_directive),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
