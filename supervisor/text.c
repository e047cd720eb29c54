// SPDX-License-Identifier: MIT OR Apache-2.0
/* The arena of a unit set and packed string lists: see text.h. Pure. */
#include "supervisor/text.h"

#include <errno.h>
#include <stdalign.h>

void *text_reserve(struct text_arena *arena, size_t size)
{
	size_t start = (arena->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

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
