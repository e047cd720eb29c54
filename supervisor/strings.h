// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Lists of strings on the heap, as execve(2) takes them. For the forked child only, which may
 * allocate and frees nothing.
 */
#pragma once

#include <stddef.h>

#include "lib/macros.h"
#include "lib/str.h"

/* Ends with a NULL that count does not count; the zero value is the empty list. */
struct strings {
	char **list;
	size_t count;
};

/** strings_add() - appends a copy of @text. Return: 0 or -ENOMEM. */
int strings_add(struct strings *strings, struct str text);

/** strings_set() - puts NAME=VALUE in the place of an earlier NAME=, or behind. Return: 0 or -ENOMEM. */
int strings_set(struct strings *strings, struct str name, struct str value);

/** strings_set_number() - the same with a number, in decimal digits. */
int strings_set_number(struct strings *strings, const char *name, uint64_t value);

/** strings_get() - Return: the value of NAME=, or NULL. */
const char *strings_get(const struct strings *strings, struct str name);

/** strings_unset() - takes out NAME=VALUE for an @item of that form, all NAME= for a bare name. */
void strings_unset(struct strings *strings, const char *item);
