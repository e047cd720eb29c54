// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Records for people and for programs: lines as journalctl -o short, short with the text alone, and JSON objects
 * with the field names of systemd's journal, so that what reads those reads these.
 */
#pragma once

#include "logd/log_record_parse.h"

/* The longest JSON line: each byte of the text may become six. */
#define LOG_FORMAT_SIZE (6 * (LOG_TEXT_MAX + LOG_IDENTIFIER_MAX + LOG_UNIT_SIZE) + 1024)

struct log_format_context {
	const char *host;
	const char *boot_id; /* of the record's boot */
	bool colour;	     /* by severity, for a terminal */
};

/** log_format_short() - "Nov 25 07:00:00 host unit[12]: text", in local time, without newline at its end. */
void log_format_short(struct buf *b, const struct log_record *record,
		      const struct log_format_context *context);

/** log_format_cat() - the text alone. */
void log_format_cat(struct buf *b, const struct log_record *record);

/** log_format_json() - an object in one line. Bytes that are no UTF-8 become U+FFFD. */
void log_format_json(struct buf *b, const struct log_record *record,
		     const struct log_format_context *context);
