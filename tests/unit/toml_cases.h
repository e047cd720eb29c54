// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * TOML documents of one rule each, for the tests of the parser. Rows with a result are valid; rows with a place and
 * words are refused there with these words in the reason.
 */
#pragma once

#include <errno.h>

#include <cmocka.h>

#include "lib/toml_parse.h"
#include "tests/unit/toml_dump.h"

static char memory[4 * 1024 * 1024];

struct valid {
	const char *text;
	const char *expected;
};

struct invalid {
	const char *text;
	unsigned line, column;
	const char *reason;
};

static inline int parse(struct str text, const struct toml_node **ret, struct toml_error *error)
{
	struct arena arena = ARENA(memory);

	return toml_parse(text, &arena, ret, error);
}

static inline void check_valid(const struct valid *row, size_t count)
{
	static char dumped[8192];

	for (size_t i = 0; i < count; i++) {
		const struct toml_node *root = NULL;
		struct buf b = BUF(dumped);
		struct toml_error error;

		if (parse(str_from(row[i].text), &root, &error) < 0)
			fail_msg("<%s> at %u:%u: %s", row[i].text, error.at.line, error.at.column,
				 error.reason);
		dump(&b, root);
		if (strcmp(dumped, row[i].expected) != 0)
			fail_msg("<%s> is %s and not %s", row[i].text, dumped, row[i].expected);
	}
}

static inline void check_invalid(const struct invalid *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct toml_node *root = NULL;
		struct toml_error error = { 0 };

		if (parse(str_from(row[i].text), &root, &error) != -EINVAL || root)
			fail_msg("<%s> was taken", row[i].text);
		if (error.at.line != row[i].line || error.at.column != row[i].column ||
		    !strstr(error.reason, row[i].reason))
			fail_msg("<%s> fails at %u:%u: %s; not at %u:%u: %s", row[i].text,
				 error.at.line, error.at.column, error.reason, row[i].line,
				 row[i].column, row[i].reason);
	}
}
