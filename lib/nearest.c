// SPDX-License-Identifier: MIT OR Apache-2.0
/* The nearest name: see nearest.h. */
#include "lib/nearest.h"

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, drop or change until one is the other (Levenshtein, 1965), a row of the matrix at a time. */
static size_t distance(struct str a, struct str b)
{
	size_t row[NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t above_left = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			size_t changed = above_left + (a.p[i - 1] != b.p[j - 1]);

			row[j] = smaller(changed, smaller(above, row[j - 1]) + 1);
			above_left = above;
		}
	}
	return row[b.n];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct str text = str_from(candidate);
	size_t letters;

	if (nearest->name.n > NEAREST_NAME_MAX || text.n > NEAREST_NAME_MAX)
		return;
	letters = distance(nearest->name, text);
	if (letters < nearest->limit || (letters == nearest->limit && !nearest->best)) {
		nearest->limit = letters;
		nearest->best = candidate;
	}
}
