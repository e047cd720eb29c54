// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calendar events: see calendar_parse.h. A field of the text is a chain of START, START..STOP and
 * START/REPEAT parts. All but seconds have few values, so that a chain becomes a set of bits right
 * away, and the next value is the next bit.
 */
#include "supervisor/calendar_parse.h"

#include <errno.h>
#include <strings.h>

#define US_PER_S 1000000
#define US_PER_MINUTE (60 * US_PER_S)
#define US_PER_DAY (UINT64_C(24) * 60 * US_PER_MINUTE)
#define WEEKDAYS_ALL 0x7f
#define ALL_FROM(low, high) ((UINT64_C(2) << (high)) - (UINT64_C(1) << (low)))
/* systemd: dates that are counted from the end of a month are at most 28 days from it. */
#define DAY_FROM_END_MAX 28

/* Parts of one chain: as many as CALENDAR_SECONDS_MAX, as a set of bits needs no more either. */
struct part {
	int32_t start;
	int32_t stop;	/* -1: none */
	int32_t repeat; /* 0: none */
};

struct chain {
	bool any; /* "*" */
	size_t count;
	struct part parts[CALENDAR_SECONDS_MAX];
};

/* ---- text to chains ---- */

static bool at(struct str s, char c)
{
	return s.n > 0 && s.p[0] == c;
}

static struct str behind(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

static bool is_range(struct str s)
{
	return s.n >= 2 && s.p[0] == '.' && s.p[1] == '.';
}

/* Digits off the front of @rest; with @us seconds with up to six decimals, as microseconds. */
static int take_number(struct str *rest, bool us, int32_t *ret_value)
{
	struct str s = *rest;
	int64_t value = 0;
	int64_t scale = US_PER_S / 10;

	if (s.n == 0 || s.p[0] < '0' || s.p[0] > '9')
		return -EINVAL;
	for (; s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9'; s = behind(s, 1)) {
		value = value * 10 + (s.p[0] - '0');
		if (value > INT32_MAX)
			return -EINVAL;
	}
	if (us) {
		value *= US_PER_S;
		/* One point begins decimals, two are a range. */
		if (at(s, '.') && !is_range(s)) {
			s = behind(s, 1);
			if (s.n == 0 || s.p[0] < '0' || s.p[0] > '9')
				return -EINVAL;
			for (int n = 0; s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
			     s = behind(s, 1), n++) {
				/* The seventh decimal rounds, more say nothing. */
				if (n == 6)
					value += s.p[0] >= '5';
				value += (s.p[0] - '0') * scale;
				scale /= 10;
			}
		}
		if (value > INT32_MAX)
			return -EINVAL;
	}
	*ret_value = (int32_t)value;
	*rest = s;
	return 0;
}

static int take_part(struct str *rest, bool us, struct part *ret_part)
{
	struct part part = { .stop = -1 };
	int r = take_number(rest, us, &part.start);

	if (r == 0 && is_range(*rest)) {
		*rest = behind(*rest, 2);
		r = take_number(rest, us, &part.stop);
		part.repeat = us ? US_PER_S : 1;
	}
	if (r == 0 && at(*rest, '/')) {
		*rest = behind(*rest, 1);
		r = take_number(rest, us, &part.repeat);
		if (r == 0 && part.repeat == 0)
			r = -EINVAL;
	}
	if (r == 0 && rest->n > 0 && !strchr(" ,-~:", rest->p[0]))
		r = -EINVAL;
	if (r == 0)
		*ret_part = part;
	return r;
}

static int take_chain(struct str *rest, bool us, struct chain *ret_chain)
{
	struct chain chain = { 0 };

	if (at(*rest, '*')) {
		*rest = behind(*rest, 1);
		chain.any = true;
		*ret_chain = chain;
		return 0;
	}
	do {
		int r;

		if (chain.count > 0)
			*rest = behind(*rest, 1);
		if (chain.count == ARRAY_SIZE(chain.parts))
			return -E2BIG;
		r = take_part(rest, us, &chain.parts[chain.count]);
		if (r < 0)
			return r;
		chain.count++;
	} while (at(*rest, ','));
	*ret_chain = chain;
	return 0;
}

/* ---- chains to sets ---- */

/* A range ends at its last repetition; one in which nothing is repeated is its start alone. */
static bool part_valid(struct part *part, int32_t low, int32_t high, bool from_end)
{
	if (part->stop > part->start && part->repeat > 0)
		part->stop -= (part->stop - part->start) % part->repeat;
	if (part->start < low || part->start > high)
		return false;
	if (part->stop >= 0) {
		if (part->stop < part->start || part->stop > high)
			return false;
		if (part->stop == part->start) {
			part->stop = -1;
			part->repeat = 0;
		}
	}
	if (part->repeat > high - low)
		return false;
	if (part->stop >= 0)
		return true;
	return from_end ? part->start - part->repeat >= low : part->start + part->repeat <= high;
}

/* Sets the bits of a chain, from bit @base for the value @base. @from_end counts down to @low. */
static int chain_bits(struct chain *chain, int32_t low, int32_t high, bool from_end, uint64_t *ret_bits)
{
	uint64_t bits = 0;

	if (chain->any) {
		*ret_bits = ALL_FROM(low, high);
		return 0;
	}
	for (size_t i = 0; i < chain->count; i++) {
		struct part *part = &chain->parts[i];

		if (!part_valid(part, low, high, from_end))
			return -EINVAL;
		if (part->repeat == 0)
			bits |= UINT64_C(1) << part->start;
		else if (from_end && part->stop < 0)
			for (int32_t v = part->start; v >= low; v -= part->repeat)
				bits |= UINT64_C(1) << v;
		else if (from_end)
			for (int32_t v = part->stop; v >= part->start; v -= part->repeat)
				bits |= UINT64_C(1) << v;
		else
			for (int32_t v = part->start; v <= (part->stop < 0 ? high : part->stop);
			     v += part->repeat)
				bits |= UINT64_C(1) << v;
	}
	*ret_bits = bits;
	return 0;
}

/* 12 is 2012, 89 is 1989. */
static int32_t full_year(int32_t year)
{
	if (year >= 0 && year < 70)
		return year + 2000;
	return year >= 70 && year < 100 ? year + 1900 : year;
}

static int put_years(struct calendar *calendar, struct chain *chain)
{
	memset(calendar->years, chain->any ? 0xff : 0, sizeof(calendar->years));
	for (size_t i = 0; i < chain->count; i++) {
		struct part *part = &chain->parts[i];
		int32_t last;

		part->start = full_year(part->start);
		part->stop = full_year(part->stop);
		if (!part_valid(part, CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX, false))
			return -EINVAL;
		last = part->repeat == 0 ? part->start
		       : part->stop < 0	 ? CALENDAR_YEAR_MAX
					 : part->stop;
		for (int32_t year = part->start; year <= last;
		     year += part->repeat > 0 ? part->repeat : 1) {
			unsigned bit = (unsigned)(year - CALENDAR_YEAR_MIN);

			calendar->years[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
	return 0;
}

static int put_date(struct calendar *calendar, struct chain *month, struct chain *day)
{
	bool from_end = calendar->end_of_month && !day->any;
	uint64_t months;
	uint64_t days;
	int r = chain_bits(month, 1, 12, false, &months);

	if (r == 0)
		r = chain_bits(day, 1, from_end ? DAY_FROM_END_MAX : 31, from_end, &days);
	if (r < 0)
		return r;
	calendar->months = (uint16_t)months;
	calendar->days = (uint32_t)days;
	calendar->end_of_month = from_end;
	return 0;
}

static int put_time(struct calendar *calendar, struct chain *hour, struct chain *minute,
		    struct chain *second)
{
	uint64_t hours;
	int r = chain_bits(hour, 0, 23, false, &hours);

	if (r == 0)
		r = chain_bits(minute, 0, 59, false, &calendar->minutes);
	if (r < 0)
		return r;
	calendar->hours = (uint32_t)hours;
	if (second->any) {
		calendar->seconds_count = 1;
		calendar->seconds[0] = (struct calendar_seconds){ 0, -1, US_PER_S };
		return 0;
	}
	for (size_t i = 0; i < second->count; i++) {
		struct part *part = &second->parts[i];

		if (!part_valid(part, 0, US_PER_MINUTE - 1, false))
			return -EINVAL;
		calendar->seconds[i] = (struct calendar_seconds){ part->start, part->stop, part->repeat };
	}
	calendar->seconds_count = (uint32_t)second->count;
	return 0;
}

/* ---- the whole text ---- */

static bool starts_with_letters(struct str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && strncasecmp(s.p, word, n) == 0;
}

/* Monday is 0. Return: the weekday that @rest begins with, or -ENOENT. */
static int take_weekday(struct str *rest)
{
	static const char *const names[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
					     "Friday", "Saturday", "Sunday" };

	for (int day = 0; day < 7; day++) {
		char brief[4] = { 0 };

		memcpy(brief, names[day], 3);
		if (!starts_with_letters(*rest, brief))
			continue;
		*rest = behind(*rest, starts_with_letters(*rest, names[day]) ? strlen(names[day]) : 3);
		return day;
	}
	return -ENOENT;
}

static struct str skip_blanks(struct str s)
{
	while (at(s, ' '))
		s = behind(s, 1);
	return s;
}

/* "Mon,Wed..Fri " off the front, if it is there; "-" is an older "..". */
static int take_weekdays(struct str *rest, uint8_t *ret_days)
{
	unsigned days = 0;
	int from = -1;

	for (;;) {
		int day = take_weekday(rest);

		if (day < 0) {
			if (days > 0 || from >= 0)
				return -EINVAL;
			break;
		}
		if (from > day)
			return -EINVAL;
		for (int d = from < 0 ? day : from; d <= day; d++)
			days |= 1U << d;
		if (rest->n == 0 || at(*rest, ' '))
			break;
		if (is_range(*rest) || at(*rest, '-')) {
			if (from >= 0)
				return -EINVAL;
			from = day;
			*rest = behind(*rest, at(*rest, '-') ? 1 : 2);
		} else if (at(*rest, ',')) {
			from = -1;
			*rest = behind(*rest, 1);
		} else {
			return -EINVAL;
		}
		/* A comma may stand at the end, a range may not be open. */
		if (rest->n == 0 || at(*rest, ' ')) {
			if (from >= 0)
				return -EINVAL;
			break;
		}
	}
	*rest = skip_blanks(*rest);
	*ret_days = days == 0 ? WEEKDAYS_ALL : (uint8_t)days;
	return 0;
}

/* [YEAR-]MONTH-DAY off the front; what is a time is left. "~" in front of the day counts from the end. */
static int take_date(struct str *rest, struct calendar *calendar, struct chain chains[static 3])
{
	struct str s = *rest;
	size_t count = 0;

	while (s.n > 0) {
		int r = take_chain(&s, false, &chains[count]);

		if (r < 0)
			return r;
		count++;
		if (count == 1 && (s.n == 0 || at(s, ':'))) {
			chains[0] = (struct chain){ .any = true };
			return 0;
		}
		if (s.n == 0 || at(s, ' '))
			break;
		/* Only the day, which is the last, may be behind the sign. */
		if (count == 3 || calendar->end_of_month || (!at(s, '-') && !at(s, '~')))
			return -EINVAL;
		calendar->end_of_month = at(s, '~');
		s = behind(s, 1);
		if (s.n == 0)
			return -EINVAL;
	}
	if (count == 1)
		return -EINVAL;
	if (count == 2) {
		chains[2] = chains[1];
		chains[1] = chains[0];
		chains[0] = (struct chain){ .any = true };
	}
	*rest = skip_blanks(s);
	return 0;
}

/* HOUR:MINUTE[:SECOND], to the end. Nothing is midnight. */
static int take_time(struct str *rest, struct chain chains[static 3])
{
	static const struct chain zero = { .count = 1, .parts = { { 0, -1, 0 } } };

	chains[0] = chains[1] = chains[2] = zero;
	for (size_t i = 0; i < 3 && rest->n > 0; i++) {
		int r;

		if (i > 0) {
			if (!at(*rest, ':'))
				return -EINVAL;
			*rest = behind(*rest, 1);
		}
		r = take_chain(rest, i == 2, &chains[i]);
		if (r < 0)
			return r;
		if (i == 0 && rest->n == 0)
			return -EINVAL;
	}
	return rest->n == 0 ? 0 : -EINVAL;
}

static const struct {
	const char *word;
	const char *meaning;
} shorthands[] = {
	{ "minutely", "*-*-* *:*:00" },
	{ "hourly", "*-*-* *:00:00" },
	{ "daily", "*-*-* 00:00:00" },
	{ "weekly", "Mon *-*-* 00:00:00" },
	{ "monthly", "*-*-01 00:00:00" },
	{ "quarterly", "*-01,04,07,10-01 00:00:00" },
	{ "semiannually", "*-01,07-01 00:00:00" },
	{ "semi-annually", "*-01,07-01 00:00:00" },
	{ "biannually", "*-01,07-01 00:00:00" },
	{ "bi-annually", "*-01,07-01 00:00:00" },
	{ "yearly", "*-01-01 00:00:00" },
	{ "annually", "*-01-01 00:00:00" },
	{ "anually", "*-01-01 00:00:00" },
};

static bool ends_with_utc(struct str s)
{
	return s.n >= 4 && strncasecmp(s.p + s.n - 4, " UTC", 4) == 0;
}

/* Whether a word in letters stands behind another: a zone that is not UTC. */
static bool ends_with_zone(struct str s)
{
	const char *blank = memrchr(s.p, ' ', s.n);
	char c = blank && blank + 1 < s.p + s.n ? blank[1] : '0';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct date {
	int32_t year;
	int32_t month; /* 1 to 12 */
	int32_t day;   /* 1 to 31 */
};

static struct date date_of_day(uint64_t day);

/* @SECONDS: one moment. */
static int parse_timestamp(struct str s, struct calendar *ret_calendar)
{
	uint64_t seconds;
	struct date date;
	uint64_t in_day;
	unsigned year;
	int r = str_to_u64(s, &seconds);

	if (r < 0)
		return -EINVAL;
	if (seconds >= UINT64_C(86400) * 366 * (CALENDAR_YEAR_MAX - CALENDAR_YEAR_MIN + 1))
		return -EINVAL;
	date = date_of_day(seconds / 86400);
	if (date.year > CALENDAR_YEAR_MAX)
		return -EINVAL;
	in_day = seconds % 86400;
	year = (unsigned)(date.year - CALENDAR_YEAR_MIN);
	*ret_calendar = (struct calendar){
		.weekdays = WEEKDAYS_ALL,
		.months = (uint16_t)(1U << date.month),
		.days = 1U << date.day,
		.hours = 1U << (in_day / 3600),
		.minutes = UINT64_C(1) << (in_day / 60 % 60),
		.seconds_count = 1,
		.seconds = { { (int32_t)(in_day % 60) * US_PER_S, -1, 0 } },
	};
	ret_calendar->years[year / 64] = UINT64_C(1) << (year % 64);
	return 0;
}

int calendar_parse(struct str text, struct calendar *ret_calendar)
{
	struct calendar calendar = { 0 };
	struct chain date[3];
	struct chain time[3];
	int r;

	if (ends_with_utc(text))
		text.n -= 4;
	else if (ends_with_zone(text))
		return -ENOTSUP;
	for (size_t i = 0; i < ARRAY_SIZE(shorthands); i++)
		if (text.n == strlen(shorthands[i].word) && starts_with_letters(text, shorthands[i].word))
			text = str_from(shorthands[i].meaning);
	if (text.n == 0)
		return -EINVAL;
	r = take_weekdays(&text, &calendar.weekdays);
	if (r < 0)
		return r;
	if (at(text, '@')) {
		uint8_t weekdays = calendar.weekdays;

		r = parse_timestamp(behind(text, 1), &calendar);
		calendar.weekdays = weekdays;
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(date); i++)
			date[i] = (struct chain){ .any = true };
		r = take_date(&text, &calendar, date);
		if (r == 0)
			r = take_time(&text, time);
		if (r == 0)
			r = put_years(&calendar, &date[0]);
		if (r == 0)
			r = put_date(&calendar, &date[1], &date[2]);
		if (r == 0)
			r = put_time(&calendar, &time[0], &time[1], &time[2]);
	}
	if (r < 0)
		return r;
	*ret_calendar = calendar;
	return 0;
}

/* ---- the next moment ---- */

static bool leap_year(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int32_t days_of_month(int32_t year, int32_t month)
{
	static const int8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 2 && leap_year(year));
}

/* Days since 1970-01-01, which was a Thursday. */
static uint64_t day_of_date(struct date date)
{
	uint64_t days = (uint64_t)(date.day - 1);

	for (int32_t year = CALENDAR_YEAR_MIN; year < date.year; year++)
		days += leap_year(year) ? 366 : 365;
	for (int32_t month = 1; month < date.month; month++)
		days += (uint64_t)days_of_month(date.year, month);
	return days;
}

static struct date date_of_day(uint64_t day)
{
	struct date date = { CALENDAR_YEAR_MIN, 1, 1 };

	while (date.year <= CALENDAR_YEAR_MAX && day >= (leap_year(date.year) ? 366 : 365)) {
		day -= leap_year(date.year) ? 366 : 365;
		date.year++;
	}
	while (day >= (uint64_t)days_of_month(date.year, date.month) && date.month < 12) {
		day -= (uint64_t)days_of_month(date.year, date.month);
		date.month++;
	}
	date.day = (int32_t)day + 1;
	return date;
}

static bool day_matches(const struct calendar *calendar, struct date date, uint64_t day)
{
	int32_t of_month = date.day;

	if (calendar->end_of_month)
		of_month = days_of_month(date.year, date.month) - date.day + 1;
	return calendar->days >> of_month & 1 && calendar->weekdays >> ((day + 3) % 7) & 1;
}

/* The first day from @date on that is in the calendar. Return: whether there is one. */
static bool next_day(const struct calendar *calendar, struct date *date, uint64_t *ret_day)
{
	uint64_t day = day_of_date(*date);

	while (date->year <= CALENDAR_YEAR_MAX) {
		unsigned year = (unsigned)(date->year - CALENDAR_YEAR_MIN);
		int32_t last = days_of_month(date->year, date->month);

		if (calendar->years[year / 64] >> (year % 64) & 1 &&
		    calendar->months >> date->month & 1) {
			if (day_matches(calendar, *date, day)) {
				*ret_day = day;
				return true;
			}
			if (date->day < last) {
				date->day++;
				day++;
				continue;
			}
		}
		day += (uint64_t)(last - date->day + 1);
		date->day = 1;
		if (++date->month > 12) {
			date->month = 1;
			date->year++;
		}
	}
	return false;
}

/* The smallest second of the minute from @from on, in microseconds, or -1. */
static int64_t next_second(const struct calendar *calendar, int64_t from)
{
	int64_t best = -1;

	for (uint32_t i = 0; i < calendar->seconds_count; i++) {
		const struct calendar_seconds *s = &calendar->seconds[i];
		int64_t stop = s->repeat == 0 ? s->start
			       : s->stop < 0  ? US_PER_MINUTE - 1
					      : s->stop;
		int64_t found = s->start;

		if (found < from && s->repeat > 0)
			found += (from - found + s->repeat - 1) / s->repeat * s->repeat;
		if (found >= from && found <= stop && (best < 0 || found < best))
			best = found;
	}
	return best;
}

/* The first moment of a day from @from on, in microseconds, or -1. */
static int64_t next_time(const struct calendar *calendar, int64_t from)
{
	for (int64_t minute = from / US_PER_MINUTE; minute < INT64_C(24) * 60; minute++) {
		int64_t start = minute * US_PER_MINUTE;
		int64_t second;

		if (!(calendar->hours >> (minute / 60) & 1)) {
			minute = minute / 60 * 60 + 59;
			continue;
		}
		if (!(calendar->minutes >> (minute % 60) & 1))
			continue;
		second = next_second(calendar, from > start ? from - start : 0);
		if (second >= 0)
			return start + second;
	}
	return -1;
}

int calendar_next(const struct calendar *calendar, uint64_t after_realtime_us, uint64_t *ret_realtime_us)
{
	uint64_t from = after_realtime_us + 1;
	uint64_t day = from / US_PER_DAY;
	int64_t in_day = (int64_t)(from % US_PER_DAY);
	struct date date;
	uint64_t found;

	if (from == 0)
		return -ENOENT;
	date = date_of_day(day);
	/* Today's rest first, and then at most one further day: its first moment. */
	while (next_day(calendar, &date, &found)) {
		int64_t time = next_time(calendar, found == day ? in_day : 0);

		if (time >= 0) {
			*ret_realtime_us = found * US_PER_DAY + (uint64_t)time;
			return 0;
		}
		if (found != day)
			return -ENOENT;
		date = date_of_day(day + 1);
	}
	return -ENOENT;
}
