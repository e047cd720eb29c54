// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The settings of systemd.exec(5) that are filters of single system calls or of their arguments:
 * RestrictAddressFamilies= to ProtectHostname=. In the forked child only.
 */
#pragma once

#include <stdbool.h>

#include "supervisor/exec_settings.h"

/** seccomp_restrict_families() - RestrictAddressFamilies=. Return: 0 or -errno. */
int seccomp_restrict_families(const struct exec_settings *exec);

/** seccomp_restrict() - all the others that the unit sets. Return: 0 or -errno with child_error(). */
int seccomp_restrict(const struct exec_settings *exec);

/** seccomp_wanted() - Return: whether the unit has any setting that is a filter, SystemCallFilter= included. */
bool seccomp_wanted(const struct exec_settings *exec);
