// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/service_fsm: the whole space. For many settings, every situation that can be reached at
 * all is visited once: the machine's memory and a small world beside it, which knows what processes
 * there are. Every event that can happen there is given to it, with every outcome of the forks that it
 * asks for, and what must always hold is looked at each time. Then a long random walk, always the
 * same, with time in it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/service_fsm.h"
#include "tests/unit/draft_unit.h"

static const struct exec_command start_pre = { .path = "start-pre" };
static const struct exec_command start2 = { .path = "start" };
static const struct exec_command start = { .path = "start" };
static const struct exec_command start_two = { .path = "start", .next = &start2 };
static const struct exec_command start_post = { .path = "start-post" };
static const struct exec_command condition = { .path = "condition" };
static const struct exec_command reload = { .path = "reload" };
static const struct exec_command stop = { .path = "stop" };
static const struct exec_command stop_post = { .path = "stop-post" };

/* Processes as they really are. */
struct world {
	bool main;
	bool control;
	bool others; /* in the cgroup, and no child that PID 1 watches */
};

struct node {
	struct service_run run;
	struct world world;
};

static const struct node never_ran = {
	.run = { .deadline = CLOCK_TIME_MAX, .watchdog_due = CLOCK_TIME_MAX, .watchdog = CLOCK_TIME_MAX },
};

/* What happened so far in one event and what followed from it. */
struct outcome {
	unsigned tries; /* what may fail: forks, finding the main process, the job of a restart */
	unsigned fail_mask; /* which of them do */
	bool started;	    /* something of the way up was spawned */
	bool signalled;
};

static const char *context(const struct node *node)
{
	static char text[256];
	struct buf b = BUF(text);

	buf_printf(&b, "%s (%s) main=%d/%d%s control=%d/%d others=%d populated=%d forbid=%d",
		   service_state_name(node->run.state), service_result_name(node->run.result),
		   node->run.main_alive, node->world.main, node->run.main_known ? "" : "?",
		   node->run.control_alive, node->world.control, node->world.others,
		   node->run.populated, node->run.forbid_restart);
	buf_printf(&b, " [type %d kill %d restart %d commands %d remain %d sigkill %d exit %d]",
		   s->type, k->kill_mode, s->restart, unit.command_count, s->remain_after_exit,
		   k->send_sigkill, s->exit_type);
	return text;
}

#define CHECK(node, condition)                                                            \
	do {                                                                              \
		if (!(condition))                                                         \
			fail_msg("line %d: %s: %s", __LINE__, #condition, context(node)); \
	} while (0)

static bool is_down(enum service_state state)
{
	return state == SERVICE_INACTIVE || state == SERVICE_FAILED;
}

static bool is_stop_command(const struct exec_command *command)
{
	return command == unit_commands(&unit, EXEC_STOP) ||
	       command == unit_commands(&unit, EXEC_STOP_POST);
}

/* What must hold in every situation. */
static void check_node(const struct node *node)
{
	const struct service_run *run = &node->run;
	bool somebody = run->main_alive || run->control_alive;

	CHECK(node, run->state < SERVICE_STATE_COUNT);
	/* What it believes of its processes is so. */
	CHECK(node, run->main_alive == node->world.main);
	CHECK(node, run->control_alive == node->world.control);
	CHECK(node, run->watchdog_due == CLOCK_TIME_MAX ||
			    unit_active_is_up(service_active(run->state)) ||
			    run->state == SERVICE_START_POST);
	/* Nobody is waited for who cannot come: even without any timeout it goes on. */
	switch ((enum service_state)run->state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
		CHECK(node, run->deadline == CLOCK_TIME_MAX);
		CHECK(node, !somebody);
		CHECK(node, run->state == SERVICE_INACTIVE || run->result != RESULT_SUCCESS);
		break;
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_RELOAD:
	case SERVICE_STOP:
		CHECK(node, run->control_alive);
		break;
	case SERVICE_STOP_POST:
		/* A main process that nothing ends is waited for once more. */
		CHECK(node, somebody || (s->exit_type == EXIT_TYPE_CGROUP && node->world.others));
		break;
	case SERVICE_START_POST:
		CHECK(node, run->control_alive || (run->awaits_pid_file && node->world.others));
		break;
	case SERVICE_START:
		CHECK(node, somebody || ((run->awaits_pid_file || s->remain_after_exit ||
					  s->exit_type == EXIT_TYPE_CGROUP) &&
					 node->world.others));
		break;
	case SERVICE_RUNNING:
		CHECK(node, run->main_alive || ((!run->main_known || s->exit_type == EXIT_TYPE_CGROUP) &&
						node->world.others));
		CHECK(node, run->deadline == clock_add(run->entered, s->runtime_max) ||
				    run->deadline == NS_PER_S || s->runtime_max != CLOCK_TIME_MAX);
		break;
	case SERVICE_RELOAD_SIGNAL:
		CHECK(node, run->main_alive || node->world.others);
		CHECK(node, s->type == SERVICE_NOTIFY_RELOAD);
		break;
	case SERVICE_RELOAD_NOTIFY:
		CHECK(node, run->main_alive || node->world.others);
		break;
	case SERVICE_EXITED:
		CHECK(node, !run->main_alive && s->remain_after_exit);
		CHECK(node, run->deadline == CLOCK_TIME_MAX);
		break;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		CHECK(node, somebody || run->populated);
		/* An empty cgroup would never tell that it becomes empty. */
		CHECK(node, somebody || node->world.others);
		break;
	case SERVICE_AUTO_RESTART:
		CHECK(node, run->deadline != CLOCK_TIME_MAX);
		CHECK(node, !run->forbid_restart && !somebody);
		break;
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_STATE_COUNT:
		/* Only for as long as others are told: never where an event finds it. */
		CHECK(node, false);
		break;
	}
	CHECK(node, !run->finding_main);
	/* Where its own processes are, so is somebody in the cgroup. */
	CHECK(node, run->populated || !somebody);
}

static void feed(struct node *node, struct service_event event, uint64_t now, struct outcome *o);

/* Some other process of the cgroup turns out to be the main one. */
static void find_main(struct world *world)
{
	world->others = world->main;
	world->main = true;
}

static void carry_out(struct node *node, const struct service_action *action, uint64_t now,
		      struct outcome *o)
{
	struct world *world = &node->world;
	bool main = action->type == ACTION_SPAWN_MAIN;
	bool fails;

	switch (action->type) {
	case ACTION_SPAWN_MAIN:
	case ACTION_SPAWN_CONTROL:
		CHECK(node, action->command);
		/* Once somebody wants it down, only what takes it down is run. */
		CHECK(node, !node->run.forbid_restart || is_stop_command(action->command));
		if (!is_stop_command(action->command))
			o->started = true;
		fails = o->fail_mask >> o->tries++ & 1;
		/* One that was given up is an orphan now. */
		if (main ? world->main : world->control)
			world->others = true;
		*(main ? &world->main : &world->control) = !fails;
		feed(node,
		     (struct service_event){
			     .type = fails ? EVENT_SPAWN_FAILED : EVENT_SPAWNED,
			     .populated = world->main || world->control || world->others,
		     },
		     now, o);
		return;
	case ACTION_FIND_MAIN:
		fails = !world->others || o->fail_mask >> o->tries++ & 1;
		if (!fails)
			find_main(world);
		feed(node,
		     (struct service_event){
			     .type = fails ? EVENT_MAIN_UNKNOWN : EVENT_MAIN_FOUND,
			     .populated = world->main || world->control || world->others,
		     },
		     now, o);
		return;
	case ACTION_TELL_RESTART:
		feed(node, (struct service_event){ .type = EVENT_AUTO_RESTART }, now, o);
		return;
	case ACTION_QUEUE_RESTART:
		fails = o->fail_mask >> o->tries++ & 1;
		if (fails)
			feed(node, (struct service_event){ .type = EVENT_RESTART_REFUSED }, now, o);
		else if (service_count_start(&unit, &node->run, now))
			feed(node, (struct service_event){ .type = EVENT_START }, now, o);
		return;
	case ACTION_AWAIT_PID_FILE:
		CHECK(node, s->pid_file);
		return;
	case ACTION_PROPAGATE_RELOAD:
		return;
	case ACTION_RELOAD_SIGNAL:
	case ACTION_SIGNAL_MAIN:
		CHECK(node, world->main);
		CHECK(node, action->signal > 0);
		o->signalled = true;
		return;
	case ACTION_SIGNAL_CONTROL:
		CHECK(node, world->control);
		CHECK(node, action->signal > 0);
		o->signalled = true;
		return;
	case ACTION_SIGNAL_CGROUP:
	case ACTION_KILL_CGROUP:
		/* hc-37: these reach who is none of the service's own. */
		CHECK(node, k->kill_mode != KILL_PROCESS && k->kill_mode != KILL_NONE);
		CHECK(node, action->type == ACTION_KILL_CGROUP || k->kill_mode == KILL_CONTROL_GROUP);
		CHECK(node, (action->type == ACTION_KILL_CGROUP) == (action->signal == SIGKILL));
		o->signalled = true;
		return;
	case ACTION_RELEASE:
		return;
	}
}

static void feed(struct node *node, struct service_event event, uint64_t now, struct outcome *o)
{
	struct service_actions actions;

	service_step(&unit, &node->run, &event, now, &actions);
	/* A full list would have lost something. */
	CHECK(node, actions.count < SERVICE_ACTION_MAX);
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(node, &actions.list[i], now, o);
	/* Who is given up is not watched any longer. */
	if (node->world.main && !node->run.main_alive) {
		node->world.main = false;
		node->world.others = true;
	}
	if (node->world.control && !node->run.control_alive) {
		node->world.control = false;
		node->world.others = true;
	}
}

/* ---- the events that can happen ---- */

static const struct service_event ends[] = {
	{ .code = CLD_EXITED, .status = 0 },	   { .code = CLD_EXITED, .status = 1 },
	{ .code = CLD_KILLED, .status = SIGTERM }, { .code = CLD_KILLED, .status = SIGKILL },
	{ .code = CLD_EXITED, .status = 255 },	   { .code = CLD_DUMPED, .status = SIGSEGV },
};

enum {
	KIND_START,
	KIND_STOP,
	KIND_TIMEOUT,
	KIND_READY,
	KIND_EXECUTED,
	KIND_STOPPING,
	KIND_RELOADING,
	KIND_RELOADING_LATE, /* about an earlier reload */
	KIND_RELOAD,
	KIND_MAIN_FOUND,
	KIND_WATCHDOG,
	KIND_PING,
	KIND_OOM,
	KIND_EXTEND,
	KIND_OTHERS_GONE,
	KIND_MAIN_END,
	KIND_MAIN_END_LEAVING = KIND_MAIN_END + ARRAY_SIZE(ends), /* somebody else stays behind */
	KIND_CONTROL_END = KIND_MAIN_END_LEAVING + ARRAY_SIZE(ends),
	KIND_CONTROL_END_LEAVING = KIND_CONTROL_END + ARRAY_SIZE(ends),
	KIND_COUNT = KIND_CONTROL_END_LEAVING + ARRAY_SIZE(ends),
};

static bool nobody(const struct world *world)
{
	return !world->main && !world->control && !world->others;
}

/* Return: false if that cannot happen here. */
static bool apply(struct node *node, unsigned kind, uint64_t now, struct outcome *o)
{
	struct world *world = &node->world;
	struct service_event event = { 0 };

	switch (kind) {
	case KIND_START:
		event.type = EVENT_START;
		/* Jobs wait where it is not. */
		if (service_startable(node->run.state) && !service_count_start(&unit, &node->run, now))
			return true;
		break;
	case KIND_RELOAD:
		/* Jobs ask for it only there. */
		if ((node->run.state != SERVICE_RUNNING && node->run.state != SERVICE_EXITED) ||
		    (!unit_commands(&unit, EXEC_RELOAD) && s->type != SERVICE_NOTIFY_RELOAD))
			return false;
		event.type = EVENT_RELOAD;
		break;
	case KIND_MAIN_FOUND:
		if (!world->others || node->run.state < SERVICE_START ||
		    node->run.state > SERVICE_STOP_SIGTERM || node->run.state == SERVICE_EXITED)
			return false;
		find_main(world);
		event.type = EVENT_MAIN_FOUND;
		break;
	case KIND_WATCHDOG:
		if (node->run.watchdog_due == CLOCK_TIME_MAX)
			return false;
		event.type = EVENT_WATCHDOG;
		break;
	case KIND_OOM:
		if (nobody(world))
			return false;
		event.type = EVENT_OOM;
		break;
	case KIND_STOP:
		event.type = EVENT_STOP;
		break;
	case KIND_TIMEOUT:
		if (node->run.deadline == CLOCK_TIME_MAX)
			return false;
		event.type = EVENT_TIMEOUT;
		break;
	case KIND_READY:
	case KIND_EXECUTED:
	case KIND_STOPPING:
	case KIND_PING:
	case KIND_RELOADING:
	case KIND_RELOADING_LATE:
		if (!world->main && (kind == KIND_EXECUTED || !world->others))
			return false;
		event.type = kind == KIND_READY	     ? EVENT_READY
			     : kind == KIND_EXECUTED ? EVENT_EXECUTED
			     : kind == KIND_STOPPING ? EVENT_STOPPING
			     : kind == KIND_PING     ? EVENT_WATCHDOG_PING
						     : EVENT_RELOADING;
		event.value = kind == KIND_RELOADING;
		break;
	case KIND_EXTEND:
		if (!world->main)
			return false;
		event = (struct service_event){ .type = EVENT_EXTEND, .value = NS_PER_S };
		break;
	case KIND_OTHERS_GONE:
		if (!world->others)
			return false;
		world->others = false;
		/* The kernel tells only when nobody is left at all. */
		if (!nobody(world))
			return true;
		event.type = EVENT_CGROUP_EMPTY;
		break;
	default: {
		bool main = kind < KIND_CONTROL_END;
		unsigned index = kind - (main ? KIND_MAIN_END : KIND_CONTROL_END);
		bool leaving = index >= ARRAY_SIZE(ends);

		if (main ? !world->main : !world->control)
			return false;
		event = ends[index % ARRAY_SIZE(ends)];
		event.type = main ? EVENT_MAIN_EXIT : EVENT_CONTROL_EXIT;
		*(main ? &world->main : &world->control) = false;
		if (leaving)
			world->others = true;
		event.populated = !nobody(world);
		break;
	}
	}
	feed(node, event, now, o);
	return true;
}

/* ---- from any situation: down, up, down and up ---- */

/* hc-34: a stop from here ends, although no process does what it is asked, by timeouts alone. */
static void check_stop_by_timeouts(const struct node *from)
{
	struct node node = *from;
	struct outcome o = { 0 };
	uint64_t now = 0;

	(void)apply(&node, KIND_STOP, now, &o);
	for (int i = 0; i < 16 && !is_down(node.run.state); i++) {
		CHECK(&node, node.run.deadline != CLOCK_TIME_MAX);
		now = node.run.deadline;
		(void)apply(&node, KIND_TIMEOUT, now, &o);
	}
	CHECK(&node, is_down(node.run.state));
	CHECK(&node, !o.started);
	CHECK(&node, node.run.deadline == CLOCK_TIME_MAX);
}

/* The event that a well-behaved service brings next, or KIND_COUNT when it rests. */
static unsigned next_kind(const struct node *node)
{
	switch ((enum service_state)node->run.state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_STATE_COUNT:
		return KIND_COUNT;
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_STOP:
	case SERVICE_RELOAD:
		return KIND_CONTROL_END;
	case SERVICE_STOP_POST:
		return node->world.control ? KIND_CONTROL_END
		       : node->world.main  ? (unsigned)KIND_MAIN_END
					   : (unsigned)KIND_OTHERS_GONE;
	case SERVICE_START_POST:
		return node->world.control ? KIND_CONTROL_END : (unsigned)KIND_MAIN_FOUND;
	case SERVICE_START:
		if (s->type == SERVICE_FORKING)
			return node->world.control ? (unsigned)KIND_CONTROL_END_LEAVING
						   : (unsigned)KIND_MAIN_FOUND;
		/* Who has said that it goes does not become ready. */
		if (node->run.notified == NOTIFIED_STOPPING)
			return node->world.main ? (unsigned)KIND_MAIN_END : (unsigned)KIND_OTHERS_GONE;
		return s->type == SERVICE_NOTIFY || s->type == SERVICE_NOTIFY_RELOAD ? KIND_READY
		       : s->type == SERVICE_EXEC				     ? KIND_EXECUTED
						 : (unsigned)KIND_MAIN_END;
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
		if (node->run.notified == NOTIFIED_STOPPING)
			return node->world.main ? (unsigned)KIND_MAIN_END : (unsigned)KIND_OTHERS_GONE;
		return node->run.state == SERVICE_RELOAD_SIGNAL ? KIND_RELOADING : KIND_READY;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		return node->world.others    ? KIND_OTHERS_GONE
		       : node->world.control ? (unsigned)KIND_CONTROL_END
					     : (unsigned)KIND_MAIN_END;
	case SERVICE_AUTO_RESTART:
		return KIND_TIMEOUT;
	}
	return KIND_COUNT;
}

/* Lets everything end or come up that may; nothing times out. */
static void settle(struct node *node, struct outcome *o)
{
	for (int i = 0; i < 64; i++) {
		unsigned kind = next_kind(node);

		check_node(node);
		if (kind == KIND_COUNT)
			return;
		(void)apply(node, kind, kind == KIND_TIMEOUT ? node->run.deadline : 0, o);
	}
	CHECK(node, false);
}

/* A stop from here ends without any timeout if processes do what they are asked. */
static void check_stop(const struct node *from)
{
	struct node node = *from;
	struct outcome o = { 0 };

	(void)apply(&node, KIND_STOP, 0, &o);
	settle(&node, &o);
	CHECK(&node, is_down(node.run.state));
	CHECK(&node, !o.started);
}

/* SendSIGKILL=no: not beside what is left of the last time. */
static bool refuses(const struct node *node)
{
	return node->run.populated && !k->send_sigkill &&
	       (k->kill_mode == KILL_CONTROL_GROUP || k->kill_mode == KILL_MIXED);
}

/* As a job does: now, or once it is down. */
static void start_when_it_may(struct node *node, struct outcome *o)
{
	(void)apply(node, KIND_START, 0, o);
	settle(node, o);
	if (!o->started && is_down(node->run.state)) {
		(void)apply(node, KIND_START, 0, o);
		settle(node, o);
	}
}

/* A start from here brings it up, or through its work. */
static void check_start(const struct node *from)
{
	struct node node = *from;
	struct outcome o = { 0 };
	bool came_up;

	start_when_it_may(&node, &o);
	/* A oneshot that does not remain is down again; others may have ended before. */
	came_up = node.run.state == SERVICE_RUNNING || node.run.state == SERVICE_EXITED;
	CHECK(&node, came_up || is_down(node.run.state));
	if (is_down(from->run.state) && !refuses(from))
		CHECK(&node, came_up || (s->type == SERVICE_ONESHOT && o.started));
}

/* hc-50: start and stop together: the last one counts. */
static void check_both(const struct node *from)
{
	struct node node = *from;
	struct outcome o = { 0 };

	(void)apply(&node, KIND_START, 0, &o);
	(void)apply(&node, KIND_STOP, 0, &o);
	settle(&node, &o);
	CHECK(&node, is_down(node.run.state));

	node = *from;
	o = (struct outcome){ 0 };
	(void)apply(&node, KIND_STOP, 0, &o);
	start_when_it_may(&node, &o);
	if (refuses(from) || node.run.result == RESULT_RESOURCES)
		return;
	/* A service that has only ExecStop= is up without any process. */
	CHECK(&node, o.started || !unit_commands(&unit, EXEC_START));
	CHECK(&node, node.run.state == SERVICE_RUNNING || node.run.state == SERVICE_EXITED ||
			     s->type == SERVICE_ONESHOT);
}

/* ---- every situation once ---- */

#define NODE_MAX 65536U
#define SLOTS (4 * NODE_MAX)

static struct node nodes[NODE_MAX];
static uint32_t slots[SLOTS]; /* index + 1 */
static unsigned node_count;
static unsigned long steps;

/* What does not change what can happen is made the same. */
static struct node normal(struct node node)
{
	node.run.entered = 0;
	node.run.window_began = 0;
	node.run.starts_in_window = 0;
	if (node.run.restarts > 1)
		node.run.restarts = 1;
	if (node.run.restart_steps > 1)
		node.run.restart_steps = 1;
	if (node.run.watchdog_due != CLOCK_TIME_MAX)
		node.run.watchdog_due = NS_PER_S;
	/* It is shown to people, and decides nothing. */
	node.run.reload_result = RESULT_SUCCESS;
	if (node.run.deadline != CLOCK_TIME_MAX)
		node.run.deadline = NS_PER_S;
	return node;
}

static uint32_t hash(const struct node *node)
{
	const uint8_t *bytes = (const uint8_t *)node;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < sizeof(*node); i++)
		h = (h ^ bytes[i]) * 16777619U;
	return h;
}

static void visit(const struct node *found)
{
	struct node clean;
	uint32_t at;

	/* Padding must be the same in equal nodes. */
	memset(&clean, 0, sizeof(clean));
	{
		struct node n = normal(*found);

		clean.run.state = n.run.state;
		clean.run.result = n.run.result;
		clean.run.command = n.run.command;
		clean.run.main_alive = n.run.main_alive;
		clean.run.control_alive = n.run.control_alive;
		clean.run.populated = n.run.populated;
		clean.run.main_known = n.run.main_known;
		clean.run.main_command = n.run.main_command;
		clean.run.forbid_restart = n.run.forbid_restart;
		clean.run.restarting = n.run.restarting;
		clean.run.notified = n.run.notified;
		clean.run.awaits_pid_file = n.run.awaits_pid_file;
		clean.run.reload_result = n.run.reload_result;
		clean.run.restarts = n.run.restarts;
		clean.run.restart_steps = n.run.restart_steps;
		clean.run.deadline = n.run.deadline;
		clean.run.watchdog = n.run.watchdog;
		clean.run.watchdog_due = n.run.watchdog_due;
		clean.run.main_code = n.run.main_code;
		clean.run.main_status = n.run.main_status;
		clean.world.main = n.world.main;
		clean.world.control = n.world.control;
		clean.world.others = n.world.others;
	}
	for (at = hash(&clean) % SLOTS; slots[at]; at = (at + 1) % SLOTS)
		if (memcmp(&nodes[slots[at] - 1], &clean, sizeof(clean)) == 0)
			return;
	assert_true(node_count < NODE_MAX);
	nodes[node_count] = clean;
	slots[at] = ++node_count;
	check_node(&clean);
}

static void explore(void)
{
	struct node first = never_ran;

	memset(slots, 0, sizeof(slots));
	node_count = 0;
	visit(&first);
	for (unsigned i = 0; i < node_count; i++) {
		for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
			unsigned tries = 0;

			/* First all succeeds; then each set of what was tried fails. */
			for (unsigned mask = 0; mask < 1U << tries || mask == 0; mask++) {
				struct node node = nodes[i];
				struct outcome o = { .fail_mask = mask };

				if (!apply(&node, kind, 0, &o))
					break;
				if (o.tries > tries)
					tries = o.tries;
				assert_true(tries <= 6);
				visit(&node);
				steps++;
			}
		}
		check_stop_by_timeouts(&nodes[i]);
		check_stop(&nodes[i]);
		check_start(&nodes[i]);
		check_both(&nodes[i]);
	}
}

static void configure(enum service_type type, enum kill_mode kill_mode, unsigned lists)
{
	unit_draft_begin(&draft, "a.service", UNIT_SERVICE);
	unit.command_count = 0;
	draft.settings.start_limit_burst = 0;
	s->type = type;
	k->kill_mode = kill_mode;
	set_command(EXEC_START, type == SERVICE_ONESHOT ? &start_two : &start);
	set_command(EXEC_START_PRE, lists & 1 ? &start_pre : NULL);
	set_command(EXEC_START_POST, lists & 2 ? &start_post : NULL);
	set_command(EXEC_STOP, lists & 4 ? &stop : NULL);
	set_command(EXEC_STOP_POST, lists & 8 ? &stop_post : NULL);
	set_command(EXEC_CONDITION, lists & 16 ? &condition : NULL);
	set_command(EXEC_RELOAD, lists & 32 ? &reload : NULL);
	s->notify_access = NOTIFY_ALL;
}

/* Every type, with no, each alone and all of the other command lists; every KillMode= with none and all. */
static void test_every_situation_hc_34_hc_50(void **state _unused_)
{
	static const unsigned lists[] = { 0, 1, 2, 4, 8, 16, 32, 15 };
	static const enum service_type types[] = { SERVICE_SIMPLE,	  SERVICE_EXEC,
						   SERVICE_ONESHOT,	  SERVICE_NOTIFY,
						   SERVICE_NOTIFY_RELOAD, SERVICE_FORKING };

	for (size_t type = 0; type < ARRAY_SIZE(types); type++)
		for (int kill_mode = KILL_CONTROL_GROUP; kill_mode <= KILL_NONE; kill_mode++)
			for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
				/* All of it with all of it would take minutes, and shows nothing more. */
				if ((kill_mode != KILL_CONTROL_GROUP && lists[i] != 0 && lists[i] != 15) ||
				    (lists[i] == 15 && types[type] > SERVICE_EXEC))
					continue;
				configure(types[type], (enum kill_mode)kill_mode, lists[i]);
				explore();
			}
	print_message("%lu steps\n", steps);
}

static void test_every_situation_with_restart_hc_34_hc_50(void **state _unused_)
{
	static const enum service_restart restarts[] = { RESTART_ALWAYS, RESTART_ON_FAILURE };

	for (int type = SERVICE_SIMPLE; type <= SERVICE_IDLE; type++)
		for (size_t i = 0; i < ARRAY_SIZE(restarts); i++) {
			/* A oneshot may not have Restart=always: it would never come to an end. */
			if (type == SERVICE_ONESHOT && restarts[i] == RESTART_ALWAYS)
				continue;
			configure((enum service_type)type, KILL_CONTROL_GROUP, 15);
			s->restart = restarts[i];
			explore();
			configure((enum service_type)type, KILL_PROCESS, 1);
			s->restart = restarts[i];
			explore();
		}
}

static void test_every_situation_that_remains_hc_34_hc_50(void **state _unused_)
{
	for (int type = SERVICE_SIMPLE; type <= SERVICE_NOTIFY_RELOAD; type++) {
		configure((enum service_type)type, KILL_MIXED, 15);
		s->remain_after_exit = true;
		explore();
		configure((enum service_type)type, KILL_MIXED, 0);
		s->remain_after_exit = true;
		k->send_sigkill = false;
		explore();
	}
	/* Nothing but ExecStop=. */
	configure(SERVICE_ONESHOT, KILL_CONTROL_GROUP, 12);
	set_command(EXEC_START, NULL);
	s->remain_after_exit = true;
	explore();
}

/* ExitType=cgroup, WatchdogSec=, the failure modes, PIDFile=, RestartMode=direct, OOMPolicy=kill. */
static void test_every_situation_of_settings_hc_34_hc_50(void **state _unused_)
{
	static const enum service_type types[] = { SERVICE_SIMPLE, SERVICE_FORKING,
						   SERVICE_NOTIFY_RELOAD };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		configure(types[i], KILL_CONTROL_GROUP, 0);
		s->exit_type = EXIT_TYPE_CGROUP;
		explore();
		configure(types[i], KILL_MIXED, 0);
		s->watchdog = NS_PER_S;
		s->runtime_max = NS_PER_S;
		s->restart = RESTART_ON_FAILURE;
		s->restart_direct = true;
		explore();
		configure(types[i], KILL_CONTROL_GROUP, 0);
		s->start_failure_aborts = s->stop_failure_aborts = true;
		s->pid_file = "/run/a.pid";
		k->send_sighup = true;
		explore();
		configure(types[i], KILL_CONTROL_GROUP, 0);
		s->start_failure_kills = s->stop_failure_kills = true;
		s->pid_file = "/run/a.pid";
		unit.cgroup = &draft.cgroup;
		draft.cgroup.oom_policy = OOM_POLICY_KILL;
		explore();
		k->send_sigkill = false;
		explore();
		unit.cgroup = NULL;
	}
	print_message("%lu steps\n", steps);
}

/* hc-34: without any timeout, what is waited for is somebody who can still come (check_node()). */
static void test_every_situation_without_timeouts_hc_34(void **state _unused_)
{
	for (int kill_mode = KILL_CONTROL_GROUP; kill_mode <= KILL_NONE; kill_mode++) {
		struct node node = never_ran;
		struct outcome o = { 0 };

		configure(SERVICE_NOTIFY, (enum kill_mode)kill_mode, 15);
		s->start_timeout = s->stop_timeout = CLOCK_TIME_MAX;
		(void)apply(&node, KIND_START, 0, &o);
		settle(&node, &o);
		CHECK(&node, node.run.state == SERVICE_RUNNING);
		(void)apply(&node, KIND_STOP, 0, &o);
		settle(&node, &o);
		CHECK(&node, is_down(node.run.state));
	}
}

/* ---- a random walk with time in it ---- */

static uint64_t random_state;

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static unsigned random_below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % limit);
}

/*
 * The start limit against a plain model: the times of all starts are kept, and no window of the interval
 * that begins with a start may hold more than the burst.
 */
static void test_random_walk_hc_27(void **state _unused_)
{
	enum { STEPS = 200000, BURST = 4 };
	struct node node = never_ran;
	uint64_t window_began = 0;
	uint64_t now = NS_PER_S;
	unsigned in_window = 0;
	unsigned limited = 0;
	unsigned ups = 0;

	random_state = UINT64_C(0x9e3779b97f4a7c15);
	configure(SERVICE_NOTIFY, KILL_CONTROL_GROUP, 15);
	s->restart = RESTART_ALWAYS;
	draft.settings.start_limit_burst = BURST;
	for (unsigned i = 0; i < STEPS; i++) {
		/* Half of the time it behaves, or it would hardly ever come up. */
		unsigned kind = random_below(2) ? next_kind(&node) : random_below(KIND_COUNT);
		enum service_state before = node.run.state;
		struct outcome o = { .fail_mask = random_below(8) == 0 ? random_below(16) : 0 };

		now += random_below(200) * NS_PER_MS;
		if (kind == KIND_TIMEOUT && node.run.deadline != CLOCK_TIME_MAX && now < node.run.deadline)
			now = node.run.deadline;
		if (kind < KIND_COUNT)
			(void)apply(&node, kind, now, &o);
		check_node(&node);
		/* A late timeout is none; what is entered begins now, with all of its time. */
		CHECK(&node, node.run.state == before || node.run.entered == now);
		CHECK(&node, node.run.state == before || node.run.deadline >= now);
		if (node.run.state == SERVICE_RUNNING && before != SERVICE_RUNNING)
			ups++;
		if (node.run.result == RESULT_START_LIMIT && before != SERVICE_FAILED)
			limited++;
		/* START_PRE is where every attempt begins here. */
		if (o.started && node.run.window_began != window_began) {
			CHECK(&node, in_window <= BURST);
			CHECK(&node, node.run.window_began >=
						     clock_add(window_began,
							       draft.settings.start_limit_interval) ||
					     window_began == 0);
			window_began = node.run.window_began;
		}
		in_window = node.run.starts_in_window;
		CHECK(&node, in_window <= BURST);
	}
	/* The walk has seen something. */
	assert_true(ups > 100);
	assert_true(limited > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_situation_hc_34_hc_50),
		cmocka_unit_test(test_every_situation_with_restart_hc_34_hc_50),
		cmocka_unit_test(test_every_situation_that_remains_hc_34_hc_50),
		cmocka_unit_test(test_every_situation_of_settings_hc_34_hc_50),
		cmocka_unit_test(test_every_situation_without_timeouts_hc_34),
		cmocka_unit_test(test_random_walk_hc_27),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
