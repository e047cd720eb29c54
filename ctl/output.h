// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How orlopctl talks to people: colour (only on a terminal, and not with NO_COLOR, no-color.org),
 * columns, times and sizes. Errors go to standard error and begin with the name of the program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/macros.h"
#include "lib/str.h"

enum colour {
	COLOUR_NONE,
	COLOUR_GREEN,
	COLOUR_RED,
	COLOUR_YELLOW,
	COLOUR_GREY,
	COLOUR_BOLD,
};

/** output_begin() - looks at standard output. @program: for error messages. */
void output_begin(const char *program);

/** colour() - Return: the sequence that turns @colour on (COLOUR_NONE: all off), or "". */
const char *colour(enum colour colour);

/** output_width() - Return: columns of the terminal, 0: no terminal, so nothing is cut. */
unsigned output_width(void);

/** complain() - "orlopctl: TEXT" on standard error. */
void complain(const char *format, ...) _printf_(1, 2);

/** state_colour() - green for active, red for failed, yellow on the way. */
enum colour state_colour(const char *active);

/** format_span() - "3min 2s", "1d 4h": the two largest parts; below a minute "1.234s", "12ms". */
void format_span(uint64_t ns, struct buf *text);

/** format_size() - "512B", "12.3M": powers of 1024. */
void format_size(uint64_t bytes, struct buf *text);

/** format_moment() - "Wed 2026-11-25 07:26:01 UTC" for CLOCK_BOOTTIME @ns, by what the wall clock says now. */
void format_moment(uint64_t ns, struct buf *text);

/** moment_seconds() - Return: the same moment in seconds since 1970. */
uint64_t moment_seconds(uint64_t ns);

/** list_has() - whether @word is in the comma-separated @list. */
bool list_has(const char *list, const char *word);

/* A table of text; columns are as wide as they need be. */
#define TABLE_COLUMNS_MAX 8
struct table {
	unsigned columns;
	size_t rows;
	char **cells; /* owned, rows * columns */
	enum colour *colours;
};

/** table_row() - adds a row of copies; @row_colour is that of its second to fourth columns. */
void table_row(struct table *table, enum colour row_colour, const char *const cells[]);

/** table_print() - @head: whether the first row is one. Cut to the terminal unless @full. */
void table_print(const struct table *table, bool head, bool full);
void table_free(struct table *table);
