// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pipes to files: see source.h. A file that cannot be written (the disk is full, or not there yet) costs
 * the lines of that moment, which still reach the console if they should; it is tried anew with each
 * line, so nothing has to notice when the disk is back.
 */
#include "logd/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"

#define LOG_DIRECTORY "/var/log/orlop"
#define PATH_SIZE (sizeof(LOG_DIRECTORY) + SOURCE_NAME_SIZE + 16)

static bool valid_name(struct str name)
{
	return name.n > 0 && name.n < SOURCE_NAME_SIZE && name.p[0] != '.' &&
	       !memchr(name.p, '/', name.n);
}

/* Files are kept for good: there are as many as units. */
static struct log_file *file_of(struct str name)
{
	static struct log_file *files;
	struct log_file *file;

	for (file = files; file; file = file->next)
		if (str_is(name, file->name))
			return file;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	memcpy(file->name, name.p, name.n);
	file->fd = -1;
	file->next = files;
	files = file;
	return file;
}

struct source *source_new(struct str name, int pipe_fd, bool console)
{
	struct source *source = valid_name(name) ? calloc(1, sizeof(*source)) : NULL;

	if (source)
		source->file = file_of(name);
	if (!source || !source->file) {
		fd_close(pipe_fd);
		free(source);
		return NULL;
	}
	source->console = console;
	source->pipe_fd = pipe_fd;
	return source;
}

void source_set_pipe(struct source *source, int pipe_fd)
{
	fd_close(source->pipe_fd);
	source->pipe_fd = pipe_fd;
}

static void path_of(const struct log_file *file, unsigned rotation, char ret_path[static PATH_SIZE])
{
	struct buf b = buf_init(ret_path, PATH_SIZE);

	buf_printf(&b, LOG_DIRECTORY "/%s.log", file->name);
	if (rotation > 0)
		buf_printf(&b, ".%u", rotation);
}

static void rotate(struct log_file *file)
{
	file->fd = fd_close(file->fd);
	for (unsigned i = SOURCE_ROTATIONS; i > 0; i--) {
		char from[PATH_SIZE];
		char to[PATH_SIZE];

		path_of(file, i - 1, from);
		path_of(file, i, to);
		(void)rename(from, to);
	}
}

static bool file_open(struct log_file *file)
{
	char path[PATH_SIZE];
	struct stat st;

	if (file->fd >= 0)
		return true;
	path_of(file, 0, path);
	file->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (file->fd < 0 && errno == ENOENT && make_directories(LOG_DIRECTORY, 0755) == 0)
		file->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return false;
	file->size = (uint64_t)st.st_size;
	return true;
}

static void file_add(struct log_file *file, const struct buf *line)
{
	if (!file_open(file))
		return;
	if (file->size > 0 && file->size + line->len > SOURCE_FILE_MAX)
		rotate(file);
	if (file_open(file) && fd_write_all(file->fd, line->p, line->len) == 0)
		file->size += line->len;
	else
		file->fd = fd_close(file->fd);
}

/* RFC 3339 in UTC, with microseconds. */
static void add_time(struct buf *b)
{
	struct timespec now;
	struct tm tm;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || !gmtime_r(&now.tv_sec, &tm))
		return;
	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ ", tm.tm_year + 1900, tm.tm_mon + 1,
		   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000);
}

static void write_line(struct source *source, struct str line)
{
	char text[LINE_SIZE * 4 + SOURCE_NAME_SIZE + 64];
	struct buf b = BUF(text);

	add_time(&b);
	buf_add_escaped(&b, line);
	buf_add_char(&b, '\n');
	file_add(source->file, &b);
	if (!source->console)
		return;
	buf_clear(&b);
	buf_printf(&b, "%s: ", source->file->name);
	buf_add_escaped(&b, line);
	klog_console((struct str){ b.p, b.len });
}

void source_flush(struct source *source)
{
	if (source->length == 0)
		return;
	write_line(source, (struct str){ source->line, source->length });
	source->length = 0;
}

static void take(struct source *source, struct str data)
{
	while (data.n > 0) {
		const char *newline = memchr(data.p, '\n', data.n);
		size_t n = newline ? (size_t)(newline - data.p) : data.n;
		size_t room = sizeof(source->line) - source->length;
		bool whole = n <= room;

		if (!whole)
			n = room;
		memcpy(source->line + source->length, data.p, n);
		source->length += n;
		if (newline && whole) {
			write_line(source, (struct str){ source->line, source->length });
			source->length = 0;
			n++;
		} else if (source->length == sizeof(source->line)) {
			source_flush(source);
		}
		data = (struct str){ data.p + n, data.n - n };
	}
}

size_t source_read(struct source *source)
{
	char data[8192];
	size_t taken = 0;

	while (taken < SOURCE_READ_PER_PASS) {
		ssize_t n = read(source->pipe_fd, data, sizeof(data));

		if (n <= 0)
			break;
		take(source, (struct str){ data, (size_t)n });
		taken += (size_t)n;
	}
	return taken;
}
