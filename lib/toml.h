// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A TOML document as a tree: what toml_parse() makes and others read. Children keep the order in which the
 * document names them first; a key is found in time that grows with the key's length alone, whatever
 * else is in the table.
 *
 * Nodes lie in the arena that toml_parse() was given; keys and strings lie there or in the text. Both must
 * stay as long as the tree is used. Nothing here changes a tree, allocates or logs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum toml_type {
	TOML_TABLE,
	TOML_ARRAY,
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOLEAN,
	TOML_OFFSET_DATE_TIME,
	TOML_LOCAL_DATE_TIME,
	TOML_LOCAL_DATE,
	TOML_LOCAL_TIME,
};

/* Both count from 1; a column is a code point, whatever its width on a screen. */
struct toml_position {
	uint32_t line;
	uint32_t column;
};

/* A point in time as it was written; fields that the type does not have are 0. */
struct toml_time {
	uint16_t year; /* 0 to 9999 */
	uint8_t month;
	uint8_t day;
	uint8_t hour;
	uint8_t minute;
	uint8_t second;		/* 60 in a leap second */
	int16_t offset_minutes; /* east of UTC */
	uint32_t nanosecond;	/* further digits are cut off */
};

/* By what a table or array came to be, which decides what may still be added to it; for the parser. */
enum toml_origin {
	TOML_IMPLIED, /* by a header of something below it */
	TOML_HEADER,  /* by its own [header]; an array by [[header]] */
	TOML_DOTTED,  /* by a dotted key */
	TOML_INLINE,  /* by { } or [ ]; closed for good */
};

struct toml_node {
	enum toml_type type;
	enum toml_origin origin;
	uint16_t depth;		     /* the root's is 0 */
	struct str key;		     /* in a table */
	struct toml_position key_at; /* its first mention; of an element: where its value is */
	struct toml_position at;     /* the value; of a table the header or key that defined it */
	struct toml_node *next;	     /* in the same table or array */
	union {
		struct str string;
		int64_t integer;
		double real;
		bool boolean;
		struct toml_time time;
		struct {
			struct toml_node *first;
			struct toml_node *last;
			struct toml_node *index; /* of a table: its keys, see toml.c */
			size_t count;
		} children;
	} u;
	/* In the index of the table that it is in. */
	uint32_t index_bit;
	struct toml_node *index_side[2];
};

/** toml_get() - Return: what @table has under @key, or NULL; also when @table is NULL or no table. */
const struct toml_node *toml_get(const struct toml_node *table, struct str key);

/** toml_first() - the first child; the others follow by ->next. Return: it, or NULL: none, or neither table nor array. */
const struct toml_node *toml_first(const struct toml_node *node);

/** toml_count() - Return: how many children a table or array has; of anything else 0. */
size_t toml_count(const struct toml_node *node);

/*
 * Typed getters. Return: true with the value; false when @node is NULL or of another type: nothing is converted.
 * toml_integer() also wants it between @min and @max.
 */
bool toml_string(const struct toml_node *node, struct str *ret);
bool toml_integer(const struct toml_node *node, int64_t min, int64_t max, int64_t *ret);
bool toml_float(const struct toml_node *node, double *ret);
bool toml_boolean(const struct toml_node *node, bool *ret);
/** toml_time() - of any of the four types; @node->type tells which fields mean something. */
bool toml_time(const struct toml_node *node, struct toml_time *ret);

/** toml_type_name() - Return: the type in words, with its article: "an integer". */
const char *toml_type_name(enum toml_type type);
