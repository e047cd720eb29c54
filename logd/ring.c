// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring: see ring.h. An entry is a header and its line, never cut by the end of the memory: what does
 * not fit there begins at 0. Numbers only grow, so a cursor knows whether its entry still is.
 */
#include "logd/ring.h"

#include <errno.h>

#define ALIGNMENT 16

struct entry {
	uint64_t number;
	uint32_t length; /* of the line behind it */
	uint32_t unused;
};

static struct entry *entry_at(const struct ring *ring, size_t at)
{
	return (struct entry *)(void *)(ring->memory + at);
}

static size_t entry_size(size_t length)
{
	return (sizeof(struct entry) + length + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

void ring_init(struct ring *ring, void *memory, size_t size)
{
	*ring = (struct ring){ .memory = memory, .size = size & ~(size_t)(ALIGNMENT - 1) };
}

/* Where the entry behind the one at @at begins. */
static size_t following(const struct ring *ring, size_t at)
{
	size_t next = at + entry_size(entry_at(ring, at)->length);

	return ring->wrap > 0 && next == ring->wrap ? 0 : next;
}

void ring_clear(struct ring *ring)
{
	ring->first = ring->end = ring->wrap = 0;
	ring->first_number = 0;
}

static void drop_first(struct ring *ring)
{
	size_t next = following(ring, ring->first);

	if (ring->first_number == ring->last_number) {
		ring_clear(ring);
		return;
	}
	/* The oldest is at the start again: nothing is behind the end any more. */
	if (next < ring->first)
		ring->wrap = 0;
	ring->first = next;
	ring->first_number = entry_at(ring, next)->number;
}

/* Makes room for @size bytes at ring->end. */
static void make_room(struct ring *ring, size_t size)
{
	for (;;) {
		if (ring->first_number == 0) {
			ring->first = ring->end = ring->wrap = 0;
			return;
		}
		if (ring->wrap == 0) {
			if (ring->size - ring->end >= size)
				return;
			ring->wrap = ring->end;
			ring->end = 0;
		} else if (ring->first - ring->end >= size) {
			return;
		} else {
			drop_first(ring);
		}
	}
}

int ring_add(struct ring *ring, uint64_t number, struct str line)
{
	size_t size = entry_size(line.n);

	if (line.n > UINT32_MAX || size > ring->size / 2)
		return -EMSGSIZE;
	make_room(ring, size);
	*entry_at(ring, ring->end) = (struct entry){ .number = number, .length = (uint32_t)line.n };
	memcpy(ring->memory + ring->end + sizeof(struct entry), line.p, line.n);
	if (ring->first_number == 0)
		ring->first_number = number;
	ring->last_number = number;
	ring->end += size;
	return 0;
}

uint64_t ring_next(const struct ring *ring, uint64_t after, struct ring_cursor *cursor,
		   struct str *ret_line)
{
	size_t at = ring->first;
	uint64_t number;

	if (ring->first_number == 0 || ring->last_number <= after)
		return 0;
	/* What was pushed out had a lower number than what is there now. */
	if (cursor->number >= ring->first_number && cursor->number <= after)
		at = following(ring, cursor->at);
	for (;;) {
		const struct entry *entry = entry_at(ring, at);

		number = entry->number;
		if (number > after) {
			*cursor = (struct ring_cursor){ .at = at, .number = number };
			*ret_line = (struct str){ (const char *)(entry + 1), entry->length };
			return number;
		}
		at = following(ring, at);
	}
}
