// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How many lines of one unit are kept: so many in an interval, the rest is counted (systemd's
 * RateLimitIntervalSec= and RateLimitBurst=). A service that floods costs its own lines, not those of others. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

/* systemd's defaults. */
#define RATE_LIMIT_INTERVAL (30 * NS_PER_S)
#define RATE_LIMIT_BURST 10000

struct rate_limit_settings {
	uint64_t interval; /* ns */
	uint64_t burst;
};

#define RATE_LIMIT_DEFAULT \
	((struct rate_limit_settings){ .interval = RATE_LIMIT_INTERVAL, .burst = RATE_LIMIT_BURST })

struct rate_limit {
	uint64_t began; /* the interval; 0: none yet */
	uint64_t count; /* lines that were kept in it */
	uint64_t dropped;
};

/** rate_limit_allow() - Return: whether a line at @now is kept; if not it has been counted. */
bool rate_limit_allow(struct rate_limit *limit, const struct rate_limit_settings *settings,
		      uint64_t now);

/**
 * rate_limit_take_dropped() - what was dropped, once its interval is over.
 * Return: the count, which is 0 from now on, or 0.
 */
uint64_t rate_limit_take_dropped(struct rate_limit *limit,
				 const struct rate_limit_settings *settings, uint64_t now);

/** rate_limit_deadline() - Return: when rate_limit_take_dropped() has something, or CLOCK_TIME_MAX. */
uint64_t rate_limit_deadline(const struct rate_limit *limit, const struct rate_limit_settings *settings);
