// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Closures and cycles: see graph.h. Walks keep their stack in static memory, one entry a unit, so
 * that a long chain of dependencies cannot overflow anything.
 */
#include "supervisor/graph.h"

const struct unit_edge *graph_edges(const struct unit_set *set, unit_id id, size_t *ret_count)
{
	*ret_count = set->first_edge[id + 1] - set->first_edge[id];
	return &set->edges[set->first_edge[id]];
}

const struct unit_edge *graph_reverse_edges(const struct unit_set *set, unit_id id, size_t *ret_count)
{
	*ret_count = set->first_reverse[id + 1] - set->first_reverse[id];
	return &set->reverse[set->first_reverse[id]];
}

void graph_pulled_in(const struct unit_set *set, unit_id id, bool required, uint8_t *members)
{
	static unit_id stack[UNIT_MAX] _scratch_;
	unsigned kinds = 1U << UNIT_REQUIRES | 1U << UNIT_BINDS_TO |
			 (required ? 0 : 1U << UNIT_WANTS | 1U << UNIT_UPHOLDS);
	size_t depth = 0;

	if (!members[id])
		stack[depth++] = id;
	members[id] = 1;
	while (depth > 0) {
		size_t count;
		const struct unit_edge *edges = graph_edges(set, stack[--depth], &count);

		for (size_t i = 0; i < count; i++) {
			unit_id other = edges[i].to;

			if (!(kinds & 1U << edges[i].kind) || members[other])
				continue;
			members[other] = 1;
			stack[depth++] = other;
		}
	}
}

bool graph_has_edge(const struct unit_set *set, unit_id from, unit_id to, enum unit_dependency kind)
{
	for (uint32_t i = set->first_edge[from]; i < set->first_edge[from + 1U]; i++)
		if (set->edges[i].to == to && set->edges[i].kind == kind)
			return true;
	return false;
}

/* Depth-first, without recursion: a unit met again while it is still on the path closes a cycle. */
size_t graph_find_cycle(const struct unit_set *set, const uint8_t *members,
			unit_id ret_cycle[static GRAPH_CYCLE_MAX])
{
	enum { NEW, ON_PATH, DONE };
	static uint8_t colour[UNIT_MAX] _scratch_;
	static unit_id path[UNIT_MAX] _scratch_;
	static uint32_t next_edge[UNIT_MAX] _scratch_;

	memset(colour, NEW, set->count);
	for (unit_id start = 0; start < set->count; start++) {
		size_t depth = 0;

		if (!members[start] || colour[start] != NEW)
			continue;
		path[depth++] = start;
		colour[start] = ON_PATH;
		next_edge[start] = set->first_edge[start];
		while (depth > 0) {
			unit_id at = path[depth - 1];
			const struct unit_edge *edge;

			if (next_edge[at] == set->first_edge[at + 1]) {
				colour[at] = DONE;
				depth--;
				continue;
			}
			edge = &set->edges[next_edge[at]++];
			if (edge->kind != UNIT_AFTER || !members[edge->to] || colour[edge->to] == DONE)
				continue;
			if (colour[edge->to] == ON_PATH) {
				size_t first = depth;
				size_t length;

				while (path[first - 1] != edge->to)
					first--;
				length = depth - (first - 1);
				for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
					ret_cycle[i] = path[first - 1 + i];
				return length;
			}
			colour[edge->to] = ON_PATH;
			next_edge[edge->to] = set->first_edge[edge->to];
			path[depth++] = edge->to;
		}
	}
	return 0;
}
