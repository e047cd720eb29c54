// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * man/orlop.network.5 against net_keys[]: each key has an item in the chapter of its table, with the words that it may
 * be and the version that it is from, and each item is a key. Run from the top of the tree, as make does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "netconf/net_cmdline_parse.h"
#include "netconf/net_config_parse.h"
#include "netconf/net_key_table.h"

#define PAGE "man/orlop.network.5"
#define ITEM "\n.It Ic "

static char page[64 * 1024];

/* The rows that a chapter is about: of one or two tables, and of links those of one kind or of all. */
static const struct chapter {
	const char *title;
	enum net_table table, other_table;
	unsigned kinds;
} chapters[] = {
	{ "\n.Sh LINKS\n", NET_TABLE_LINK, NET_TABLE_LINK, NET_ANY_KIND },
	{ "\n.Sh BONDS\n", NET_TABLE_LINK, NET_TABLE_LINK, NET_KIND_BIT(NET_BOND) },
	{ "\n.Sh VLANS\n", NET_TABLE_LINK, NET_TABLE_LINK, NET_KIND_BIT(NET_VLAN) },
	{ "\n.Sh BRIDGES\n", NET_TABLE_LINK, NET_TABLE_LINK, NET_KIND_BIT(NET_BRIDGE) },
	{ "\n.Sh VRFS\n", NET_TABLE_LINK, NET_TABLE_LINK, NET_KIND_BIT(NET_VRF) },
	{ "\n.Sh DHCP\n", NET_TABLE_DHCP4, NET_TABLE_DHCP6, NET_ANY_KIND },
	{ "\n.Sh STATIC ADDRESSES\n", NET_TABLE_STATIC4, NET_TABLE_STATIC6, NET_ANY_KIND },
	{ "\n.Sh ROUTES\n", NET_TABLE_ROUTE, NET_TABLE_ROUTE, NET_ANY_KIND },
	{ "\n.Sh POLICY RULES\n", NET_TABLE_RULE, NET_TABLE_RULE, NET_ANY_KIND },
	{ "\n.Sh DNS\n", NET_TABLE_DNS, NET_TABLE_DNS, NET_ANY_KIND },
	{ "\n.Sh MONITORING\n", NET_TABLE_MONITORING, NET_TABLE_MONITORING, NET_ANY_KIND },
};

static int read_page(void **state _unused_)
{
	return file_read(AT_FDCWD, PAGE, page, sizeof(page)) > 0 ? 0 : -1;
}

static bool is_of(const struct chapter *chapter, const struct net_key *key)
{
	return (key->table == chapter->table || key->table == chapter->other_table) &&
	       key->kinds == chapter->kinds;
}

/* From the first item of a chapter to its end. */
static struct str chapter_text(const struct chapter *chapter)
{
	const char *start = strstr(page, chapter->title);
	const char *end;

	if (!start)
		fail_msg("no chapter %s in " PAGE, chapter->title);
	end = strstr(start + 1, "\n.Sh ");
	assert_non_null(end);
	return (struct str){ start, (size_t)(end - start) };
}

/* The next item: its own line, and all up to the one behind it. */
static bool next_item(struct str *rest, struct str *ret_line, struct str *ret_all)
{
	const char *start = memmem(rest->p, rest->n, ITEM, sizeof(ITEM) - 1);
	const char *end = rest->p + rest->n;
	const char *next;
	const char *line_end;

	if (!start)
		return false;
	start++;
	next = memmem(start, (size_t)(end - start), ITEM, sizeof(ITEM) - 1);
	if (!next)
		next = end;
	line_end = memchr(start, '\n', (size_t)(end - start));
	assert_non_null(line_end);
	*ret_line = (struct str){ start, (size_t)(line_end - start) };
	*ret_all = (struct str){ start, (size_t)(next - start) };
	*rest = (struct str){ next, (size_t)(end - next) };
	return true;
}

/* Each key of an item's line: behind each Ic, or with a comma behind another one. */
static bool next_name(struct str *line, bool *is_in_names, struct str *ret)
{
	struct str word;

	while (str_next_word(line, &word)) {
		if (str_is(word, "Ic")) {
			*is_in_names = true;
		} else if (str_is(word, "Ns")) {
			*is_in_names = false;
		} else if (*is_in_names && !str_is(word, ",")) {
			*ret = word;
			return true;
		}
	}
	return false;
}

static bool has_word(struct str text, const char *wanted)
{
	struct str word;

	while (str_next_word(&text, &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

static bool find_item(struct str rest, const char *name, struct str *ret_line, struct str *ret_all)
{
	while (next_item(&rest, ret_line, ret_all)) {
		struct str line = *ret_line;
		bool is_in_names = false;
		struct str found;

		while (next_name(&line, &is_in_names, &found))
			if (str_is(found, name))
				return true;
	}
	return false;
}

static void check_key(const struct chapter *chapter, const struct net_key *key)
{
	char from[32];
	struct str line;
	struct str all;

	if (!find_item(chapter_text(chapter), key->name, &line, &all))
		fail_msg("%s is not in the chapter %s", key->name, chapter->title);
	for (const struct net_choice *choice = key->choices; choice && choice->word; choice++)
		if (!choice->is_alias && !has_word(line, choice->word))
			fail_msg("%s of %s is not in " PAGE, choice->word, key->name);
	snprintf(from, sizeof(from), "From version %d on.", key->since);
	if (key->since > 1 && !memmem(all.p, all.n, from, strlen(from)))
		fail_msg("%s is without \"%s\"", key->name, from);
	if (key->required_to == NET_VERSION_MAX && !memmem(all.p, all.n, "must be there", 13))
		fail_msg("%s must be there, and " PAGE " does not say it", key->name);
	snprintf(from, sizeof(from), "%lld", (long long)key->max);
	if (key->value == NET_VALUE_NUMBER && key->max <= 1000000 && key->max != NET_LIST_MAX &&
	    !memmem(all.p, all.n, from, strlen(from)))
		fail_msg("%s is up to %s, and " PAGE " does not say it", key->name, from);
}

static void test_every_key_has_its_item(void **state _unused_)
{
	for (const struct net_key *key = net_keys; key->name; key++) {
		bool has_chapter = false;

		for (size_t i = 0; i < ARRAY_SIZE(chapters); i++) {
			if (!is_of(&chapters[i], key))
				continue;
			check_key(&chapters[i], key);
			has_chapter = true;
		}
		assert_true(has_chapter);
	}
}

static bool is_key(const struct chapter *chapter, struct str name)
{
	for (const struct net_key *key = net_keys; key->name; key++)
		if (is_of(chapter, key) && str_is(name, key->name))
			return true;
	return false;
}

static void test_every_item_is_a_key(void **state _unused_)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(chapters); i++) {
		struct str rest = chapter_text(&chapters[i]);
		struct str line;
		struct str all;
		struct str name;

		while (next_item(&rest, &line, &all)) {
			bool is_in_names = false;

			for (; next_name(&line, &is_in_names, &name); count++)
				if (!is_key(&chapters[i], name))
					fail_msg(STR_FORMAT " in the chapter %s is no key",
						 STR_ARGS(name), chapters[i].title);
		}
	}
	assert_true(count > 70);
}

/* The first example is a file and the second a command line, and both are good. */
static void test_examples(void **state _unused_)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	static _Alignas(16) char memory[NET_CONFIG_ARENA_SIZE];
	static struct net_problems problems;
	const char *text = strstr(page, "\n.Sh EXAMPLES\n");

	for (int i = 0; i < 2; i++) {
		struct arena arena = ARENA(memory);
		struct net_config c = { 0 };
		struct str example;
		int r;

		assert_non_null(text);
		text = strstr(text, begin);
		assert_non_null(text);
		text += sizeof(begin) - 1;
		example = (struct str){ text, (size_t)(strstr(text, ".Ed\n") - text) };
		r = i == 0 ? net_config_parse(example, &arena, &c, &problems)
			   : net_cmdline_parse(example, &arena, &c, &problems);
		if (r != i)
			fail_msg("example %d: %s", i, problems.list[0].reason);
		assert_true(c.links.n > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_has_its_item),
		cmocka_unit_test(test_every_item_is_a_key),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
