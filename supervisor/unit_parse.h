// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The syntax of unit files (systemd.syntax(7)) and of the values in them: bytes in, slices or
 * numbers out. Knows nothing of what a directive means; that is unit_table.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"
#include "supervisor/unit.h"

/* A line with its continuations joined; longer ones are refused. The buffers of this size are on PID 1's stack,
 * whose pages stay: systemd allows 1 MiB, and the longest line in Debian has some 1,200 bytes. */
#define UNIT_LINE_MAX 4096

struct unit_line {
	struct str section;
	struct str key;
	struct str value; /* trimmed; points into the reader's buffer if it was continued */
	unsigned number;  /* of the first line, from 1 */
};

struct unit_reader {
	struct str rest;
	struct str section;
	unsigned number;
	char joined[UNIT_LINE_MAX];
};

enum unit_read {
	UNIT_READ_END,	      /* nothing is left */
	UNIT_READ_LINE,	      /* an assignment */
	UNIT_READ_NO_SECTION, /* an assignment before the first [Section] */
	UNIT_READ_BAD_LINE,   /* neither section, assignment nor comment */
	UNIT_READ_TOO_LONG,   /* longer than UNIT_LINE_MAX with its continuations */
};

/** unit_read_begin() - starts to read @text, which must stay in place until the end. */
void unit_read_begin(struct unit_reader *reader, struct str text);

/**
 * unit_read_next() - the next assignment. After a bad line reading goes on behind it.
 * @ret_line: section, key, value and number; only the number for a bad line
 */
enum unit_read unit_read_next(struct unit_reader *reader, struct unit_line *ret_line);

/**
 * unit_next_word() - the next word of a value, unquoted (systemd.syntax(7), "Quoting"): '…' and "…",
 * and C escapes \a \b \f \n \r \t \v \\ \" \' \s \xXX \nnn \uXXXX \UXXXXXXXX.
 * @ret_word: appended to; cleared first
 * Return: 1 with a word, 0 at the end, -EINVAL (open quote, unknown escape, longer than the buffer).
 */
int unit_next_word(struct str *rest, struct buf *ret_word);

/** unit_next_raw_word() - the same, but a backslash is a letter: names of units keep their \\x2d. */
int unit_next_raw_word(struct str *rest, struct buf *ret_word);

/** unit_unescape() - appends @s with its C escapes replaced. Return: 0 or -EINVAL (unknown escape, too long). */
int unit_unescape(struct str s, struct buf *ret_text);

/** unit_boolean() - 1 yes true on, 0 no false off, in any case of letters. Return: 0 or -EINVAL. */
int unit_boolean(struct str s, bool *ret_value);

/**
 * unit_time() - a time span (systemd.time(7)): "90", "5min 20s", "infinity". A bare number is seconds.
 * @ret_ns: nanoseconds; CLOCK_TIME_MAX for infinity
 * Return: 0, -EINVAL or -ERANGE.
 */
int unit_time(struct str s, uint64_t *ret_ns);

/** unit_signal() - "SIGTERM", "TERM", "15", "RTMIN+3". Return: the signal's number or -EINVAL. */
int unit_signal(struct str s);

/**
 * unit_size() - a number with the suffixes K M G T P E, which are powers of @base (1000 or 1024), and
 * decimals. Return: 0, -EINVAL or -ERANGE.
 */
int unit_size(struct str s, unsigned base, uint64_t *ret_bytes);

/**
 * unit_cpu_list() - adds the numbers of a list such as "0 2-3,8" to the set @mask of @bits bits.
 * Return: 0; -EINVAL or -ERANGE with a part of the list added.
 */
int unit_cpu_list(struct str s, uint64_t *mask, size_t bits);

/** unit_cpu_list_format() - appends the set as the kernel writes it: "0,2-3,8". */
void unit_cpu_list_format(const uint64_t *mask, size_t bits, struct buf *ret_text);

/**
 * unit_limit() - the value of a Limit directive: "soft:hard" or one for both, "infinity".
 * @resource: RLIMIT_…, which says whether values are bytes, times or numbers
 */
int unit_limit(int resource, struct str s, struct rlimit *ret_limit);

/* What specifiers are about. */
struct unit_place {
	const char *name;		    /* of the unit */
	const char *path;		    /* of its file; NULL: none */
	const struct unit_machine *machine; /* NULL: what asks for it is refused */
};

/**
 * unit_specifiers() - appends @text with the % specifiers of systemd.unit(5) replaced: those of the
 * system's manager (directories of the system, root as the user). %c, %r and %R, which systemd dropped,
 * are refused. Pure: what asks for the machine comes from @place.
 * Return: 0; -EINVAL (unknown specifier, or longer than the buffer).
 */
int unit_specifiers(struct str text, const struct unit_place *place, struct buf *ret_text);
