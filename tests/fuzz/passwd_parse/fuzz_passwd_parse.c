// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any bytes are users and groups, or lines that are passed over; what comes out lies inside of what went in. */
#include <assert.h>
#include <stdint.h>

#include "supervisor/passwd_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct str whole, struct str part)
{
	assert(part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str whole = { (const char *)data, size };
	struct str rest = whole;
	struct passwd_entry user;
	struct group_entry group;

	while (passwd_next(&rest, &user)) {
		assert(user.name.n > 0 && user.uid != UINT32_MAX && user.gid != UINT32_MAX);
		inside(whole, user.name);
		inside(whole, user.home);
		inside(whole, user.shell);
	}
	for (rest = whole; group_next(&rest, &group);) {
		assert(group.name.n > 0 && group.gid != UINT32_MAX);
		inside(whole, group.members);
		(void)group_has_member(&group, STR("alice"));
	}
	return 0;
}
