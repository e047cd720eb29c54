// SPDX-License-Identifier: MIT OR Apache-2.0
/* The lines of a unit file: see unit_parse.h. Pure. Values are unit_value.c's. */
#include "supervisor/unit_parse.h"

void unit_read_begin(struct unit_reader *reader, struct str text)
{
	*reader = (struct unit_reader){ .rest = text };
	/* A byte order mark is what some editors leave behind; it means nothing. */
	if (str_starts(text, "\xef\xbb\xbf"))
		reader->rest = (struct str){ text.p + 3, text.n - 3 };
}

static bool is_comment(struct str line)
{
	return line.n > 0 && (line.p[0] == '#' || line.p[0] == ';');
}

/*
 * The next logical line: a backslash at the end of a line is a blank and the next line belongs to
 * it; comments in between are dropped (systemd.syntax(7)).
 */
static enum unit_read next_logical(struct unit_reader *reader, struct str *ret_line, unsigned *ret_number)
{
	struct buf joined = BUF(reader->joined);
	bool continued = false;
	struct str line;

	while (str_split(&reader->rest, '\n', &line)) {
		bool more;

		reader->number++;
		line = str_trim(line);
		if (continued ? is_comment(line) : line.n == 0 || is_comment(line))
			continue;
		if (!continued)
			*ret_number = reader->number;
		more = line.n > 0 && line.p[line.n - 1] == '\\';
		if (!more && !continued) {
			*ret_line = line;
			return UNIT_READ_LINE;
		}
		if (more)
			line.n--;
		buf_add_str(&joined, line);
		if (more)
			buf_add_char(&joined, ' ');
		continued = true;
		if (!more)
			break;
	}
	if (!continued)
		return UNIT_READ_END;
	if (joined.overflow)
		return UNIT_READ_TOO_LONG;
	*ret_line = str_trim((struct str){ joined.p, joined.len });
	return UNIT_READ_LINE;
}

enum unit_read unit_read_next(struct unit_reader *reader, struct unit_line *ret_line)
{
	for (;;) {
		struct str line = { 0 };
		const char *equals;
		enum unit_read r = next_logical(reader, &line, &ret_line->number);

		if (r != UNIT_READ_LINE)
			return r;
		if (line.n == 0)
			continue;
		if (line.p[0] == '[') {
			/* A joined line lives in a buffer that the next one overwrites: no section name there. */
			if (line.p[line.n - 1] != ']' || line.p == reader->joined)
				return UNIT_READ_BAD_LINE;
			reader->section = (struct str){ line.p + 1, line.n - 2 };
			continue;
		}
		equals = memchr(line.p, '=', line.n);
		if (!equals || equals == line.p)
			return UNIT_READ_BAD_LINE;
		if (!reader->section.p)
			return UNIT_READ_NO_SECTION;
		ret_line->section = reader->section;
		ret_line->key = str_trim((struct str){ line.p, (size_t)(equals - line.p) });
		ret_line->value = str_trim(
			(struct str){ equals + 1, line.n - (size_t)(equals - line.p) - 1 });
		return UNIT_READ_LINE;
	}
}
