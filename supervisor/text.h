// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where the text of unit files lives: one fixed arena for each unit set, filled while units are
 * loaded and never afterwards. Nothing is freed singly; a set is dropped as a whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* Chains of what text_intern() has kept; a set has a few dozen different settings. */
#define TEXT_BUCKETS 64

struct text_arena {
	char *memory;
	size_t size;
	size_t used;
	uint32_t interned[TEXT_BUCKETS]; /* offset of the newest of each chain; 0: none */
};

/** text_reserve() - Return: @size bytes, zeroed and aligned for any object, or NULL when the arena is full. */
void *text_reserve(struct text_arena *arena, size_t size);

/** text_keep() - Return: a NUL-terminated copy of @s in the arena, or NULL when it is full. */
const char *text_keep(struct text_arena *arena, struct str s);

/**
 * text_intern() - keeps @size bytes once: the same bytes a second time are the same object. Aligned
 * for any settings. Return: the object, or NULL when the arena is full.
 */
const void *text_intern(struct text_arena *arena, const void *bytes, size_t size);

/** text_intern_str() - the same for text, which gets a NUL. */
const char *text_intern_str(struct text_arena *arena, struct str s);

/** A list of strings, each NUL-terminated, one behind the other. The zero value is the empty list. */
struct text_list {
	const char *first;
	uint32_t size; /* bytes with all NULs */
	uint16_t count;
};

/** text_list_add() - appends a copy of @s. Return: 0, or -ENOSPC when the arena or the list is full. */
int text_list_add(struct text_arena *arena, struct text_list *list, struct str s);

/** text_list_next() - Return: the string behind @item, the first for NULL, or NULL at the end. */
const char *text_list_next(const struct text_list *list, const char *item);

bool text_list_has(const struct text_list *list, const char *text);
