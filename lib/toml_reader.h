// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The inside of the TOML parser: a place in the text that only moves on, and what reads one thing there. For
 * toml*.c alone; others include toml_parse.h.
 *
 * Functions that return int return 0, or have described in reader->error what is wrong and return -EINVAL,
 * or -ENOSPC when the arena is full.
 */
#pragma once

#include <errno.h>

#include "lib/arena.h"
#include "lib/toml.h"
#include "lib/toml_parse.h"
#include "lib/utf8.h"

struct toml_reader {
	const char *p;
	const char *end;
	const char *mark; /* up to here lines and columns are counted; never behind p */
	struct toml_position mark_at;
	struct arena *arena;
	struct toml_error *error;
};

/* toml_reader.c: places, errors, the alphabet. */

/** toml_reader_check() - that the whole text is UTF-8 without control characters; the rest relies on it. */
int toml_reader_check(struct toml_reader *r);

/** toml_here() - Return: where the reader stands. */
struct toml_position toml_here(struct toml_reader *r);

/** toml_describe() - says what is wrong at @at. */
void toml_describe(struct toml_reader *r, struct toml_position at, const char *format, ...)
	_printf_(3, 4);

/* As toml_describe(), and the error number for it, where whoever reads the code can see it. */
#define toml_fail(r, at, ...) (toml_describe((r), (at), __VA_ARGS__), -EINVAL)

/** toml_fail_full() - says that the arena is full. Return: -ENOSPC. */
static inline int toml_fail_full(struct toml_reader *r)
{
	toml_describe(r, toml_here(r),
		      "the document has too much in it: no room is left for its values");
	return -ENOSPC;
}

/** toml_peek() - Return: the byte @ahead of the reader, or '\0' at the end: the text has no such byte. */
char toml_peek(const struct toml_reader *r, size_t ahead);

/** toml_starts() - Return: whether @prefix comes next. */
bool toml_starts(const struct toml_reader *r, const char *prefix);

/** toml_skip_blanks() - passes spaces and tabs. */
void toml_skip_blanks(struct toml_reader *r);

/** toml_skip_line_end() - passes one line end. Return: whether there was one. */
bool toml_skip_line_end(struct toml_reader *r);

/** toml_skip_comment() - passes a comment, up to the end of its line. */
void toml_skip_comment(struct toml_reader *r);

/* toml_string_parse.c */

/** toml_read_string() - reads the string that begins here; a key may not have several lines. */
int toml_read_string(struct toml_reader *r, bool is_key, struct str *ret);

/* toml_number_parse.c, toml_time_parse.c: values of one word, which begins at @at and has been passed already. */

int toml_read_number(struct toml_reader *r, struct str word, struct toml_position at,
		     struct toml_node *node);

/** toml_is_time() - Return: whether @word begins like a date or time and like nothing else. */
bool toml_is_time(struct str word);
int toml_read_time(struct toml_reader *r, struct str word, struct toml_position at,
		   struct toml_node *node);

/* toml.c: building. */

struct toml_node *toml_table_find(const struct toml_node *table, struct str key);
/** toml_table_add() - puts @node, whose key is not in @table yet, there as its last. */
void toml_table_add(struct toml_node *table, struct toml_node *node);
/** toml_append() - puts @node behind the last element of an array. */
void toml_append(struct toml_node *parent, struct toml_node *node);
