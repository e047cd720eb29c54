// SPDX-License-Identifier: MIT OR Apache-2.0
/* Integers and floats of TOML: see toml_reader.h. Pure. */
#include <math.h>
#include <stdlib.h>

#include "lib/toml_reader.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many bytes of @s from @from on are digits of @base, with single underscores between digits. */
static size_t count_digits(struct str s, size_t from, int base)
{
	size_t i = from;

	while (i < s.n &&
	       (digit_of(s.p[i]) < base || (s.p[i] == '_' && i > from && digit_of(s.p[i - 1]) < base &&
					    i + 1 < s.n && digit_of(s.p[i + 1]) < base)))
		i++;
	return i - from;
}

/* Return: 0, or -ERANGE: it does not fit into 64 bits with a sign. */
static int add_digits(struct str digits, int base, bool negative, int64_t *ret)
{
	int64_t value = 0;

	for (size_t i = 0; i < digits.n; i++) {
		int64_t digit = negative ? -digit_of(digits.p[i]) : digit_of(digits.p[i]);

		if (digits.p[i] == '_')
			continue;
		if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

static int fail_number(struct toml_reader *r, struct toml_position at, struct str word, const char *why)
{
	char shown[UTF8_SHOWN_SIZE];

	return toml_fail(r, at, "\"%s\" is not a number: %s", utf8_shown(word, shown), why);
}

static int read_integer(struct toml_reader *r, struct str word, struct toml_position at,
			struct str digits, int base, struct toml_node *node)
{
	char shown[UTF8_SHOWN_SIZE];

	if (add_digits(digits, base, word.p[0] == '-', &node->u.integer) < 0)
		return toml_fail(r, at, "%s does not fit into 64 bits, which end at %s",
				 utf8_shown(word, shown),
				 word.p[0] == '-' ? "-9223372036854775808" : "9223372036854775807");
	node->type = TOML_INTEGER;
	return 0;
}

static int read_with_base(struct toml_reader *r, struct str word, struct toml_position at, int base,
			  struct toml_node *node)
{
	struct str digits = { word.p + 2, word.n - 2 };

	if (digits.n == 0 || count_digits(digits, 0, base) != digits.n)
		return fail_number(r, at, word,
				   base == 16  ? "0x wants hexadecimal digits"
				   : base == 8 ? "0o wants digits from 0 to 7"
					       : "0b wants digits 0 and 1");
	return read_integer(r, word, at, digits, base, node);
}

/* @word is a float already by its form; strtod(3) wants it without underscores and with an end. */
static int read_float(struct toml_reader *r, struct str word, struct toml_node *node)
{
	char *text = arena_take(r->arena, word.n + 1, 1);
	size_t n = 0;

	if (!text)
		return toml_fail_full(r);
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] != '_')
			text[n++] = word.p[i];
	text[n] = '\0';
	node->u.real = strtod(text, NULL);
	node->type = TOML_FLOAT;
	r->arena->used -= word.n + 1;
	return 0;
}

/* Passes one part of a float. Return: whether it has a digit. */
static bool skip_digits(struct str word, size_t *at)
{
	size_t digits = count_digits(word, *at, 10);

	*at += digits;
	return digits > 0;
}

static int read_decimal(struct toml_reader *r, struct str word, struct toml_position at,
			struct toml_node *node)
{
	size_t start = word.p[0] == '+' || word.p[0] == '-' ? 1 : 0;
	size_t i = start;
	bool is_float = false;

	if (!skip_digits(word, &i))
		return fail_number(r, at, word, "it must begin with a digit");
	if (word.p[start] == '0' && i - start > 1)
		return fail_number(r, at, word, "no zero may stand in front");
	if (i == word.n)
		return read_integer(r, word, at, (struct str){ word.p + start, i - start }, 10, node);
	if (word.p[i] == '.') {
		is_float = true;
		i++;
		if (!skip_digits(word, &i))
			return fail_number(r, at, word, "a digit must stand behind the point");
	}
	if (i < word.n && (word.p[i] == 'e' || word.p[i] == 'E')) {
		is_float = true;
		i++;
		if (i < word.n && (word.p[i] == '+' || word.p[i] == '-'))
			i++;
		if (!skip_digits(word, &i))
			return fail_number(r, at, word, "the exponent has no digit");
	}
	if (i < word.n && word.p[i] == '_')
		return fail_number(r, at, word, "an underscore must stand between two digits");
	if (i < word.n || !is_float)
		return fail_number(r, at, word, "something else follows its digits");
	return read_float(r, word, node);
}

int toml_read_number(struct toml_reader *r, struct str word, struct toml_position at,
		     struct toml_node *node)
{
	bool has_sign = word.p[0] == '+' || word.p[0] == '-';
	struct str rest = { word.p + has_sign, word.n - has_sign };
	char shown[UTF8_SHOWN_SIZE];

	if (str_is(rest, "inf") || str_is(rest, "nan")) {
		double real = str_is(rest, "inf") ? (double)INFINITY : (double)NAN;

		node->type = TOML_FLOAT;
		node->u.real = word.p[0] == '-' ? -real : real;
		return 0;
	}
	if (word.n > 0 && !has_sign && !is_digit(word.p[0]) && word.p[0] != '.' && word.p[0] != '_')
		return toml_fail(r, at, "%s is no value; a string needs quotes",
				 utf8_shown(word, shown));
	if (has_sign && rest.n > 1 && rest.p[0] == '0' && memchr("xob", rest.p[1], 3))
		return fail_number(r, at, word, "only decimal numbers have a sign");
	if (str_starts(rest, "0x"))
		return read_with_base(r, word, at, 16, node);
	if (str_starts(rest, "0o"))
		return read_with_base(r, word, at, 8, node);
	if (str_starts(rest, "0b"))
		return read_with_base(r, word, at, 2, node);
	return read_decimal(r, word, at, node);
}
