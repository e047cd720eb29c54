// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory of the caller that is handed out from its beginning and given back all at once. Nothing here
 * asks the system for any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena {
	char *p;
	size_t size;
	size_t used;
};

/* An arena over an array. */
#define ARENA(array) ((struct arena){ .p = (char *)(array), .size = sizeof(array) })

/**
 * arena_take() - the next @size bytes, their content undefined, aligned to @alignment, a power of two.
 * Return: them, or NULL when so many are not left; then nothing is taken.
 */
static inline void *arena_take(struct arena *arena, size_t size, size_t alignment)
{
	uintptr_t next = (uintptr_t)arena->p + arena->used;
	size_t padding = (size_t)(-next & (alignment - 1));
	char *taken;

	if (padding > arena->size - arena->used || size > arena->size - arena->used - padding)
		return NULL;
	taken = arena->p + arena->used + padding;
	arena->used += padding + size;
	return taken;
}
