// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The walk of act 1 and act 2: a const table of phases, run in order, each timed, recorded and shown.
 * A required phase that fails ends in fatal(); any other leaves a warning and the walk goes on.
 */
#pragma once

#include <stddef.h>

#include "init/boot.h"

enum phase_flags {
	PHASE_REQUIRED = 1 << 0, /* without it there is no machine */
	PHASE_MACHINE = 1 << 1,	 /* belongs to the machine: skipped in container mode */
};

/* What a phase returns when there was nothing to do. */
#define PHASE_SKIPPED 1

struct phase {
	const char *name;
	/* Return: 0, PHASE_SKIPPED, or -errno after it logged the cause. */
	int (*run)(struct boot *boot);
	unsigned flags;
	unsigned budget_ms; /* over this on a real machine something is wrong, and the log says so */
};

/** phase_walk() - runs all phases of @table. Returns only if no required phase failed. */
void phase_walk(const char *prefix, const struct phase *table, size_t count, struct boot *boot);
