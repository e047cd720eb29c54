// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reactions: see unit_reaction.h. A byte of what is due for each unit, and a queue of those with some. */
#include "supervisor/unit_reaction.h"

#include "lib/klog.h"
#include "lib/pages.h"
#include "supervisor/graph.h"
#include "supervisor/job.h"

enum due {
	DUE_ON_FAILURE = 1 << 0,
	DUE_ON_SUCCESS = 1 << 1,
	DUE_STARTED_ITSELF = 1 << 2, /* what it requires is started after it */
	DUE_STOPPED_ITSELF = 1 << 3, /* what is bound to it is stopped after it */
	DUE_LOOK = 1 << 4,	     /* is it bound to what is gone, upheld, or needed by nobody? */
	DUE_LOOK_AROUND = 1 << 5,    /* the same of its neighbours */
	DUE_TRIGGERS = 1 << 6,	     /* whoever triggers it wants to know that its job is over */
	DUE_QUEUED = 1 << 7,
};

/* So often, and in this time, does a unit start or stop others or itself unasked; as in systemd. */
#define REACTION_BURST 16
#define REACTION_WINDOW (10 * NS_PER_S)

static uint8_t due[UNIT_MAX];
static struct {
	uint64_t began;
	uint32_t count;
} windows[UNIT_MAX] _table_;
static unit_id queue[UNIT_MAX] _table_;
static unsigned queue_first;
static unsigned queue_count;

void unit_reaction_init(void)
{
	pages_zero(due, job_set()->count);
	pages_zero(windows, job_set()->count * sizeof(windows[0]));
	queue_first = queue_count = 0;
}

void unit_reaction_grown(unit_id first)
{
	pages_zero(&due[first], (size_t)(job_set()->count - first));
	pages_zero(&windows[first], (size_t)(job_set()->count - first) * sizeof(windows[0]));
}

static void note(unit_id id, enum due what)
{
	if (job_going_down())
		return;
	if (queue_count == 0)
		queue_first = 0;
	if (!(due[id] & DUE_QUEUED))
		queue[(queue_first + queue_count++) % UNIT_MAX] = id;
	due[id] |= (uint8_t)(what | DUE_QUEUED);
}

void unit_reaction_later(unit_id id)
{
	note(id, DUE_LOOK | DUE_LOOK_AROUND | DUE_TRIGGERS);
}

void unit_reaction_on_failure(unit_id id)
{
	note(id, DUE_ON_FAILURE);
}

/* ---- noted at once ---- */

static bool up_or_coming(enum unit_active active)
{
	return unit_active_is_up(active) || active == ACTIVE_ACTIVATING;
}

static void tell_triggers(unit_id id, enum unit_active before, enum unit_active after)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++) {
		unit_id other = edges[i].from;
		const struct unit_ops *ops = unit_ops_of((enum unit_type)job_set()->units[other].type);

		if (edges[i].kind == UNIT_TRIGGERS && ops->triggered_changed)
			ops->triggered_changed(other, id, before, after);
	}
}

static int own_exit_status(unit_id id, int configured)
{
	const struct unit_ops *ops = unit_ops_of((enum unit_type)job_set()->units[id].type);

	return configured >= 0 ? configured : ops->exit_status ? ops->exit_status(id) : -1;
}

static void take_actions(unit_id id, enum unit_active before, enum unit_active after)
{
	const struct unit_settings *settings = job_set()->units[id].settings;

	if (!settings || before == after)
		return;
	if (after == ACTIVE_FAILED)
		job_emergency(id, settings->failure_action,
			      own_exit_status(id, settings->failure_action_exit_status), "failed");
	else if (after == ACTIVE_INACTIVE && before != ACTIVE_FAILED)
		job_emergency(id, settings->success_action,
			      own_exit_status(id, settings->success_action_exit_status), "is done");
}

void unit_changed(unit_id id, enum unit_active before, enum unit_active after)
{
	bool expected = job_process(id, after);

	if (before == after)
		return;
	if (!expected && unit_active_is_down(before) && up_or_coming(after))
		note(id, DUE_STARTED_ITSELF);
	else if (!expected && up_or_coming(before) && !up_or_coming(after))
		note(id, DUE_STOPPED_ITSELF);
	if (after == ACTIVE_FAILED)
		note(id, DUE_ON_FAILURE);
	else if (after == ACTIVE_INACTIVE && before != ACTIVE_FAILED)
		note(id, DUE_ON_SUCCESS);
	note(id, DUE_LOOK | DUE_LOOK_AROUND);
	tell_triggers(id, before, after);
	if (unit_ops_of(UNIT_SOCKET)->any_changed)
		unit_ops_of(UNIT_SOCKET)->any_changed(id, after);
	take_actions(id, before, after);
}

/* ---- done later ---- */

/* Units whose reactions are each other's reasons must not keep PID 1 busy for ever. */
static bool too_often(unit_id id)
{
	uint64_t now = clock_now();

	if (windows[id].count == 0 || clock_add(windows[id].began, REACTION_WINDOW) <= now) {
		windows[id].began = now;
		windows[id].count = 0;
	}
	if (windows[id].count == REACTION_BURST)
		log_warning("%s: dependencies start or stop it again and again; it is left as it is for now",
			    job_set()->units[id].name);
	return windows[id].count++ >= REACTION_BURST;
}

/* Wishes @type for what @id has @kind of; @reverse: for what has @kind of it. */
static void wish_for(unit_id id, enum unit_dependency kind, bool reverse, enum job_type type,
		     enum job_mode mode)
{
	size_t count;
	const struct unit_edge *edges = reverse ? graph_reverse_edges(job_set(), id, &count)
						: graph_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++) {
		unit_id other = reverse ? edges[i].from : edges[i].to;
		enum unit_active active = unit_active_state(other);
		bool coming = up_or_coming(active);

		if (edges[i].kind == kind && (type == JOB_START) != coming)
			(void)job_request(other, type, mode);
	}
}

static void start_on(unit_id id, enum unit_dependency kind)
{
	const struct unit_settings *settings = job_set()->units[id].settings;
	bool isolate = kind == UNIT_ON_FAILURE && settings && settings->on_failure_isolate;
	size_t count;
	const struct unit_edge *edges = graph_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++) {
		int r;

		if (edges[i].kind != kind || too_often(id))
			continue;
		log_info("%s: starts %s (%s=)", job_set()->units[id].name,
			 job_set()->units[edges[i].to].name,
			 kind == UNIT_ON_FAILURE ? "OnFailure" : "OnSuccess");
		r = job_request(edges[i].to, JOB_START, isolate ? JOB_MODE_ISOLATE : JOB_MODE_REPLACE);
		if (r < 0)
			log_warning("%s: cannot start %s: %s", job_set()->units[id].name,
				    job_set()->units[edges[i].to].name, error_name(r));
	}
}

/* Whether an active unit, or one that is to be, is behind an edge of one of @kinds to or from @id. */
static bool is_bound_to_what_is_gone(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_BINDS_TO && job_type_of(edges[i].to) == JOB_NONE &&
		    unit_active_is_down(unit_active_state(edges[i].to)))
			return true;
	return false;
}

static bool is_upheld(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_UPHOLDS && job_type_of(edges[i].from) == JOB_NONE &&
		    unit_active_is_up(unit_active_state(edges[i].from)))
			return true;
	return false;
}

static bool is_needed(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++) {
		switch ((enum unit_dependency)edges[i].kind) {
		case UNIT_WANTS:
		case UNIT_REQUIRES:
		case UNIT_BINDS_TO:
		case UNIT_REQUISITE:
		case UNIT_UPHOLDS:
			if (up_or_coming(unit_active_state(edges[i].from)) ||
			    job_type_of(edges[i].from) == JOB_START ||
			    job_type_of(edges[i].from) == JOB_RESTART)
				return true;
			break;
		case UNIT_PART_OF:
		case UNIT_CONFLICTS:
		case UNIT_AFTER:
		case UNIT_BEFORE:
		case UNIT_ON_FAILURE:
		case UNIT_ON_SUCCESS:
		case UNIT_PROPAGATES_RELOAD_TO:
		case UNIT_PROPAGATES_STOP_TO:
		case UNIT_TRIGGERS:
		case UNIT_DEPENDENCY_COUNT:
			break;
		}
	}
	return false;
}

static void look(unit_id id)
{
	const struct unit *unit = &job_set()->units[id];
	enum unit_active active = unit_active_state(id);

	/* What is about to happen decides; the end of the job leads here again. */
	if (job_type_of(id) != JOB_NONE)
		return;
	if (unit_active_is_up(active) && is_bound_to_what_is_gone(id)) {
		if (too_often(id))
			return;
		log_info("%s: stops, as it is bound to what is gone", unit->name);
		(void)job_request(id, JOB_STOP, JOB_MODE_REPLACE);
	} else if (unit_active_is_up(active) && unit->settings &&
		   unit->settings->stop_when_unneeded && !is_needed(id)) {
		if (too_often(id))
			return;
		log_info("%s: stops, as nobody needs it", unit->name);
		(void)job_request(id, JOB_STOP, JOB_MODE_FAIL);
	} else if (unit_active_is_down(active) && unit->load == UNIT_LOADED && is_upheld(id)) {
		if (!too_often(id))
			(void)job_request(id, JOB_START, JOB_MODE_FAIL);
	}
}

static void look_around(unit_id id)
{
	for (int reverse = 0; reverse <= 1; reverse++) {
		size_t count;
		const struct unit_edge *edges = reverse ? graph_reverse_edges(job_set(), id, &count)
							: graph_edges(job_set(), id, &count);

		for (size_t i = 0; i < count; i++)
			if (edges[i].kind != UNIT_AFTER && edges[i].kind != UNIT_CONFLICTS)
				note(reverse ? edges[i].from : edges[i].to, DUE_LOOK);
	}
}

static void react(unit_id id, unsigned what)
{
	enum unit_active active = unit_active_state(id);

	/* A job may end without a change: a condition was not met, or a limit was hit. */
	if (what & DUE_TRIGGERS)
		tell_triggers(id, active, active);
	if (what & DUE_STARTED_ITSELF) {
		wish_for(id, UNIT_REQUIRES, false, JOB_START, JOB_MODE_REPLACE);
		wish_for(id, UNIT_BINDS_TO, false, JOB_START, JOB_MODE_REPLACE);
		wish_for(id, UNIT_WANTS, false, JOB_START, JOB_MODE_FAIL);
		wish_for(id, UNIT_UPHOLDS, false, JOB_START, JOB_MODE_FAIL);
		wish_for(id, UNIT_CONFLICTS, false, JOB_STOP, JOB_MODE_REPLACE);
		wish_for(id, UNIT_CONFLICTS, true, JOB_STOP, JOB_MODE_REPLACE);
	}
	if (what & DUE_STOPPED_ITSELF) {
		wish_for(id, UNIT_BINDS_TO, true, JOB_STOP, JOB_MODE_REPLACE);
		wish_for(id, UNIT_PROPAGATES_STOP_TO, false, JOB_STOP, JOB_MODE_REPLACE);
	}
	if (what & DUE_ON_FAILURE)
		start_on(id, UNIT_ON_FAILURE);
	if (what & DUE_ON_SUCCESS)
		start_on(id, UNIT_ON_SUCCESS);
	if (what & DUE_LOOK)
		look(id);
	if (what & DUE_LOOK_AROUND)
		look_around(id);
}

void unit_reaction_run(void)
{
	while (queue_count > 0) {
		unit_id id = queue[queue_first];
		unsigned what = due[id];

		queue_first = (queue_first + 1) % UNIT_MAX;
		queue_count--;
		due[id] = 0;
		if (!job_going_down())
			react(id, what);
	}
}
