// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The walk over files: see log_reader.h. For the last N records the files are counted from the newest back
 * until there are enough, and then read forwards from there; most often that is one file.
 * A file that vanishes meanwhile (it was the oldest) is read to its end, as it is open.
 */
#include "logd/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/fd.h"

static void close_file(struct log_reader *reader)
{
	reader->fd = fd_close(reader->fd);
	reader->offset = 0;
	reader->start = reader->end = 0;
	reader->too_long = reader->last_look = false;
}

static int open_file(struct log_reader *reader, uint32_t number)
{
	char name[LOG_FILE_NAME_SIZE];
	int fd;

	log_file_name(number, name);
	fd = openat(reader->boot_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0)
		return -errno;
	close_file(reader);
	reader->fd = fd;
	reader->file = number;
	return 0;
}

static int open_boot(struct log_reader *reader, const struct log_boot *boot)
{
	int fd = log_boot_open(reader->directory, boot);

	if (fd < 0)
		return fd;
	fd_close(reader->boot_directory);
	reader->boot_directory = fd;
	reader->boot = *boot;
	reader->file = 0;
	return 0;
}

/* Whether the file at hand must be read once more: its writer may have added to it before it began the next. */
static bool look_again(struct log_reader *reader)
{
	if (reader->fd < 0 || reader->last_look)
		return false;
	reader->last_look = true;
	return true;
}

/*
 * Finds the file behind the one at hand, maybe of a later boot.
 * Return: 1, 0 (there is none, and nothing has changed) or -errno. Between the look and the open it may
 * have been removed: the one behind it is next then.
 */
static int next_file(struct log_reader *reader)
{
	for (;;) {
		struct log_boot boot;
		uint32_t number;
		int r = 0;

		if (reader->boot_directory >= 0)
			r = log_file_next(reader->boot_directory, reader->file, &number);
		if (r > 0 && look_again(reader))
			return 1;
		if (r > 0) {
			r = open_file(reader, number);
			if (r == 0)
				return 1;
			reader->file = number;
			if (r != -ENOENT)
				return r;
			continue;
		}
		if (r < 0)
			return r;
		if (reader->boot.index >= reader->last_boot)
			return 0;
		r = log_boot_next(reader->directory, reader->boot.index, &boot);
		if (r <= 0)
			return r;
		if (boot.index > reader->last_boot)
			return 0;
		if (look_again(reader))
			return 1;
		r = open_boot(reader, &boot);
		if (r == -ENOENT)
			reader->boot.index = boot.index;
		else if (r < 0)
			return r;
	}
}

/* The same backwards. */
static int previous_file(struct log_reader *reader)
{
	for (;;) {
		struct log_boot boot;
		uint32_t before = reader->file > 0 ? reader->file : UINT32_MAX;
		uint32_t number;
		int r = 0;

		if (reader->boot_directory >= 0)
			r = log_file_previous(reader->boot_directory, before, &number);
		if (r > 0) {
			r = open_file(reader, number);
			return r < 0 ? r : 1;
		}
		if (r < 0)
			return r;
		r = log_boot_previous(reader->directory, reader->boot.index, &boot);
		if (r <= 0 || boot.index < reader->first_boot)
			return r < 0 ? r : 0;
		r = open_boot(reader, &boot);
		if (r < 0)
			return r;
	}
}

int log_reader_open(struct log_reader *reader, int directory, const struct log_query *query)
{
	int r;

	reader->query = *query;
	reader->directory = directory;
	reader->boot = (struct log_boot){ 0 };
	reader->boot_directory = reader->fd = -1;
	reader->file = 0;
	reader->count = reader->skip = reader->damaged = 0;
	reader->counting = query->lines != UINT64_MAX;
	reader->portion = LOG_READER_PORTION;
	close_file(reader);
	reader->first_boot = 1;
	reader->last_boot = 0;
	if (directory < 0)
		return 0;
	r = log_boots_for(directory, query, &reader->first_boot, &reader->last_boot);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (reader->counting)
		reader->boot.index = reader->last_boot == UINT32_MAX ? UINT32_MAX
								     : reader->last_boot + 1;
	else
		reader->boot.index = reader->first_boot - 1;
	return 0;
}

void log_reader_close(struct log_reader *reader)
{
	close_file(reader);
	reader->boot_directory = fd_close(reader->boot_directory);
}

/* More of the file at hand. Return: bytes, 0 at its end (for now), or -errno. */
static ssize_t refill(struct log_reader *reader)
{
	ssize_t n;

	if (reader->start > 0) {
		memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (reader->end == sizeof(reader->buffer)) {
		reader->too_long = true;
		reader->end = 0;
	}
	do
		n = pread(reader->fd, reader->buffer + reader->end,
			  sizeof(reader->buffer) - reader->end, (off_t)reader->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->offset += (uint64_t)n;
	reader->end += (size_t)n;
	reader->portion -= (size_t)n < reader->portion ? (size_t)n : reader->portion;
	return n;
}

/* A whole line of the buffer. */
static bool take_line(struct log_reader *reader, struct str *ret_line)
{
	struct str rest = { reader->buffer + reader->start, reader->end - reader->start };
	const char *newline = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;

	if (!newline)
		return false;
	*ret_line = (struct str){ rest.p, (size_t)(newline - rest.p) };
	reader->start += ret_line->n + 1;
	return true;
}

/* The next record of the file at hand that matches. Return: as log_reader_next(). */
static int next_in_file(struct log_reader *reader, struct log_record *ret_record, struct str *ret_line)
{
	while (reader->fd >= 0) {
		struct str line;
		ssize_t n;

		while (take_line(reader, &line)) {
			bool damaged = reader->too_long;

			reader->too_long = false;
			/* A file begins with a line for people. */
			if (str_starts(line, "#"))
				continue;
			if (damaged || log_record_parse(line, ret_record) < 0) {
				reader->damaged++;
			} else if (log_query_match(&reader->query, ret_record)) {
				*ret_line = line;
				return LOG_READER_RECORD;
			}
		}
		if (reader->portion == 0)
			return LOG_READER_MORE;
		n = refill(reader);
		if (n <= 0)
			return (int)n;
	}
	return LOG_READER_END;
}

/* Looks for where the last N records begin. Return: LOG_READER_END when it is found, LOG_READER_MORE or -errno. */
static int count_back(struct log_reader *reader)
{
	for (;;) {
		struct log_record record;
		struct str line;
		int r;

		while ((r = next_in_file(reader, &record, &line)) == LOG_READER_RECORD)
			reader->count++;
		if (r != LOG_READER_END)
			return r;
		if (reader->fd < 0 || reader->count < reader->query.lines) {
			r = previous_file(reader);
			if (r > 0)
				continue;
			if (r < 0)
				return r;
			/* There are fewer than that: all of them, from the start. */
			log_reader_close(reader);
			reader->boot.index = reader->first_boot - 1;
		} else {
			/* Forwards from the start of the file at hand. */
			reader->skip = reader->count - reader->query.lines;
			reader->offset = 0;
			reader->start = reader->end = 0;
			reader->too_long = false;
		}
		reader->counting = false;
		reader->damaged = 0;
		return LOG_READER_END;
	}
}

static int next_record(struct log_reader *reader, struct log_record *ret_record, struct str *ret_line)
{
	for (;;) {
		int r = next_in_file(reader, ret_record, ret_line);

		if (r == LOG_READER_RECORD && reader->skip > 0) {
			reader->skip--;
			continue;
		}
		if (r != LOG_READER_END)
			return r;
		r = next_file(reader);
		if (r <= 0)
			return r;
	}
}

int log_reader_next(struct log_reader *reader, struct log_record *ret_record, struct str *ret_line)
{
	int r = LOG_READER_END;

	if (reader->directory < 0)
		return r;
	if (reader->portion == 0)
		reader->portion = LOG_READER_PORTION;
	if (reader->counting)
		r = count_back(reader);
	return r == LOG_READER_END ? next_record(reader, ret_record, ret_line) : r;
}

const char *log_reader_boot(const struct log_reader *reader)
{
	return reader->boot.id;
}
