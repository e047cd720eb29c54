// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Any bytes as a TOML document: with room enough, and with an arena that some bytes are missing of. The tree
 * must be what it says: children counted, keys found, places in order, slices within text and arena.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "lib/toml_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(16) char memory[8 * 1024 * 1024];

static void check_slice(struct str s, struct str text)
{
	assert(s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n) ||
	       (s.p >= memory && s.p + s.n <= memory + sizeof(memory)));
}

static void check_node(const struct toml_node *node, const struct toml_node *parent, struct str text)
{
	size_t count = 0;

	assert(node->at.line >= 1 && node->at.column >= 1);
	assert(node->key_at.line >= 1 && node->key_at.column >= 1);
	assert(node->depth <= TOML_DEPTH_MAX);
	if (node->type == TOML_STRING)
		check_slice(node->u.string, text);
	if (parent) {
		assert(node->depth == parent->depth + 1);
		check_slice(node->key, text);
		if (parent->type == TOML_TABLE)
			assert(toml_get(parent, node->key) == node);
	}
	for (const struct toml_node *child = toml_first(node); child; child = child->next) {
		check_node(child, node, text);
		count++;
	}
	assert(count == toml_count(node));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena = ARENA(memory);
	const struct toml_node *root = NULL;
	struct toml_error error;
	int r = toml_parse(text, &arena, &root, &error);

	if (r < 0) {
		assert(!root && r == -EINVAL);
		assert(error.at.line >= 1 && error.at.column >= 1 && error.reason[0]);
		return 0;
	}
	check_node(root, NULL, text);
	assert(arena.used <= TOML_ARENA_WORST(size));
	arena = (struct arena){ .p = memory, .size = arena.used - 1 };
	root = NULL;
	assert(toml_parse(text, &arena, &root, &error) == -ENOSPC && !root);
	return 0;
}
