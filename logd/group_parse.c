// SPDX-License-Identifier: MIT OR Apache-2.0
/* NAME:PASSWORD:GID:MEMBERS: see group_parse.h. */
#include "logd/group_parse.h"

#include <errno.h>

int group_parse(struct str text, struct str name, gid_t *ret_group)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		struct str field;
		uint64_t group;

		if (!str_split(&line, ':', &field) || !str_equal(field, name) ||
		    !str_split(&line, ':', &field) || !str_split(&line, ':', &field) ||
		    str_to_u64(field, &group) < 0 || group >= UINT32_MAX)
			continue;
		*ret_group = (gid_t)group;
		return 0;
	}
	return -ENOENT;
}
