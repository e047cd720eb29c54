// SPDX-License-Identifier: MIT OR Apache-2.0
/* Words, times, signals, sizes, limits and lists of CPUs in unit files: see unit_parse.h. Pure. */
#include <errno.h>
#include <signal.h>
#include <strings.h>

#include "supervisor/unit_parse.h"

/* RFC 3629. */
static void add_utf8(struct buf *b, unsigned code)
{
	int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };

	buf_add_char(b, (char)(first[more] | code >> (6 * more)));
	while (more-- > 0)
		buf_add_char(b, (char)(0x80 | (code >> (6 * more) & 0x3f)));
}

static int octal_or_hex(struct str *rest, int base, size_t digits, struct buf *word)
{
	unsigned value = 0;

	if (rest->n < digits)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		char c = rest->p[i];
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
							: 16;

		if (digit >= (unsigned)base)
			return -EINVAL;
		value = value * (unsigned)base + digit;
	}
	/* A NUL byte cannot be part of an argument; systemd refuses it too. */
	if (value == 0 || value > (digits <= 3 ? 0xff : 0x10ffff))
		return -EINVAL;
	if (digits <= 3)
		buf_add_char(word, (char)value);
	else
		add_utf8(word, value);
	*rest = (struct str){ rest->p + digits, rest->n - digits };
	return 0;
}

/* @rest begins behind the backslash. */
static int unescape(struct str *rest, struct buf *word)
{
	static const char from[] = "abfnrtv\\\"'s";
	static const char to[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *known;
	char c;

	if (rest->n == 0)
		return -EINVAL;
	c = rest->p[0];
	if (c >= '0' && c <= '7')
		return octal_or_hex(rest, 8, 3, word);
	*rest = (struct str){ rest->p + 1, rest->n - 1 };
	if (c == 'x')
		return octal_or_hex(rest, 16, 2, word);
	if (c == 'u' || c == 'U')
		return octal_or_hex(rest, 16, c == 'u' ? 4 : 8, word);
	known = c ? strchr(from, c) : NULL;
	if (!known)
		return -EINVAL;
	buf_add_char(word, to[known - from]);
	return 0;
}

int unit_unescape(struct str s, struct buf *ret_text)
{
	while (s.n > 0) {
		char c = s.p[0];
		int r = 0;

		s = (struct str){ s.p + 1, s.n - 1 };
		if (c == '\\')
			r = unescape(&s, ret_text);
		else
			buf_add_char(ret_text, c);
		if (r < 0)
			return r;
	}
	return ret_text->overflow ? -EINVAL : 0;
}

static int next_word(struct str *rest, bool escapes, struct buf *ret_word)
{
	char quote = '\0';
	bool any = false;

	buf_clear(ret_word);
	*rest = str_trim(*rest);
	while (rest->n > 0) {
		char c = rest->p[0];

		if (!quote && (c == ' ' || c == '\t'))
			break;
		any = true;
		*rest = (struct str){ rest->p + 1, rest->n - 1 };
		if (c == '\\' && escapes) {
			int r = unescape(rest, ret_word);

			if (r < 0)
				return r;
		} else if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
		} else {
			buf_add_char(ret_word, c);
		}
	}
	if (quote || ret_word->overflow)
		return -EINVAL;
	return any;
}

int unit_next_word(struct str *rest, struct buf *ret_word)
{
	return next_word(rest, true, ret_word);
}

int unit_next_raw_word(struct str *rest, struct buf *ret_word)
{
	return next_word(rest, false, ret_word);
}

static bool same_letters(struct str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

int unit_boolean(struct str s, bool *ret_value)
{
	static const char *const words[][2] = {
		{ "0", "1" },	     { "no", "yes" }, { "n", "y" },
		{ "false", "true" }, { "f", "t" },    { "off", "on" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (int value = 0; value <= 1; value++)
			if (same_letters(s, words[i][value])) {
				*ret_value = value;
				return 0;
			}
	return -EINVAL;
}

static const struct {
	const char *name;
	uint64_t ns;
} time_units[] = {
	{ "s", NS_PER_S },
	{ "sec", NS_PER_S },
	{ "second", NS_PER_S },
	{ "seconds", NS_PER_S },
	{ "ms", NS_PER_MS },
	{ "msec", NS_PER_MS },
	{ "us", NS_PER_US },
	{ "usec", NS_PER_US },
	{ "ns", 1 },
	{ "nsec", 1 },
	{ "m", 60 * NS_PER_S },
	{ "min", 60 * NS_PER_S },
	{ "minute", 60 * NS_PER_S },
	{ "minutes", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "hr", 3600 * NS_PER_S },
	{ "hour", 3600 * NS_PER_S },
	{ "hours", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S },
	{ "day", 86400 * NS_PER_S },
	{ "days", 86400 * NS_PER_S },
	{ "w", 7 * 86400 * NS_PER_S },
	{ "week", 7 * 86400 * NS_PER_S },
	{ "weeks", 7 * 86400 * NS_PER_S },
	{ "M", 2629800 * NS_PER_S },
	{ "month", 2629800 * NS_PER_S },
	{ "months", 2629800 * NS_PER_S },
	{ "y", 31557600 * NS_PER_S },
	{ "year", 31557600 * NS_PER_S },
	{ "years", 31557600 * NS_PER_S },
};

static int time_unit(struct str name, uint64_t *ret_ns)
{
	if (name.n == 0) {
		*ret_ns = NS_PER_S;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(time_units); i++)
		if (str_is(name, time_units[i].name)) {
			*ret_ns = time_units[i].ns;
			return 0;
		}
	return -EINVAL;
}

static struct str take_while(struct str *rest, bool digits)
{
	size_t n = 0;
	struct str taken;

	while (n < rest->n) {
		char c = rest->p[n];
		bool digit = c >= '0' && c <= '9';

		if (digits ? !digit : digit || c == ' ' || c == '\t')
			break;
		n++;
	}
	taken = (struct str){ rest->p, n };
	*rest = (struct str){ rest->p + n, rest->n - n };
	return taken;
}

/* The digits behind a point, as a part of @unit. More than nine say nothing in nanoseconds. */
static uint64_t fraction(struct str digits, uint64_t unit)
{
	uint64_t value = 0;
	uint64_t scale = 1;

	for (size_t i = 0; i < digits.n && i < 9; i++) {
		value = value * 10 + (uint64_t)(digits.p[i] - '0');
		scale *= 10;
	}
	return (uint64_t)((__uint128_t)value * unit / scale);
}

int unit_time(struct str s, uint64_t *ret_ns)
{
	uint64_t total = 0;

	s = str_trim(s);
	if (str_is(s, "infinity")) {
		*ret_ns = CLOCK_TIME_MAX;
		return 0;
	}
	if (s.n == 0)
		return -EINVAL;
	while (s.n > 0) {
		struct str digits = take_while(&s, true);
		struct str decimals = { 0 };
		uint64_t number = 0;
		uint64_t unit;
		int r;

		if (s.n > 0 && s.p[0] == '.') {
			s = (struct str){ s.p + 1, s.n - 1 };
			decimals = take_while(&s, true);
		}
		if (digits.n + decimals.n == 0)
			return -EINVAL;
		r = digits.n > 0 ? str_to_u64(digits, &number) : 0;
		if (r < 0)
			return r;
		s = str_trim(s);
		r = time_unit(take_while(&s, false), &unit);
		if (r < 0)
			return r;
		total = clock_add(total, clock_multiply(number, unit));
		total = clock_add(total, fraction(decimals, unit));
		if (total == CLOCK_TIME_MAX)
			return -ERANGE;
		s = str_trim(s);
	}
	*ret_ns = total;
	return 0;
}

int unit_signal(struct str s)
{
	uint64_t number;
	int base;

	if (str_to_u64(s, &number) == 0)
		return number > 0 && number < (uint64_t)NSIG ? (int)number : -EINVAL;
	if (str_starts(s, "SIG"))
		s = (struct str){ s.p + 3, s.n - 3 };
	for (int signal_number = 1; signal_number < 32; signal_number++) {
		const char *name = sigabbrev_np(signal_number);

		if (name && str_is(s, name))
			return signal_number;
	}
	if (str_starts(s, "RTMIN"))
		base = SIGRTMIN;
	else if (str_starts(s, "RTMAX"))
		base = SIGRTMAX;
	else
		return -EINVAL;
	s = (struct str){ s.p + 5, s.n - 5 };
	if (s.n == 0)
		return base;
	if (s.p[0] != (base == SIGRTMIN ? '+' : '-') ||
	    str_to_u64((struct str){ s.p + 1, s.n - 1 }, &number) < 0 ||
	    number > (uint64_t)(SIGRTMAX - SIGRTMIN))
		return -EINVAL;
	return base == SIGRTMIN ? SIGRTMIN + (int)number : SIGRTMAX - (int)number;
}

int unit_size(struct str s, unsigned base, uint64_t *ret_bytes)
{
	static const char suffixes[] = "KMGTPE";
	struct str whole = { 0 };
	uint64_t factor = 1;
	uint64_t number;
	uint64_t bytes;
	int r;

	if (s.n > 0 && s.p[s.n - 1] == 'B')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] > '9') {
		const char *suffix = strchr(suffixes, s.p[s.n - 1]);

		if (!suffix)
			return -EINVAL;
		for (const char *p = suffixes; p <= suffix; p++)
			factor *= base;
		s.n--;
	}
	s = str_trim(s);
	(void)str_split(&s, '.', &whole);
	r = str_to_u64(whole, &number);
	if (r < 0)
		return r;
	if (s.n > 0 && take_while(&(struct str){ s.p, s.n }, true).n != s.n)
		return -EINVAL;
	if (__builtin_mul_overflow(number, factor, &bytes) ||
	    __builtin_add_overflow(bytes, fraction(s, factor), &bytes))
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}

/* "N" or "N-M". */
static int cpu_range(struct str word, size_t limit, uint64_t *ret_first, uint64_t *ret_last)
{
	struct str first = { 0 };
	size_t all = word.n;
	int r;

	(void)str_split(&word, '-', &first);
	r = str_to_u64(first, ret_first);
	if (r == 0 && first.n < all)
		r = str_to_u64(word, ret_last);
	else
		*ret_last = *ret_first;
	if (r < 0)
		return r;
	if (*ret_last >= limit)
		return -ERANGE;
	return *ret_first <= *ret_last ? 0 : -EINVAL;
}

int unit_cpu_list(struct str s, uint64_t *mask, size_t bits)
{
	struct str word;
	bool any = false;

	while (str_next_word(&s, &word)) {
		struct str item;

		while (str_split(&word, ',', &item)) {
			uint64_t first;
			uint64_t last;
			int r;

			if (item.n == 0)
				continue;
			r = cpu_range(item, bits, &first, &last);
			if (r < 0)
				return r;
			for (uint64_t i = first; i <= last; i++)
				mask[i / 64] |= UINT64_C(1) << (i % 64);
			any = true;
		}
	}
	return any ? 0 : -EINVAL;
}

static bool cpu_in(const uint64_t *mask, size_t bits, size_t cpu)
{
	return cpu < bits && mask[cpu / 64] >> (cpu % 64) & 1;
}

void unit_cpu_list_format(const uint64_t *mask, size_t bits, struct buf *ret_text)
{
	for (size_t i = 0; i < bits; i++) {
		size_t first = i;

		if (!cpu_in(mask, bits, i))
			continue;
		while (cpu_in(mask, bits, i + 1))
			i++;
		buf_printf(ret_text, "%s%zu", ret_text->len > 0 ? "," : "", first);
		if (i > first)
			buf_printf(ret_text, "-%zu", i);
	}
}

static int one_limit(int resource, struct str s, rlim_t *ret_value)
{
	uint64_t value;
	int r;

	if (str_is(s, "infinity")) {
		*ret_value = RLIM_INFINITY;
		return 0;
	}
	switch (resource) {
	case RLIMIT_CPU:
		r = unit_time(s, &value);
		value = r < 0 ? 0 : value / NS_PER_S + (value % NS_PER_S > 0);
		break;
	case RLIMIT_RTTIME:
		/* The one limit that is counted in microseconds, and so is a bare number. */
		r = str_to_u64(s, &value);
		if (r < 0) {
			r = unit_time(s, &value);
			value = r < 0 ? 0 : value / NS_PER_US;
		}
		break;
	case RLIMIT_FSIZE:
	case RLIMIT_DATA:
	case RLIMIT_STACK:
	case RLIMIT_CORE:
	case RLIMIT_RSS:
	case RLIMIT_AS:
	case RLIMIT_MEMLOCK:
	case RLIMIT_MSGQUEUE:
		r = unit_size(s, 1024, &value);
		break;
	default: /* counts: NPROC, NOFILE, LOCKS, SIGPENDING, NICE, RTPRIO */
		r = str_to_u64(s, &value);
		break;
	}
	if (r < 0)
		return r;
	*ret_value = (rlim_t)value;
	return 0;
}

int unit_limit(int resource, struct str s, struct rlimit *ret_limit)
{
	struct str soft;
	struct str hard;
	struct rlimit limit;
	int r;

	if (!str_split(&s, ':', &soft))
		return -EINVAL;
	hard = s.n > 0 ? s : soft;
	r = one_limit(resource, str_trim(soft), &limit.rlim_cur);
	if (r == 0)
		r = one_limit(resource, str_trim(hard), &limit.rlim_max);
	if (r < 0)
		return r;
	if (limit.rlim_cur > limit.rlim_max)
		return -EINVAL;
	*ret_limit = limit;
	return 0;
}
