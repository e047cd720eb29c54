// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Standard input, output and error of a service (systemd.exec(5), StandardInput= and what follows).
 * In the forked child only, which still has PID 1's descriptors.
 */
#pragma once

#include "supervisor/exec_settings.h"

struct identity;
struct spawn_request;

/** streams_set() - opens what the unit says on descriptor @number, 0 to 2 in that order. Return: 0 or -errno with child_error(). */
int streams_set(const struct spawn_request *request, int number);

/** streams_terminal() - TTYReset= and TTYVHangup=, before the streams are opened. Return: 0 or -errno. */
int streams_terminal(const struct exec_settings *exec);

/** streams_use_terminal() - Return: whether one of the three is a terminal. */
bool streams_use_terminal(const struct exec_settings *exec);

/** streams_give_terminal() - the terminal belongs to the user while the service runs. Return: 0 or -errno. */
int streams_give_terminal(const struct exec_settings *exec, const struct identity *identity);
