// SPDX-License-Identifier: MIT OR Apache-2.0
/* At most so many events in so much time: what StartLimit…=, TriggerLimit…= and PollLimit…= have in common. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

/* The zero value has seen nothing yet. */
struct rate_limit {
	uint64_t began; /* ns: of the first event in this window */
	uint32_t count;
};

/**
 * rate_limit_below() - counts one event.
 * The window begins with the first event that is outside the last one, as in systemd; no burst or no
 * interval is no limit.
 * Return: whether it is within @burst.
 */
static inline bool rate_limit_below(struct rate_limit *limit, uint32_t burst, uint64_t interval,
				    uint64_t now)
{
	if (burst == 0 || interval == 0)
		return true;
	if (limit->count == 0 || clock_add(limit->began, interval) < now)
		*limit = (struct rate_limit){ .began = now };
	if (limit->count >= burst)
		return false;
	limit->count++;
	return true;
}
