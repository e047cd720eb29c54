// SPDX-License-Identifier: MIT OR Apache-2.0
/* /etc/passwd and /etc/group: see passwd_parse.h. */
#include "supervisor/passwd_parse.h"

#include <errno.h>

int id_parse(struct str text, uint32_t *ret_id)
{
	uint64_t number;
	int r = str_to_u64(text, &number);

	/* As in systemd: no leading zeros, which other tools take for octal. */
	if (r == 0 && text.n > 1 && text.p[0] == '0')
		return -EINVAL;
	if (r < 0)
		return r;
	if (number == UINT32_MAX || number == UINT16_MAX)
		return -ENXIO;
	if (number > UINT32_MAX)
		return -ERANGE;
	*ret_id = (uint32_t)number;
	return 0;
}

/* Cuts a line into @count fields, the last of which takes what is left. */
static bool fields(struct str line, struct str *ret_fields, size_t count)
{
	if (line.n == 0 || line.p[0] == '#' || memchr(line.p, '\0', line.n))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *colon = i + 1 < count && line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
		size_t n = colon ? (size_t)(colon - line.p) : line.n;

		if (!colon && i + 1 < count)
			return false;
		ret_fields[i] = (struct str){ line.p, n };
		line = (struct str){ line.p + n + (colon ? 1 : 0), line.n - n - (colon ? 1 : 0) };
	}
	return ret_fields[0].n > 0;
}

bool passwd_next(struct str *rest, struct passwd_entry *ret_entry)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		struct str part[7];
		struct passwd_entry entry;

		if (!fields(line, part, ARRAY_SIZE(part)) || id_parse(part[2], &entry.uid) < 0 ||
		    id_parse(part[3], &entry.gid) < 0)
			continue;
		entry.name = part[0];
		entry.home = part[5];
		entry.shell = part[6];
		*ret_entry = entry;
		return true;
	}
	return false;
}

bool group_next(struct str *rest, struct group_entry *ret_entry)
{
	struct str line;

	while (str_split(rest, '\n', &line)) {
		struct str part[4];
		struct group_entry entry;

		if (!fields(line, part, ARRAY_SIZE(part)) || id_parse(part[2], &entry.gid) < 0)
			continue;
		entry.name = part[0];
		entry.members = part[3];
		*ret_entry = entry;
		return true;
	}
	return false;
}

bool group_has_member(const struct group_entry *entry, struct str user)
{
	struct str rest = entry->members;
	struct str name;

	while (str_split(&rest, ',', &name))
		if (str_equal(str_trim(name), user))
			return true;
	return false;
}
