// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who a process is to be (systemd.exec(5), User=, Group=, SupplementaryGroups=, DynamicUser=): names
 * looked up in /etc/passwd and /etc/group themselves, never through the name service. For the forked
 * child, which may allocate.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "supervisor/unit.h"

/* As many as the kernel takes (NGROUPS_MAX) would be 256 KiB; nobody is in more than a few dozen. */
#define USER_GROUPS_MAX 1024

#define USER_NONE ((uid_t)-1)

struct identity {
	uid_t uid; /* USER_NONE: stays as it is */
	gid_t gid; /* USER_NONE: stays as it is */
	bool set_groups;
	size_t group_count;
	gid_t groups[USER_GROUPS_MAX];
	const char *name;  /* NULL: no User= */
	const char *home;  /* NULL: none worth telling ("/" and the like) */
	const char *shell; /* NULL: none that lets anybody in */
};

/**
 * user_resolve() - fills in @ret_identity from what the unit says; a dynamic user is allocated.
 * Return: 0 or -errno, with child_error(): -ESRCH for a name that nobody has.
 */
int user_resolve(const struct unit *unit, const struct exec_settings *exec,
		 struct identity *ret_identity);

/** user_name_of() - the name that a dynamic user of @unit has: User=, or made from the unit's name. */
int user_name_of(const struct unit *unit, const struct exec_settings *exec, struct buf *ret_name);

/** user_id_taken() - Return: whether a user or a group of /etc/passwd and /etc/group has that number. */
bool user_id_taken(uint32_t id);

/** user_find_id() - the uid of a user by name or number. Return: 0 or -ESRCH. */
int user_find_id(const char *name, uid_t *ret_uid);

/** user_become() - setresgid(2) and setgroups(2), the first half: as root. Return: 0 or -errno. */
int user_set_groups(const struct identity *identity);
