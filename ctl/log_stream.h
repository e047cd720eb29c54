// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where orlopctl gets the log from: orlop-logd's socket, or the files themselves when nobody answers there. What comes
 * out is the same: records, with the boot that each is of. A stream that follows outlives a restart of orlop-logd.
 */
#pragma once

#include "logd/log_reader.h"

struct log_stream {
	int fd; /* of the socket; -1: the files are read */
	int directory;
	struct log_query query;
	uint64_t last; /* the number of the last record */
	char boot_id[LOG_BOOT_ID_SIZE];
	size_t start;
	size_t end;
	char buffer[LOG_READER_BUFFER];
	struct log_reader reader;
};

/**
 * log_stream_open() - asks for what @query says. Its format must be that of records.
 * @ret_problem: on -EINVAL what the log says is wrong; good as long as @stream
 * Return: 0, -ENOENT (there is no log), -EINVAL or -errno (-EACCES: not for this user).
 */
int log_stream_open(struct log_stream *stream, const struct log_query *query, const char **ret_problem);

/**
 * log_stream_next() - waits for the next line.
 * @ret_record: the record, whose texts are good until the next call
 * Return: 1, 0 (the end) or -errno.
 */
int log_stream_next(struct log_stream *stream, struct log_record *ret_record);

/** log_stream_line() - for `boots`: the next line as it is. Return: 1, 0 or -errno. */
int log_stream_line(struct log_stream *stream, struct str *ret_line);

void log_stream_close(struct log_stream *stream);
