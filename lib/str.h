// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Slices of text and a checked appender. A slice does not own its bytes and needs no NUL; an
 * appender writes into memory of its caller, always keeps a NUL at the end and remembers that
 * something did not fit instead of cutting in silence. Nothing here allocates or logs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/macros.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FORMAT "%.*s"
#define STR_ARGS(s) (int)(s).n, (s).p

static inline struct str str_from(const char *text)
{
	return (struct str){ text, strlen(text) };
}

bool str_equal(struct str a, struct str b);
/** str_is() - Return: whether @s is exactly the NUL-terminated @text. */
bool str_is(struct str s, const char *text);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/** str_trim() - Return: @s without spaces, tabs and carriage returns at both ends. */
struct str str_trim(struct str s);

/**
 * str_split() - cuts the next field off the front of @rest.
 * @rest: what is left, without the field and the one separator byte behind it
 * Return: true with the field (maybe empty) in @ret_field, false when @rest has nothing left.
 */
bool str_split(struct str *rest, char separator, struct str *ret_field);

/** str_next_word() - like str_split(), at any run of white space; never gives an empty word. */
bool str_next_word(struct str *rest, struct str *ret_word);

/** str_to_u64() - decimal digits only, all of @s. Return: 0, -EINVAL (no number) or -ERANGE (does not fit). */
int str_to_u64(struct str s, uint64_t *ret_value);

/** str_to_i64() - as str_to_u64() with an optional sign. */
int str_to_i64(struct str s, int64_t *ret_value);

/**
 * hex_decode() - strict hexadecimal: an even number of digits, nothing else.
 * Return: bytes written, -EINVAL (bad digit or odd count) or -ENOSPC (more than @size bytes).
 */
int hex_decode(struct str s, uint8_t *bytes, size_t size);

/** An appender over memory of its caller; @len never counts the NUL. Make one with BUF() or buf_init(). */
struct buf {
	char *p;
	size_t cap;
	size_t len;
	bool overflow;
};

/* An appender over a char array; ends it with a NUL right away. */
#define BUF(array) buf_init((array), sizeof(array))

static inline struct buf buf_init(char *memory, size_t size)
{
	memory[0] = '\0';
	return (struct buf){ .p = memory, .cap = size };
}

/* Each appends all or nothing; what does not fit sets @overflow, and then later appends do nothing. */
void buf_add(struct buf *b, const char *text);
void buf_add_str(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_add_hex(struct buf *b, const uint8_t *bytes, size_t count);
/* Decimal digits, with a '-' before them if there has to be. */
void buf_add_number(struct buf *b, int64_t number);
void buf_printf(struct buf *b, const char *format, ...) _printf_(2, 3);

static inline void buf_clear(struct buf *b)
{
	*b = buf_init(b->p, b->cap);
}

/**
 * buf_add_escaped() - appends text of unknown origin so that it stays one printable line:
 * control bytes and the backslash become \xNN; valid UTF-8 is not checked, bytes over 0x7f pass.
 */
void buf_add_escaped(struct buf *b, struct str s);

/** buf_add_seconds() - appends @ns as seconds with @decimals digits behind the point, cut and not rounded. */
void buf_add_seconds(struct buf *b, uint64_t ns, int decimals);
