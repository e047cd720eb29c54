// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a step between fork and exec was about when it failed: a path, a user, a system call. The step
 * leaves a short text, and child.c sends it to PID 1 with the errno. Lives in the child only.
 */
#pragma once

#include "lib/macros.h"

/* With the two numbers before it the record stays well below PIPE_BUF, so one write(2) sends it whole. */
#define CHILD_DETAIL_SIZE 184

/** child_error() - keeps the text for the report. Return: @error, for `return child_error(-errno, "%s", path)`. */
int child_error(int error, const char *format, ...) _printf_(2, 3);

/** child_detail() - Return: the text of the last child_error(), or an empty string. */
const char *child_detail(void);
