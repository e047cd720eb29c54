// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which policy file fits the kernel: see policy_name_parse.h. Pure. */
#include "selinux/policy_name_parse.h"

#include <errno.h>

/* No kernel will ever count so far; it keeps the numbers in an int. */
#define VERSION_MAX 999

int selinux_policy_version(struct str name)
{
	static const char prefix[] = "policy.";
	uint64_t version;
	struct str number;

	if (!str_starts(name, prefix))
		return -EINVAL;
	number = (struct str){ name.p + sizeof(prefix) - 1, name.n - (sizeof(prefix) - 1) };
	if (str_to_u64(number, &version) < 0 || version == 0 || version > VERSION_MAX)
		return -EINVAL;
	return (int)version;
}

int selinux_policy_choose(int best, int candidate, int kernel_max)
{
	return candidate > best && candidate <= kernel_max ? candidate : best;
}
