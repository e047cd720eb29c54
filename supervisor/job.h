// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who starts and stops when. A job is the wish that one unit be up or down; a unit has at most one, and
 * a new wish replaces or merges with the old. A transaction gives jobs to a unit and to all that it
 * pulls in (or, for a stop, to all that cannot stay without it). Jobs run as soon as their order
 * (After=) allows, in parallel.
 */
#pragma once

#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

enum job_type {
	JOB_NONE,
	JOB_START,
	JOB_STOP,
};

enum job_result {
	JOB_DONE,
	JOB_FAILED,	/* the unit did not come up */
	JOB_DEPENDENCY, /* something it requires did not come up */
	JOB_CANCELED,	/* a later wish took its place, or it stood in a cycle */
};

struct job_observer {
	/* A job is over. @began: ns when its work began. */
	void (*finished)(unit_id id, enum job_type type, enum job_result result, uint64_t began);
};

void job_table_init(const struct unit_set *set, const struct job_observer *observer);

/**
 * job_start() - the unit @id and all it needs shall be up.
 * Cycles of After= are reported and broken by leaving out a unit that is only wanted.
 * Return: 0; -ENOENT: there is no such unit, or it or something it requires cannot be started;
 * -ELOOP: a cycle of units that are all required; -ESHUTDOWN: the machine is going down.
 */
int job_start(unit_id id);

/** job_stop() - the unit @id and all that cannot be without it shall be down. */
void job_stop(unit_id id);

/** job_stop_all() - all units shall be down, in reverse order; from now on nothing starts. */
void job_stop_all(void);

/** job_run() - runs what may run now. To be called after each event. */
void job_run(void);

/** job_pending() - Return: how many jobs are not over. */
unsigned job_pending(void);

/** job_type_of() - Return: what is wished of @id at the moment. */
enum job_type job_type_of(unit_id id);

/** job_unit_changed() - for service_observer.changed. */
void job_unit_changed(unit_id id, enum unit_active before, enum unit_active after);
