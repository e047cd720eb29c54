// SPDX-License-Identifier: MIT OR Apache-2.0
/* UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing over U+10FFFF. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* The most bytes that a code point takes. */
#define UTF8_MAX 4

/** utf8_length() - Return: how many bytes the code point at the beginning of @s takes, or 0 when there is none. */
size_t utf8_length(struct str s);

/** utf8_is_scalar() - Return: whether @code_point may be written at all. */
bool utf8_is_scalar(uint32_t code_point);

/** utf8_write() - writes a code point that is a scalar. Return: how many bytes of @ret it took. */
size_t utf8_write(uint32_t code_point, char ret[static UTF8_MAX]);

/* With its NUL; room for what tells one name from another. */
#define UTF8_SHOWN_SIZE 72

/**
 * utf8_shown() - a text of unknown origin for a message: what does not print is escaped as buf_add_escaped() does
 * it, and what is too long is cut behind a whole code point, with three dots.
 * Return: @ret.
 */
const char *utf8_shown(struct str text, char ret[static UTF8_SHOWN_SIZE]);
