// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Dates and times of TOML, which are those of RFC 3339: see toml_reader.h. A second may be 60, as the RFC has
 * it for leap seconds; which minutes have one is not checked. Pure.
 */
#include "lib/toml_reader.h"

/* What is still to be read of a word. */
struct scan {
	struct str rest;
	const char *wrong; /* the first thing that is out of its bounds */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_digits(struct str s, size_t count)
{
	if (s.n < count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

bool toml_is_time(struct str word)
{
	return (has_digits(word, 4) && word.n > 4 && word.p[4] == '-') ||
	       (has_digits(word, 2) && word.n > 2 && word.p[2] == ':');
}

static bool skip(struct scan *s, const char *any_of)
{
	if (s->rest.n == 0 || !strchr(any_of, s->rest.p[0]))
		return false;
	s->rest = (struct str){ s->rest.p + 1, s->rest.n - 1 };
	return true;
}

/* A number of exactly so many digits, and its bounds. */
static bool read_field(struct scan *s, size_t digits, unsigned min, unsigned max, const char *wrong,
		       unsigned *ret)
{
	unsigned value = 0;

	if (!has_digits(s->rest, digits))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = 10 * value + (unsigned)(s->rest.p[i] - '0');
	s->rest = (struct str){ s->rest.p + digits, s->rest.n - digits };
	if ((value < min || value > max) && !s->wrong)
		s->wrong = wrong;
	*ret = value;
	return true;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_date(struct scan *s, struct toml_time *time)
{
	unsigned year;
	unsigned month;
	unsigned day;

	if (!read_field(s, 4, 0, 9999, "", &year) || !skip(s, "-") ||
	    !read_field(s, 2, 1, 12, "there are the months 01 to 12", &month) || !skip(s, "-") ||
	    !read_field(s, 2, 1, 31, "there are the days 01 to 31", &day))
		return false;
	if (!s->wrong && day > days_of_month(year, month))
		s->wrong = "that month has fewer days";
	time->year = (uint16_t)year;
	time->month = (uint8_t)month;
	time->day = (uint8_t)day;
	return true;
}

/* Digits behind the point of a second: the first nine count. */
static bool read_fraction(struct scan *s, struct toml_time *time)
{
	unsigned unit = 100000000;

	if (!has_digits(s->rest, 1))
		return false;
	for (; has_digits(s->rest, 1); unit /= 10) {
		time->nanosecond += unit * (unsigned)(s->rest.p[0] - '0');
		s->rest = (struct str){ s->rest.p + 1, s->rest.n - 1 };
	}
	return true;
}

static bool read_clock(struct scan *s, struct toml_time *time)
{
	unsigned hour;
	unsigned minute;
	unsigned second;

	if (!read_field(s, 2, 0, 23, "there are the hours 00 to 23", &hour) || !skip(s, ":") ||
	    !read_field(s, 2, 0, 59, "there are the minutes 00 to 59", &minute) || !skip(s, ":") ||
	    !read_field(s, 2, 0, 60, "there are the seconds 00 to 60", &second))
		return false;
	time->hour = (uint8_t)hour;
	time->minute = (uint8_t)minute;
	time->second = (uint8_t)second;
	return !skip(s, ".") || read_fraction(s, time);
}

/* What may follow date and time. */
static bool read_offset(struct scan *s, struct toml_time *time)
{
	bool west = s->rest.p[0] == '-';
	unsigned hours;
	unsigned minutes;
	unsigned offset;

	if (skip(s, "Zz"))
		return true;
	if (!skip(s, "+-") || !read_field(s, 2, 0, 23, "an offset has the hours 00 to 23", &hours) ||
	    !skip(s, ":") || !read_field(s, 2, 0, 59, "an offset has the minutes 00 to 59", &minutes))
		return false;
	offset = 60 * hours + minutes;
	time->offset_minutes = (int16_t)(west ? -(int)offset : (int)offset);
	return true;
}

/* Return: whether the form is that of one of the four types. */
static bool read_any(struct scan *s, struct toml_time *time, enum toml_type *ret_type)
{
	if (s->rest.n > 2 && s->rest.p[2] == ':') {
		*ret_type = TOML_LOCAL_TIME;
		return read_clock(s, time) && s->rest.n == 0;
	}
	*ret_type = TOML_LOCAL_DATE;
	if (!read_date(s, time))
		return false;
	if (s->rest.n == 0)
		return true;
	*ret_type = TOML_LOCAL_DATE_TIME;
	if (!skip(s, "Tt ") || !read_clock(s, time))
		return false;
	if (s->rest.n == 0)
		return true;
	*ret_type = TOML_OFFSET_DATE_TIME;
	return read_offset(s, time) && s->rest.n == 0;
}

int toml_read_time(struct toml_reader *r, struct str word, struct toml_position at,
		   struct toml_node *node)
{
	struct scan scan = { .rest = word };
	struct toml_time time = { 0 };
	char shown[UTF8_SHOWN_SIZE];
	enum toml_type type;

	if (!read_any(&scan, &time, &type))
		return toml_fail(r, at, "\"%s\" is not a date or time like 1979-05-27T07:32:00Z",
				 utf8_shown(word, shown));
	if (scan.wrong)
		return toml_fail(r, at, "%s: %s", utf8_shown(word, shown), scan.wrong);
	node->type = type;
	node->u.time = time;
	return 0;
}
