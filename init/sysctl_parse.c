// SPDX-License-Identifier: MIT OR Apache-2.0
/* sysctl.d(5): see sysctl_parse.h. */
#include "init/sysctl_parse.h"

#include <errno.h>

static int parse_line(struct str line, struct sysctl_line *ret_line)
{
	struct sysctl_line parsed = { 0 };
	struct buf path = BUF(parsed.path);
	struct buf value = BUF(parsed.value);
	const char *equals = memchr(line.p, '=', line.n);
	struct str key;
	bool slashes;

	if (!equals)
		return -EINVAL;
	key = str_trim((struct str){ line.p, (size_t)(equals - line.p) });
	if (str_starts(key, "-")) {
		parsed.optional = true;
		key = str_trim((struct str){ key.p + 1, key.n - 1 });
	}
	if (key.n == 0)
		return -EINVAL;
	slashes = false;
	for (size_t i = 0; i < key.n && !slashes; i++) {
		if (key.p[i] == '.')
			break;
		slashes = key.p[i] == '/';
	}
	buf_add(&path, "/proc/sys/");
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		/* In dotted keys a slash stands for a dot in a name, and the other way round. */
		if (!slashes)
			c = c == '.' ? '/' : c == '/' ? '.' : c;
		buf_add_char(&path, c);
	}
	if (strstr(parsed.path, "/../") || str_ends((struct str){ path.p, path.len }, "/..") ||
	    memchr(key.p, '\0', key.n))
		return -EINVAL;
	buf_add_str(&value,
		    str_trim((struct str){ equals + 1, line.n - (size_t)(equals - line.p) - 1 }));
	if (path.overflow || value.overflow)
		return -EINVAL;
	*ret_line = parsed;
	return 1;
}

int sysctl_next(struct str *rest, struct sysctl_line *ret_line, unsigned *number)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		(*number)++;
		line = str_trim(line);
		if (line.n > 0 && line.p[0] != '#' && line.p[0] != ';')
			return parse_line(line, ret_line);
	}
	return 0;
}
