// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A parser of TOML 1.0.0, all of it and nothing else (https://toml.io/en/v1.0.0). Pure: bytes in, a tree in
 * memory of the caller out; no system call, no global, no allocation, no log.
 *
 * It is made for text from anywhere: time is linear in its size, recursion has a bound, and memory is what
 * the caller gives.
 */
#pragma once

#include <stdint.h>

#include "lib/arena.h"
#include "lib/str.h"
#include "lib/toml.h"

/* Longer texts are refused: settings of a machine have some kilobytes, user data some more. */
#define TOML_TEXT_MAX ((size_t)1024 * 1024)
/* Tables and arrays within each other; what people write has five, and each costs stack. */
#define TOML_DEPTH_MAX 64

/*
 * Memory for a tree: a node for each key, each part of a dotted one, and each element, and the text of strings
 * with escapes. What people write needs about eight times the text's size; the worst is "[1,1,1,...".
 */
#define TOML_ARENA_FOR(text_size) ((text_size)*8 + 4096)
#define TOML_ARENA_WORST(text_size) \
	((text_size) + ((text_size) / 2 + TOML_DEPTH_MAX + 1) * sizeof(struct toml_node))

/* What is wrong, and where. */
struct toml_error {
	struct toml_position at;
	char reason[200]; /* "duplicate key "x", first defined at line 3" */
};

/**
 * toml_parse() - reads a whole document.
 *
 * @text: any bytes; the tree points into them
 * @arena: where the tree is made, behind what is in it already. What was taken for a document with an error
 *         stays taken; the caller may set it back.
 * @ret_root: the root table
 * @ret_error: on failure, the first thing that is wrong; may be NULL
 * Return: 0; -EINVAL (not TOML); -E2BIG (longer than TOML_TEXT_MAX); -ENOSPC (the arena is full).
 *
 * Line ends within strings become "\n". Floats are what strtod(3) makes of them in the "C" locale, which
 * the programs here never leave. A byte order mark at the beginning is an error, as TOML 1.0.0 has none.
 */
int toml_parse(struct str text, struct arena *arena, const struct toml_node **ret_root,
	       struct toml_error *ret_error);
