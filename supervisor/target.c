// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Targets: names for "all of this is up". They have no processes and nothing that can fail, so a bit is
 * all their state.
 */
#include <string.h>

#include "supervisor/unit_ops.h"
#include "lib/pages.h"

static uint8_t up[UNIT_MAX];

static void target_init(const struct unit_world *world _unused_)
{
	memset(up, 0, sizeof(up));
}

static enum unit_active target_active(unit_id id)
{
	return up[id] ? ACTIVE_ACTIVE : ACTIVE_INACTIVE;
}

static const char *target_state_name(unit_id id)
{
	return up[id] ? "active" : "dead";
}

static int target_start(unit_id id)
{
	up[id] = 1;
	unit_changed(id, ACTIVE_INACTIVE, ACTIVE_ACTIVE);
	return 0;
}

static void target_stop(unit_id id)
{
	up[id] = 0;
	unit_changed(id, ACTIVE_ACTIVE, ACTIVE_INACTIVE);
}

static void target_reset_failed(unit_id id _unused_)
{
}

static void target_grown(unit_id first)
{
	pages_zero(&up[first], UNIT_MAX - first);
}

static void target_moved(const struct unit_set *old, const unit_id *new_ids)
{
	static uint8_t before[UNIT_MAX] _scratch_;

	memcpy(before, up, sizeof(before));
	memset(up, 0, sizeof(up));
	for (unit_id id = 0; id < old->count; id++)
		if (before[id] && new_ids[id] != UNIT_NONE)
			up[new_ids[id]] = 1;
}

const struct unit_ops target_ops = {
	.init = target_init,
	.active = target_active,
	.state_name = target_state_name,
	.start = target_start,
	.stop = target_stop,
	.reset_failed = target_reset_failed,
	.grown = target_grown,
	.moved = target_moved,
};
