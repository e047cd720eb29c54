// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is wrong with a configuration, for people. Pure. */
#pragma once

#include <stddef.h>

#include "lib/str.h"
#include "lib/toml.h"

/* More are only counted: who has so many fixes the first ones first. */
#define NET_PROBLEMS_MAX 32

struct net_problem {
	struct toml_position at; /* on the command line: the column is the byte's, the line 1 */
	char reason[480];
};

struct net_problems {
	struct net_problem list[NET_PROBLEMS_MAX];
	size_t count; /* may be more than the list has */
};

/** net_problem_add() - notes one more. */
void net_problem_add(struct net_problems *problems, struct toml_position at, const char *format, ...)
	_printf_(3, 4);

/** net_problem_show() - appends "FILE:LINE:COLUMN: REASON". */
void net_problem_show(struct buf *b, const char *file, const struct net_problem *problem);
