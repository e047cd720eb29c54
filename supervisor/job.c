// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Jobs and their order: see job.h. One slot for each unit, and a queue of units whose job may have
 * become runnable: a unit enters it when it gets a job and when something that it waited for is over.
 * So the work is proportional to the edges, however many units there are.
 */
#include "supervisor/job.h"

#include <errno.h>

#include "lib/klog.h"
#include "supervisor/graph.h"
#include "supervisor/service.h"

static struct {
	enum job_type type;
	bool running;
	bool queued;
	uint64_t began;
} jobs[UNIT_MAX];

static const struct unit_set *set;
static const struct job_observer *observer;
static unit_id queue[UNIT_MAX];
static unsigned queue_first;
static unsigned queue_count;
static unsigned pending;
static bool going_down;

void job_table_init(const struct unit_set *units, const struct job_observer *o)
{
	set = units;
	observer = o;
	queue_first = queue_count = pending = 0;
	going_down = false;
	memset(jobs, 0, set->count * sizeof(jobs[0]));
}

unsigned job_pending(void)
{
	return pending;
}

enum job_type job_type_of(unit_id id)
{
	return jobs[id].type;
}

static const struct unit_ops *ops_of(unit_id id)
{
	return unit_ops_of((enum unit_type)set->units[id].type);
}

static void enqueue(unit_id id)
{
	if (jobs[id].queued || jobs[id].type == JOB_NONE || jobs[id].running)
		return;
	jobs[id].queued = true;
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

static void finish(unit_id id, enum job_result result);

/* What requires a unit that did not come up cannot come up either, if it has not begun. */
static void fail_dependants(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(set, id, &count);

	for (size_t i = 0; i < count; i++) {
		unit_id other = edges[i].from;

		if (edges[i].kind != UNIT_REQUIRES && edges[i].kind != UNIT_BINDS_TO)
			continue;
		if (jobs[other].type == JOB_START && !jobs[other].running)
			finish(other, JOB_DEPENDENCY);
	}
}

static void finish(unit_id id, enum job_result result)
{
	enum job_type type = jobs[id].type;
	uint64_t began = jobs[id].began;

	jobs[id].type = JOB_NONE;
	jobs[id].running = false;
	pending--;
	observer->finished(id, type, result, began);
	if (type == JOB_START && result != JOB_DONE)
		fail_dependants(id);
	enqueue_neighbours(id);
}

static void wish(unit_id id, enum job_type type)
{
	if (jobs[id].type == type)
		return;
	if (jobs[id].type != JOB_NONE)
		finish(id, JOB_CANCELED);
	jobs[id].type = type;
	jobs[id].running = false;
	jobs[id].began = clock_now();
	pending++;
	enqueue(id);
}

static bool startable(unit_id id)
{
	return set->units[id].load == UNIT_LOADED;
}

/* The names of a cycle, for people: a -> b -> a. */
static void describe_cycle(const unit_id *cycle, size_t length, struct buf *b)
{
	for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
		buf_printf(b, "%s after ", set->units[cycle[i]].name);
	buf_add(b, length > GRAPH_CYCLE_MAX ? "..." : set->units[cycle[0]].name);
}

/*
 * Leaves out of @members what stands in a circle and is not required by the anchor, until there is no
 * circle. Return: 0, or -ELOOP if everything in a circle is required.
 */
static int break_cycles(unit_id anchor, uint8_t *members)
{
	static uint8_t required[UNIT_MAX];
	unit_id cycle[GRAPH_CYCLE_MAX];
	size_t length;

	memset(required, 0, set->count);
	graph_pulled_in(set, anchor, true, required);
	while ((length = graph_find_cycle(set, members, cycle)) > 0) {
		char text[1024];
		struct buf b = BUF(text);
		unit_id victim = UNIT_NONE;

		describe_cycle(cycle, length, &b);
		for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
			if (!required[cycle[i]])
				victim = cycle[i];
		if (victim == UNIT_NONE) {
			log_error("units wait for each other in a circle: %s; all of them are required by %s",
				  text, set->units[anchor].name);
			return -ELOOP;
		}
		log_error("units wait for each other in a circle: %s; %s is left out", text,
			  set->units[victim].name);
		members[victim] = 0;
	}
	return 0;
}

/* Whether all that @id requires is in the transaction or up already. */
static bool requirements_met(unit_id id, const uint8_t *members)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(set, id, &count);

	for (size_t i = 0; i < count; i++) {
		if (edges[i].kind != UNIT_REQUIRES && edges[i].kind != UNIT_BINDS_TO)
			continue;
		if (members[edges[i].to] || unit_active_state(edges[i].to) == ACTIVE_ACTIVE)
			continue;
		log_warning("%s: cannot start: it requires %s, which %s", set->units[id].name,
			    set->units[edges[i].to].name,
			    set->units[edges[i].to].load == UNIT_NOT_FOUND ? "is nowhere in the search path"
			    : set->units[edges[i].to].load == UNIT_MASKED ? "is masked"
									  : "cannot be started");
		return false;
	}
	return true;
}

/* Takes out what cannot start, and then what requires that, until nothing changes. */
static void drop_unstartable(uint8_t *members)
{
	bool changed;

	for (unit_id id = 0; id < set->count; id++)
		if (members[id] && !startable(id))
			members[id] = 0;
	do {
		changed = false;
		for (unit_id id = 0; id < set->count; id++)
			if (members[id] && !requirements_met(id, members)) {
				members[id] = 0;
				changed = true;
			}
	} while (changed);
}

static void stop_conflicting(unit_id id)
{
	for (int reverse = 0; reverse <= 1; reverse++) {
		size_t count;
		const struct unit_edge *edges = reverse ? graph_reverse_edges(set, id, &count)
							: graph_edges(set, id, &count);

		for (size_t i = 0; i < count; i++) {
			unit_id other = reverse ? edges[i].from : edges[i].to;

			if (edges[i].kind == UNIT_CONFLICTS &&
			    unit_active_state(other) != ACTIVE_INACTIVE &&
			    unit_active_state(other) != ACTIVE_FAILED)
				job_stop(other);
		}
	}
}

int job_start(unit_id id)
{
	static uint8_t members[UNIT_MAX];
	int r;

	if (going_down)
		return -ESHUTDOWN;
	memset(members, 0, set->count);
	graph_pulled_in(set, id, false, members);
	drop_unstartable(members);
	r = break_cycles(id, members);
	if (r < 0)
		return r;
	drop_unstartable(members);
	if (!members[id])
		return -ENOENT;
	for (unit_id other = 0; other < set->count; other++) {
		enum unit_active active = unit_active_state(other);

		if (!members[other] || (active == ACTIVE_ACTIVE && jobs[other].type == JOB_NONE))
			continue;
		stop_conflicting(other);
		wish(other, JOB_START);
	}
	return 0;
}

static bool is_down(unit_id id)
{
	enum unit_active active = unit_active_state(id);

	return active == ACTIVE_INACTIVE || active == ACTIVE_FAILED;
}

void job_stop(unit_id id)
{
	/* On the stack, not static: a start may come here through its conflicts. */
	uint8_t members[UNIT_MAX] = { 0 };

	graph_dependants(set, id, members);
	for (unit_id other = 0; other < set->count; other++)
		if (members[other] && (!is_down(other) || jobs[other].type == JOB_START))
			wish(other, JOB_STOP);
}

void job_stop_all(void)
{
	going_down = true;
	for (unit_id id = 0; id < set->count; id++)
		if (!is_down(id) || jobs[id].type == JOB_START)
			wish(id, JOB_STOP);
}

/* A start waits for the starts before it and for any stop around it; a stop for the stops after it. */
static bool runnable(unit_id id)
{
	size_t count;
	const struct unit_edge *edges;

	if (jobs[id].type == JOB_START) {
		edges = graph_edges(set, id, &count);
		for (size_t i = 0; i < count; i++)
			if ((edges[i].kind == UNIT_AFTER && jobs[edges[i].to].type != JOB_NONE) ||
			    (edges[i].kind == UNIT_CONFLICTS && jobs[edges[i].to].type == JOB_STOP))
				return false;
	}
	edges = graph_reverse_edges(set, id, &count);
	for (size_t i = 0; i < count; i++)
		if (jobs[edges[i].from].type == JOB_STOP &&
		    (edges[i].kind == UNIT_AFTER ||
		     (edges[i].kind == UNIT_CONFLICTS && jobs[id].type == JOB_START)))
			return false;
	return true;
}

static void run(unit_id id)
{
	jobs[id].running = true;
	jobs[id].began = clock_now();
	if (jobs[id].type == JOB_START) {
		int r = 0;

		if (unit_active_is_up(unit_active_state(id)))
			finish(id, JOB_DONE);
		else
			r = ops_of(id)->start(id);
		if (r < 0 && jobs[id].running && jobs[id].type == JOB_START) {
			if (r == -EOPNOTSUPP)
				log_warning("%s: units of its type cannot be started yet",
					    set->units[id].name);
			finish(id, JOB_FAILED);
		}
		return;
	}
	if (is_down(id))
		finish(id, JOB_DONE);
	else
		ops_of(id)->stop(id);
}

void job_run(void)
{
	while (queue_count > 0) {
		unit_id id = queue[queue_first];

		queue_first = (queue_first + 1) % UNIT_MAX;
		queue_count--;
		jobs[id].queued = false;
		if (jobs[id].type != JOB_NONE && !jobs[id].running && runnable(id))
			run(id);
	}
}

/* A unit that is bound to another cannot outlive it (BindsTo=). */
static void stop_bound(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_reverse_edges(set, id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_BINDS_TO && !is_down(edges[i].from))
			job_stop(edges[i].from);
}

/* What the new state means for a start that is under way. */
static void start_went_on(unit_id id, enum unit_active after)
{
	switch (after) {
	case ACTIVE_ACTIVE:
	case ACTIVE_RELOADING:
	case ACTIVE_INACTIVE:
		finish(id, JOB_DONE);
		return;
	case ACTIVE_FAILED:
		finish(id, JOB_FAILED);
		return;
	case ACTIVE_ACTIVATING:
		/* It failed and waits to be restarted: this attempt is over. */
		if (set->units[id].type == UNIT_SERVICE &&
		    service_get(id)->run.state == SERVICE_AUTO_RESTART)
			finish(id, JOB_FAILED);
		return;
	case ACTIVE_DEACTIVATING:
		return;
	}
}

void unit_changed(unit_id id, enum unit_active before, enum unit_active after)
{
	job_unit_changed(id, before, after);
}

void job_unit_changed(unit_id id, enum unit_active before, enum unit_active after)
{
	if (jobs[id].type == JOB_START && jobs[id].running)
		start_went_on(id, after);
	else if (jobs[id].type == JOB_STOP && jobs[id].running && is_down(id))
		finish(id, JOB_DONE);
	if (before == after)
		return;
	if (before == ACTIVE_ACTIVE)
		stop_bound(id);
	enqueue_neighbours(id);
}
