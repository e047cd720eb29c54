// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The console: see console_writer.h. It is opened anew for each burst of lines (a console that was hung up costs
 * the lines of that burst), never becomes a controlling terminal, and is always non-blocking.
 */
#include "logd/console_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/fd.h"
#include "logd/log_record_parse.h"

static struct {
	int epoll_fd;
	uint64_t data;
	int fd;
	bool watched;
	uint64_t dropped;
	size_t length;
	char pending[CONSOLE_PENDING];
} console = { .fd = -1 };

void console_init(int epoll_fd, uint64_t data)
{
	console.epoll_fd = epoll_fd;
	console.data = data;
}

static void done(void)
{
	/* Closing takes it out of the epoll set. */
	console.fd = fd_close(console.fd);
	console.watched = false;
	console.length = 0;
}

/* A console that cannot be waited for (a file, /dev/null) is not waited for: it takes everything anyway. */
static void wait_for_room(void)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.u64 = console.data };

	if (!console.watched && epoll_ctl(console.epoll_fd, EPOLL_CTL_ADD, console.fd, &event) == 0)
		console.watched = true;
	if (!console.watched)
		done();
}

static void append(struct str line)
{
	if (line.n > sizeof(console.pending) - console.length) {
		console.dropped++;
		return;
	}
	memcpy(console.pending + console.length, line.p, line.n);
	console.length += line.n;
}

static void say_dropped(void)
{
	char text[96];
	struct buf b = BUF(text);

	if (console.dropped == 0)
		return;
	buf_printf(&b, "orlop-logd: %llu lines were not shown here\n",
		   (unsigned long long)console.dropped);
	console.dropped = 0;
	append((struct str){ b.p, b.len });
}

void console_dispatch(void)
{
	ssize_t n = 0;

	if (console.fd < 0)
		return;
	while (console.length > 0) {
		n = write(console.fd, console.pending, console.length);
		if (n <= 0 && errno != EINTR)
			break;
		if (n <= 0)
			continue;
		console.length -= (size_t)n;
		memmove(console.pending, console.pending + n, console.length);
		if (console.length == 0)
			say_dropped();
	}
	if (console.length > 0 && errno == EAGAIN)
		wait_for_room();
	else
		done();
}

void console_add(struct str name, struct str text)
{
	char line[LOG_UNIT_SIZE + 4 * LOG_TEXT_MAX + 8];
	struct buf b = BUF(line);

	buf_printf(&b, STR_FORMAT ": ", STR_ARGS(name));
	buf_add_escaped(&b, text);
	buf_add_char(&b, '\n');
	if (console.fd < 0)
		console.fd = open("/dev/console",
				  O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (console.fd < 0)
		return;
	append((struct str){ b.p, b.len });
	/* While it is watched it has said that it is full. */
	if (!console.watched)
		console_dispatch();
}
