// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Paths with wildcards (glob(7)), in order of their names. glob(3) cannot be used: it knows "~", and with
 * that the name service.
 */
#pragma once

#include "supervisor/strings.h"

/** path_glob() - adds the paths that exist and match @pattern, which is absolute. Return: 0 or -ENOMEM. */
int path_glob(const char *pattern, struct strings *ret_paths);
