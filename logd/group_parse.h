// SPDX-License-Identifier: MIT OR Apache-2.0
/* /etc/group, by hand: a static program has no name service. Pure. */
#pragma once

#include <sys/types.h>

#include "lib/str.h"

/** group_parse() - finds group @name in the text of /etc/group (group(5)). Return: 0 or -ENOENT. */
int group_parse(struct str text, struct str name, gid_t *ret_group);
