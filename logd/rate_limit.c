// SPDX-License-Identifier: MIT OR Apache-2.0
/* Counting lines: see rate_limit.h. Pure: no system call, no allocation, no global. */
#include "logd/rate_limit.h"

static bool over(const struct rate_limit *limit, const struct rate_limit_settings *settings, uint64_t now)
{
	return limit->began == 0 || now >= clock_add(limit->began, settings->interval);
}

bool rate_limit_allow(struct rate_limit *limit, const struct rate_limit_settings *settings, uint64_t now)
{
	if (over(limit, settings, now)) {
		limit->began = now > 0 ? now : 1;
		limit->count = 0;
	}
	if (limit->count < settings->burst) {
		limit->count++;
		return true;
	}
	limit->dropped++;
	return false;
}

uint64_t rate_limit_take_dropped(struct rate_limit *limit,
				 const struct rate_limit_settings *settings, uint64_t now)
{
	uint64_t dropped = limit->dropped;

	if (dropped == 0 || !over(limit, settings, now))
		return 0;
	limit->dropped = 0;
	return dropped;
}

uint64_t rate_limit_deadline(const struct rate_limit *limit, const struct rate_limit_settings *settings)
{
	return limit->dropped > 0 ? clock_add(limit->began, settings->interval) : CLOCK_TIME_MAX;
}
