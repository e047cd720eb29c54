// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The files of EnvironmentFile= (systemd.exec(5)): lines NAME=VALUE with the quotes and escapes of a
 * shell, but no expansion. Pure: bytes in, assignments out.
 */
#pragma once

#include <stdbool.h>

#include "lib/str.h"

/**
 * environment_next() - reads the next assignment.
 * @rest: what is left of the file; moved behind the assignment
 * @memory: at least as long as @rest plus one byte; the results point into it
 * Lines without "=" are passed over, as in systemd; a name that no variable can have, or a value that is
 * not UTF-8, comes back with @ret_valid false.
 * Return: whether there was one.
 */
bool environment_next(struct str *rest, char *memory, struct str *ret_name, struct str *ret_value,
		      bool *ret_valid);

/** environment_name_valid() - Return: whether @name can be a variable's: letters, digits and "_", no digit first. */
bool environment_name_valid(struct str name);
