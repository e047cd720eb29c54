// SPDX-License-Identifier: MIT OR Apache-2.0
/* The query line: see log_query_parse.h. Pure: no system call, no allocation, no global that changes. */
#include "logd/log_query_parse.h"

#include <errno.h>

#include "lib/clock.h"

#define US_PER_S UINT64_C(1000000)

void log_query_init(struct log_query *query)
{
	memset(query, 0, sizeof(*query));
	query->until = UINT64_MAX;
	query->until_boot = UINT64_MAX;
	query->severity = 7;
	query->lines = UINT64_MAX;
}

int log_query_add_unit(struct log_query *query, struct str name)
{
	char *to;

	if (name.n == 0 || name.n >= LOG_UNIT_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < name.n; i++)
		if ((uint8_t)name.p[i] <= ' ' || name.p[i] == '/' || name.p[i] == 0x7f)
			return -EINVAL;
	if (query->unit_count == LOG_QUERY_UNITS_MAX)
		return -ENOSPC;
	to = query->units[query->unit_count++];
	memcpy(to, name.p, name.n);
	to[name.n] = '\0';
	return 0;
}

static int parse_unit(struct log_query *query, struct str value)
{
	return log_query_add_unit(query, value);
}

int log_query_time(struct str value, uint64_t *ret_us)
{
	struct str whole;
	uint64_t seconds;
	uint64_t fraction = 0;

	if (!str_split(&value, '.', &whole) || str_to_u64(whole, &seconds) < 0 ||
	    seconds > UINT64_MAX / NS_PER_S - 1)
		return -EINVAL;
	if (value.n > 6)
		value.n = 6;
	if (value.n > 0 && str_to_u64(value, &fraction) < 0)
		return -EINVAL;
	for (size_t i = value.n; i < 6; i++)
		fraction *= 10;
	*ret_us = seconds * US_PER_S + fraction;
	return 0;
}

/* "1764054000.5" is the wall clock, "+12.5" the time since the boot. */
static int parse_time(struct str value, uint64_t *wall, uint64_t *boot)
{
	uint64_t us;

	if (!str_starts(value, "+"))
		return log_query_time(value, wall);
	if (log_query_time((struct str){ value.p + 1, value.n - 1 }, &us) < 0)
		return -EINVAL;
	*boot = us * NS_PER_US;
	return 0;
}

static int parse_since(struct log_query *query, struct str value)
{
	return parse_time(value, &query->since, &query->since_boot);
}

static int parse_until(struct log_query *query, struct str value)
{
	return parse_time(value, &query->until, &query->until_boot);
}

static int parse_boot(struct log_query *query, struct str value)
{
	uint8_t id[(LOG_BOOT_ID_SIZE - 1) / 2];
	struct buf b = BUF(query->boot_id);

	if (str_is(value, "all")) {
		query->boot = LOG_BOOT_ALL;
		return 0;
	}
	if (value.n == LOG_BOOT_ID_SIZE - 1 && hex_decode(value, id, sizeof(id)) == (int)sizeof(id)) {
		query->boot = LOG_BOOT_ID;
		buf_add_hex(&b, id, sizeof(id));
		return 0;
	}
	query->boot = LOG_BOOT_OFFSET;
	return str_to_i64(value, &query->boot_offset);
}

static int parse_priority(struct log_query *query, struct str value)
{
	uint64_t severity;

	if (str_to_u64(value, &severity) < 0 || severity > 7)
		return -EINVAL;
	query->severity = (unsigned)severity;
	return 0;
}

static int parse_lines(struct log_query *query, struct str value)
{
	return str_to_u64(value, &query->lines);
}

static int parse_after(struct log_query *query, struct str value)
{
	return str_to_u64(value, &query->after);
}

static int parse_bool(struct str value, bool *ret_value)
{
	if (!str_is(value, "yes") && !str_is(value, "no"))
		return -EINVAL;
	*ret_value = value.n == 3;
	return 0;
}

static int parse_kernel(struct log_query *query, struct str value)
{
	return parse_bool(value, &query->kernel);
}

static int parse_follow(struct log_query *query, struct str value)
{
	return parse_bool(value, &query->follow);
}

static int parse_format(struct log_query *query, struct str value)
{
	query->json = str_is(value, "json");
	return query->json || str_is(value, "record") ? 0 : -EINVAL;
}

static const struct {
	const char *key;
	int (*parse)(struct log_query *query, struct str value);
	const char *problem;
} keys[] = {
	{ "unit", parse_unit, "unit= is not the name of a unit, or there are more than 16" },
	{ "since", parse_since, "since= is not SECONDS since 1970 or +SECONDS since the boot" },
	{ "until", parse_until, "until= is not SECONDS since 1970 or +SECONDS since the boot" },
	{ "boot", parse_boot, "boot= is not all, a number or a boot ID" },
	{ "priority", parse_priority, "priority= is not a number from 0 to 7" },
	{ "lines", parse_lines, "lines= is not a number" },
	{ "after", parse_after, "after= is not a number" },
	{ "kernel", parse_kernel, "kernel= is not yes or no" },
	{ "follow", parse_follow, "follow= is not yes or no" },
	{ "format", parse_format, "format= is not record or json" },
};

static int parse_word(struct log_query *query, struct str word, const char **ret_problem)
{
	struct str key = { 0 };

	/* Leaves the value in @word; without a "=" that is empty, which no key takes. */
	(void)str_split(&word, '=', &key);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_is(key, keys[i].key)) {
			*ret_problem = keys[i].problem;
			return keys[i].parse(query, word) < 0 ? -EINVAL : 0;
		}
	*ret_problem = "unknown key";
	return -EINVAL;
}

int log_query_parse(struct str line, struct log_query *ret_query, const char **ret_problem)
{
	const char *problem = "neither logs nor boots";
	struct str word;

	log_query_init(ret_query);
	if (!str_next_word(&line, &word))
		word = (struct str){ "", 0 };
	if (str_is(word, "boots"))
		ret_query->verb = LOG_QUERY_BOOTS;
	else if (!str_is(word, "logs"))
		goto bad;
	while (str_next_word(&line, &word))
		if (parse_word(ret_query, word, &problem) < 0)
			goto bad;
	return 0;
bad:
	*ret_problem = problem;
	return -EINVAL;
}

static void write_time(struct buf *b, const char *key, uint64_t wall, uint64_t boot, uint64_t unset)
{
	if (wall != unset)
		buf_printf(b, " %s=%llu.%06llu", key, (unsigned long long)(wall / US_PER_S),
			   (unsigned long long)(wall % US_PER_S));
	if (boot == unset)
		return;
	buf_printf(b, " %s=+", key);
	buf_add_seconds(b, boot, 6);
}

void log_query_write(const struct log_query *query, struct buf *b)
{
	buf_add(b, query->verb == LOG_QUERY_BOOTS ? "boots" : "logs");
	for (unsigned i = 0; i < query->unit_count; i++)
		buf_printf(b, " unit=%s", query->units[i]);
	write_time(b, "since", query->since, query->since_boot, 0);
	write_time(b, "until", query->until, query->until_boot, UINT64_MAX);
	switch (query->boot) {
	case LOG_BOOT_ALL:
		break;
	case LOG_BOOT_OFFSET:
		buf_printf(b, " boot=%lld", (long long)query->boot_offset);
		break;
	case LOG_BOOT_ID:
		buf_printf(b, " boot=%s", query->boot_id);
		break;
	}
	if (query->severity < 7)
		buf_printf(b, " priority=%u", query->severity);
	if (query->lines != UINT64_MAX)
		buf_printf(b, " lines=%llu", (unsigned long long)query->lines);
	if (query->after > 0)
		buf_printf(b, " after=%llu", (unsigned long long)query->after);
	buf_add(b, query->kernel ? " kernel=yes" : "");
	buf_add(b, query->follow ? " follow=yes" : "");
	buf_add(b, query->json ? " format=json" : "");
}

static bool unit_matches(const struct log_query *query, const struct log_record *record)
{
	/* What comes from no unit is found by its name: the kernel, PID 1, a person's logger(1). */
	struct str name = record->unit.n > 0 ? record->unit : record->identifier;

	for (unsigned i = 0; i < query->unit_count; i++)
		if (str_is(name, query->units[i]))
			return true;
	return query->unit_count == 0;
}

bool log_query_match(const struct log_query *query, const struct log_record *record)
{
	return LOG_SEVERITY(record->priority) <= query->severity && record->wall_time >= query->since &&
	       record->wall_time <= query->until && record->boot_time >= query->since_boot &&
	       record->boot_time <= query->until_boot && record->number > query->after &&
	       (!query->kernel ||
		(record->source == LOG_SOURCE_KERNEL && LOG_FACILITY(record->priority) == 0)) &&
	       unit_matches(query, record);
}
