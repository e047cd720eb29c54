// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calendar events (systemd.time(7), "Calendar Events"): parsed into sets of years, months, days,
 * hours, minutes and seconds, and asked for the next moment that is in all of them. All times are UTC,
 * which is the host's zone. Pure; no libc time functions, which would look for zone files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

#define CALENDAR_YEAR_MIN 1970
#define CALENDAR_YEAR_MAX 2199 /* as systemd: what never comes again is not looked for any longer */

/* Parts of the seconds field; expressions that people write have one or two. */
#define CALENDAR_SECONDS_MAX 16

/* Microseconds within a minute: start, and with a repetition up to stop (below 0: the minute's end). */
struct calendar_seconds {
	int32_t start;
	int32_t stop;
	int32_t repeat; /* 0: none */
};

struct calendar {
	uint64_t years[4]; /* a bit a year from CALENDAR_YEAR_MIN */
	uint64_t minutes;  /* a bit each, from 0 */
	uint32_t days;	   /* bit 1 is the first; with end_of_month: the last */
	uint32_t hours;
	uint16_t months;  /* bit 1 is January */
	uint8_t weekdays; /* bit 0 is Monday */
	bool end_of_month;
	uint32_t seconds_count;
	struct calendar_seconds seconds[CALENDAR_SECONDS_MAX];
};

/**
 * calendar_parse() - "Mon..Fri *-*-* 06:00", "daily", "*-*~01", "*:0/5", "@1700000000", each with " UTC"
 * behind it or not.
 * Return: 0; -EINVAL (no calendar event); -ENOTSUP (another time zone); -E2BIG (more than
 * CALENDAR_SECONDS_MAX parts of a second).
 */
int calendar_parse(struct str text, struct calendar *ret_calendar);

/**
 * calendar_next() - the first moment of @calendar after @after_realtime_us.
 * @after_realtime_us: microseconds since 1970 (CLOCK_REALTIME)
 * Return: 0, or -ENOENT when it never comes again.
 */
int calendar_next(const struct calendar *calendar, uint64_t after_realtime_us,
		  uint64_t *ret_realtime_us);
