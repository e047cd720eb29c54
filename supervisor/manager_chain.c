// SPDX-License-Identifier: MIT OR Apache-2.0
/* The critical chain: see manager_critical_chain(). From the last service back, over After=. */
#include "supervisor/manager.h"

#include "supervisor/graph.h"
#include "supervisor/service.h"

/* When a service was up for the last time, or done; 0 for what is no service or never was. */
static uint64_t up_since(const struct unit_set *set, unit_id id)
{
	return set->units[id].type == UNIT_SERVICE ? service_get(id)->up_since : 0;
}

static unit_id last_before(const struct unit_set *set, unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(set, id, &count);
	unit_id last = UNIT_NONE;

	for (size_t i = 0; i < count; i++) {
		unit_id other = edges[i].to;

		if (edges[i].kind == UNIT_AFTER && up_since(set, other) > 0 &&
		    (last == UNIT_NONE || up_since(set, other) > up_since(set, last)))
			last = other;
	}
	return last;
}

size_t manager_critical_chain(struct manager_link ret_chain[static MANAGER_CHAIN_MAX])
{
	const struct unit_set *set = manager_units();
	unit_id last = UNIT_NONE;
	size_t count = 0;

	for (unit_id id = 0; id < set->count; id++)
		if (up_since(set, id) > 0 &&
		    (last == UNIT_NONE || up_since(set, id) > up_since(set, last)))
			last = id;
	while (last != UNIT_NONE && count < MANAGER_CHAIN_MAX) {
		unit_id before = last_before(set, last);
		uint64_t began = service_get(last)->start_began;

		memmove(ret_chain + 1, ret_chain, count * sizeof(*ret_chain));
		ret_chain[0] = (struct manager_link){
			.unit = &set->units[last],
			.began = before != UNIT_NONE && up_since(set, before) > began
					 ? up_since(set, before)
					 : began,
			.ended = up_since(set, last),
		};
		count++;
		last = before;
	}
	return count;
}
