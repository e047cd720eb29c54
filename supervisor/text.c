// SPDX-License-Identifier: MIT OR Apache-2.0
/* The arena of a unit set and packed string lists: see text.h. Pure. */
#include "supervisor/text.h"

#include <errno.h>

/* Pointers and 64-bit numbers are the strictest that settings have. */
#define TEXT_ALIGNMENT sizeof(uint64_t)

void *text_reserve(struct text_arena *arena, size_t size)
{
	size_t start = (arena->used + TEXT_ALIGNMENT - 1) & ~(TEXT_ALIGNMENT - 1);

	if (start > arena->size || size > arena->size - start)
		return NULL;
	arena->used = start + size;
	return memset(arena->memory + start, 0, size);
}

const char *text_keep(struct text_arena *arena, struct str s)
{
	char *copy = arena->memory + arena->used;

	if (s.n >= arena->size - arena->used)
		return NULL;
	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	arena->used += s.n + 1;
	return copy;
}

/* In front of each object that text_intern() keeps. */
struct interned {
	uint32_t next; /* offset of the next of the chain, 0: none */
	uint32_t size;
};

/* FNV-1a. */
static uint32_t hash(const unsigned char *bytes, size_t size)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * 16777619U;
	return h;
}

/* Room for @size bytes and the header in front, or one that has the same @size bytes already. */
static char *intern(struct text_arena *arena, const void *bytes, size_t size, size_t nul)
{
	uint32_t *head = &arena->interned[hash(bytes, size) % TEXT_BUCKETS];
	struct interned *item;

	for (uint32_t at = *head; at != 0; at = item->next) {
		item = (struct interned *)(void *)(arena->memory + at);
		if (item->size == size + nul && memcmp(item + 1, bytes, size) == 0)
			return (char *)(item + 1);
	}
	/* Offset 0 means none, so the first byte of an arena is never the start of an object. */
	if (arena->used == 0)
		arena->used = 1;
	item = text_reserve(arena, sizeof(*item) + size + nul);
	if (!item)
		return NULL;
	*item = (struct interned){ .next = *head, .size = (uint32_t)(size + nul) };
	*head = (uint32_t)((char *)item - arena->memory);
	memcpy(item + 1, bytes, size);
	return (char *)(item + 1);
}

const void *text_intern(struct text_arena *arena, const void *bytes, size_t size)
{
	return intern(arena, bytes, size, 0);
}

const char *text_intern_str(struct text_arena *arena, struct str s)
{
	return intern(arena, s.p, s.n, 1);
}

int text_list_add(struct text_arena *arena, struct text_list *list, struct str s)
{
	bool at_end = list->first && list->first + list->size == arena->memory + arena->used;
	const char *item;

	if (list->count == UINT16_MAX)
		return -ENOSPC;
	/* Another string came in between: the list moves to the end, so that it stays in one piece. */
	if (list->first && !at_end) {
		char *moved = arena->memory + arena->used;

		if (list->size > arena->size - arena->used)
			return -ENOSPC;
		memcpy(moved, list->first, list->size);
		arena->used += list->size;
		list->first = moved;
	}
	item = text_keep(arena, s);
	if (!item)
		return -ENOSPC;
	if (!list->first)
		list->first = item;
	list->size += (uint32_t)s.n + 1;
	list->count++;
	return 0;
}

const char *text_list_next(const struct text_list *list, const char *item)
{
	if (!item)
		return list->count > 0 ? list->first : NULL;
	item += strlen(item) + 1;
	return item < list->first + list->size ? item : NULL;
}

bool text_list_has(const struct text_list *list, const char *text)
{
	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		if (strcmp(item, text) == 0)
			return true;
	return false;
}
