// SPDX-License-Identifier: MIT OR Apache-2.0
/* The picture of a dependency graph, as SVG: what is started first on the left, the unit itself on the right. */
#pragma once

#include <stdio.h>

#include "supervisor/unit.h"

/**
 * deps_picture() - draws the units of @members.
 * @states: by unit_id, "active" and so on, NULL where it is not known
 * Return: 0 or -ENOMEM.
 */
int deps_picture(FILE *out, const struct unit_set *set, unit_id anchor, const uint8_t *members,
		 const char *const *states);
