// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a reader asks the log for: one line of words on /run/orlop/logs, and the same in orlopctl when it reads
 * the files by itself. orlop-log(5) is the specification:
 *
 *   logs [unit=NAME]... [since=TIME] [until=TIME] [boot=N|ID] [priority=N] [lines=N] [kernel=yes] [follow=yes]
 *        [after=NUMBER] [format=record|json]
 *   boots
 *
 * Pure.
 */
#pragma once

#include "logd/log_record_parse.h"

#define LOG_QUERY_UNITS_MAX 16
/* All the units that can be named, and the rest. */
#define LOG_QUERY_SIZE (LOG_QUERY_UNITS_MAX * (LOG_UNIT_SIZE + 8) + 512)
/* The kernel's boot ID without dashes, with the NUL. */
#define LOG_BOOT_ID_SIZE 33

enum log_query_verb {
	LOG_QUERY_RECORDS,
	LOG_QUERY_BOOTS,
};

enum log_query_boot {
	LOG_BOOT_ALL,
	LOG_BOOT_OFFSET, /* 0 is the last, -1 the one before; 1 is the first that is kept */
	LOG_BOOT_ID,
};

struct log_query {
	enum log_query_verb verb;
	unsigned unit_count;
	char units[LOG_QUERY_UNITS_MAX][LOG_UNIT_SIZE];
	/* Both ends belong to it; wall clock in microseconds, boot time in ns. */
	uint64_t since;
	uint64_t until;
	uint64_t since_boot;
	uint64_t until_boot;
	enum log_query_boot boot;
	int64_t boot_offset;
	char boot_id[LOG_BOOT_ID_SIZE];
	unsigned severity; /* this and what is more urgent */
	uint64_t lines;	   /* at most the last so many, UINT64_MAX: all */
	uint64_t after; /* records of the last boot up to this number are left out, with all other boots; 0: none */
	bool kernel; /* only what the kernel itself said */
	bool follow;
	bool json;
};

/** log_query_init() - everything of all boots. */
void log_query_init(struct log_query *query);

/**
 * log_query_parse() - reads a line, without its newline.
 * @ret_problem: on -EINVAL what is wrong, a text for people
 * Return: 0 or -EINVAL.
 */
int log_query_parse(struct str line, struct log_query *ret_query, const char **ret_problem);

/** log_query_time() - SECONDS[.DIGITS], in microseconds; what is finer is cut. Return: 0 or -EINVAL. */
int log_query_time(struct str value, uint64_t *ret_us);

/** log_query_add_unit() - Return: 0, -EINVAL (no name of a unit) or -ENOSPC. */
int log_query_add_unit(struct log_query *query, struct str name);

/** log_query_write() - appends the line (without newline) that log_query_parse() reads as @query. */
void log_query_write(const struct log_query *query, struct buf *b);

/** log_query_match() - Return: whether the record is asked for; of which boot it is has been decided before. */
bool log_query_match(const struct log_query *query, const struct log_record *record);
