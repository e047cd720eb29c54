// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The first line of the input is the name or alias that is asked for, the rest is the text of an index,
 * read as each of the four kinds.
 */
#include <assert.h>
#include <stdint.h>

#include "init/modules_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct str s, struct str text)
{
	assert(s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n));
}

static void check_softdeps(struct str text, struct str name, enum modules_softdep_when when)
{
	struct modules_softdep_walk walk = { .rest = text };
	struct str found;

	while (modules_softdep_next(&walk, name, when, &found)) {
		assert_within(found, text);
		assert(found.n > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct module_dependency line;
	char plain[MODULE_NAME_SIZE];
	struct str name = { 0 };
	struct str found;
	struct str rest;

	if (!str_split(&text, '\n', &name))
		return 0;
	if (module_name_from_path(name, plain) == 0) {
		assert(plain[0] && !strchr(plain, '-') && !strchr(plain, '/'));
		assert(modules_alias_match(str_from(plain), str_from(plain)));
	}
	if (modules_dep_find(text, name, &line)) {
		assert_within(line.path, text);
		assert_within(line.dependencies, text);
		while (modules_last_path(&line.dependencies, &found)) {
			assert_within(found, text);
			assert(found.n > 0);
		}
	}
	(void)modules_builtin_has(text, name);
	check_softdeps(text, name, MODULES_SOFTDEP_PRE);
	check_softdeps(text, name, MODULES_SOFTDEP_POST);
	rest = text;
	while (modules_alias_next(&rest, name, &found))
		assert_within(found, text);
	return 0;
}
