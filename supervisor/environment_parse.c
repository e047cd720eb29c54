// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Environment files: see environment_parse.h. One state machine over bytes, with the same states as the
 * manual page has rules.
 */
#include "supervisor/environment_parse.h"

enum state {
	BEFORE_NAME,
	NAME,
	BEFORE_VALUE, /* also behind a closing quote: more may follow */
	VALUE,
	VALUE_ESCAPE,
	SINGLE_QUOTED,
	DOUBLE_QUOTED,
	DOUBLE_QUOTED_ESCAPE,
	COMMENT,
};

struct reader {
	enum state state;
	char *out; /* name and value, one behind the other */
	size_t length;
	size_t name_end; /* without white space before the "=" */
	size_t value_start;
	size_t value_end; /* without white space at the end of the line */
};

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

static void put(struct reader *r, char c)
{
	r->out[r->length++] = c;
}

/* A character of the value that stays even at the end of the line. */
static void put_kept(struct reader *r, char c)
{
	put(r, c);
	r->value_end = r->length;
}

static void name_byte(struct reader *r, char c)
{
	if (is_newline(c)) {
		r->state = BEFORE_NAME;
		r->length = 0;
	} else if (c == '=') {
		r->state = BEFORE_VALUE;
		r->value_start = r->value_end = r->length;
	} else {
		put(r, c);
		if (!is_space(c))
			r->name_end = r->length;
	}
}

/* Return: whether the assignment is complete. */
static bool value_byte(struct reader *r, char c)
{
	if (is_newline(c))
		return true;
	if (r->state == BEFORE_VALUE && c == '\'') {
		r->state = SINGLE_QUOTED;
	} else if (r->state == BEFORE_VALUE && c == '"') {
		r->state = DOUBLE_QUOTED;
	} else if (c == '\\') {
		r->state = VALUE_ESCAPE;
	} else if (!is_space(c)) {
		r->state = VALUE;
		put_kept(r, c);
	} else if (r->state == VALUE) {
		put(r, c);
	}
	return false;
}

static void quoted_byte(struct reader *r, char c)
{
	if (c == (r->state == SINGLE_QUOTED ? '\'' : '"'))
		r->state = BEFORE_VALUE;
	else if (c == '\\' && r->state == DOUBLE_QUOTED)
		r->state = DOUBLE_QUOTED_ESCAPE;
	else
		put_kept(r, c);
}

static void escaped_byte(struct reader *r, char c)
{
	bool quoted = r->state == DOUBLE_QUOTED_ESCAPE;

	r->state = quoted ? DOUBLE_QUOTED : VALUE;
	/* An escaped end of line joins two lines. */
	if (c == '\n')
		return;
	if (quoted && !strchr("\"\\`$", c))
		put_kept(r, '\\');
	put_kept(r, c);
}

/* Return: whether the assignment is complete. */
static bool feed(struct reader *r, char c)
{
	switch (r->state) {
	case BEFORE_NAME:
		if (c == '#' || c == ';') {
			r->state = COMMENT;
		} else if (!is_space(c)) {
			r->state = NAME;
			r->length = r->name_end = 0;
			name_byte(r, c);
		}
		return false;
	case NAME:
		name_byte(r, c);
		return false;
	case BEFORE_VALUE:
	case VALUE:
		return value_byte(r, c);
	case VALUE_ESCAPE:
	case DOUBLE_QUOTED_ESCAPE:
		escaped_byte(r, c);
		return false;
	case SINGLE_QUOTED:
	case DOUBLE_QUOTED:
		quoted_byte(r, c);
		return false;
	case COMMENT:
		if (is_newline(c))
			r->state = BEFORE_NAME;
		return false;
	}
	return false;
}

bool environment_name_valid(struct str name)
{
	if (name.n == 0 || (name.p[0] >= '0' && name.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_'))
			return false;
	}
	return true;
}

/* Well-formed UTF-8 (RFC 3629) without NUL. */
static bool value_valid(struct str value)
{
	for (size_t i = 0; i < value.n;) {
		uint8_t c = (uint8_t)value.p[i];
		size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : 3;
		uint8_t second;

		if (c == 0 || (c >= 0x80 && c < 0xc2) || c > 0xf4 || i + more >= value.n)
			return false;
		for (size_t k = 1; k <= more; k++)
			if ((value.p[i + k] & 0xc0) != 0x80)
				return false;
		second = more > 0 ? (uint8_t)value.p[i + 1] : 0;
		if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
		    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
			return false;
		i += more + 1;
	}
	return true;
}

bool environment_next(struct str *rest, char *memory, struct str *ret_name, struct str *ret_value,
		      bool *ret_valid)
{
	struct reader r = { .state = BEFORE_NAME, .out = memory };
	bool complete = false;

	while (rest->n > 0 && !complete) {
		complete = feed(&r, rest->p[0]);
		*rest = (struct str){ rest->p + 1, rest->n - 1 };
	}
	/* The end of the file ends a value too, even one with an open quote. */
	if (!complete && (r.state == BEFORE_NAME || r.state == NAME || r.state == COMMENT))
		return false;
	*ret_name = (struct str){ memory, r.name_end };
	*ret_value = (struct str){ memory + r.value_start, r.value_end - r.value_start };
	*ret_valid = environment_name_valid(*ret_name) && value_valid(*ret_value);
	return true;
}
