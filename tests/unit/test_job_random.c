// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Jobs, transactions, reactions and the service machine together, at random: 10,000 operations (start,
 * stop, restart, reload, crash) over random graphs of dependencies, against a simple model of what must be
 * so afterwards. Only the processes are the test's. The seed is printed; ORLOP_SEED= repeats a run.
 */
// LDFLAGS: -Wl,--wrap=unit_ops_of,--wrap=clock_now,--wrap=klog
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/klog.h"
#include "supervisor/graph.h"
#include "supervisor/job.h"
#include "supervisor/service_fsm.h"

enum {
	OPERATIONS = 10000,
	OPERATIONS_PER_GRAPH = 50,
	UNITS_MAX = 24,
	/* Far more than any operation needs to come to rest. */
	ROUNDS_MAX = 5000,
	DEFAULT_SEED = 1492,
};

static struct unit_set set;
static struct unit_draft drafts[UNITS_MAX];
static struct exec_command start_commands[UNITS_MAX];
static struct service_run runs[UNITS_MAX];
static char names[UNITS_MAX][16];
static bool target_up[UNITS_MAX];
static bool main_there[UNITS_MAX];
static bool control_there[UNITS_MAX];
static unsigned reloads[UNITS_MAX];
static unsigned finished_jobs;
static enum job_result last_result[UNITS_MAX]; /* of a start */
static unsigned started;
static bool circles; /* After= of this graph leads in circles here and there (hc-47) */
static bool careful; /* this graph is tried with JOB_MODE_FAIL as well */
static unsigned operation;
static uint64_t random_state;
static uint64_t now;
static uint64_t seed;

uint64_t __wrap_clock_now(void);
uint64_t __wrap_clock_now(void)
{
	return now;
}

void __wrap_klog(enum klog_level level, const char *format, ...);
void __wrap_klog(enum klog_level level _unused_, const char *format _unused_, ...)
{
}

#define CHECK(id, condition)                                                                           \
	do {                                                                                           \
		if (!(condition))                                                                      \
			fail_msg("ORLOP_SEED=%llu, operation %u, line %d: %s: %s (%u, job %s)",        \
				 (unsigned long long)seed, operation, __LINE__, #condition, names[id], \
				 (unsigned)unit_active_state(id), job_type_name(job_type_of(id)));     \
	} while (0)

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static unsigned random_below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % limit);
}

static bool is_target(unit_id id)
{
	return set.units[id].type == UNIT_TARGET;
}

/* ---- the processes, and the machine over them ---- */

static void feed(unit_id id, struct service_event event)
{
	enum service_state before = (enum service_state)runs[id].state;
	struct service_actions actions;
	enum unit_active was = service_active(before);

	event.stop_queued = job_type_of(id) == JOB_STOP;
	service_step(&set.units[id], &runs[id], &event, now, &actions);
	if (before != (enum service_state)runs[id].state)
		unit_changed(id, was, service_active((enum service_state)runs[id].state));
	for (unsigned i = 0; i < actions.count; i++) {
		int r;

		switch (actions.list[i].type) {
		case ACTION_SPAWN_MAIN:
		case ACTION_SPAWN_CONTROL:
			*(actions.list[i].type == ACTION_SPAWN_MAIN ? &main_there[id]
								    : &control_there[id]) = true;
			feed(id, (struct service_event){ .type = EVENT_SPAWNED });
			break;
		case ACTION_TELL_RESTART:
			feed(id, (struct service_event){ .type = EVENT_AUTO_RESTART });
			break;
		case ACTION_QUEUE_RESTART:
			r = job_restart_service(id);
			if (r < 0)
				feed(id, (struct service_event){ .type = EVENT_RESTART_REFUSED,
								 .value = r == -EBUSY });
			break;
		case ACTION_PROPAGATE_RELOAD:
			job_propagate_reload(id);
			break;
		case ACTION_SIGNAL_MAIN:
		case ACTION_SIGNAL_CONTROL:
		case ACTION_SIGNAL_CGROUP:
		case ACTION_KILL_CGROUP:
		case ACTION_RELOAD_SIGNAL:
		case ACTION_FIND_MAIN:
		case ACTION_AWAIT_PID_FILE:
		case ACTION_RELEASE:
			break;
		}
	}
}

static void main_ends(unit_id id, int code, int status)
{
	main_there[id] = false;
	feed(id, (struct service_event){
			 .type = EVENT_MAIN_EXIT,
			 .code = code,
			 .status = status,
			 .populated = control_there[id],
		 });
}

/* What a service that behaves does next. Return: false if it rests. */
static bool advance(unit_id id)
{
	switch ((enum service_state)runs[id].state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START_POST:
	case SERVICE_STOP:
	case SERVICE_STOP_POST:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_STATE_COUNT:
		return false;
	case SERVICE_START:
		if (set.units[id].service->type == SERVICE_ONESHOT)
			main_ends(id, CLD_EXITED, 0);
		else
			feed(id, (struct service_event){ .type = EVENT_READY });
		return true;
	case SERVICE_RELOAD_SIGNAL:
		feed(id, (struct service_event){ .type = EVENT_RELOADING, .value = 1 });
		return true;
	case SERVICE_RELOAD_NOTIFY:
		reloads[id]++;
		feed(id, (struct service_event){ .type = EVENT_READY });
		return true;
	case SERVICE_RELOAD:
		reloads[id]++;
		control_there[id] = false;
		feed(id, (struct service_event){
				 .type = EVENT_CONTROL_EXIT,
				 .code = CLD_EXITED,
				 .populated = main_there[id],
			 });
		return true;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (control_there[id]) {
			control_there[id] = false;
			feed(id, (struct service_event){
					 .type = EVENT_CONTROL_EXIT,
					 .code = CLD_EXITED,
					 .populated = main_there[id],
				 });
		} else {
			main_ends(id, CLD_KILLED, SIGTERM);
		}
		return true;
	case SERVICE_AUTO_RESTART:
		/* With a stop waiting for it nothing is due. */
		if (runs[id].deadline == CLOCK_TIME_MAX)
			return false;
		now = runs[id].deadline > now ? runs[id].deadline : now;
		feed(id, (struct service_event){ .type = EVENT_TIMEOUT });
		return true;
	}
	return false;
}

/* ---- the operations of the types ---- */

static enum unit_active fake_active(unit_id id)
{
	if (is_target(id))
		return target_up[id] ? ACTIVE_ACTIVE : ACTIVE_INACTIVE;
	return service_active((enum service_state)runs[id].state);
}

enum unit_active unit_active_state(unit_id id)
{
	return fake_active(id);
}

static const char *fake_state_name(unit_id id _unused_)
{
	return "";
}

static int fake_may_start(unit_id id)
{
	if (is_target(id) || !service_startable((enum service_state)runs[id].state))
		return 0;
	return service_count_start(&set.units[id], &runs[id], now) ? 0 : -ECANCELED;
}

/* Whatever is ordered before it has no job left, and nobody after it is to stop. */
static void check_order_of_start(unit_id id)
{
	for (uint32_t i = 0; i < set.edge_count; i++) {
		const struct unit_edge *edge = &set.edges[i];

		if (edge->kind != UNIT_AFTER)
			continue;
		/* In a circle somebody has to go first. */
		if (circles)
			continue;
		if (edge->from == id)
			CHECK(id, job_type_of(edge->to) == JOB_NONE);
		if (edge->to == id)
			CHECK(id, job_type_of(edge->from) != JOB_STOP &&
					  job_type_of(edge->from) != JOB_RESTART);
	}
}

/* Whatever it is bound to, and comes after, is up. */
static void check_bindings_of_start(unit_id id)
{
	for (uint32_t i = 0; i < set.edge_count; i++) {
		const struct unit_edge *edge = &set.edges[i];

		if (edge->kind == UNIT_BINDS_TO && edge->from == id &&
		    graph_has_edge(&set, id, edge->to, UNIT_AFTER))
			CHECK(id, unit_active_is_up(fake_active(edge->to)));
	}
}

static int fake_start(unit_id id)
{
	enum service_state before = (enum service_state)runs[id].state;

	CHECK(id, job_type_of(id) == JOB_START && job_running(id));
	check_order_of_start(id);
	check_bindings_of_start(id);
	if (is_target(id)) {
		target_up[id] = true;
		unit_changed(id, ACTIVE_INACTIVE, ACTIVE_ACTIVE);
		return 0;
	}
	feed(id, (struct service_event){ .type = EVENT_START });
	return service_startable(before) || (service_active(before) == ACTIVE_ACTIVATING &&
					     before != SERVICE_AUTO_RESTART)
		       ? 0
		       : -EAGAIN;
}

static void fake_stop(unit_id id)
{
	CHECK(id, job_type_of(id) == JOB_STOP || job_type_of(id) == JOB_RESTART);
	/* Who comes after it has been stopped before. */
	for (uint32_t i = 0; i < set.edge_count; i++)
		if (!circles && set.edges[i].kind == UNIT_AFTER && set.edges[i].to == id)
			CHECK(id, job_type_of(set.edges[i].from) != JOB_STOP &&
					  job_type_of(set.edges[i].from) != JOB_RESTART);
	if (is_target(id)) {
		target_up[id] = false;
		unit_changed(id, ACTIVE_ACTIVE, ACTIVE_INACTIVE);
		return;
	}
	feed(id, (struct service_event){ .type = EVENT_STOP });
}

static bool fake_can_reload(unit_id id)
{
	return !is_target(id) && set.units[id].service->type == SERVICE_NOTIFY_RELOAD;
}

static int fake_reload(unit_id id)
{
	if (runs[id].state != SERVICE_RUNNING)
		return -EAGAIN;
	feed(id, (struct service_event){ .type = EVENT_RELOAD });
	return 0;
}

static bool fake_reloaded(unit_id id)
{
	return runs[id].reload_result == RESULT_SUCCESS;
}

static void fake_reset_failed(unit_id id)
{
	if (!is_target(id))
		feed(id, (struct service_event){ .type = EVENT_RESET_FAILED });
}

static void fake_abandoned(unit_id id)
{
	if (!is_target(id) && runs[id].state == SERVICE_AUTO_RESTART_QUEUED)
		feed(id, (struct service_event){ .type = EVENT_RESTART_REFUSED });
}

static const struct unit_ops fake_ops = {
	.abandoned = fake_abandoned,
	.active = fake_active,
	.state_name = fake_state_name,
	.may_start = fake_may_start,
	.start = fake_start,
	.stop = fake_stop,
	.reload = fake_reload,
	.can_reload = fake_can_reload,
	.reloaded = fake_reloaded,
	.reset_failed = fake_reset_failed,
};

const struct unit_ops *__wrap_unit_ops_of(enum unit_type type);
const struct unit_ops *__wrap_unit_ops_of(enum unit_type type _unused_)
{
	return &fake_ops;
}

static void on_finished(unit_id id, enum job_type type, enum job_result result, uint64_t began _unused_)
{
	CHECK(id, type != JOB_NONE && type <= JOB_VERIFY_ACTIVE);
	/* Done is what was wished. */
	if (result == JOB_DONE && type == JOB_STOP)
		CHECK(id, unit_active_is_down(fake_active(id)));
	if (result == JOB_DONE && type == JOB_START)
		CHECK(id, unit_active_is_up(fake_active(id)));
	if (type == JOB_START)
		last_result[id] = result;
	finished_jobs++;
}

static const struct job_observer observer = { .finished = on_finished };

/* ---- a graph ---- */

static void add_edge(unit_id from, unit_id to, enum unit_dependency kind)
{
	set.edges[set.edge_count++] = (struct unit_edge){ .from = from, .to = to, .kind = (uint8_t)kind };
}

static int by_start(const void *a, const void *b)
{
	return ((const struct unit_edge *)a)->from - ((const struct unit_edge *)b)->from;
}

static int by_end(const void *a, const void *b)
{
	return ((const struct unit_edge *)a)->to - ((const struct unit_edge *)b)->to;
}

static void index_edges(void)
{
	memcpy(set.reverse, set.edges, set.edge_count * sizeof(set.edges[0]));
	qsort(set.edges, set.edge_count, sizeof(set.edges[0]), by_start);
	qsort(set.reverse, set.edge_count, sizeof(set.edges[0]), by_end);
	for (uint32_t i = 0, e = 0, r = 0; i <= set.count; i++) {
		while (e < set.edge_count && set.edges[e].from < i)
			e++;
		while (r < set.edge_count && set.reverse[r].to < i)
			r++;
		set.first_edge[i] = e;
		set.first_reverse[i] = r;
	}
}

/* From later units to earlier ones, but for a few, so that most of what is wished can be. */
static void random_edges(void)
{
	static const enum unit_dependency kinds[] = {
		UNIT_WANTS,
		UNIT_WANTS,
		UNIT_REQUIRES,
		UNIT_REQUIRES,
		UNIT_BINDS_TO,
		UNIT_PART_OF,
		UNIT_CONFLICTS,
		UNIT_AFTER,
		UNIT_AFTER,
		UNIT_ON_FAILURE,
		UNIT_PROPAGATES_RELOAD_TO,
		UNIT_PROPAGATES_STOP_TO,
		UNIT_REQUISITE,
	};
	unsigned count = random_below(set.count * 2U);

	for (unsigned i = 0; i < count; i++) {
		unit_id from = (unit_id)(1 + random_below(set.count - 1U));
		unit_id to = (unit_id)random_below(from);
		enum unit_dependency kind = kinds[random_below(ARRAY_SIZE(kinds))];

		add_edge(from, to, kind);
		if (kind != UNIT_AFTER && random_below(4) != 0)
			add_edge(from, to, UNIT_AFTER);
		if (circles && random_below(10) == 0)
			add_edge(to, from, UNIT_AFTER);
	}
}

static void random_graph(void)
{
	set.count = (unit_id)(4 + random_below(UNITS_MAX - 4));
	careful = random_below(4) == 0;
	circles = random_below(4) == 0;
	set.edge_count = 0;
	memset(runs, 0, sizeof(runs));
	memset(target_up, 0, sizeof(target_up));
	memset(main_there, 0, sizeof(main_there));
	memset(control_there, 0, sizeof(control_there));
	for (unit_id id = 0; id < set.count; id++) {
		static const enum service_type types[] = { SERVICE_SIMPLE, SERVICE_NOTIFY,
							   SERVICE_NOTIFY_RELOAD, SERVICE_ONESHOT };
		bool target = random_below(5) == 0;
		struct buf b = BUF(names[id]);

		buf_printf(&b, "u%u.%s", id, target ? "target" : "service");
		unit_draft_begin(&drafts[id], names[id], target ? UNIT_TARGET : UNIT_SERVICE);
		drafts[id].settings.start_limit_burst = 0;
		drafts[id].settings.stop_when_unneeded = random_below(10) == 0;
		drafts[id].service.type = types[random_below(ARRAY_SIZE(types))];
		drafts[id].service.remain_after_exit = drafts[id].service.type == SERVICE_ONESHOT;
		drafts[id].service.restart = drafts[id].service.type != SERVICE_ONESHOT &&
							     random_below(2)
						     ? RESTART_ON_FAILURE
						     : RESTART_NO;
		start_commands[id] = (struct exec_command){ .path = "/bin/true", .list = EXEC_START };
		runs[id].deadline = runs[id].watchdog_due = runs[id].watchdog = CLOCK_TIME_MAX;
		set.units[id] = (struct unit){
			.name = names[id],
			.settings = &drafts[id].settings,
			.kill = &drafts[id].kill,
			.service = &drafts[id].service,
			.commands = &start_commands[id],
			.command_count = 1,
			.type = target ? UNIT_TARGET : UNIT_SERVICE,
			.load = UNIT_LOADED,
		};
	}
	random_edges();
	index_edges();
	job_table_init(&set, &observer);
}

/* ---- the model ---- */

/* What holds whenever PID 1 has done what it could. */
static void check_always(void)
{
	unsigned jobs = 0;

	for (unit_id id = 0; id < set.count; id++) {
		jobs += job_type_of(id) != JOB_NONE;
		if (is_target(id))
			continue;
		/* Who is down has no process; who has one knows of it. */
		CHECK(id, !unit_active_is_down(fake_active(id)) ||
				  (!main_there[id] && !control_there[id]));
		CHECK(id, runs[id].main_alive == main_there[id]);
		CHECK(id, runs[id].control_alive == control_there[id]);
		/* A job that runs is about a unit on its way. */
		if (job_type_of(id) == JOB_START && job_running(id))
			CHECK(id, fake_active(id) == ACTIVE_ACTIVATING ||
					  fake_active(id) == ACTIVE_DEACTIVATING);
		if (job_type_of(id) == JOB_STOP && job_running(id))
			CHECK(id, fake_active(id) == ACTIVE_DEACTIVATING);
	}
	assert_int_equal(jobs, job_pending());
}

/* Processes do what they can in random order, until nothing moves or @limit steps are done. Return: whether all rests. */
static bool pump(unsigned limit)
{
	for (unsigned round = 0; round < limit; round++) {
		unit_id first = (unit_id)random_below(set.count);
		bool moved = false;

		for (unit_id i = 0; !moved && i < set.count; i++) {
			unit_id id = (unit_id)((first + i) % set.count);

			moved = !is_target(id) && advance(id);
		}
		job_run();
		check_always();
		if (!moved)
			return true;
		now += NS_PER_MS;
	}
	return false;
}

/* What holds once nothing moves any more. */
static void check_at_rest(void)
{
	for (unit_id id = 0; id < set.count; id++) {
		enum unit_active active = fake_active(id);

		CHECK(id, job_type_of(id) == JOB_NONE);
		CHECK(id, unit_active_is_down(active) || active == ACTIVE_ACTIVE);
	}
	for (uint32_t i = 0; i < set.edge_count; i++) {
		const struct unit_edge *edge = &set.edges[i];
		bool from_up = unit_active_is_up(fake_active(edge->from));
		bool to_up = unit_active_is_up(fake_active(edge->to));

		if (edge->kind == UNIT_BINDS_TO)
			CHECK(edge->from, !from_up || to_up);
	}
}

/* It came up, with all that it requires, and without what it conflicts with. */
static void check_started(unit_id id)
{
	/* A Requisite= was not up, or it is not needed by anybody (StopWhenUnneeded=). */
	if (!unit_active_is_up(fake_active(id)) || last_result[id] != JOB_DONE)
		return;
	for (uint32_t i = set.first_edge[id]; i < set.first_edge[id + 1]; i++) {
		bool up = unit_active_is_up(fake_active(set.edges[i].to));

		if ((set.edges[i].kind == UNIT_REQUIRES || set.edges[i].kind == UNIT_BINDS_TO) &&
		    graph_has_edge(&set, id, set.edges[i].to, UNIT_AFTER))
			CHECK(id, up || set.units[set.edges[i].to].settings->stop_when_unneeded);
		if (set.edges[i].kind == UNIT_CONFLICTS)
			CHECK(id, !up);
	}
	started++;
}

static bool at_rest(void)
{
	for (unit_id id = 0; id < set.count; id++)
		if (!unit_active_is_down(fake_active(id)) && fake_active(id) != ACTIVE_ACTIVE)
			return false;
	return job_pending() == 0;
}

static void wish_random(unit_id id)
{
	static const enum job_type wishes[] = { JOB_START,   JOB_START,
						JOB_START,   JOB_STOP,
						JOB_RESTART, JOB_TRY_RESTART,
						JOB_RELOAD,  JOB_RELOAD_OR_RESTART };
	enum job_type type = wishes[random_below(ARRAY_SIZE(wishes))];
	bool rests = random_below(3) != 0;
	unsigned before = reloads[id];
	bool quiet = at_rest();
	bool was_up = unit_active_is_up(fake_active(id)) && quiet;
	int r = job_request(id, type, careful && random_below(2) ? JOB_MODE_FAIL : JOB_MODE_REPLACE);

	job_run();
	check_always();
	CHECK(id, r == 0 || r == -ENOENT || r == -ELOOP || r == -EDEADLK || r == -EEXIST ||
			  r == -EOPNOTSUPP);
	if (!rests) {
		(void)pump(random_below(6));
		return;
	}
	CHECK(id, pump(ROUNDS_MAX));
	check_at_rest();
	/* Nobody failed, and nobody's restart pulled others in: what was wished is so. */
	if (r == 0 && type == JOB_STOP && quiet)
		CHECK(id, unit_active_is_down(fake_active(id)));
	if (r == 0 && type == JOB_START && quiet && !was_up)
		check_started(id);
	if (r == 0 && type == JOB_RELOAD && was_up)
		CHECK(id, reloads[id] > before);
}

static void crash_random(unit_id id)
{
	bool restarts = !is_target(id) && set.units[id].service->restart == RESTART_ON_FAILURE;

	if (is_target(id) || runs[id].state != SERVICE_RUNNING)
		return;
	main_ends(id, CLD_KILLED, SIGKILL);
	job_run();
	check_always();
	if (!restarts)
		CHECK(id, fake_active(id) == ACTIVE_FAILED || job_type_of(id) != JOB_NONE);
	if (random_below(2)) {
		CHECK(id, pump(ROUNDS_MAX));
		check_at_rest();
	}
}

static void test_random_operations_hc_47_hc_50(void **state _unused_)
{
	const char *text = getenv("ORLOP_SEED");
	unsigned ups = 0;

	seed = text ? strtoull(text, NULL, 0) : DEFAULT_SEED;
	print_message("ORLOP_SEED=%llu\n", (unsigned long long)seed);
	random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	now = NS_PER_S;
	for (operation = 0; operation < OPERATIONS; operation++) {
		unit_id id;

		if (operation % OPERATIONS_PER_GRAPH == 0)
			random_graph();
		/* Reactions are limited in time (unit_reaction.c): that is not what is looked at here. */
		now += 20 * NS_PER_S;
		id = (unit_id)random_below(set.count);
		switch (random_below(5)) {
		case 0:
			crash_random(id);
			break;
		case 1:
			fake_reset_failed(id);
			(void)pump(3);
			break;
		default:
			wish_random(id);
			break;
		}
		ups += unit_active_is_up(fake_active(id));
		/* The last of each graph: everything goes down, in order. */
		if (operation % OPERATIONS_PER_GRAPH == OPERATIONS_PER_GRAPH - 1) {
			job_stop_all();
			job_run();
			CHECK(0, pump(ROUNDS_MAX));
			for (unit_id other = 0; other < set.count; other++)
				CHECK(other, unit_active_is_down(fake_active(other)));
			assert_int_equal(job_pending(), 0);
		}
	}
	/* The walk has seen something. */
	assert_true(ups > OPERATIONS / 50);
	assert_true(finished_jobs > OPERATIONS / 2);
	assert_true(started > OPERATIONS / 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations_hc_47_hc_50),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
