// SPDX-License-Identifier: MIT OR Apache-2.0
/* What an [Install] section says: see install.h. Pure. */
#include <errno.h>

#include "ctl/install.h"
#include "supervisor/unit_parse.h"

const char *install_next(const char *list, const char *item)
{
	const char *next = item ? item + strlen(item) + 1 : list;

	return *next ? next : NULL;
}

static int list_add(char *list, const char *word)
{
	size_t used = 0;
	size_t length = strlen(word);

	for (const char *item = install_next(list, NULL); item; item = install_next(list, item)) {
		if (strcmp(item, word) == 0)
			return 0;
		used = (size_t)(item - list) + strlen(item) + 1;
	}
	/* The NUL of the word, and the empty word behind the last. */
	if (length == 0 || used + length + 2 > INSTALL_LIST_SIZE)
		return length == 0 ? 0 : -ENOSPC;
	memcpy(list + used, word, length + 1);
	list[used + length + 1] = '\0';
	return 0;
}

static int list_set(char *list, struct str value, const char *unit)
{
	char word[UNIT_LINE_MAX];
	char expanded[UNIT_LINE_MAX];
	struct buf b = BUF(word);
	int r;

	if (value.n == 0) {
		list[0] = list[1] = '\0';
		return 0;
	}
	while ((r = unit_next_word(&value, &b)) > 0) {
		struct buf e = BUF(expanded);

		r = unit_specifiers((struct str){ b.p, b.len },
				    &(struct unit_place){ .name = unit }, &e);
		if (r == 0)
			r = list_add(list, e.p);
		if (r < 0)
			return r;
	}
	return r;
}

static int set_instance(struct install *install, struct str value, const char *unit)
{
	char expanded[UNIT_NAME_SIZE];
	struct buf b = BUF(expanded);
	int r = unit_specifiers(value, &(struct unit_place){ .name = unit }, &b);

	if (r == 0)
		memcpy(install->default_instance, expanded, b.len + 1);
	return r;
}

int install_parse(struct str text, const char *unit, struct install *install)
{
	const struct {
		const char *key;
		char *list;
	} lists[] = {
		{ "WantedBy", install->wanted_by }, { "RequiredBy", install->required_by },
		{ "UpheldBy", install->upheld_by }, { "Alias", install->alias },
		{ "Also", install->also },
	};
	struct unit_reader reader;
	struct unit_line line;
	enum unit_read read;

	unit_read_begin(&reader, text);
	while ((read = unit_read_next(&reader, &line)) != UNIT_READ_END) {
		if (read != UNIT_READ_LINE || !str_is(line.section, "Install"))
			continue;
		if (str_is(line.key, "DefaultInstance")) {
			int r = set_instance(install, line.value, unit);

			if (r < 0)
				return r;
		}
		for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
			int r;

			if (!str_is(line.key, lists[i].key))
				continue;
			r = list_set(lists[i].list, line.value, unit);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
