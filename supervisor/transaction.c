// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Transactions: see transaction.h. Each unit has a set of job types while one is worked out; the queue
 * of what was added last is walked until nothing new follows. Where something cannot be, it is noted
 * as left out and all is worked out anew, so that nothing stays that only came in through it.
 */
#include "supervisor/transaction.h"

#include <errno.h>

#include "lib/klog.h"
#include "supervisor/graph.h"

/* How far leaving out goes on: each round leaves out one job that was there. */
#define ROUND_MAX (2U * UNIT_MAX)

#define BIT(type) (1U << (type))
#define STARTS (BIT(JOB_START) | BIT(JOB_RESTART))
#define KINDS(kind) (1U << (kind))
#define REQUIRING (KINDS(UNIT_REQUIRES) | KINDS(UNIT_BINDS_TO))

struct item {
	unit_id id;
	uint8_t type;
};

static uint8_t wanted[UNIT_MAX] _scratch_;  /* the types that each unit is to have */
static uint8_t matters[UNIT_MAX] _scratch_; /* those of them without which the anchor's job fails */
static uint8_t left_out[UNIT_MAX] _scratch_; /* those that have been found not to be possible */
static uint8_t cannot_start[UNIT_MAX] _scratch_;
static struct item items[UNIT_MAX * 5] _scratch_; /* five types of job */
static size_t item_count;

static const char *name_of(unit_id id)
{
	return job_set()->units[id].name;
}

/* ---- what cannot be started ---- */

static const char *why_not(unit_id id)
{
	switch ((enum unit_load_state)job_set()->units[id].load) {
	case UNIT_NOT_FOUND:
		return "is nowhere in the search path";
	case UNIT_MASKED:
		return "is masked";
	case UNIT_STUB:
	case UNIT_BAD:
	case UNIT_LOADED:
		return "cannot be started";
	}
	return "cannot be started";
}

/* Requisite= of what is not there cannot be met. */
static bool lacks_requisite(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(job_set(), id, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == UNIT_REQUISITE && job_set()->units[edges[i].to].load != UNIT_LOADED)
			return true;
	return false;
}

/*
 * Marks what cannot be started: what was not found, what was left out, and what requires one of them.
 * @members: what the wish pulls in; nobody else is of interest.
 */
static void mark_unstartable(const uint8_t *members)
{
	static unit_id stack[UNIT_MAX] _scratch_;
	const struct unit_set *set = job_set();
	unsigned depth = 0;

	memset(cannot_start, 0, set->count);
	for (unit_id id = 0; id < set->count; id++)
		if (members[id] && (set->units[id].load != UNIT_LOADED ||
				    left_out[id] & BIT(JOB_START) || lacks_requisite(id))) {
			cannot_start[id] = 1;
			stack[depth++] = id;
		}
	while (depth > 0) {
		unit_id at = stack[--depth];
		size_t count;
		const struct unit_edge *edges = graph_reverse_edges(set, at, &count);

		/* One that was left out may be up for other reasons. */
		if (unit_active_is_up(unit_active_state(at)))
			continue;
		for (size_t i = 0; i < count; i++) {
			unit_id other = edges[i].from;

			if (!(REQUIRING & KINDS(edges[i].kind)) || !members[other] ||
			    cannot_start[other])
				continue;
			log_warning("%s: cannot start: it requires %s, which %s", name_of(other),
				    name_of(at), why_not(at));
			cannot_start[other] = 1;
			stack[depth++] = other;
		}
	}
}

/* ---- what follows from what ---- */

static void add(unit_id id, enum job_type type)
{
	if (type == JOB_NONE || wanted[id] & BIT(type) || left_out[id] & BIT(type))
		return;
	if (type != JOB_STOP && job_set()->units[id].load != UNIT_LOADED)
		return;
	if (STARTS & BIT(type) && cannot_start[id])
		return;
	wanted[id] |= (uint8_t)BIT(type);
	items[item_count++] = (struct item){ .id = id, .type = (uint8_t)type };
}

/*
 * One kind of edge from one job: the job that it means for the other end.
 * @required: the first job fails without it
 */
struct consequence {
	unsigned kinds;
	bool reverse;
	bool required;
	enum job_type type;
};

static const struct consequence of_start[] = {
	{ REQUIRING, false, true, JOB_START },
	{ KINDS(UNIT_WANTS) | KINDS(UNIT_UPHOLDS), false, false, JOB_START },
	{ KINDS(UNIT_REQUISITE), false, true, JOB_VERIFY_ACTIVE },
	{ KINDS(UNIT_CONFLICTS), false, true, JOB_STOP },
	{ KINDS(UNIT_CONFLICTS), true, false, JOB_STOP },
};

#define DEPENDANTS (REQUIRING | KINDS(UNIT_REQUISITE) | KINDS(UNIT_PART_OF))

static const struct consequence of_stop[] = {
	{ DEPENDANTS, true, true, JOB_STOP },
	{ KINDS(UNIT_PROPAGATES_STOP_TO), false, true, JOB_STOP },
};

/* Who is up and depends on it is restarted too. */
static const struct consequence of_restart[] = {
	{ DEPENDANTS, true, true, JOB_TRY_RESTART },
	{ KINDS(UNIT_PROPAGATES_STOP_TO), false, true, JOB_STOP },
};

/* Of an automatic restart: its stop was no job. */
static const struct consequence of_auto_restart[] = {
	{ DEPENDANTS, true, true, JOB_TRY_RESTART },
};

static const struct consequence of_reload[] = {
	{ KINDS(UNIT_PROPAGATES_RELOAD_TO), false, false, JOB_TRY_RELOAD },
};

typedef void consequence_fn(unit_id from, unit_id to, enum job_type type, bool required);

static void apply(unit_id id, const struct consequence *list, size_t length, consequence_fn *function)
{
	for (size_t k = 0; k < length; k++) {
		size_t count;
		const struct unit_edge *edges = list[k].reverse
							? graph_reverse_edges(job_set(), id, &count)
							: graph_edges(job_set(), id, &count);

		for (size_t i = 0; i < count; i++) {
			unit_id other = list[k].reverse ? edges[i].from : edges[i].to;

			if (list[k].kinds & KINDS(edges[i].kind))
				function(id, other, job_collapse(list[k].type, other), list[k].required);
		}
	}
}

static void for_consequences(const struct item *item, bool auto_restart, consequence_fn *function)
{
	if (STARTS & BIT(item->type))
		apply(item->id, of_start, ARRAY_SIZE(of_start), function);
	if (item->type == JOB_STOP)
		apply(item->id, of_stop, ARRAY_SIZE(of_stop), function);
	if (item->type == JOB_RESTART)
		apply(item->id, of_restart, ARRAY_SIZE(of_restart), function);
	else if (auto_restart)
		apply(item->id, of_auto_restart, ARRAY_SIZE(of_auto_restart), function);
	if (item->type == JOB_RELOAD)
		apply(item->id, of_reload, ARRAY_SIZE(of_reload), function);
}

static void pull_in(unit_id from _unused_, unit_id to, enum job_type type, bool required _unused_)
{
	add(to, type);
}

static struct item matter_items[UNIT_MAX * 5] _scratch_;
static size_t matter_count;

static void mark_matter(unit_id id, enum job_type type)
{
	if (type == JOB_NONE || !(wanted[id] & BIT(type)) || matters[id] & BIT(type))
		return;
	matters[id] |= (uint8_t)BIT(type);
	matter_items[matter_count++] = (struct item){ .id = id, .type = (uint8_t)type };
}

static void carry_matter(unit_id from _unused_, unit_id to, enum job_type type, bool required)
{
	if (required)
		mark_matter(to, type);
}

static void isolate(unit_id anchor)
{
	const struct unit_set *set = job_set();

	for (unit_id id = 0; id < set->count; id++) {
		bool ignores = set->units[id].settings && set->units[id].settings->ignore_on_isolate;

		if (id == anchor || wanted[id] || ignores ||
		    (unit_active_is_down(unit_active_state(id)) && job_type_of(id) == JOB_NONE))
			continue;
		add(id, JOB_STOP);
	}
}

/* Works out everything anew. Return: 0, or -ENOENT: the anchor itself cannot be started. */
static int work_out(unit_id anchor, enum job_type type, enum job_mode mode)
{
	static uint8_t members[UNIT_MAX] _scratch_;
	unit_id count = job_set()->count;
	bool auto_restart = mode == JOB_MODE_RESTART_DEPENDENCIES;
	bool follow = mode != JOB_MODE_IGNORE_DEPENDENCIES;
	size_t done = 0;

	memset(wanted, 0, count);
	memset(matters, 0, count);
	memset(members, 0, count);
	item_count = matter_count = 0;
	if (STARTS & BIT(type) || type == JOB_VERIFY_ACTIVE) {
		if (follow)
			graph_pulled_in(job_set(), anchor, false, members);
		members[anchor] = 1;
		mark_unstartable(members);
	} else {
		memset(cannot_start, 0, count);
	}
	add(anchor, type);
	if (!(wanted[anchor] & BIT(type)))
		return -ENOENT;
	for (; follow && done < item_count; done++)
		for_consequences(&items[done], auto_restart && done == 0, pull_in);
	if (mode == JOB_MODE_ISOLATE) {
		isolate(anchor);
		for (; done < item_count; done++)
			for_consequences(&items[done], false, pull_in);
	}
	mark_matter(anchor, type);
	for (size_t i = 0; follow && i < matter_count; i++)
		for_consequences(&matter_items[i], auto_restart && i == 0, carry_matter);
	return 0;
}

/* ---- circles ---- */

/* The names of a cycle, for people: a after b after a. */
static void describe_cycle(const unit_id *cycle, size_t length, struct buf *b)
{
	for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
		buf_printf(b, "%s after ", name_of(cycle[i]));
	buf_add(b, length > GRAPH_CYCLE_MAX ? "..." : name_of(cycle[0]));
}

/*
 * Stops in a circle are none of this: what is to go must go, and job_run() sees to it.
 * Return: 1 if one was found and a unit of it is left out, 0 if there is none, -ELOOP if all of it matters.
 */
static int break_cycle(unit_id anchor)
{
	static uint8_t members[UNIT_MAX] _scratch_;
	unit_id cycle[GRAPH_CYCLE_MAX];
	unit_id victim = UNIT_NONE;
	char text[1024];
	struct buf b = BUF(text);
	size_t length;

	for (unit_id id = 0; id < job_set()->count; id++)
		members[id] = (uint8_t)(wanted[id] & ~BIT(JOB_STOP));
	length = graph_find_cycle(job_set(), members, cycle);
	if (length == 0)
		return 0;
	describe_cycle(cycle, length, &b);
	for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
		if (cycle[i] != anchor && !matters[cycle[i]])
			victim = cycle[i];
	if (victim == UNIT_NONE) {
		log_error("units wait for each other in a circle: %s; all of them are required by %s",
			  text, name_of(anchor));
		return -ELOOP;
	}
	log_error("units wait for each other in a circle: %s; %s is left out", text, name_of(victim));
	left_out[victim] |= wanted[victim];
	return 1;
}

/* ---- one job for each unit ---- */

/* Whether something in the transaction that starts conflicts with @id. */
static bool conflicted(unit_id id)
{
	for (int reverse = 0; reverse <= 1; reverse++) {
		size_t count;
		const struct unit_edge *edges = reverse ? graph_reverse_edges(job_set(), id, &count)
							: graph_edges(job_set(), id, &count);

		for (size_t i = 0; i < count; i++) {
			unit_id other = reverse ? edges[i].from : edges[i].to;

			if (edges[i].kind == UNIT_CONFLICTS && wanted[other] & STARTS)
				return true;
		}
	}
	return false;
}

/* Return: 1 if a unit was to be up and down and one of the two is left out, 0 if there is none, -EDEADLK. */
static int resolve_contradiction(unit_id anchor)
{
	const unsigned stop = BIT(JOB_STOP);

	for (unit_id id = 0; id < job_set()->count; id++) {
		bool stop_matters = matters[id] & stop;
		bool rest_matters = matters[id] & ~stop;
		bool drop_stop;

		if (!(wanted[id] & stop) || !(wanted[id] & ~stop))
			continue;
		if (stop_matters && rest_matters) {
			log_error("%s: would have to be started and stopped for %s: dependencies that contradict",
				  name_of(id), name_of(anchor));
			return -EDEADLK;
		}
		/* Rather no stop than no start, but where what conflicts with it starts. */
		drop_stop = rest_matters || (!stop_matters && !conflicted(id));
		left_out[id] |= (uint8_t)(drop_stop ? stop : wanted[id] & ~stop);
		return 1;
	}
	return 0;
}

static enum job_type merged_type(unit_id id)
{
	enum job_type merged = JOB_NONE;

	for (enum job_type type = JOB_START; type <= JOB_VERIFY_ACTIVE; type++)
		if (wanted[id] & BIT(type))
			merged = merged == JOB_NONE ? type : job_merge(merged, type, id);
	return merged;
}

static bool contradicts(enum job_type a, enum job_type b)
{
	return a != JOB_NONE && (a == JOB_STOP) != (b == JOB_STOP);
}

/* Whether the job would change nothing: it is left away, but for the anchor, whose end somebody awaits. */
static bool superfluous(unit_id id, enum job_type type, unit_id anchor)
{
	return id != anchor && job_redundant(type, unit_active_state(id)) &&
	       !contradicts(job_type_of(id), type);
}

/* JOB_MODE_FAIL: what does not matter must not disturb; what matters must not either, or all fails. */
static int check_undisturbed(unit_id anchor)
{
	for (unit_id id = 0; id < job_set()->count; id++) {
		enum job_type type = wanted[id] ? merged_type(id) : JOB_NONE;
		bool stops = type == JOB_STOP && id != anchor &&
			     !unit_active_is_down(unit_active_state(id));

		if (type == JOB_NONE || superfluous(id, type, anchor))
			continue;
		if (!matters[id] && (stops || contradicts(job_type_of(id), type))) {
			left_out[id] |= wanted[id];
			return 1;
		}
		if (contradicts(job_type_of(id), type))
			return -EEXIST;
	}
	return 0;
}

static bool lost_something;
static uint8_t looked_at_type;

/* What was left out was needed: then so is what needed it. */
static void lose(unit_id from, unit_id to, enum job_type type, bool required)
{
	/* A stop that was left out matters also for what is down, if it is to come up. */
	bool as_wished = job_redundant(type, unit_active_state(to)) &&
			 !(type == JOB_STOP && wanted[to] & STARTS);

	if (!required || type == JOB_NONE || !(left_out[to] & BIT(type)) || as_wished)
		return;
	left_out[from] |= (uint8_t)BIT(looked_at_type);
	lost_something = true;
}

/* Return: 1 if jobs had to go that needed others which were left out, 0 if none, -EDEADLK: the anchor's had to. */
static int drop_what_lost(const struct item *anchor, bool follow, bool auto_restart)
{
	lost_something = false;
	for (size_t i = 0; follow && i < item_count; i++) {
		looked_at_type = items[i].type;
		for_consequences(&items[i], auto_restart && i == 0, lose);
	}
	if (left_out[anchor->id] & BIT(anchor->type))
		return -EDEADLK;
	return lost_something;
}

/* Leaves out one thing that cannot be. Return: 1 if there was one, 0 if all is sound, or -errno. */
static int mend(unit_id anchor, enum job_type type, enum job_mode mode)
{
	int r = drop_what_lost(&(struct item){ anchor, (uint8_t)type },
			       mode != JOB_MODE_IGNORE_DEPENDENCIES,
			       mode == JOB_MODE_RESTART_DEPENDENCIES);

	if (r == 0)
		r = break_cycle(anchor);
	if (r == 0)
		r = resolve_contradiction(anchor);
	if (r == 0 && mode == JOB_MODE_FAIL)
		r = check_undisturbed(anchor);
	return r;
}

int transaction_run(unit_id id, enum job_type wish, enum job_mode mode)
{
	const struct unit_set *set = job_set();
	const struct unit_ops *ops = unit_ops_of((enum unit_type)set->units[id].type);
	enum job_type type = job_collapse(wish, id);
	int r = 0;

	if (type == JOB_NONE)
		return 0;
	if (type == JOB_RELOAD && !(ops->can_reload && ops->can_reload(id)))
		return -EOPNOTSUPP;
	if (mode == JOB_MODE_ISOLATE &&
	    !(type == JOB_START && set->units[id].settings && set->units[id].settings->allow_isolate))
		return -EPERM;
	memset(left_out, 0, set->count);
	for (unsigned round = 0; round < ROUND_MAX; round++) {
		r = work_out(id, type, mode);
		if (r == 0)
			r = mend(id, type, mode);
		if (r <= 0)
			break;
	}
	if (r != 0)
		return r < 0 ? r : -ELOOP;
	for (unit_id other = 0; other < set->count; other++) {
		enum job_type merged = wanted[other] ? merged_type(other) : JOB_NONE;

		if (merged != JOB_NONE && !superfluous(other, merged, id))
			job_install(other, merged, mode == JOB_MODE_IGNORE_DEPENDENCIES);
	}
	return 0;
}
