// SPDX-License-Identifier: MIT OR Apache-2.0
/* A place in a TOML text: see toml_reader.h. Pure. */
#include "lib/toml_reader.h"

#include <stdarg.h>
#include <stdio.h>

/* Moves the mark to the reader: each byte of the text is counted once. */
struct toml_position toml_here(struct toml_reader *r)
{
	for (; r->mark < r->p; r->mark++) {
		if (*r->mark == '\n') {
			r->mark_at.line++;
			r->mark_at.column = 1;
		} else if (((unsigned char)*r->mark & 0xc0) != 0x80) {
			r->mark_at.column++;
		}
	}
	return r->mark_at;
}

void toml_describe(struct toml_reader *r, struct toml_position at, const char *format, ...)
{
	va_list args;

	r->error->at = at;
	va_start(args, format);
	/* Cut at the end in the worst case: names are short already. */
	(void)vsnprintf(r->error->reason, sizeof(r->error->reason), format, args);
	va_end(args);
}

int toml_reader_check(struct toml_reader *r)
{
	const char *begin = r->p;
	int result = 0;

	if (toml_starts(r, "\xef\xbb\xbf"))
		return toml_fail(r, toml_here(r), "the text begins with a byte order mark");
	while (r->p < r->end) {
		unsigned char c = (unsigned char)*r->p;
		size_t length = 1;

		if (c >= 0x80) {
			length = utf8_length((struct str){ r->p, (size_t)(r->end - r->p) });
			if (length == 0) {
				result = toml_fail(r, toml_here(r), "byte 0x%02x here is not UTF-8",
						   (unsigned)c);
				break;
			}
		} else if (c == '\r' && toml_peek(r, 1) != '\n') {
			result = toml_fail(r, toml_here(r),
					   "a carriage return without a line feed behind it");
			break;
		} else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
			result = toml_fail(r, toml_here(r), "control character U+%04X", (unsigned)c);
			break;
		}
		r->p += length;
	}
	r->p = begin;
	r->mark = begin;
	r->mark_at = (struct toml_position){ 1, 1 };
	return result;
}

char toml_peek(const struct toml_reader *r, size_t ahead)
{
	return (size_t)(r->end - r->p) > ahead ? r->p[ahead] : '\0';
}

bool toml_starts(const struct toml_reader *r, const char *prefix)
{
	return str_starts((struct str){ r->p, (size_t)(r->end - r->p) }, prefix);
}

void toml_skip_blanks(struct toml_reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

bool toml_skip_line_end(struct toml_reader *r)
{
	if (toml_peek(r, 0) == '\n')
		r->p++;
	else if (toml_peek(r, 0) == '\r')
		r->p += 2;
	else
		return false;
	return true;
}

void toml_skip_comment(struct toml_reader *r)
{
	if (toml_peek(r, 0) != '#')
		return;
	while (r->p < r->end && *r->p != '\n' && *r->p != '\r')
		r->p++;
}
