// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * /etc/passwd and /etc/group (passwd(5), group(5)) without the name service: bytes in, entries out.
 * Lines that make no sense are passed over, as glibc does. Pure.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/str.h"

/* All parts point into the text. */
struct passwd_entry {
	struct str name;
	uid_t uid;
	gid_t gid;
	struct str home;
	struct str shell;
};

struct group_entry {
	struct str name;
	gid_t gid;
	struct str members; /* with commas between them */
};

/** passwd_next() - the next entry of @rest, which is moved behind it. Return: whether there was one. */
bool passwd_next(struct str *rest, struct passwd_entry *ret_entry);

/** group_next() - the same for /etc/group. */
bool group_next(struct str *rest, struct group_entry *ret_entry);

/** group_has_member() - Return: whether @user is listed in the entry. */
bool group_has_member(const struct group_entry *entry, struct str user);

/**
 * id_parse() - a numeric user or group id.
 * Return: 0; -EINVAL: no number; -ENXIO: one of the two that stand for "none" (65535 and 4294967295); -ERANGE: too big.
 */
int id_parse(struct str text, uint32_t *ret_id);
