// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * PID 1's own log: see klog.h. State is one descriptor and the early lines, all static. Every path
 * through here ends, whatever the devices do: kmsg never blocks, the console is non-blocking.
 */
#include "lib/klog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/fd.h"

/* Text of one early line; longer ones are cut, which is better than losing them. */
#define EARLY_LINE_MAX 160
/* Room for a formatted line before it is escaped. */
#define FORMAT_MAX 1024
/* Escaping makes at most four bytes of one. */
#define ESCAPED_MAX (4 * FORMAT_MAX)

static struct {
	int kmsg;
	enum klog_level level;
	bool console;
	bool standard_error;   /* is the console of a container */
	uint64_t kernel_shows; /* the kernel puts records below this level on the console itself */
	size_t early_count;
	size_t early_lost;
} state = { .kmsg = -1, .level = KLOG_INFO, .console = true };

/* Lines that wait for /dev/kmsg. */
static struct {
	enum klog_level level;
	char text[EARLY_LINE_MAX];
} early[KLOG_EARLY_MAX] _table_;

const char *error_name(int error)
{
	const char *text = strerrordesc_np(error < 0 ? -error : error);

	return text ? text : "unknown error";
}

static void kmsg_write(enum klog_level level, struct str text)
{
	static const char facility_daemon = 3;

	do {
		char record[KLOG_LINE_MAX + 32];
		struct buf b = BUF(record);
		struct str part = { text.p, text.n < KLOG_LINE_MAX ? text.n : KLOG_LINE_MAX };

		buf_printf(&b, "<%d>orlop: ", facility_daemon << 3 | (int)level);
		buf_add_str(&b, part);
		/* Without its newline a record stays open for more, and readers see it only with the next one. */
		buf_add_char(&b, '\n');
		/* A full ring overwrites old records and EINTR is retried by the next line: nothing to do. */
		(void)!write(state.kmsg, b.p, b.len);
		text = (struct str){ text.p + part.n, text.n - part.n };
	} while (text.n > 0);
}

/*
 * Opened anew each time: a console that was hung up costs one line. What was there at the start as
 * standard error is opened through /proc, which gives a description of its own that can be
 * non-blocking without changing the one that others share.
 */
static int sink_open(void)
{
	const char *path = state.standard_error ? "/proc/self/fd/2" : "/dev/console";

	return open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

void klog_console(struct str line)
{
	_cleanup_fd_ int fd = -1;
	struct iovec parts[] = {
		{ .iov_base = (void *)(uintptr_t)line.p, .iov_len = line.n },
		{ .iov_base = (void *)(uintptr_t) "\n", .iov_len = 1 },
	};

	if (!state.console)
		return;
	fd = sink_open();
	if (fd >= 0)
		(void)!writev(fd, parts, ARRAY_SIZE(parts));
}

static void emit(enum klog_level level, struct str text)
{
	if (state.kmsg >= 0) {
		kmsg_write(level, text);
		return;
	}
	if (state.early_count == KLOG_EARLY_MAX) {
		state.early_lost++;
		return;
	}
	if (text.n >= EARLY_LINE_MAX)
		text.n = EARLY_LINE_MAX - 1;
	memcpy(early[state.early_count].text, text.p, text.n);
	early[state.early_count].text[text.n] = '\0';
	early[state.early_count++].level = level;
}

void klog(enum klog_level level, const char *format, ...)
{
	int saved = errno;
	char raw[FORMAT_MAX];
	char escaped[ESCAPED_MAX];
	struct buf b = BUF(escaped);
	va_list args;
	int n;

	if (level > state.level)
		return;
	va_start(args, format);
	n = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (n < 0)
		return;
	buf_add_escaped(&b, str_from(raw));
	emit(level, (struct str){ b.p, b.len });
	if (level <= KLOG_NOTICE &&
	    (state.kmsg < 0 || state.standard_error || (uint64_t)level >= state.kernel_shows)) {
		char line[sizeof("orlop: ") + ESCAPED_MAX];
		struct buf c = BUF(line);

		buf_add(&c, "orlop: ");
		buf_add_str(&c, (struct str){ b.p, b.len });
		klog_console((struct str){ c.p, c.len });
	}
	errno = saved;
}

/*
 * Records below the console log level, the first number of the file, are put on the console by the
 * kernel itself: a second copy from us would only double them.
 */
static uint64_t console_level(void)
{
	char text[64];
	struct str rest;
	struct str word;
	uint64_t level;
	ssize_t n = file_read(AT_FDCWD, "/proc/sys/kernel/printk", text, sizeof(text));

	if (n < 0)
		return 0;
	rest = (struct str){ text, (size_t)n };
	return str_next_word(&rest, &word) && str_to_u64(word, &level) == 0 ? level : 0;
}

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	fd_close(state.kmsg);
	state.kmsg = fd;
	state.kernel_shows = console_level();
	for (size_t i = 0; i < state.early_count; i++)
		kmsg_write(early[i].level, str_from(early[i].text));
	if (state.early_lost > 0)
		klog(KLOG_WARNING, "%zu early log lines did not fit and were lost", state.early_lost);
	state.early_count = 0;
	state.early_lost = 0;
	return 0;
}

void klog_close(void)
{
	state.kmsg = fd_close(state.kmsg);
}

void klog_set_level(enum klog_level level)
{
	state.level = level;
}

void klog_use_standard_error(void)
{
	state.standard_error = true;
}

void klog_set_console(bool enabled)
{
	state.console = enabled;
}
