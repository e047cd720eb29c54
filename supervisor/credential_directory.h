// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * LoadCredential= and SetCredential= (systemd.exec(5)): files that only the service's user can read, in
 * memory that is never written to a disk. In the forked child only.
 */
#pragma once

#include "supervisor/unit.h"

struct identity;

/* systemd's CREDENTIALS_TOTAL_SIZE_MAX. */
#define CREDENTIALS_SIZE_MAX (1024UL * 1024)

/**
 * credential_directory() - makes the unit's directory, if no process of the unit has done so before.
 * @ret_path: for $CREDENTIALS_DIRECTORY; NULL where the unit has no credentials
 * Return: 0 or -errno with child_error().
 */
int credential_directory(const struct unit *unit, const struct exec_settings *exec,
			 const struct identity *identity, const char **ret_path);
