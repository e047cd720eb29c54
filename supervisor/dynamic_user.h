// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Users that exist while a service does (systemd.exec(5), DynamicUser=). The number comes from the
 * user's name by systemd's hash, or from who owns the directories that the unit left behind, so that it
 * is mostly the same each time. Who has which number is in /run/orlop/dynamic-users:
 *
 *   UID/NAME:UNIT   a unit that runs as user NAME; the directory is the claim to the number
 *
 * Children that allocate take turns by a lock on the directory; PID 1, which releases, waits for nobody.
 */
#pragma once

#include <sys/types.h>

#include "supervisor/unit.h"

/* systemd's range for them (UIDS-GIDS.md). */
#define DYNAMIC_UID_MIN 61184
#define DYNAMIC_UID_MAX 65519

/** dynamic_user_hash() - Return: the number that @name gets first. */
uid_t dynamic_user_hash(const char *name);

/** dynamic_user_allocate() - claims a number for @unit, in the child. Return: 0 or -errno with child_error() (-EBUSY: none is free). */
int dynamic_user_allocate(const struct unit *unit, const struct exec_settings *exec,
			  const char *name, uid_t *ret_uid);

/** dynamic_user_release() - in PID 1: gives up @unit's claim. Touches nothing but the tmpfs of /run. */
void dynamic_user_release(const struct unit *unit, const char *name);
