// SPDX-License-Identifier: MIT OR Apache-2.0
/* The operations by type, and what unit types may ask of the rest: see unit_ops.h. */
#include "supervisor/unit_ops.h"

#include <errno.h>

#include "supervisor/graph.h"
#include "supervisor/job.h"

const struct unit_ops *unit_ops_of(enum unit_type type)
{
	static const struct unit_ops *const table[] = {
		[UNIT_SERVICE] = &service_ops,
		[UNIT_SOCKET] = &socket_ops,
		[UNIT_TARGET] = &target_ops,
		[UNIT_TIMER] = &timer_ops,
	};

	return table[type];
}

enum unit_active unit_active_state(unit_id id)
{
	return unit_ops_of((enum unit_type)job_set()->units[id].type)->active(id);
}

const char *unit_active_name(enum unit_active active)
{
	switch (active) {
	case ACTIVE_INACTIVE:
		return "inactive";
	case ACTIVE_ACTIVATING:
		return "activating";
	case ACTIVE_ACTIVE:
		return "active";
	case ACTIVE_RELOADING:
		return "reloading";
	case ACTIVE_DEACTIVATING:
		return "deactivating";
	case ACTIVE_FAILED:
		return "failed";
	}
	return "?";
}

unit_id unit_triggered(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_TRIGGERS)
			return edges[i].to;
	return UNIT_NONE;
}

int unit_trigger(unit_id id)
{
	unit_id triggered = unit_triggered(id);

	return triggered == UNIT_NONE ? -ENOENT : job_start(triggered);
}
