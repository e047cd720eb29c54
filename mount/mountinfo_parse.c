// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lines of mountinfo: see mountinfo_parse.h. Pure. */
#include "mount/mountinfo_parse.h"

#include <errno.h>
#include <limits.h>

/* A field is ended by exactly one space: an empty source shows as two spaces in a row. */
static bool next_field(struct str *line, struct str *ret)
{
	return str_split(line, ' ', ret);
}

static bool next_number(struct str *line, uint64_t *ret)
{
	struct str field;

	return next_field(line, &field) && str_to_u64(field, ret) == 0;
}

static bool parse_device(struct str field, unsigned *ret_major, unsigned *ret_minor)
{
	struct str number;
	uint64_t major;
	uint64_t minor;

	if (!str_split(&field, ':', &number) || str_to_u64(number, &major) < 0 ||
	    str_to_u64(field, &minor) < 0 || major > UINT_MAX || minor > UINT_MAX)
		return false;
	*ret_major = (unsigned)major;
	*ret_minor = (unsigned)minor;
	return true;
}

/* The optional fields ("shared:1") are any number, maybe none, up to a lone dash. */
static bool skip_to_dash(struct str *line)
{
	struct str field;

	while (next_field(line, &field))
		if (str_is(field, "-"))
			return true;
	return false;
}

static bool parse_line(struct str line, struct mountinfo *ret)
{
	struct mountinfo m = { 0 };
	struct str device;

	if (!next_number(&line, &m.id) || !next_number(&line, &m.parent) ||
	    !next_field(&line, &device) || !parse_device(device, &m.major, &m.minor) ||
	    !next_field(&line, &m.root) || !next_field(&line, &m.where) ||
	    !next_field(&line, &m.options) || !skip_to_dash(&line) ||
	    !next_field(&line, &m.fs_type) || m.where.n == 0 || m.fs_type.n == 0)
		return false;
	/*
	 * Source and options of the file system are whatever the file system prints, maybe
	 * nothing.
	 */
	if (next_field(&line, &m.source))
		m.super_options = line;
	*ret = m;
	return true;
}

int mountinfo_next(struct str *rest, struct mountinfo *ret)
{
	struct str line;

	if (!str_split(rest, '\n', &line))
		return 0;
	return parse_line(line, ret) ? 1 : -EBADMSG;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

int mountinfo_unescape(struct str field, char *ret_text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		if (c == '\\' && field.n - i > 3 && field.p[i + 1] <= '3' &&
		    is_octal(field.p[i + 1]) && is_octal(field.p[i + 2]) && is_octal(field.p[i + 3])) {
			c = (char)((field.p[i + 1] - '0') << 6 | (field.p[i + 2] - '0') << 3 |
				   (field.p[i + 3] - '0'));
			if (c == '\0')
				return -EBADMSG;
			i += 3;
		}
		if (length + 1 >= size)
			return -ENAMETOOLONG;
		ret_text[length++] = c;
	}
	if (length >= size)
		return -ENAMETOOLONG;
	ret_text[length] = '\0';
	return (int)length;
}

bool mountinfo_has_option(struct str options, const char *option)
{
	struct str item;

	while (str_split(&options, ',', &item))
		if (str_is(item, option))
			return true;
	return false;
}
