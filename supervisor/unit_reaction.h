// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What follows from a unit's change of state without anybody asking: OnFailure= and OnSuccess=, units
 * that are bound to it, upheld by it or needed by nobody else, what triggers it, FailureAction=. All
 * of it is noted when it happens and done by unit_reaction_run(), as new jobs.
 */
#pragma once

#include "supervisor/unit.h"

/** unit_reaction_init() - forgets everything. */
void unit_reaction_init(void);

/** unit_reaction_grown() - units from @first on are new. */
void unit_reaction_grown(unit_id first);

/** unit_reaction_later() - the job of @id is over: who is upheld, bound or no longer needed is to be looked at. */
void unit_reaction_later(unit_id id);

/** unit_reaction_on_failure() - a job of @id failed without its unit failing: OnFailure= counts all the same. */
void unit_reaction_on_failure(unit_id id);

/** unit_reaction_run() - does what was noted. */
void unit_reaction_run(void);
