// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is wrong with a loaded unit set as a whole, for `orlopctl verify`: what no single line can know.
 * Pure, but for what the caller's functions do.
 */
#pragma once

#include "supervisor/unit.h"
#include "supervisor/unit_table.h"

struct unit_verifier {
	unit_problem_fn *problem;
	void *context;
	/* Whether @program (absolute, or a name) can be run in the root that the units are for; NULL: not asked. */
	bool (*executable)(void *context, const char *program);
	/* Whether a unit of this name has a file, for templates of Accept=yes sockets; NULL: not asked. */
	bool (*exists)(void *context, const char *unit);
};

/**
 * unit_verify() - looks for units that cannot be had: required but missing, masked or bad; started on an event
 * but missing; programs that are not there (unless the command's failure is ignored); circles of After=.
 * Faults of single lines were reported when they were read. Each problem names the unit's file, the directive and the
 * other unit, and as a hint the nearest name of a unit that there is.
 * Return: the number of problems.
 */
int unit_verify(const struct unit_verifier *verifier, const struct unit_set *set);
