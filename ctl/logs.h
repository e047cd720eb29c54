// SPDX-License-Identifier: MIT OR Apache-2.0
/* orlopctl logs, and the last lines of a unit for orlopctl status. */
#pragma once

#include "lib/str.h"

/** logs_main() - orlopctl logs, with options of its own. Return: the exit status. */
int logs_main(int argc, char **argv);

/**
 * logs_tail() - gives the last @lines lines about @unit, the oldest first, each with its time and name in front
 * and without a newline.
 * Return: 0, or -errno (-ENOENT: there is no log).
 */
int logs_tail(const char *unit, unsigned lines, void (*line)(void *context, struct str line),
	      void *context);
