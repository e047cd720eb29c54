// SPDX-License-Identifier: MIT OR Apache-2.0
/* Address families by their names in socket(2) and in RestrictAddressFamilies=: a constant table. Pure. */
#pragma once

#include "lib/str.h"

/* One beyond the last that the table has (AF_MCTP is 45). */
#define ADDRESS_FAMILY_MAX 46

/** address_family() - Return: the number of AF_…, or -EINVAL. */
int address_family(struct str name);
