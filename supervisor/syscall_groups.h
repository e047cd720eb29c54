// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names for groups of system calls, "@mount" and the like: a constant table. Pure. */
#pragma once

#include <stdbool.h>

#include "lib/str.h"

/** syscall_group_exists() - Return: whether there is a group of that name, which begins with "@". */
bool syscall_group_exists(struct str name);

/**
 * syscall_group_find() - looks up a group.
 * @ret_members: names of system calls and of other groups, with single spaces between them
 * Return: whether there is one.
 */
bool syscall_group_find(struct str name, struct str *ret_members);
