// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Strings of TOML: see toml_reader.h. First the end is found, then the text between is taken as it stands, or
 * is rewritten in the arena when it has escapes or line ends of two bytes; it never gets longer by that. Pure.
 */
#include "lib/toml_reader.h"

struct string {
	struct toml_position at;
	char quote;
	bool many_lines;
	struct str raw;	   /* between the quotes */
	const char *after; /* behind them */
	bool plain;	   /* @raw is the value */
};

/* How many quotes stand at @p, up to five: two at the end of the text, three that close it. */
static size_t count_quotes(const struct toml_reader *r, const char *p, char quote)
{
	size_t count = 0;

	while (count < 5 && p + count < r->end && p[count] == quote)
		count++;
	return count;
}

static bool at_line_end(const struct toml_reader *r, const char *p)
{
	return p == r->end || *p == '\n' || *p == '\r';
}

/* Fills in where the string ends. Return: false when it does not. */
static bool find_end(const struct toml_reader *r, struct string *s)
{
	const char *p = s->raw.p;

	s->plain = true;
	while (p < r->end) {
		size_t quotes = *p == s->quote ? count_quotes(r, p, s->quote) : 0;

		if (quotes > 0 && (!s->many_lines || quotes >= 3)) {
			s->raw.n = (size_t)(p - s->raw.p) + (s->many_lines ? quotes - 3 : 0);
			s->after = p + (s->many_lines ? quotes : 1);
			return true;
		}
		if (!s->many_lines && at_line_end(r, p))
			return false;
		if (*p == '\r' || (*p == '\\' && s->quote == '"'))
			s->plain = false;
		if (*p == '\\' && s->quote == '"' && !at_line_end(r, p + 1))
			p++;
		p += quotes > 0 ? quotes : 1;
	}
	return false;
}

/* The code point of \uXXXX or \UXXXXXXXX, whose digits come next. */
static int read_unicode(struct toml_reader *r, struct toml_position at, size_t digits, char **out)
{
	uint8_t bytes[4] = { 0 };
	struct str hex = { r->p, digits };
	uint32_t code_point = 0;

	if ((size_t)(r->end - r->p) < digits || hex_decode(hex, bytes, sizeof(bytes)) < 0)
		return toml_fail(r, at, "%s wants %zu hexadecimal digits",
				 digits == 4 ? "\\u" : "\\U", digits);
	for (size_t i = 0; i < digits / 2; i++)
		code_point = code_point << 8 | bytes[i];
	if (!utf8_is_scalar(code_point))
		return toml_fail(r, at, "U+%04X is no character", (unsigned)code_point);
	r->p += digits;
	*out += utf8_write(code_point, *out);
	return 0;
}

/* The backslash at the end of a line: it, the line end and all white space behind it are not there. */
static int skip_folded_line(struct toml_reader *r, struct toml_position at)
{
	toml_skip_blanks(r);
	if (!toml_skip_line_end(r))
		return toml_fail(r, at, "a backslash with blanks behind it must end the line");
	do
		toml_skip_blanks(r);
	while (toml_skip_line_end(r));
	return 0;
}

/* The reader stands at a backslash. */
static int read_escape(struct toml_reader *r, const struct string *s, char **out)
{
	static const char letters[] = "btnfr\"\\";
	static const char meanings[] = "\b\t\n\f\r\"\\";
	struct toml_position at = toml_here(r);
	char c = toml_peek(r, 1);
	const char *letter = memchr(letters, c, sizeof(letters) - 1);
	char shown[UTF8_SHOWN_SIZE];
	size_t length;

	r->p++;
	if (letter) {
		r->p++;
		*(*out)++ = meanings[letter - letters];
		return 0;
	}
	if (c == 'u' || c == 'U') {
		r->p++;
		return read_unicode(r, at, c == 'u' ? 4 : 8, out);
	}
	if (s->many_lines && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
		return skip_folded_line(r, at);
	length = utf8_length((struct str){ r->p, (size_t)(r->end - r->p) });
	return toml_fail(r, at, "no escape \"\\%s\"; there are \\b \\t \\n \\f \\r \\\" \\\\ \\u \\U",
			 utf8_shown((struct str){ r->p, length }, shown));
}

/* Rewrites what stands between the quotes; the reader is at its beginning. */
static int unescape(struct toml_reader *r, const struct string *s, struct str *ret)
{
	char *text = arena_take(r->arena, s->raw.n, 1);
	const char *end = s->raw.p + s->raw.n;
	char *out = text;

	if (!text)
		return toml_fail_full(r);
	while (r->p < end) {
		int result;

		if (*r->p == '\\' && s->quote == '"') {
			result = read_escape(r, s, &out);
			if (result < 0)
				return result;
		} else if (*r->p == '\r') {
			r->p++;
		} else {
			*out++ = *r->p++;
		}
	}
	*ret = (struct str){ text, (size_t)(out - text) };
	/* Nothing was taken since, so that the rest goes back. */
	r->arena->used -= s->raw.n - ret->n;
	return 0;
}

int toml_read_string(struct toml_reader *r, bool is_key, struct str *ret)
{
	struct string s = { .at = toml_here(r), .quote = *r->p };
	int result;

	s.many_lines = count_quotes(r, r->p, s.quote) >= 3;
	if (s.many_lines && is_key)
		return toml_fail(r, s.at, "a key cannot be a string of several lines");
	r->p += s.many_lines ? 3 : 1;
	if (s.many_lines)
		(void)toml_skip_line_end(r);
	s.raw.p = r->p;
	if (!find_end(r, &s))
		return toml_fail(r, s.at, "the string that begins here has no end%s",
				 s.many_lines ? "" : " on its line");
	if (s.plain) {
		*ret = s.raw;
	} else {
		result = unescape(r, &s, ret);
		if (result < 0)
			return result;
	}
	r->p = s.after;
	return 0;
}
