// SPDX-License-Identifier: MIT OR Apache-2.0
/* A writer of JSON: see json.h. */
#include "ctl/json.h"

/* Length of the valid UTF-8 sequence at the start of @s (RFC 3629), or 0. */
static size_t sequence(struct str s)
{
	uint8_t first = (uint8_t)s.p[0];
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
			: first < 0xf5 ? 4
				       : 0;
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	if (length == 0 || length > s.n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < (i == 1 ? low : 0x80) || c > (i == 1 ? high : 0xbf))
			return 0;
	}
	return length;
}

static void quote(FILE *out, struct str text)
{
	(void)putc('"', out);
	while (text.n > 0) {
		size_t length = sequence(text);
		uint8_t c = (uint8_t)text.p[0];

		if (length == 0)
			fputs("\\ufffd", out);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			(void)fwrite(text.p, 1, length, out);
		length = length == 0 ? 1 : length;
		text = (struct str){ text.p + length, text.n - length };
	}
	(void)putc('"', out);
}

/* What comes before any value: the comma and the name. */
static void begin(struct json *json, const char *name)
{
	if (json->comma)
		(void)putc(',', json->out);
	json->comma = true;
	if (!name)
		return;
	quote(json->out, str_from(name));
	(void)putc(':', json->out);
}

static void open_bracket(struct json *json, const char *name, char bracket)
{
	begin(json, name);
	(void)putc(bracket, json->out);
	json->comma = false;
	json->depth++;
}

void json_object(struct json *json, const char *name)
{
	open_bracket(json, name, '{');
}

void json_array(struct json *json, const char *name)
{
	open_bracket(json, name, '[');
}

void json_end(struct json *json, char bracket)
{
	(void)putc(bracket, json->out);
	json->comma = true;
	if (--json->depth == 0) {
		(void)putc('\n', json->out);
		json->comma = false;
	}
}

void json_str(struct json *json, const char *name, struct str text)
{
	begin(json, name);
	quote(json->out, text);
}

void json_string(struct json *json, const char *name, const char *text)
{
	json_str(json, name, str_from(text));
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	begin(json, name);
	fprintf(json->out, "%llu", (unsigned long long)number);
}

void json_boolean(struct json *json, const char *name, bool value)
{
	begin(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name)
{
	begin(json, name);
	fputs("null", json->out);
}

void json_seconds(struct json *json, const char *name, uint64_t ns)
{
	char memory[40];
	struct buf text = BUF(memory);

	begin(json, name);
	buf_add_seconds(&text, ns, 9);
	fputs(text.p, json->out);
}
