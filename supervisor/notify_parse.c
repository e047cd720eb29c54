// SPDX-License-Identifier: MIT OR Apache-2.0
/* The sd_notify(3) protocol: see notify_parse.h. */
#include "supervisor/notify_parse.h"

#include <errno.h>
#include <stddef.h>

#include "lib/clock.h"
#include "lib/macros.h"

/* Lines that are just there, or not. */
static const struct {
	const char *line;
	size_t offset;
} flags[] = {
	{ "READY=1", offsetof(struct notify_message, ready) },
	{ "RELOADING=1", offsetof(struct notify_message, reloading) },
	{ "STOPPING=1", offsetof(struct notify_message, stopping) },
	{ "WATCHDOG=1", offsetof(struct notify_message, watchdog) },
	{ "WATCHDOG=trigger", offsetof(struct notify_message, watchdog_trigger) },
	{ "BARRIER=1", offsetof(struct notify_message, barrier) },
	{ "FDSTORE=1", offsetof(struct notify_message, fd_store) },
	{ "FDSTOREREMOVE=1", offsetof(struct notify_message, fd_store_remove) },
	{ "FDPOLL=0", offsetof(struct notify_message, fd_no_poll) },
};

#define ABSENT SIZE_MAX

/* Lines with a number. @unit: what one of it is, in the unit of the field. */
static const struct {
	const char *key;
	size_t offset;
	size_t given; /* offset of the flag that it is there, or ABSENT where 0 says that it is not */
	uint64_t unit;
} numbers[] = {
	{ "MAINPID=", offsetof(struct notify_message, main_pid), ABSENT, 1 },
	{ "ERRNO=", offsetof(struct notify_message, errno_value),
	  offsetof(struct notify_message, has_errno), 1 },
	{ "EXTEND_TIMEOUT_USEC=", offsetof(struct notify_message, extend_timeout), ABSENT, NS_PER_US },
	{ "MONOTONIC_USEC=", offsetof(struct notify_message, monotonic),
	  offsetof(struct notify_message, has_monotonic), NS_PER_US },
	{ "WATCHDOG_USEC=", offsetof(struct notify_message, watchdog_period),
	  offsetof(struct notify_message, has_watchdog_period), NS_PER_US },
};

static bool take(struct str line, const char *key, struct str *ret_value)
{
	size_t n = strlen(key);

	if (!str_starts(line, key))
		return false;
	*ret_value = (struct str){ line.p + n, line.n - n };
	return true;
}

static bool take_flag(struct str line, struct notify_message *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (str_is(line, flags[i].line)) {
			*(bool *)((char *)m + flags[i].offset) = true;
			return true;
		}
	return false;
}

/* Return: 1 if the line is one of a number, 0 if not, -EINVAL for what is no number. */
static int take_number(struct str line, struct notify_message *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t number;
		struct str value;

		if (!take(line, numbers[i].key, &value))
			continue;
		if (str_to_u64(value, &number) < 0)
			return -EINVAL;
		*(uint64_t *)((char *)m + numbers[i].offset) = clock_multiply(number, numbers[i].unit);
		if (numbers[i].given != ABSENT)
			*(bool *)((char *)m + numbers[i].given) = true;
		return 1;
	}
	return 0;
}

/* As much of the text as fits once it is made printable. */
static void keep_status(struct str value, char ret_status[static NOTIFY_STATUS_SIZE])
{
	struct buf b = buf_init(ret_status, NOTIFY_STATUS_SIZE);

	for (size_t i = 0; i < value.n && !b.overflow; i++)
		buf_add_escaped(&b, (struct str){ value.p + i, 1 });
}

/* A name for LISTEN_FDNAMES: printable ASCII without the colon that separates them there. */
static void keep_name(struct str value, char ret_name[static NOTIFY_FD_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, NOTIFY_FD_NAME_SIZE);

	buf_clear(&b);
	ret_name[0] = '\0';
	if (value.n >= NOTIFY_FD_NAME_SIZE)
		return;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] > '~' || value.p[i] == ':')
			return;
	buf_add_str(&b, value);
}

int notify_parse(struct str datagram, struct notify_message *ret_message)
{
	struct notify_message m = { 0 };
	struct str line;

	if (memchr(datagram.p, '\0', datagram.n))
		return -EINVAL;
	while (str_split(&datagram, '\n', &line)) {
		struct str value;
		int r;

		if (take_flag(line, &m))
			continue;
		r = take_number(line, &m);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (take(line, "STATUS=", &value))
			keep_status(value, m.status);
		else if (take(line, "FDNAME=", &value))
			keep_name(value, m.fd_name);
	}
	*ret_message = m;
	return 0;
}
