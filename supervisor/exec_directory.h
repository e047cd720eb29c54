// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The directories of a service (systemd.exec(5), RuntimeDirectory= to ConfigurationDirectory=), and the
 * private /tmp and /var/tmp of PrivateTmp=: made in the child before it executes, removed when the
 * service has ended. Those of a dynamic user lie below a "private" directory that is closed to all
 * others, with a link from where they are looked for.
 */
#pragma once

#include <stdbool.h>

#include "supervisor/strings.h"
#include "supervisor/unit.h"

struct identity;

/**
 * exec_directory_path() - where the item "NAME[:SYMLINK[:FLAGS]]" of a list is.
 * @private: as a dynamic user's
 * @ret_path: appended to
 */
void exec_directory_path(enum exec_directory type, const char *item, bool private, struct buf *ret_path);

/** exec_directory_private() - Return: whether directories of that type are kept closed to others: a dynamic user's. */
bool exec_directory_private(const struct exec_settings *exec, enum exec_directory type);

/**
 * exec_directory_setup() - makes one type of directories with their mode, owner and links.
 * A directory that had another owner is given to the new one with all that is in it.
 * Return: 0 or -errno with child_error().
 */
int exec_directory_setup(const struct unit *unit, const struct exec_settings *exec,
			 enum exec_directory type, const struct identity *identity);

/** exec_directory_environment() - sets RUNTIME_DIRECTORY and its like. Return: 0 or -ENOMEM. */
int exec_directory_environment(const struct exec_settings *exec, struct strings *environment);

/**
 * private_tmp_setup() - the directories to be mounted on /tmp and /var/tmp; all processes of a unit
 * share them until it is released.
 * @ret_tmp, @ret_var_tmp: paths on the heap; NULL for /var/tmp where that is no other place than /tmp
 * Return: 0 or -errno with child_error().
 */
int private_tmp_setup(const struct unit *unit, const char **ret_tmp, const char **ret_var_tmp);
