// SPDX-License-Identifier: MIT OR Apache-2.0
/* Records as lines: see log_record_parse.h. Pure: no system call, no allocation, no global that changes. */
#include "logd/log_record_parse.h"

#include <errno.h>

#include "lib/clock.h"

#define CHECKSUM_DIGITS 8
#define US_PER_S UINT64_C(1000000)

/* The reflected polynomial of CRC-32C, four bits at a time. */
static const uint32_t crc_table[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t log_checksum(struct str data)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < data.n; i++) {
		crc ^= (uint8_t)data.p[i];
		crc = crc >> 4 ^ crc_table[crc & 0xf];
		crc = crc >> 4 ^ crc_table[crc & 0xf];
	}
	return ~crc;
}

/* As buf_add_escaped(), and no blank either: a word. "-" stands for nothing, so a lone one is escaped. */
static void add_word(struct buf *b, struct str word)
{
	if (word.n == 0) {
		buf_add_char(b, '-');
		return;
	}
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == ' ' || (word.n == 1 && word.p[i] == '-')) {
			uint8_t c = (uint8_t)word.p[i];

			buf_add(b, "\\x");
			buf_add_hex(b, &c, 1);
		} else {
			buf_add_escaped(b, (struct str){ word.p + i, 1 });
		}
}

int log_record_encode(const struct log_record *record, struct buf *b)
{
	static const char placeholder[] = "00000000 ";
	static const char digits[] = "0123456789abcdef";
	size_t start = b->len;
	struct str covered;
	uint32_t crc;

	if (record->text.n > LOG_TEXT_MAX || record->unit.n >= LOG_UNIT_SIZE ||
	    record->identifier.n > LOG_IDENTIFIER_MAX || record->priority > LOG_PRIORITY_MAX)
		return -EINVAL;
	buf_add(b, placeholder);
	buf_printf(b, "%llu ", (unsigned long long)record->number);
	buf_add_seconds(b, record->boot_time, 6);
	buf_printf(b, " %llu.%06llu %u %c", (unsigned long long)(record->wall_time / US_PER_S),
		   (unsigned long long)(record->wall_time % US_PER_S), record->priority,
		   (char)record->source);
	if (record->origin > 0)
		buf_printf(b, ":%llu", (unsigned long long)record->origin);
	buf_add_char(b, ' ');
	add_word(b, record->unit);
	buf_add_char(b, ' ');
	add_word(b, record->identifier);
	if (record->pid > 0)
		buf_printf(b, " %u ", record->pid);
	else
		buf_add(b, " - ");
	buf_add_escaped(b, record->text);
	buf_add_char(b, '\n');
	if (b->overflow)
		return -ENOSPC;
	covered = (struct str){ b->p + start + CHECKSUM_DIGITS + 1,
				b->len - start - CHECKSUM_DIGITS - 2 };
	crc = log_checksum(covered);
	for (size_t i = 0; i < CHECKSUM_DIGITS; i++)
		b->p[start + i] = digits[crc >> (28 - 4 * i) & 0xf];
	return 0;
}

static int parse_checksum(struct str *rest)
{
	uint8_t bytes[CHECKSUM_DIGITS / 2];
	struct str word;
	uint32_t crc;

	if (!str_split(rest, ' ', &word) || word.n != CHECKSUM_DIGITS ||
	    hex_decode(word, bytes, sizeof(bytes)) != (int)sizeof(bytes))
		return -EINVAL;
	crc = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	return log_checksum(*rest) == crc ? 0 : -EBADMSG;
}

static int parse_number(struct str *rest, uint64_t *ret_value)
{
	struct str word;

	return str_split(rest, ' ', &word) ? str_to_u64(word, ret_value) : -EINVAL;
}

/* SECONDS.MICROSECONDS, in microseconds. */
static int parse_time(struct str *rest, uint64_t *ret_us)
{
	struct str word;
	struct str whole;
	uint64_t seconds;
	uint64_t us;

	if (!str_split(rest, ' ', &word) || !str_split(&word, '.', &whole) || word.n != 6 ||
	    str_to_u64(whole, &seconds) < 0 || str_to_u64(word, &us) < 0 ||
	    seconds > UINT64_MAX / NS_PER_S - 1)
		return -EINVAL;
	*ret_us = seconds * US_PER_S + us;
	return 0;
}

static int parse_source(struct str *rest, struct log_record *record)
{
	struct str word;

	record->origin = 0;
	if (!str_split(rest, ' ', &word) || word.n == 0 || !strchr("aklos", word.p[0]) || !word.p[0])
		return -EINVAL;
	record->source = (enum log_source)word.p[0];
	if (word.n == 1)
		return 0;
	if (word.p[1] != ':')
		return -EINVAL;
	return str_to_u64((struct str){ word.p + 2, word.n - 2 }, &record->origin);
}

static int parse_word(struct str *rest, struct str *ret_word)
{
	struct str word;

	if (!str_split(rest, ' ', &word) || word.n == 0)
		return -EINVAL;
	*ret_word = str_is(word, "-") ? (struct str){ word.p, 0 } : word;
	return 0;
}

int log_record_parse(struct str line, struct log_record *ret_record)
{
	struct log_record record;
	struct str word;
	uint64_t number;
	uint64_t us = 0;
	int r = parse_checksum(&line);

	if (r < 0)
		return r;
	if (parse_number(&line, &record.number) < 0 || parse_time(&line, &us) < 0 ||
	    parse_time(&line, &record.wall_time) < 0 || parse_number(&line, &number) < 0 ||
	    number > LOG_PRIORITY_MAX || parse_source(&line, &record) < 0 ||
	    parse_word(&line, &record.unit) < 0 || record.unit.n >= LOG_UNIT_SIZE ||
	    parse_word(&line, &record.identifier) < 0 || parse_word(&line, &word) < 0)
		return -EINVAL;
	record.boot_time = us * NS_PER_US;
	record.priority = (unsigned)number;
	number = 0;
	if (word.n > 0 && (str_to_u64(word, &number) < 0 || number > UINT32_MAX))
		return -EINVAL;
	record.pid = (uint32_t)number;
	record.text = line;
	*ret_record = record;
	return 0;
}

void log_unescape(struct buf *b, struct str text)
{
	size_t i = 0;

	while (i < text.n) {
		const char *escape = memchr(text.p + i, '\\', text.n - i);
		size_t plain = escape ? (size_t)(escape - text.p) - i : text.n - i;
		uint8_t byte;

		buf_add_str(b, (struct str){ text.p + i, plain });
		i += plain;
		if (i == text.n)
			return;
		if (text.n - i >= 4 && text.p[i + 1] == 'x' &&
		    hex_decode((struct str){ text.p + i + 2, 2 }, &byte, 1) == 1) {
			buf_add_char(b, (char)byte);
			i += 4;
		} else {
			buf_add_char(b, text.p[i++]);
		}
	}
}
