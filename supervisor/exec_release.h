// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a service leaves behind when it has ended and nobody keeps: runtime directories, credentials,
 * private /tmp, the number of its dynamic user. PID 1 only renames on the tmpfs of /run, which cannot
 * wait for anything, so a new start finds a clean place at once; a child of its own removes the trees.
 */
#pragma once

#include <stdbool.h>

#include "supervisor/unit.h"

/* Links to the directories of PrivateTmp=, by unit. */
#define EXEC_RELEASE_PRIVATE_TMP "/run/orlop/private-tmp"
/* Credentials of a unit: $CREDENTIALS_DIRECTORY is below. */
#define EXEC_RELEASE_CREDENTIALS "/run/credentials"

/** exec_release_tmp_link() - appends the path of the link for "tmp" or "var-tmp" of @unit. */
void exec_release_tmp_link(const struct unit *unit, const char *kind, struct buf *ret_path);

/**
 * exec_release() - gives all of it up, in PID 1, when the unit has become inactive or failed.
 * @restarting: it will be started again by itself: what RuntimeDirectoryPreserve=restart keeps stays
 */
void exec_release(const struct unit *unit, bool restarting);
