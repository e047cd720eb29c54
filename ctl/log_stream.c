// SPDX-License-Identifier: MIT OR Apache-2.0
/* Socket or files: see log_stream.h. orlopctl may wait, so this blocks. */
#include "ctl/log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "logd/server.h"

/* PID 1 starts orlop-logd again after a tenth of a second; a follower waits for it this long. */
#define RECONNECT_TRIES 100
#define RECONNECT_DELAY (100 * NS_PER_MS)

static int connect_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET_PATH };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int log_stream_line(struct log_stream *stream, struct str *ret_line)
{
	for (;;) {
		struct str rest = { stream->buffer + stream->start, stream->end - stream->start };
		const char *newline = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;
		ssize_t n;

		if (newline) {
			*ret_line = (struct str){ rest.p, (size_t)(newline - rest.p) };
			stream->start += ret_line->n + 1;
			return 1;
		}
		if (stream->fd < 0)
			return 0;
		memmove(stream->buffer, rest.p, rest.n);
		stream->start = 0;
		stream->end = rest.n;
		if (rest.n == sizeof(stream->buffer))
			return -EMSGSIZE;
		n = read(stream->fd, stream->buffer + rest.n, sizeof(stream->buffer) - rest.n);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		stream->end += n > 0 ? (size_t)n : 0;
	}
}

/* Sends the query and reads "ok". */
static int ask(struct log_stream *stream, const char **ret_problem)
{
	char text[LOG_QUERY_SIZE];
	struct buf b = BUF(text);
	struct str line;
	int r;

	log_query_write(&stream->query, &b);
	buf_add_char(&b, '\n');
	if (b.overflow)
		return -E2BIG;
	if (send(stream->fd, b.p, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		return -errno;
	r = log_stream_line(stream, &line);
	if (r <= 0)
		return r < 0 ? r : -ECONNRESET;
	if (str_is(line, "ok"))
		return 0;
	/* The line is followed by nothing: its newline can become its end. */
	stream->buffer[stream->start - 1] = '\0';
	*ret_problem = str_starts(line, "error ") ? line.p + strlen("error ")
						  : "an answer that means nothing";
	return -EINVAL;
}

static int open_files(struct log_stream *stream)
{
	int r;

	stream->directory = open(LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stream->directory < 0)
		return -errno;
	if (stream->query.verb == LOG_QUERY_BOOTS)
		return 0;
	r = log_reader_open(&stream->reader, stream->directory, &stream->query);
	if (r < 0)
		stream->directory = fd_close(stream->directory);
	return r;
}

int log_stream_open(struct log_stream *stream, const struct log_query *query, const char **ret_problem)
{
	int r;

	stream->query = *query;
	stream->directory = -1;
	stream->last = 0;
	stream->start = stream->end = 0;
	stream->boot_id[0] = '\0';
	stream->fd = connect_socket();
	if (stream->fd == -ENOENT || stream->fd == -ECONNREFUSED) {
		stream->fd = -1;
		return open_files(stream);
	}
	if (stream->fd < 0)
		return stream->fd;
	r = ask(stream, ret_problem);
	if (r < 0)
		stream->fd = fd_close(stream->fd);
	return r;
}

/* orlop-logd is gone: goes on behind the last record as soon as it is back. */
static int reconnect(struct log_stream *stream)
{
	static const struct timespec delay = { .tv_nsec = RECONNECT_DELAY };
	const char *problem;

	stream->query.after = stream->last;
	stream->query.lines = UINT64_MAX;
	for (int i = 0; i < RECONNECT_TRIES; i++) {
		int r;

		fd_close(stream->fd);
		stream->start = stream->end = 0;
		stream->fd = connect_socket();
		r = stream->fd < 0 ? stream->fd : ask(stream, &problem);
		if (r == 0)
			return 0;
		(void)nanosleep(&delay, NULL);
	}
	return -ECONNRESET;
}

static int next_from_files(struct log_stream *stream, struct log_record *ret_record)
{
	struct buf b = BUF(stream->boot_id);
	struct str line;
	int r;

	do
		r = log_reader_next(&stream->reader, ret_record, &line);
	while (r == LOG_READER_MORE);
	if (r == LOG_READER_RECORD)
		buf_add(&b, log_reader_boot(&stream->reader));
	return r;
}

int log_stream_next(struct log_stream *stream, struct log_record *ret_record)
{
	struct str line;
	int r;

	if (stream->directory >= 0)
		return next_from_files(stream, ret_record);
	for (;;) {
		r = log_stream_line(stream, &line);
		if (r <= 0 && stream->query.follow)
			r = reconnect(stream);
		else if (r <= 0)
			return r;
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (str_starts(line, "# boot ")) {
			struct buf b = BUF(stream->boot_id);

			buf_add_str(&b, (struct str){ line.p + 7, line.n - 7 });
		} else if (log_record_parse(line, ret_record) == 0) {
			stream->last = ret_record->number;
			return 1;
		}
	}
}

void log_stream_close(struct log_stream *stream)
{
	if (stream->directory >= 0 && stream->query.verb == LOG_QUERY_RECORDS)
		log_reader_close(&stream->reader);
	stream->directory = fd_close(stream->directory);
	stream->fd = fd_close(stream->fd);
}
