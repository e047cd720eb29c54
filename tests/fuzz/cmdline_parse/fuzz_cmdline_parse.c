// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any line must parse, its slices must lie in it, and every field must stay within its bounds. */
#include <assert.h>
#include <stdint.h>

#include "init/cmdline_parse.h"
#include "verity/root_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct str s, struct str line)
{
	assert(s.n == 0 || (s.p >= line.p && s.p + s.n <= line.p + line.n));
}

static void check_words(struct str line)
{
	struct str rest = line;
	struct cmdline_word word;

	while (cmdline_next(&rest, &word)) {
		assert_within(word.raw, line);
		assert_within(word.key, word.raw);
		assert_within(word.value, word.raw);
		assert(word.raw.n > 0);
	}
}

static void check_fields(const struct cmdline *c)
{
	struct root_hash hash;

	for (const struct cmdline_key *key = cmdline_keys; key->name; key++) {
		const char *field = (const char *)c + key->offset;

		if (key->kind != CMDLINE_CHOICE && key->kind != CMDLINE_SECONDS &&
		    key->kind != CMDLINE_BOOL)
			assert(memchr(field, '\0', key->size));
	}
	assert(!*c->root_hash || root_hash_parse(str_from(c->root_hash), &hash) == 0);
	assert(*c->unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cmdline_problem problems[CMDLINE_PROBLEM_MAX];
	struct str line = { (const char *)data, size };
	struct cmdline c;
	char text[256];
	struct buf options = BUF(text);
	size_t count;
	int r;

	check_words(line);
	r = cmdline_parse(line, &c, problems, &count);
	check_fields(&c);
	assert(r == 0 || count > 0);
	for (size_t i = 0; i < count && i < CMDLINE_PROBLEM_MAX; i++) {
		assert_within(problems[i].key, line);
		assert_within(problems[i].value, line);
		assert(problems[i].reason[0]);
	}
	cmdline_module_options(line, STR("dm_verity"), &options);
	assert(strlen(text) <= options.len && options.len < sizeof(text));
	(void)cmdline_module_blacklisted(line, STR("dm_verity"));
	return 0;
}
