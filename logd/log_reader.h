// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reading the log's files: the records that a query asks for, oldest first, over the files of all boots
 * that it is about. Work is done in portions, so that a server can read for many at once; at the end of the last file a reader waits
 * there and goes on when more is written. It only reads: orlop-logd and orlopctl use it alike.
 *
 * Lines that are no records (torn by a power cut, or damaged) are passed over and counted.
 */
#pragma once

#include "logd/log_files.h"

/* Holds the longest line, and is read at once. */
#define LOG_READER_BUFFER (2 * LOG_LINE_MAX)
/* Bytes that one call looks at before it says LOG_READER_MORE. */
#define LOG_READER_PORTION (256 * 1024)

enum log_reader_result {
	LOG_READER_END = 0, /* nothing more for now */
	LOG_READER_RECORD = 1,
	LOG_READER_MORE = 2, /* the portion is used up: call again */
};

struct log_reader {
	struct log_query query;
	int directory; /* of LOG_DIRECTORY; not owned */
	uint32_t first_boot;
	uint32_t last_boot;
	struct log_boot boot;
	int boot_directory;
	uint32_t file;
	int fd;
	uint64_t offset; /* where the next read(2) begins */
	size_t start;	 /* of the bytes in the buffer that are not yet looked at */
	size_t end;
	size_t portion;
	bool counting;	  /* looks backwards for the first of the last N */
	bool too_long;	  /* inside of a line that is longer than any record */
	bool last_look;	  /* the file at hand has a successor, so its end is final */
	uint64_t count;	  /* of matches in the files that were counted */
	uint64_t skip;	  /* matches to pass over, as they are before the last N */
	uint64_t damaged; /* lines that are no records */
	char buffer[LOG_READER_BUFFER];
};

/**
 * log_reader_open() - begins to read for @query.
 * @directory: of the log, which must stay open; -1 reads nothing
 * Return: 0, -ENOENT (no such boot) or -errno. log_reader_close() is due only after 0.
 */
int log_reader_open(struct log_reader *reader, int directory, const struct log_query *query);
void log_reader_close(struct log_reader *reader);

/**
 * log_reader_next() - the next record that the query asks for.
 * @ret_record: on LOG_READER_RECORD; its texts are good until the next call
 * @ret_line: the same as a line without its newline
 * Return: enum log_reader_result or -errno.
 */
int log_reader_next(struct log_reader *reader, struct log_record *ret_record, struct str *ret_line);

/** log_reader_boot() - Return: the ID of the boot that the last record is of. */
const char *log_reader_boot(const struct log_reader *reader);

struct log_boot_times {
	uint64_t first; /* microseconds since 1970, of the first and the last record */
	uint64_t last;
};

/** log_boot_times() - from when to when a boot's log is. Return: 0, -ENODATA (it has no record) or -errno. */
int log_boot_times(int directory, const struct log_boot *boot, struct log_boot_times *ret_times);
