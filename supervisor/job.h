// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who starts and stops when. A job is the wish that one unit be up, down, or reloaded; a unit has at
 * most one, and a new wish replaces the old or merges with it. A transaction (transaction.h) gives
 * jobs to a unit and to all that it pulls in, or all or nothing fails. Jobs run as soon as their order
 * (After=) allows, in parallel. Names and rules are systemd's (systemctl(1), systemd.unit(5)).
 */
#pragma once

#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

enum job_type {
	JOB_NONE,
	JOB_START,
	JOB_STOP,
	JOB_RESTART,
	JOB_RELOAD,
	JOB_VERIFY_ACTIVE, /* of Requisite=: up, or else */
	/* Those above are what a unit may have; these are asked for, and become one of them. */
	JOB_TRY_RESTART,       /* a restart if it is up */
	JOB_TRY_RELOAD,	       /* a reload if it is up */
	JOB_RELOAD_OR_START,   /* a reload if it is up, or a start */
	JOB_RELOAD_OR_RESTART, /* a reload if it can be reloaded, or a restart */
	JOB_TRY_RELOAD_OR_RESTART,
	JOB_TYPE_COUNT,
};

enum job_mode {
	JOB_MODE_REPLACE, /* takes the place of jobs that contradict */
	JOB_MODE_FAIL,	  /* fails if it would */
	JOB_MODE_ISOLATE, /* and everything else shall be down */
	JOB_MODE_IGNORE_DEPENDENCIES,
	JOB_MODE_RESTART_DEPENDENCIES, /* an automatic restart: what depends on it is restarted too */
};

enum job_result {
	JOB_DONE,
	JOB_FAILED,	 /* the unit did not come up */
	JOB_DEPENDENCY,	 /* something it requires did not come up */
	JOB_CANCELED,	 /* a later wish took its place */
	JOB_TIMED_OUT,	 /* JobTimeoutSec=, JobRunningTimeoutSec= */
	JOB_SKIPPED,	 /* Condition…= was not met, or a Requisite= is not up */
	JOB_ASSERT,	 /* Assert…= was not met */
	JOB_UNSUPPORTED, /* units of this type cannot do that */
	JOB_RESULT_COUNT,
};

enum job_conditions {
	JOB_CONDITIONS_MET,
	JOB_CONDITIONS_UNMET,
	JOB_CONDITIONS_ASSERT_FAILED,
};

struct job_observer {
	/* A job is over. @began: ns when its work began. */
	void (*finished)(unit_id id, enum job_type type, enum job_result result, uint64_t began);
	/* The state of a unit changed, in any way. May be NULL. */
	void (*changed)(unit_id id);
	/* Condition…= and Assert…= of a unit that is about to start. NULL: always met. */
	enum job_conditions (*conditions)(unit_id id);
	/* FailureAction= and its like; @exit_status: for ACTION_EXIT, -1: none. NULL: nobody listens. */
	void (*emergency)(unit_id id, enum emergency_action action, int exit_status, const char *why);
};

void job_table_init(const struct unit_set *set, const struct job_observer *observer);

/** job_set() - the units that the jobs are about. */
const struct unit_set *job_set(void);

/**
 * job_request() - a job for @id, and those that follow from it.
 * Cycles of After= are reported and broken by leaving out a unit that is only wanted.
 * Return: 0; -ENOENT: there is no such unit, or it or something it requires cannot be started;
 * -ELOOP: a cycle of units that are all required; -EDEADLK: it would have to start and stop one unit;
 * -EEXIST: JOB_MODE_FAIL, and it contradicts a job; -EPERM: JOB_MODE_ISOLATE without AllowIsolate=;
 * -EOPNOTSUPP: it cannot be reloaded; -ESHUTDOWN: the machine is going down.
 */
int job_request(unit_id id, enum job_type type, enum job_mode mode);

/** job_start() / job_stop() - job_request() with JOB_MODE_REPLACE. */
int job_start(unit_id id);
int job_stop(unit_id id);

/** job_restart_service() - the start that Restart= asks for. Return: as job_request(); -EBUSY: a stop waits for it. */
int job_restart_service(unit_id id);

/** job_propagate_reload() - @id reloads by itself: what PropagatesReloadTo= names follows. */
void job_propagate_reload(unit_id id);

/** job_stop_all() - all units shall be down, in reverse order; from now on nothing starts. */
void job_stop_all(void);

/** job_going_down() - Return: whether job_stop_all() was called. */
bool job_going_down(void);

/** job_cancel() - gives up the job of @id, if it has one. */
void job_cancel(unit_id id);

/** job_run() - runs what may run now. To be called after each event. */
void job_run(void);

/** job_pending() - Return: how many jobs are not over. */
unsigned job_pending(void);

/** job_type_of() - Return: what is wished of @id at the moment. */
enum job_type job_type_of(unit_id id);

/** job_running() - Return: whether the job of @id has begun its work. */
bool job_running(unit_id id);

/** job_next_deadline() - Return: when job_expire() is due (JobTimeoutSec=), or CLOCK_TIME_MAX. */
uint64_t job_next_deadline(void);
/** job_expire() - ends the jobs whose time is over. Return: how many. */
unsigned job_expire(uint64_t now);

/** job_grown() - units from @first on were added to the set. */
void job_grown(unit_id first);

/** job_moved() - the units have new ids in @set. */
void job_moved(const struct unit_set *set, unit_id old_count, const unit_id *new_ids);

const char *job_type_name(enum job_type type);
const char *job_result_name(enum job_result result);

/* ---- for transaction.c and unit_reaction.c ---- */

/** job_collapse() - Return: what @type becomes for @id as it is now; JOB_NONE: nothing is to be done. */
enum job_type job_collapse(enum job_type type, unit_id id);

/** job_merge() - Return: the one type that does both, JOB_NONE if they contradict. */
enum job_type job_merge(enum job_type a, enum job_type b, unit_id id);

/** job_redundant() - Return: whether a unit in this state needs no such job. */
bool job_redundant(enum job_type type, enum unit_active active);

/** job_install() - gives @id the job, in place of or together with the one it has. */
void job_install(unit_id id, enum job_type type, bool ignore_order);

/** job_process() - what the unit's new state means for its job. Return: whether the job asked for it. */
bool job_process(unit_id id, enum unit_active after);

/** job_emergency() - tells of FailureAction= and its like. */
void job_emergency(unit_id id, enum emergency_action action, int exit_status, const char *why);
