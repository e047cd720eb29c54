// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Questions about the dependency graph of a unit set. Pure: nothing here knows what runs. Sets of
 * units are arrays of bytes indexed by unit_id, UNIT_MAX long, zero for "not in it".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/unit.h"

/* Names of a cycle that a message can carry; longer cycles are cut there. */
#define GRAPH_CYCLE_MAX 32

/**
 * graph_pulled_in() - marks @id and all that starting it starts too (Wants, Upholds, Requires, BindsTo).
 * @required: follows only Requires and BindsTo, that is what it cannot be without
 */
void graph_pulled_in(const struct unit_set *set, unit_id id, bool required, uint8_t *members);

/** graph_has_edge() - Return: whether there is an edge of @kind from @from to @to. */
bool graph_has_edge(const struct unit_set *set, unit_id from, unit_id to, enum unit_dependency kind);

/**
 * graph_find_cycle() - looks for a circle of After= among @members.
 * @ret_cycle: its units in order; the last comes after the first again
 * Return: the number of units in the cycle (at most GRAPH_CYCLE_MAX are stored), or 0 for none.
 */
size_t graph_find_cycle(const struct unit_set *set, const uint8_t *members,
			unit_id ret_cycle[static GRAPH_CYCLE_MAX]);

/** graph_edges() / graph_reverse_edges() - Return: the first edge from / to @id; *@ret_count of them follow. */
const struct unit_edge *graph_edges(const struct unit_set *set, unit_id id, size_t *ret_count);
const struct unit_edge *graph_reverse_edges(const struct unit_set *set, unit_id id, size_t *ret_count);
