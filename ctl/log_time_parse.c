// SPDX-License-Identifier: MIT OR Apache-2.0
/* Dates, times and spans: see log_time_parse.h. */
#include "ctl/log_time_parse.h"

#include <errno.h>
#include <time.h>

#define US_PER_S UINT64_C(1000000)

static const struct {
	const char *name;
	uint64_t us;
} units[] = {
	{ "us", 1 },
	{ "usec", 1 },
	{ "ms", 1000 },
	{ "msec", 1000 },
	{ "s", US_PER_S },
	{ "sec", US_PER_S },
	{ "second", US_PER_S },
	{ "seconds", US_PER_S },
	{ "", US_PER_S },
	{ "m", 60 * US_PER_S },
	{ "min", 60 * US_PER_S },
	{ "minute", 60 * US_PER_S },
	{ "minutes", 60 * US_PER_S },
	{ "h", 3600 * US_PER_S },
	{ "hr", 3600 * US_PER_S },
	{ "hour", 3600 * US_PER_S },
	{ "hours", 3600 * US_PER_S },
	{ "d", 86400 * US_PER_S },
	{ "day", 86400 * US_PER_S },
	{ "days", 86400 * US_PER_S },
	{ "w", 7 * 86400 * US_PER_S },
	{ "week", 7 * 86400 * US_PER_S },
	{ "weeks", 7 * 86400 * US_PER_S },
};

static size_t count_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static struct str skip(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

/* "1h 30min": numbers with their units. */
static int parse_span(struct str text, uint64_t *ret_us)
{
	uint64_t sum = 0;

	text = str_trim(text);
	if (text.n == 0)
		return -EINVAL;
	while (text.n > 0) {
		size_t digits = count_digits(text);
		struct str name;
		uint64_t value;
		size_t i;

		if (str_to_u64((struct str){ text.p, digits }, &value) < 0)
			return -EINVAL;
		text = str_trim(skip(text, digits));
		name = (struct str){ text.p, 0 };
		while (name.n < text.n && text.p[name.n] >= 'a' && text.p[name.n] <= 'z')
			name.n++;
		for (i = 0; i < ARRAY_SIZE(units) && !str_is(name, units[i].name); i++)
			;
		if (i == ARRAY_SIZE(units) || __builtin_mul_overflow(value, units[i].us, &value) ||
		    __builtin_add_overflow(sum, value, &sum))
			return -EINVAL;
		text = str_trim(skip(text, name.n));
	}
	*ret_us = sum;
	return 0;
}

/* Numbers of fixed length with separators, as @form has them: "9999-99-99". */
static bool has_form(struct str text, const char *form)
{
	if (text.n != strlen(form))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (form[i] == '9' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != form[i])
			return false;
	return true;
}

static int number_at(struct str text, size_t at, size_t digits)
{
	uint64_t value = 0;

	(void)str_to_u64((struct str){ text.p + at, digits }, &value);
	return (int)value;
}

static bool parse_clock(struct str text, struct tm *tm)
{
	if (!has_form(text, "99:99") && !has_form(text, "99:99:99"))
		return false;
	tm->tm_hour = number_at(text, 0, 2);
	tm->tm_min = number_at(text, 3, 2);
	tm->tm_sec = text.n == 8 ? number_at(text, 6, 2) : 0;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 61;
}

static bool parse_date(struct str text, struct tm *tm)
{
	if (!has_form(text, "9999-99-99"))
		return false;
	tm->tm_year = number_at(text, 0, 4) - 1900;
	tm->tm_mon = number_at(text, 5, 2) - 1;
	tm->tm_mday = number_at(text, 8, 2);
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
}

static bool parse_day(struct str word, struct tm *tm)
{
	static const struct {
		const char *name;
		int days;
	} names[] = { { "today", 0 }, { "yesterday", -1 }, { "tomorrow", 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_is(word, names[i].name)) {
			tm->tm_mday += names[i].days;
			return true;
		}
	return parse_date(word, tm);
}

/* "[DAY] [CLOCK]", each at least one of them. */
static int parse_calendar(struct str text, bool utc, uint64_t now, uint64_t *ret_us)
{
	time_t seconds = (time_t)(now / US_PER_S);
	struct tm tm = { 0 };
	struct str word = { 0 };
	bool any;

	(void)(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm));
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	/* Whether it is summer time follows from the rest. */
	tm.tm_isdst = -1;
	if (text.n > 10 && text.p[10] == 'T' && parse_date((struct str){ text.p, 10 }, &tm)) {
		text = skip(text, 11);
		any = str_next_word(&text, &word) && parse_clock(word, &tm);
	} else {
		any = str_next_word(&text, &word) && parse_day(word, &tm);
		if (any ? str_next_word(&text, &word) : word.n > 0)
			any = parse_clock(word, &tm);
	}
	if (!any || str_next_word(&text, &word))
		return -EINVAL;
	seconds = utc ? timegm(&tm) : mktime(&tm);
	if (seconds < 0)
		return -EINVAL;
	*ret_us = (uint64_t)seconds * US_PER_S;
	return 0;
}

static int parse_epoch(struct str text, uint64_t *ret_us)
{
	struct str whole;
	uint64_t seconds;
	uint64_t fraction = 0;

	if (!str_split(&text, '.', &whole) || str_to_u64(whole, &seconds) < 0 ||
	    seconds > UINT64_MAX / US_PER_S - 1)
		return -EINVAL;
	if (text.n > 6)
		text.n = 6;
	if (text.n > 0 && str_to_u64(text, &fraction) < 0)
		return -EINVAL;
	for (size_t i = text.n; i < 6; i++)
		fraction *= 10;
	*ret_us = seconds * US_PER_S + fraction;
	return 0;
}

int log_time_parse(struct str text, uint64_t now, uint64_t *ret_us)
{
	uint64_t span = 0;
	bool utc;
	int r;

	text = str_trim(text);
	if (str_is(text, "now")) {
		*ret_us = now;
		return 0;
	}
	if (str_starts(text, "@"))
		return parse_epoch(skip(text, 1), ret_us);
	if (str_starts(text, "-") || str_ends(text, " ago")) {
		r = str_starts(text, "-") ? parse_span(skip(text, 1), &span)
					  : parse_span((struct str){ text.p, text.n - 4 }, &span);
		if (r == 0)
			*ret_us = span < now ? now - span : 0;
		return r;
	}
	if (str_starts(text, "+")) {
		r = parse_span(skip(text, 1), &span);
		if (r == 0 && __builtin_add_overflow(now, span, ret_us))
			*ret_us = UINT64_MAX;
		return r;
	}
	utc = str_ends(text, " UTC") || str_ends(text, "Z");
	if (utc)
		text.n -= str_ends(text, "Z") ? 1 : 4;
	return parse_calendar(text, utc, now, ret_us);
}
