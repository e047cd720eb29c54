// SPDX-License-Identifier: MIT OR Apache-2.0
/* Comparisons in conditions: operators, and versions. See condition_test.h. Pure. */
#include "supervisor/condition_test.h"

enum comparison comparison_take(struct str *rest)
{
	static const struct {
		char sign[4];
		enum comparison comparison;
	} signs[] = {
		/* The longer in front of what they begin with. */
		{ "!=$", COMPARE_NOT_PATTERN },	 { "=$", COMPARE_PATTERN },
		{ "<=", COMPARE_LESS_OR_EQUAL }, { ">=", COMPARE_MORE_OR_EQUAL },
		{ "!=", COMPARE_NOT_EQUAL },	 { "<", COMPARE_LESS },
		{ ">", COMPARE_MORE },		 { "=", COMPARE_EQUAL },
	};

	*rest = str_trim(*rest);
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (str_starts(*rest, signs[i].sign)) {
			size_t n = strlen(signs[i].sign);

			*rest = str_trim((struct str){ rest->p + n, rest->n - n });
			return signs[i].comparison;
		}
	return COMPARE_NONE;
}

bool comparison_holds(enum comparison comparison, int order)
{
	switch (comparison) {
	case COMPARE_LESS:
		return order < 0;
	case COMPARE_LESS_OR_EQUAL:
		return order <= 0;
	case COMPARE_EQUAL:
	case COMPARE_PATTERN:
		return order == 0;
	case COMPARE_NOT_EQUAL:
	case COMPARE_NOT_PATTERN:
		return order != 0;
	case COMPARE_MORE_OR_EQUAL:
	case COMPARE_NONE:
		return order >= 0;
	case COMPARE_MORE:
		return order > 0;
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char head(struct str s)
{
	return s.n > 0 ? s.p[0] : '\0';
}

static struct str take_run(struct str *s, bool (*member)(char c))
{
	struct str run = { s->p, 0 };

	while (run.n < s->n && member(s->p[run.n]))
		run.n++;
	*s = (struct str){ s->p + run.n, s->n - run.n };
	return run;
}

static int compare_bytes(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_numbers(struct str a, struct str b)
{
	while (head(a) == '0')
		a = (struct str){ a.p + 1, a.n - 1 };
	while (head(b) == '0')
		b = (struct str){ b.p + 1, b.n - 1 };
	return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : compare_bytes(a, b);
}

/* Drops what separates and means nothing. */
static struct str skip_separators(struct str s)
{
	while (s.n > 0 && !is_digit(s.p[0]) && !is_letter(s.p[0]) && !strchr("-.~^", s.p[0]))
		s = (struct str){ s.p + 1, s.n - 1 };
	return s;
}

/* https://uapi-group.org/specifications/specs/version_format_specification/ */
int version_compare(struct str a, struct str b)
{
	/* Signs that sort before what has none there: the first below the end itself. */
	static const char signs[] = "~-^.";

	for (;;) {
		int order = 0;

		a = skip_separators(a);
		b = skip_separators(b);
		/* A tilde is less than the end; all other signs are more than it. */
		if (head(a) == '~' || head(b) == '~')
			order = (head(a) != '~') - (head(b) != '~');
		else if (a.n == 0 || b.n == 0)
			return (a.n > 0) - (b.n > 0);
		else
			for (const char *sign = signs + 1; *sign && order == 0; sign++)
				if (head(a) == *sign || head(b) == *sign) {
					order = (head(a) != *sign) - (head(b) != *sign);
					break;
				}
		if (order != 0)
			return order;
		if (strchr(signs, head(a))) {
			a = (struct str){ a.p + 1, a.n - 1 };
			b = (struct str){ b.p + 1, b.n - 1 };
			continue;
		}
		if (is_digit(head(a)) || is_digit(head(b))) {
			/* Digits are more than letters. */
			if (!is_digit(head(a)) || !is_digit(head(b)))
				return is_digit(head(a)) ? 1 : -1;
			order = compare_numbers(take_run(&a, is_digit), take_run(&b, is_digit));
		} else {
			order = compare_bytes(take_run(&a, is_letter), take_run(&b, is_letter));
		}
		if (order != 0)
			return order;
	}
}
