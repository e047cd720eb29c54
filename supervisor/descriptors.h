// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which descriptors a child keeps: 0 to 2, from 3 on those that are passed, and the status pipe until the exec. */
#pragma once

#include "supervisor/spawn.h"

/**
 * descriptors_arrange() - puts the passed ones in their places and closes all others.
 * @status_fd: moved out of the way; stays close-on-exec
 * Return: 0 or -errno with child_error().
 */
int descriptors_arrange(const struct spawn_request *request, int *status_fd);

/** descriptors_names() - Return: LISTEN_FDNAMES, on the heap, or an empty string. */
const char *descriptors_names(const struct spawn_request *request);
