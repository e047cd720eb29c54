// SPDX-License-Identifier: MIT OR Apache-2.0
/* "Did you mean": the one of some names that a misspelt one is most like. Pure. */
#pragma once

#include <stddef.h>

#include "lib/str.h"

/* Longer names are like none. */
#define NEAREST_NAME_MAX 48

/* The search so far: begin with NEAREST(name), offer each candidate, then read @best. */
struct nearest {
	struct str name;
	size_t limit;	  /* so many letters may have to be changed at most */
	const char *best; /* or NULL */
};

/* A third of the name is what people mistype. */
#define NEAREST(text) ((struct nearest){ .name = (text), .limit = (text).n / 3 + 1 })

/** nearest_offer() - takes @candidate as @best when it is nearer than what was offered before. */
void nearest_offer(struct nearest *nearest, const char *candidate);
