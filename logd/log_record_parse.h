// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One record of the log: a line of text that proves itself. On disk, in the ring and on the socket it
 * looks the same (orlop-log(5)):
 *
 *   CRC NUMBER BOOTTIME WALLTIME PRIORITY SOURCE[:ORIGIN] UNIT IDENTIFIER PID TEXT
 *   5c1fa1b2 17 12.345678 1764054000.123456 30 o containerd.service - 432 Hello
 *
 * CRC is CRC-32C of what follows the blank behind it, in eight hexadecimal digits; a line that was torn
 * by a power cut does not match, and costs itself alone. A field that is not there is "-". Control
 * bytes and the backslash are \xNN, so no field holds a newline and only TEXT a blank. Pure.
 */
#pragma once

#include <stdint.h>

#include "lib/str.h"

/* Bytes of a service's line that become one record; what is longer becomes several. */
#define LOG_TEXT_MAX 4096
/* systemd's UNIT_NAME_MAX, with the NUL. */
#define LOG_UNIT_SIZE 256
/* A syslog tag has at most 32 bytes (RFC 3164), an RFC 5424 APP-NAME 48. Longer ones are cut. */
#define LOG_IDENTIFIER_MAX 64
/* An encoded record with its newline: each byte of the text may become four, the rest fits beside. */
#define LOG_LINE_MAX (4 * LOG_TEXT_MAX + 4 * LOG_IDENTIFIER_MAX + LOG_UNIT_SIZE + 256)

/* How a record came in; the letter is the one in the file. */
enum log_source {
	LOG_SOURCE_AUDIT = 'a',
	LOG_SOURCE_KERNEL = 'k',
	LOG_SOURCE_OWN = 'l', /* said by orlop-logd about the log itself */
	LOG_SOURCE_OUTPUT = 'o',
	LOG_SOURCE_SYSLOG = 's',
};

struct log_record {
	uint64_t number;    /* counts the records of a boot, from 1 */
	uint64_t boot_time; /* ns, CLOCK_BOOTTIME; the file keeps microseconds */
	uint64_t wall_time; /* microseconds since 1970 */
	unsigned priority;  /* facility times 8 plus severity (RFC 5424), below 192 */
	enum log_source source;
	uint64_t origin; /* the number in the kernel's log, plus one; 0: not from there */
	uint32_t pid;	 /* 0: not known */
	struct str unit; /* empty: none */
	struct str identifier;
	struct str text; /* as it was printed when encoding, escaped after parsing */
};

#define LOG_SEVERITY(priority) ((priority)&7U)
#define LOG_SEVERITY_MAX 7U /* debug */
#define LOG_FACILITY(priority) ((priority) >> 3)
/* daemon.info, which a service's line is without more (systemd.exec(5), SyslogLevel=). */
#define LOG_PRIORITY_DEFAULT (3U << 3 | 6U)
#define LOG_PRIORITY_MAX 191U

/** log_checksum() - Return: CRC-32C (Castagnoli, as in iSCSI, RFC 3720) of @data. */
uint32_t log_checksum(struct str data);

/**
 * log_record_encode() - appends the record as a line with its newline.
 * Return: 0, -EINVAL (text, unit or identifier too long, or no such priority), or -ENOSPC.
 */
int log_record_encode(const struct log_record *record, struct buf *b);

/**
 * log_record_parse() - reads a line, without its newline, and checks it.
 * @ret_record: unit, identifier and text point into @line; identifier and text are still escaped
 * Return: 0, -EBADMSG (the checksum does not match) or -EINVAL (not a record).
 */
int log_record_parse(struct str line, struct log_record *ret_record);

/** log_unescape() - appends @text with each \xNN as the byte that it stands for. */
void log_unescape(struct buf *b, struct str text);
