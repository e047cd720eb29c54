// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Points in time as people type them after --since and --until (systemd.time(7), PARSING TIMESTAMPS):
 * "2026-11-25 07:00[:00]", "2026-11-25", "07:00[:00]", with " UTC" or in local time; "now", "today", "yesterday",
 * "tomorrow"; "-10min", "+1h", "2h ago"; "@1764054000.5". Pure but for the time zone.
 */
#pragma once

#include "lib/str.h"

/**
 * log_time_parse() - reads @text.
 * @now: the wall clock, microseconds since 1970
 * Return: 0 or -EINVAL.
 */
int log_time_parse(struct str text, uint64_t now, uint64_t *ret_us);
