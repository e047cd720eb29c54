// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Jobs and their order: see job.h. One slot for each unit, and a queue of units whose job may have
 * become runnable: a unit enters it when it gets a job, when its state changes, and when something
 * that it waited for is over. So the work is proportional to the edges, however many units there are.
 */
#include "supervisor/job.h"

#include <errno.h>

#include "lib/klog.h"
#include "supervisor/graph.h"
#include "supervisor/transaction.h"
#include "supervisor/unit_reaction.h"

static struct job {
	uint64_t began;
	uint64_t deadline; /* CLOCK_TIME_MAX: none */
	uint8_t type;	   /* enum job_type */
	bool running : 1;
	bool queued : 1;
	bool ignore_order : 1;
	bool changed : 1; /* the unit's state changed since the job was tried */
} jobs[UNIT_MAX] _table_;

static const struct unit_set *set;
static const struct job_observer *observer;
static unit_id queue[UNIT_MAX] _table_;
static unsigned queue_first;
static unsigned queue_count;
static unsigned pending;
static unsigned deadlines; /* jobs that have one: mostly none */
static bool going_down;

void job_table_init(const struct unit_set *units, const struct job_observer *o)
{
	set = units;
	observer = o;
	queue_first = queue_count = pending = deadlines = 0;
	going_down = false;
	memset(jobs, 0, set->count * sizeof(jobs[0]));
	unit_reaction_init();
}

const struct unit_set *job_set(void)
{
	return set;
}

unsigned job_pending(void)
{
	return pending;
}

bool job_going_down(void)
{
	return going_down;
}

enum job_type job_type_of(unit_id id)
{
	return (enum job_type)jobs[id].type;
}

bool job_running(unit_id id)
{
	return jobs[id].running;
}

static const struct unit_ops *ops_of(unit_id id)
{
	return unit_ops_of((enum unit_type)set->units[id].type);
}

static const struct unit_settings *settings_of(unit_id id)
{
	return set->units[id].settings;
}

/* ---- the queue ---- */

static void enqueue(unit_id id)
{
	if (jobs[id].queued || jobs[id].type == JOB_NONE || jobs[id].running)
		return;
	jobs[id].queued = true;
	/* From the beginning again, or in time all its pages would be touched. */
	if (queue_count == 0)
		queue_first = 0;
	queue[(queue_first + queue_count++) % UNIT_MAX] = id;
}

/* Whoever is ordered before or after @id may be able to go on now. */
static void enqueue_neighbours(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(set, id, &count);

	for (size_t i = 0; i < count; i++)
		enqueue(edges[i].from);
	edges = graph_edges(set, id, &count);
	for (size_t i = 0; i < count; i++)
		enqueue(edges[i].to);
}

/* ---- the end of a job ---- */

static void set_deadline(unit_id id, uint64_t deadline)
{
	deadlines -= jobs[id].type != JOB_NONE && jobs[id].deadline != CLOCK_TIME_MAX;
	jobs[id].deadline = deadline;
	deadlines += deadline != CLOCK_TIME_MAX;
}

/* Takes the job away and tells. */
static void end(unit_id id, enum job_result result)
{
	enum job_type type = (enum job_type)jobs[id].type;

	set_deadline(id, CLOCK_TIME_MAX);
	jobs[id].type = JOB_NONE;
	jobs[id].running = false;
	pending--;
	observer->finished(id, type, result, jobs[id].began);
	if (result != JOB_DONE && type != JOB_STOP && ops_of(id)->abandoned)
		ops_of(id)->abandoned(id);
	enqueue_neighbours(id);
	unit_reaction_later(id);
}

/*
 * What waits to start and requires @id cannot come up. Walks with a stack of its own: chains may be
 * long. @requisite_only: @id is down, though its job was done: that is bad only for Requisite=.
 */
static void fail_dependants(unit_id id, bool requisite_only)
{
	static unit_id stack[UNIT_MAX] _scratch_;
	unsigned depth = 0;

	stack[depth++] = id;
	while (depth > 0) {
		unit_id at = stack[--depth];
		size_t count;
		const struct unit_edge *edges = graph_reverse_edges(set, at, &count);

		for (size_t i = 0; i < count; i++) {
			unit_id other = edges[i].from;
			bool requires = edges[i].kind == UNIT_REQUISITE ||
					(!requisite_only && (edges[i].kind == UNIT_REQUIRES ||
							     edges[i].kind == UNIT_BINDS_TO));

			if (!requires ||
			    (jobs[other].type != JOB_START && jobs[other].type != JOB_VERIFY_ACTIVE))
				continue;
			end(other, JOB_DEPENDENCY);
			unit_reaction_on_failure(other);
			stack[depth++] = other;
		}
		requisite_only = false;
	}
}

static void finish(unit_id id, enum job_result result)
{
	enum job_type type = (enum job_type)jobs[id].type;

	/* The first half of a restart is over: now the other. */
	if (type == JOB_RESTART && result == JOB_DONE) {
		jobs[id].type = JOB_START;
		jobs[id].running = false;
		enqueue(id);
		enqueue_neighbours(id);
		return;
	}
	end(id, result);
	if (result != JOB_DONE && result != JOB_CANCELED &&
	    (type == JOB_START || type == JOB_VERIFY_ACTIVE || type == JOB_RESTART))
		fail_dependants(id, result == JOB_SKIPPED && type == JOB_START);
	else if (result == JOB_DONE && type == JOB_START && !unit_active_is_up(unit_active_state(id)))
		fail_dependants(id, true);
	if (result == JOB_TIMED_OUT)
		unit_reaction_on_failure(id);
}

void job_cancel(unit_id id)
{
	if (jobs[id].type != JOB_NONE)
		finish(id, JOB_CANCELED);
}

void job_install(unit_id id, enum job_type type, bool ignore_order)
{
	enum job_type merged = type;

	if (jobs[id].type != JOB_NONE) {
		merged = job_merge((enum job_type)jobs[id].type, type, id);
		if (merged == JOB_NONE) {
			end(id, JOB_CANCELED);
			merged = type;
		}
	}
	if (jobs[id].type != JOB_NONE) {
		jobs[id].ignore_order = jobs[id].ignore_order || ignore_order;
		/* A reload that runs may have read the old configuration: once more. */
		if (merged == (enum job_type)jobs[id].type && (!jobs[id].running || type != JOB_RELOAD)) {
			enqueue(id);
			return;
		}
	} else {
		jobs[id].deadline = CLOCK_TIME_MAX;
		pending++;
		jobs[id].type = (uint8_t)merged;
		set_deadline(id, settings_of(id) ? clock_add(clock_now(), settings_of(id)->job_timeout)
						 : CLOCK_TIME_MAX);
		jobs[id].ignore_order = ignore_order;
		jobs[id].began = clock_now();
	}
	jobs[id].type = (uint8_t)merged;
	jobs[id].running = false;
	jobs[id].changed = false;
	enqueue(id);
}

/* ---- wishes ---- */

int job_request(unit_id id, enum job_type type, enum job_mode mode)
{
	if (going_down)
		return type == JOB_STOP ? 0 : -ESHUTDOWN;
	return transaction_run(id, type, mode);
}

int job_start(unit_id id)
{
	return job_request(id, JOB_START, JOB_MODE_REPLACE);
}

int job_stop(unit_id id)
{
	return job_request(id, JOB_STOP, JOB_MODE_REPLACE);
}

int job_restart_service(unit_id id)
{
	bool direct = set->units[id].type == UNIT_SERVICE && set->units[id].service &&
		      set->units[id].service->restart_direct;
	int r;

	if (going_down || jobs[id].type == JOB_STOP)
		return -EBUSY;
	r = job_request(id, JOB_START, direct ? JOB_MODE_REPLACE : JOB_MODE_RESTART_DEPENDENCIES);
	/* With RestartMode=direct the start that failed is still a job, and begins anew. */
	if (r == 0 && jobs[id].type == JOB_START && jobs[id].running) {
		jobs[id].running = false;
		enqueue(id);
	}
	return r;
}

void job_propagate_reload(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(set, id, &count);

	for (size_t i = 0; !going_down && i < count; i++)
		if (edges[i].kind == UNIT_PROPAGATES_RELOAD_TO)
			(void)job_request(edges[i].to, JOB_TRY_RELOAD, JOB_MODE_FAIL);
}

void job_stop_all(void)
{
	going_down = true;
	for (unit_id id = 0; id < set->count; id++)
		if (!unit_active_is_down(unit_active_state(id)) || jobs[id].type != JOB_NONE)
			job_install(id, JOB_STOP, false);
}

/* ---- running ---- */

/*
 * Whether @first, which is ordered before @second, goes first: always, but for a stop (or the stop
 * in a restart) of the second, which comes before whatever is to happen to the first.
 */
static bool first_goes_first(unit_id second)
{
	return jobs[second].type != JOB_STOP && jobs[second].type != JOB_RESTART;
}

static bool runnable(unit_id id)
{
	size_t count;
	const struct unit_edge *edges;

	if (jobs[id].ignore_order)
		return true;
	edges = graph_edges(set, id, &count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_AFTER && jobs[edges[i].to].type != JOB_NONE &&
		    first_goes_first(id))
			return false;
	edges = graph_reverse_edges(set, id, &count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_AFTER && jobs[edges[i].from].type != JOB_NONE &&
		    !first_goes_first(edges[i].from))
			return false;
	return true;
}

/* What it is bound to and comes after must be up when it starts (BindsTo= in systemd.unit(5)). */
static bool bound_to_what_is_up(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(set, id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_BINDS_TO &&
		    !unit_active_is_up(unit_active_state(edges[i].to)) &&
		    graph_has_edge(set, id, edges[i].to, UNIT_AFTER))
			return false;
	return true;
}

/* It could not even begin, or need not. */
static void start_ended_at_once(unit_id id, int r)
{
	if (r == -EOPNOTSUPP)
		log_warning("%s: units of its type cannot be started yet", set->units[id].name);
	finish(id, r == -EOPNOTSUPP ? JOB_UNSUPPORTED : JOB_FAILED);
}

/* Not now: it is tried again when its unit has changed; that may have happened already. */
static void postpone(unit_id id)
{
	jobs[id].running = false;
	if (jobs[id].changed)
		enqueue(id);
}

static void run_start(unit_id id)
{
	const struct unit_ops *ops = ops_of(id);
	enum unit_active active = unit_active_state(id);
	int r = 0;

	if (unit_active_is_up(active)) {
		finish(id, JOB_DONE);
		return;
	}
	if (ops->may_start)
		r = ops->may_start(id);
	if (r < 0) {
		if (settings_of(id))
			job_emergency(id, settings_of(id)->start_limit_action, -1,
				      "was started too often");
		if (jobs[id].type == JOB_START)
			finish(id, JOB_FAILED);
		return;
	}
	if (active != ACTIVE_ACTIVATING && observer->conditions) {
		enum job_conditions conditions = observer->conditions(id);

		if (conditions != JOB_CONDITIONS_MET) {
			finish(id, conditions == JOB_CONDITIONS_UNMET ? JOB_SKIPPED : JOB_ASSERT);
			return;
		}
	}
	if (!bound_to_what_is_up(id)) {
		finish(id, JOB_DEPENDENCY);
		unit_reaction_on_failure(id);
		return;
	}
	r = ops->start(id);
	/* It may be over already, or have another job now. */
	if (jobs[id].type != JOB_START || !jobs[id].running)
		return;
	if (r == -EAGAIN)
		postpone(id);
	else if (r < 0)
		start_ended_at_once(id, r);
}

static void run_reload(unit_id id)
{
	const struct unit_ops *ops = ops_of(id);
	enum unit_active active = unit_active_state(id);
	int r;

	if (!ops->reload) {
		finish(id, JOB_UNSUPPORTED);
		return;
	}
	if (active == ACTIVE_RELOADING || active == ACTIVE_ACTIVATING) {
		postpone(id);
		return;
	}
	if (active != ACTIVE_ACTIVE) {
		finish(id, JOB_FAILED);
		return;
	}
	r = ops->reload(id);
	if (jobs[id].type != JOB_RELOAD || !jobs[id].running)
		return;
	if (r == -EAGAIN)
		postpone(id);
	else if (r < 0)
		finish(id, JOB_FAILED);
	else if (unit_active_state(id) == ACTIVE_ACTIVE)
		finish(id, !ops->reloaded || ops->reloaded(id) ? JOB_DONE : JOB_FAILED);
}

static void run(unit_id id)
{
	const struct unit_ops *ops = ops_of(id);
	enum unit_active active = unit_active_state(id);
	uint64_t now = clock_now();

	jobs[id].running = true;
	jobs[id].changed = false;
	jobs[id].began = now;
	if (settings_of(id) && settings_of(id)->job_running_timeout != CLOCK_TIME_MAX &&
	    clock_add(now, settings_of(id)->job_running_timeout) < jobs[id].deadline)
		set_deadline(id, clock_add(now, settings_of(id)->job_running_timeout));
	switch ((enum job_type)jobs[id].type) {
	case JOB_START:
		run_start(id);
		return;
	case JOB_STOP:
	case JOB_RESTART:
		if (unit_active_is_down(active))
			finish(id, JOB_DONE);
		else if (jobs[id].type == JOB_RESTART && ops->stop_for_restart)
			ops->stop_for_restart(id);
		else
			ops->stop(id);
		return;
	case JOB_RELOAD:
		run_reload(id);
		return;
	case JOB_VERIFY_ACTIVE:
		if (unit_active_is_up(active))
			finish(id, JOB_DONE);
		else if (active == ACTIVE_ACTIVATING)
			postpone(id);
		else
			finish(id, JOB_SKIPPED);
		return;
	case JOB_NONE:
	case JOB_TRY_RESTART:
	case JOB_TRY_RELOAD:
	case JOB_RELOAD_OR_START:
	case JOB_RELOAD_OR_RESTART:
	case JOB_TRY_RELOAD_OR_RESTART:
	case JOB_TYPE_COUNT:
		return;
	}
}

/*
 * Jobs of several transactions, and stops, may wait for each other in a circle. When nothing else is
 * left to happen one of them goes first, or a shutdown would hang (hc-47).
 */
static void break_deadlock(void)
{
	unit_id blocked = UNIT_NONE;

	if (pending == 0)
		return;
	for (unit_id id = 0; id < set->count; id++) {
		if (jobs[id].type == JOB_NONE)
			continue;
		/* One that is runnable and does not run waits for its own unit. */
		if (jobs[id].running || runnable(id))
			return;
		/* What goes down goes first. */
		if (blocked == UNIT_NONE ||
		    (jobs[id].type == JOB_STOP && jobs[blocked].type != JOB_STOP))
			blocked = id;
	}
	log_error("%s: its %s and other jobs wait for each other in a circle; it goes first",
		  set->units[blocked].name, job_type_name((enum job_type)jobs[blocked].type));
	jobs[blocked].ignore_order = true;
	enqueue(blocked);
}

void job_run(void)
{
	do {
		while (queue_count > 0) {
			unit_id id = queue[queue_first];

			queue_first = (queue_first + 1) % UNIT_MAX;
			queue_count--;
			jobs[id].queued = false;
			if (jobs[id].type != JOB_NONE && !jobs[id].running && runnable(id))
				run(id);
		}
		/* What follows from all that may be further jobs. */
		unit_reaction_run();
		if (queue_count == 0)
			break_deadlock();
	} while (queue_count > 0);
}

/* ---- what becomes of the units ---- */

static bool process_start(unit_id id, enum unit_active after)
{
	if (unit_active_is_up(after)) {
		finish(id, JOB_DONE);
		return true;
	}
	if (!jobs[id].running || after == ACTIVE_ACTIVATING)
		return true;
	if (unit_active_is_down(after)) {
		bool skipped = ops_of(id)->skipped && ops_of(id)->skipped(id);

		finish(id, after == ACTIVE_FAILED ? JOB_FAILED : skipped ? JOB_SKIPPED : JOB_DONE);
	}
	return false;
}

static bool process_reload(unit_id id, enum unit_active after)
{
	if (!jobs[id].running)
		return true;
	if (after == ACTIVE_ACTIVE) {
		finish(id, !ops_of(id)->reloaded || ops_of(id)->reloaded(id) ? JOB_DONE : JOB_FAILED);
		return true;
	}
	if (after == ACTIVE_ACTIVATING || after == ACTIVE_RELOADING)
		return true;
	if (unit_active_is_down(after))
		finish(id, after == ACTIVE_FAILED ? JOB_FAILED : JOB_DONE);
	return false;
}

bool job_process(unit_id id, enum unit_active after)
{
	bool expected = false;

	jobs[id].changed = true;
	if (observer->changed)
		observer->changed(id);
	switch ((enum job_type)jobs[id].type) {
	case JOB_START:
	case JOB_VERIFY_ACTIVE:
		expected = process_start(id, after);
		break;
	case JOB_STOP:
	case JOB_RESTART:
		expected = true;
		if (unit_active_is_down(after)) {
			finish(id, JOB_DONE);
		} else if (jobs[id].running && after != ACTIVE_DEACTIVATING) {
			expected = false;
			finish(id, JOB_FAILED);
		}
		break;
	case JOB_RELOAD:
		expected = process_reload(id, after);
		break;
	case JOB_NONE:
	case JOB_TRY_RESTART:
	case JOB_TRY_RELOAD:
	case JOB_RELOAD_OR_START:
	case JOB_RELOAD_OR_RESTART:
	case JOB_TRY_RELOAD_OR_RESTART:
	case JOB_TYPE_COUNT:
		break;
	}
	enqueue(id);
	return expected;
}

void job_emergency(unit_id id, enum emergency_action action, int exit_status, const char *why)
{
	if (action != ACTION_NONE && !going_down && observer->emergency)
		observer->emergency(id, action, exit_status, why);
}

/* ---- time ---- */

uint64_t job_next_deadline(void)
{
	uint64_t next = CLOCK_TIME_MAX;

	for (unit_id id = 0; deadlines > 0 && id < set->count; id++)
		if (jobs[id].type != JOB_NONE && jobs[id].deadline < next)
			next = jobs[id].deadline;
	return next;
}

unsigned job_expire(uint64_t now)
{
	unsigned count = 0;

	for (unit_id id = 0; deadlines > 0 && id < set->count; id++) {
		if (jobs[id].type == JOB_NONE || jobs[id].deadline > now)
			continue;
		log_warning("%s: its %s job timed out", set->units[id].name,
			    job_type_name((enum job_type)jobs[id].type));
		finish(id, JOB_TIMED_OUT);
		job_emergency(id, settings_of(id)->job_timeout_action, -1, "its job timed out");
		count++;
	}
	return count;
}

void job_grown(unit_id first)
{
	memset(&jobs[first], 0, (size_t)(set->count - first) * sizeof(jobs[0]));
	unit_reaction_grown(first);
}

void job_moved(const struct unit_set *units, unit_id old_count, const unit_id *new_ids)
{
	static struct job before[UNIT_MAX] _scratch_;

	memcpy(before, jobs, old_count * sizeof(jobs[0]));
	set = units;
	queue_first = queue_count = pending = deadlines = 0;
	memset(jobs, 0, set->count * sizeof(jobs[0]));
	for (unit_id id = 0; id < old_count; id++) {
		unit_id now = new_ids[id];

		if (before[id].type == JOB_NONE || now == UNIT_NONE)
			continue;
		jobs[now] = before[id];
		jobs[now].queued = false;
		pending++;
		deadlines += jobs[now].deadline != CLOCK_TIME_MAX;
		enqueue(now);
	}
	memset(before, 0, old_count * sizeof(before[0]));
	unit_reaction_init();
}
