// SPDX-License-Identifier: MIT OR Apache-2.0
/* The text indexes of depmod(8): see modules_parse.h. Pure: slices into the texts, no state. */
#include "init/modules_parse.h"

#include <errno.h>

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

bool module_name_equal(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return true;
}

/* "dm-verity" of "kernel/drivers/md/dm-verity.ko.xz". No module's name has a '.'. */
static struct str base_name(struct str path)
{
	struct str base = path;
	const char *dot;

	for (size_t i = path.n; i > 0; i--) {
		if (path.p[i - 1] == '/') {
			base = (struct str){ path.p + i, path.n - i };
			break;
		}
	}
	dot = base.n > 0 ? memchr(base.p, '.', base.n) : NULL;
	if (dot)
		base.n = (size_t)(dot - base.p);
	return base;
}

int module_name_from_path(struct str path, char ret_name[static MODULE_NAME_SIZE])
{
	struct str base = base_name(path);

	if (base.n == 0 || base.n >= MODULE_NAME_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < base.n; i++) {
		char c = base.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			return -EINVAL;
	}
	for (size_t i = 0; i < base.n; i++)
		ret_name[i] = fold(base.p[i]);
	ret_name[base.n] = '\0';
	return 0;
}

bool modules_dep_find(struct str text, struct str name, struct module_dependency *ret)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		struct str path;

		if (str_split(&line, ':', &path) && module_name_equal(base_name(path), name)) {
			*ret = (struct module_dependency){ path, str_trim(line) };
			return true;
		}
	}
	return false;
}

bool modules_last_path(struct str *dependencies, struct str *ret_path)
{
	struct str s = str_trim(*dependencies);
	size_t start = s.n;

	if (s.n == 0)
		return false;
	while (start > 0 && s.p[start - 1] != ' ' && s.p[start - 1] != '\t')
		start--;
	*ret_path = (struct str){ s.p + start, s.n - start };
	*dependencies = (struct str){ s.p, start };
	return true;
}

bool modules_builtin_has(struct str text, struct str name)
{
	struct str line;

	while (str_split(&text, '\n', &line))
		if (module_name_equal(base_name(line), name))
			return true;
	return false;
}

bool modules_softdep_next(struct modules_softdep_walk *walk, struct str name,
			  enum modules_softdep_when when, struct str *ret_name)
{
	struct str word;

	for (;;) {
		while (walk->line.n > 0 && str_next_word(&walk->line, &word)) {
			if (str_is(word, "pre:")) {
				walk->section = MODULES_SOFTDEP_PRE;
			} else if (str_is(word, "post:")) {
				walk->section = MODULES_SOFTDEP_POST;
			} else if (walk->section == when) {
				*ret_name = word;
				return true;
			}
		}
		if (!str_split(&walk->rest, '\n', &walk->line))
			return false;
		walk->section = MODULES_SOFTDEP_NONE;
		if (!str_next_word(&walk->line, &word) || !str_is(word, "softdep") ||
		    !str_next_word(&walk->line, &word) || !module_name_equal(word, name))
			walk->line.n = 0;
	}
}

bool modules_alias_next(struct str *rest, struct str alias, struct str *ret_module)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		struct str pattern;
		struct str module;

		if (!str_starts(line, "alias "))
			continue;
		line = (struct str){ line.p + 6, line.n - 6 };
		if (str_split(&line, ' ', &pattern) && modules_alias_match(pattern, alias) &&
		    str_next_word(&line, &module)) {
			*ret_module = module;
			return true;
		}
	}
	return false;
}

/*
 * Matches one character against the pattern element at @at. Returns the element's length, or 0 when it
 * does not match. An unclosed bracket is an ordinary character, as in fnmatch(3).
 */
static size_t match_one(struct str pattern, size_t at, char c)
{
	char first = pattern.p[at];
	size_t i = at + 1;
	bool negated;
	bool found = false;

	if (first == '?')
		return 1;
	if (first == '\\' && i < pattern.n)
		return fold(pattern.p[i]) == fold(c) ? 2 : 0;
	if (first != '[')
		return fold(first) == fold(c) ? 1 : 0;

	negated = i < pattern.n && (pattern.p[i] == '!' || pattern.p[i] == '^');
	if (negated)
		i++;
	/* A ']' right behind the opening is a member. */
	for (size_t start = i; i < pattern.n && (i == start || pattern.p[i] != ']'); i++) {
		unsigned char low = (unsigned char)pattern.p[i];
		unsigned char high = low;

		if (i + 2 < pattern.n && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
			high = (unsigned char)pattern.p[i + 2];
			i += 2;
		}
		if ((unsigned char)c >= low && (unsigned char)c <= high)
			found = true;
	}
	if (i >= pattern.n)
		return c == '[' ? 1 : 0;
	return found != negated ? i + 1 - at : 0;
}

bool modules_alias_match(struct str pattern, struct str text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = SIZE_MAX; /* element behind the last '*' */
	size_t star_text = 0;	/* where that '*' stops matching */

	while (t < text.n || p < pattern.n) {
		size_t length = 0;

		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			star_text = t;
			continue;
		}
		if (p < pattern.n && t < text.n)
			length = match_one(pattern, p, text.p[t]);
		if (length > 0) {
			p += length;
			t++;
			continue;
		}
		/* Let the last '*' have one more character and try again; earlier ones need not change. */
		if (star == SIZE_MAX || star_text >= text.n)
			return false;
		p = star;
		t = ++star_text;
	}
	return true;
}
