// SPDX-License-Identifier: MIT OR Apache-2.0
/* Options as KEY=VALUE: see options_parse.h. */
#include "logd/options_parse.h"

#include <errno.h>

/* Systemd's group for who may read all logs, and Debian's older one. */
#define DEFAULT_GROUP "adm"

/* @letters: what may follow a number, each with its factor. Return: 0 or -EINVAL. */
static int parse_scaled(struct str value, const char *letters, const uint64_t *factors,
			uint64_t *ret_value)
{
	const char *letter = value.n > 0 ? strchr(letters, value.p[value.n - 1]) : NULL;
	uint64_t number;

	if (letter)
		value.n--;
	if (str_to_u64(value, &number) < 0 || number == 0)
		return -EINVAL;
	*ret_value = clock_multiply(number,
				    letter ? factors[letter - letters] : factors[strlen(letters)]);
	return 0;
}

static int parse_size(struct logd_options *options, const char *value)
{
	static const uint64_t factors[] = { 1U << 10, 1U << 20, 1U << 30, 1 };

	return parse_scaled(str_from(value), "KMG", factors, &options->limits.max_size);
}

static int parse_time(const char *value, uint64_t *ret_ns)
{
	static const uint64_t factors[] = { 60 * NS_PER_S, 3600 * NS_PER_S, 86400 * NS_PER_S,
					    7 * 86400 * NS_PER_S, NS_PER_S };

	return parse_scaled(str_from(value), "mhdw", factors, ret_ns);
}

static int parse_age(struct logd_options *options, const char *value)
{
	return parse_time(value, &options->limits.max_age);
}

static int parse_rate_interval(struct logd_options *options, const char *value)
{
	return parse_time(value, &options->rate.interval);
}

static int parse_rate_burst(struct logd_options *options, const char *value)
{
	static const uint64_t factors[] = { 1 };

	return parse_scaled(str_from(value), "", factors, &options->rate.burst);
}

static int parse_boots(struct logd_options *options, const char *value)
{
	static const uint64_t factors[] = { 1 };

	return parse_scaled(str_from(value), "", factors, &options->limits.max_boots);
}

static int parse_kmsg(struct logd_options *options, const char *value)
{
	options->kmsg = value;
	return 0;
}

static int parse_group(struct logd_options *options, const char *value)
{
	options->group = value;
	return 0;
}

static const struct {
	const char *key;
	int (*parse)(struct logd_options *options, const char *value);
	const char *problem;
} keys[] = {
	{ "--max-size=", parse_size, "--max-size= is not a number of bytes with K, M or G" },
	{ "--max-age=", parse_age, "--max-age= is not a number of seconds, or of m, h, d or w" },
	{ "--max-boots=", parse_boots, "--max-boots= is not a number" },
	{ "--rate-interval=", parse_rate_interval,
	  "--rate-interval= is not a number of seconds, or of m, h, d or w" },
	{ "--rate-burst=", parse_rate_burst, "--rate-burst= is not a number" },
	{ "--kmsg=", parse_kmsg, "" },
	{ "--group=", parse_group, "" },
};

int logd_options_parse(int argc, char **argv, struct logd_options *ret_options, const char **ret_problem)
{
	struct logd_options options = {
		.limits = STORE_LIMITS_DEFAULT,
		.rate = RATE_LIMIT_DEFAULT,
		.group = DEFAULT_GROUP,
	};

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(keys) && !str_starts(str_from(argv[i]), keys[k].key))
			k++;
		*ret_problem = k < ARRAY_SIZE(keys) ? keys[k].problem : "unknown option";
		if (k == ARRAY_SIZE(keys) || keys[k].parse(&options, argv[i] + strlen(keys[k].key)) < 0)
			return -EINVAL;
	}
	*ret_options = options;
	return 0;
}
