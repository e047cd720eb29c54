// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Condition…= and Assert…= of units, asked when a unit is about to start (systemd.unit(5)). Looks at
 * files of /proc, /sys and what the conditions name, with stat(2) and bounded reads; allocates nothing. Paths that can lie on
 * a disk or a network are looked at by a child, whose answer is waited for at most 2 s.
 */
#pragma once

#include "supervisor/unit.h"

enum condition_result {
	CONDITIONS_MET,
	CONDITION_UNMET,  /* the unit is skipped, and that is no failure */
	ASSERTION_FAILED, /* the start fails */
};

/**
 * conditions_test() - all of a unit's: each must be met, but of those with a "|" one is enough; conditions
 * and assertions are counted apart. What cannot be found out counts as not met, negated or not.
 *
 * @root: a prefix for all paths, "" for the machine's own
 * @ret_which: the one that decided, if not CONDITIONS_MET: for the message
 */
enum condition_result conditions_test(const struct condition *first, const char *root,
				      const struct condition **ret_which);

/** condition_name() - Return: the directive's name, such as "AssertPathExists". */
const char *condition_name(const struct condition *condition);

/**
 * condition_check() - whether @argument is one that @type can ever be asked with; paths are not looked at.
 * Pure. Return: NULL, or what is wrong.
 */
const char *condition_check(enum condition_type type, struct str argument);
