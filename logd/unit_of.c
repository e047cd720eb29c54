// SPDX-License-Identifier: MIT OR Apache-2.0
/* Processes to units: see unit_of.h. */
#include "logd/unit_of.h"

#include <fcntl.h>
#include <stdio.h>

#include "lib/fd.h"

/* A path of the cgroup tree; containers nest deep. */
#define CGROUP_SIZE 4096

bool unit_name_is_valid(struct str name)
{
	if (name.n == 0 || name.n >= LOG_UNIT_SIZE || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((uint8_t)name.p[i] <= ' ' || (uint8_t)name.p[i] >= 0x7f || name.p[i] == '/' ||
		    name.p[i] == '\\')
			return false;
	return true;
}

static bool has_unit_suffix(struct str name)
{
	static const char *const suffixes[] = { ".service", ".socket", ".timer", ".target", ".scope" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (str_ends(name, suffixes[i]) && name.n > strlen(suffixes[i]))
			return true;
	return false;
}

struct str unit_of_cgroup(struct str text)
{
	struct str line;
	struct str part;

	while (str_split(&text, '\n', &line)) {
		if (!str_starts(line, "0::/"))
			continue;
		line = (struct str){ line.p + 4, line.n - 4 };
		while (str_split(&line, '/', &part))
			if (has_unit_suffix(part) && unit_name_is_valid(part))
				return part;
	}
	return (struct str){ "", 0 };
}

struct str unit_of_process(pid_t pid, char memory[static LOG_UNIT_SIZE])
{
	char path[64];
	char text[CGROUP_SIZE];
	struct buf b = BUF(path);
	struct buf name = buf_init(memory, LOG_UNIT_SIZE);
	ssize_t n;

	buf_printf(&b, "/proc/%d/cgroup", pid);
	n = pid > 0 ? file_read(AT_FDCWD, path, text, sizeof(text)) : -1;
	if (n > 0)
		buf_add_str(&name, unit_of_cgroup((struct str){ text, (size_t)n }));
	/* PID 1's own leaf is no unit of anybody's. */
	if (str_is((struct str){ name.p, name.len }, "init.scope"))
		buf_clear(&name);
	return (struct str){ name.p, name.len };
}

struct str unit_in_message(struct str text)
{
	struct str name;

	if (str_split(&text, ':', &name) && text.n > 0 && text.p[0] == ' ' &&
	    has_unit_suffix(name) && unit_name_is_valid(name))
		return name;
	return (struct str){ "", 0 };
}
