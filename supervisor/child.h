// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a new process does between fork and exec, as one walk. */
#pragma once

#include "supervisor/spawn.h"

/**
 * child_run() - prepares the calling process, a fork of PID 1, and executes the command.
 * @status_fd: where a struct spawn_status goes if a step fails
 * Never returns; cleans nothing up.
 */
_noreturn_ void child_run(const struct spawn_request *request, int status_fd);
