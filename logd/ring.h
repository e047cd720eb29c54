// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The last records in memory: encoded lines, each with its number, in a piece of memory that is used
 * round and round. The newest push the oldest out. What the disk does not take (yet) is read from here. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

struct ring {
	char *memory;
	size_t size;
	size_t first; /* the oldest entry */
	size_t end;   /* where the next entry goes */
	size_t wrap; /* entries that begin before it are followed by the start of the memory; 0: not wrapped */
	uint64_t first_number; /* of the oldest; 0: the ring is empty */
	uint64_t last_number;
};

/** ring_init() - @size bytes at @memory, aligned to 16, belong to the ring from now on. */
void ring_init(struct ring *ring, void *memory, size_t size);

/**
 * ring_add() - adds a line whose number is greater than all before.
 * Return: 0 or -EMSGSIZE (longer than half of the ring).
 */
int ring_add(struct ring *ring, uint64_t number, struct str line);

/** ring_clear() - forgets all lines, and begins at the start of the memory again. Cursors stay good. */
void ring_clear(struct ring *ring);

struct ring_cursor {
	size_t at;
	uint64_t number; /* of the entry there; 0: look for it anew */
};

/**
 * ring_next() - the oldest entry with a number above @after.
 * @cursor: makes a walk quick; zero at its start, and may be kept while the ring changes
 * @ret_line: points into the ring, good until the next ring_add()
 * Return: the entry's number, or 0 if there is none.
 */
uint64_t ring_next(const struct ring *ring, uint64_t after, struct ring_cursor *cursor,
		   struct str *ret_line);
