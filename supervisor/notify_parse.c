// SPDX-License-Identifier: MIT OR Apache-2.0
/* The sd_notify(3) protocol: see notify_parse.h. */
#include "supervisor/notify_parse.h"

#include <errno.h>

#include "lib/clock.h"

static bool take(struct str line, const char *key, struct str *ret_value)
{
	size_t n = strlen(key);

	if (!str_starts(line, key))
		return false;
	*ret_value = (struct str){ line.p + n, line.n - n };
	return true;
}

/* As much of the text as fits once it is made printable. */
static void keep_status(struct str value, char ret_status[static NOTIFY_STATUS_SIZE])
{
	struct buf b = buf_init(ret_status, NOTIFY_STATUS_SIZE);

	for (size_t i = 0; i < value.n && !b.overflow; i++)
		buf_add_escaped(&b, (struct str){ value.p + i, 1 });
}

int notify_parse(struct str datagram, struct notify_message *ret_message)
{
	struct notify_message m = { 0 };
	struct str line;

	if (memchr(datagram.p, '\0', datagram.n))
		return -EINVAL;
	while (str_split(&datagram, '\n', &line)) {
		struct str value;
		int r = 0;

		if (str_is(line, "READY=1"))
			m.ready = true;
		else if (str_is(line, "RELOADING=1"))
			m.reloading = true;
		else if (str_is(line, "STOPPING=1"))
			m.stopping = true;
		else if (str_is(line, "WATCHDOG=1"))
			m.watchdog = true;
		else if (str_is(line, "BARRIER=1"))
			m.barrier = true;
		else if (take(line, "MAINPID=", &value))
			r = str_to_u64(value, &m.main_pid);
		else if (take(line, "ERRNO=", &value))
			r = str_to_u64(value, &m.errno_value);
		else if (take(line, "EXTEND_TIMEOUT_USEC=", &value)) {
			r = str_to_u64(value, &m.extend_timeout);
			m.extend_timeout = clock_multiply(m.extend_timeout, NS_PER_US);
		} else if (take(line, "STATUS=", &value)) {
			keep_status(value, m.status);
		}
		if (r < 0)
			return -EINVAL;
	}
	*ret_message = m;
	return 0;
}
