// SPDX-License-Identifier: MIT OR Apache-2.0
/* Layouts of records: see log_format.h. What a terminal would obey (control bytes, C1 codes) stays escaped in all. */
#include "logd/log_format.h"

#include <time.h>

#define RED "\x1b[31m"
#define BOLD_RED "\x1b[1;31m"
#define YELLOW "\x1b[33m"
#define BOLD "\x1b[1m"
#define GREY "\x1b[2m"
#define PLAIN "\x1b[0m"

static const char *const colours[8] = {
	BOLD_RED, BOLD_RED, BOLD_RED, RED, YELLOW, BOLD, "", GREY,
};

/* A name that people know it by: the tag, else the unit, a service without its suffix. */
static struct str name_of(const struct log_record *record)
{
	struct str name = record->identifier.n > 0 ? record->identifier : record->unit;

	if (record->identifier.n == 0 && str_ends(name, ".service"))
		name.n -= strlen(".service");
	return name.n > 0 ? name : STR("-");
}

/* Length of the UTF-8 character at the front of @s, 0 if there is none (RFC 3629: no surrogates, nothing too long). */
static size_t utf8_length(struct str s)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};
	uint8_t first = (uint8_t)s.p[0];

	for (size_t n = 1; n <= ARRAY_SIZE(forms) && n <= s.n; n++) {
		uint32_t code = first & (uint8_t)~forms[n - 1].mask;

		if ((first & forms[n - 1].mask) != forms[n - 1].lead)
			continue;
		for (size_t i = 1; i < n; i++) {
			if (((uint8_t)s.p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | ((uint8_t)s.p[i] & 0x3f);
		}
		return code < forms[n - 1].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
			       ? 0
			       : n;
	}
	return 0;
}

/*
 * Tabs as they are, a newline goes on under the text's start, everything else that is no printable character
 * of UTF-8 as \xNN: a log must not move the cursor of who reads it.
 */
static void add_printable(struct buf *b, struct str escaped, size_t indent)
{
	char raw[LOG_LINE_MAX];
	struct buf text = BUF(raw);
	struct str rest;

	log_unescape(&text, escaped);
	rest = (struct str){ text.p, text.len };
	while (rest.n > 0) {
		uint8_t c = (uint8_t)rest.p[0];
		size_t n = utf8_length(rest);
		bool c1 = n == 2 && c == 0xc2 && (uint8_t)rest.p[1] < 0xa0;

		if (c == '\n') {
			buf_printf(b, "\n%*s", (int)indent, "");
		} else if (c == '\t' || c == '\\' || (n > 0 && c >= 0x20 && c != 0x7f && !c1)) {
			buf_add_str(b, (struct str){ rest.p, n });
		} else {
			n = c1 ? 2 : 1;
			for (size_t i = 0; i < n; i++) {
				buf_add(b, "\\x");
				buf_add_hex(b, (const uint8_t *)rest.p + i, 1);
			}
		}
		if (n == 0)
			n = 1;
		rest = (struct str){ rest.p + n, rest.n - n };
	}
}

void log_format_short(struct buf *b, const struct log_record *record,
		      const struct log_format_context *context)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const char *colour = context->colour ? colours[LOG_SEVERITY(record->priority)] : "";
	time_t seconds = (time_t)(record->wall_time / 1000000);
	struct str name = name_of(record);
	size_t start = b->len;
	struct tm tm = { 0 };

	(void)localtime_r(&seconds, &tm);
	buf_printf(b, "%s %02d %02d:%02d:%02d %s ", months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, context->host);
	add_printable(b, name, 0);
	if (record->pid > 0)
		buf_printf(b, "[%u]", record->pid);
	buf_add(b, ": ");
	start = b->len - start;
	buf_add(b, colour);
	add_printable(b, record->text, start);
	if (*colour)
		buf_add(b, PLAIN);
}

void log_format_cat(struct buf *b, const struct log_record *record)
{
	add_printable(b, record->text, 0);
}

/* ---- JSON ---- */

static void add_json_string(struct buf *b, struct str escaped)
{
	char raw[LOG_LINE_MAX];
	struct buf text = BUF(raw);
	struct str rest;

	log_unescape(&text, escaped);
	rest = (struct str){ text.p, text.len };
	buf_add_char(b, '"');
	while (rest.n > 0) {
		char c = rest.p[0];
		size_t n = utf8_length(rest);

		if (n == 0) {
			buf_add(b, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_add_char(b, '\\');
			buf_add_char(b, c);
		} else if (c == '\n') {
			buf_add(b, "\\n");
		} else if (c == '\t') {
			buf_add(b, "\\t");
		} else if ((uint8_t)c < 0x20 || c == 0x7f) {
			buf_printf(b, "\\u%04x", (unsigned)(uint8_t)c);
		} else {
			buf_add_str(b, (struct str){ rest.p, n });
		}
		rest = (struct str){ rest.p + n, rest.n - n };
	}
	buf_add_char(b, '"');
}

static void add_json_number(struct buf *b, const char *key, uint64_t value)
{
	buf_printf(b, ",\"%s\":\"%llu\"", key, (unsigned long long)value);
}

static void add_json_text(struct buf *b, const char *key, struct str escaped)
{
	if (escaped.n == 0)
		return;
	buf_printf(b, ",\"%s\":", key);
	add_json_string(b, escaped);
}

static const char *transport_of(const struct log_record *record)
{
	switch (record->source) {
	case LOG_SOURCE_AUDIT:
		return "audit";
	case LOG_SOURCE_KERNEL:
		return "kernel";
	case LOG_SOURCE_OWN:
		return "driver";
	case LOG_SOURCE_OUTPUT:
		return "stdout";
	case LOG_SOURCE_SYSLOG:
		return "syslog";
	}
	return "stdout";
}

void log_format_json(struct buf *b, const struct log_record *record,
		     const struct log_format_context *context)
{
	buf_printf(b, "{\"__REALTIME_TIMESTAMP\":\"%llu\"", (unsigned long long)record->wall_time);
	add_json_number(b, "__MONOTONIC_TIMESTAMP", record->boot_time / 1000);
	add_json_number(b, "__SEQNUM", record->number);
	buf_printf(b, ",\"_BOOT_ID\":\"%s\",\"_TRANSPORT\":\"%s\"", context->boot_id,
		   transport_of(record));
	add_json_text(b, "_HOSTNAME", str_from(context->host));
	add_json_number(b, "PRIORITY", LOG_SEVERITY(record->priority));
	add_json_number(b, "SYSLOG_FACILITY", LOG_FACILITY(record->priority));
	add_json_text(b, "_SYSTEMD_UNIT", record->unit);
	add_json_text(b, "SYSLOG_IDENTIFIER", name_of(record));
	if (record->pid > 0)
		add_json_number(b, "_PID", record->pid);
	buf_add(b, ",\"MESSAGE\":");
	add_json_string(b, record->text);
	buf_add_char(b, '}');
}
