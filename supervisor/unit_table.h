// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The directives that Orlop knows, as one table: the parser and `man orlop.unit` come from it. A
 * directive is either given exactly systemd's meaning, or said to be unsupported where it stands;
 * none is passed over in silence.
 */
#pragma once

#include "lib/str.h"
#include "supervisor/unit.h"
#include "supervisor/unit_parse.h"

/* A fault in a unit file, for people. All texts are good only during the call. */
struct unit_problem {
	const char *file;
	unsigned line; /* 0: the file as a whole */
	struct str key;
	struct str value;
	const char *reason;
	const char *hint; /* the nearest directive that exists, or NULL */
};

typedef void unit_problem_fn(void *context, const struct unit_problem *problem);

/**
 * unit_table_apply() - reads the text of one file (or drop-in) into @draft.
 * A faulty line is reported and leaves its field as it was, as systemd does; the lines around it count.
 *
 * Return: the number of faults, or -ENOSPC when the draft is full: the unit says more than a unit may.
 */
int unit_table_apply(struct unit_draft *draft, const char *file, struct str text,
		     unit_problem_fn *problem, void *context);

/**
 * unit_table_finish() - what can only be said once all files of a unit are read: defaults that hang on
 * other settings, and combinations that cannot work.
 * Return: NULL, or why the unit cannot be started.
 */
const char *unit_table_finish(struct unit_draft *draft);

/* A row of the table, for who shows it. */
struct unit_table_entry {
	const char *name;
	const char *section; /* "Unit", "Service", "Socket", "Timer", "Install"; "Processes": the second and third */
	const char *expects; /* what its value is, in words */
};

/** unit_table_next() - entry @index of the table. Return: false past the end. */
bool unit_table_next(size_t index, struct unit_table_entry *ret_entry);

/**
 * unit_nearest_name() - for "did you mean": the one of the NULL-terminated @candidates that is the
 * fewest changed letters away.
 * @limit: more than so many letters are not near; a third of the name is what people mistype
 * Return: it, or NULL if none is near.
 */
const char *unit_nearest_name(struct str name, const char *const *candidates, size_t limit);
