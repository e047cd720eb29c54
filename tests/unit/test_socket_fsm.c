// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/socket_fsm: the walks that matter, one by one, and then all of them: every state that can be
 * reached, with every event that can come there, against a small model of the world outside.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/socket_fsm.h"

#define EXIT_CODE(n) .code = CLD_EXITED, .status = (n)
#define KILLED(n) .code = CLD_KILLED, .status = (n)

static const struct exec_command all_commands[] = {
	{ .path = "pre", .list = EXEC_START_PRE, .next = &all_commands[1] },
	{ .path = "pre2", .list = EXEC_START_PRE },
	{ .path = "post", .list = EXEC_START_POST },
	{ .path = "stop", .list = EXEC_STOP },
	{ .path = "stop-post", .list = EXEC_STOP_POST },
};

static struct unit_draft draft;
static struct unit unit = {
	.name = "a.socket",
	.settings = &draft.settings,
	.kill = &draft.kill,
	.socket = &draft.socket,
};
static struct socket_settings *const s = &draft.socket;
static struct socket_run run;
static uint64_t now;

static int setup(void **state _unused_)
{
	unit_draft_begin(&draft, "a.socket", UNIT_SOCKET);
	unit.commands = NULL;
	unit.command_count = 0;
	run = (struct socket_run){ .deadline = CLOCK_TIME_MAX };
	now = 1000 * NS_PER_S;
	return 0;
}

static void with_commands(void)
{
	unit.commands = all_commands;
	unit.command_count = ARRAY_SIZE(all_commands);
}

static void describe(const struct socket_actions *actions, struct buf *b)
{
	static const char *const names[] = {
		[SOCKET_DO_OPEN] = "open",	   [SOCKET_DO_SPAWN] = "spawn",
		[SOCKET_DO_REMOVE] = "remove",	   [SOCKET_DO_CLOSE] = "close",
		[SOCKET_DO_FLUSH] = "flush",	   [SOCKET_DO_WATCH] = "watch",
		[SOCKET_DO_UNWATCH] = "unwatch",   [SOCKET_DO_ACTIVATE] = "activate",
		[SOCKET_DO_SIGNAL] = "sig",	   [SOCKET_DO_SIGNAL_ALL] = "sig-all",
		[SOCKET_DO_KILL_ALL] = "kill-all", [SOCKET_DO_FORGET] = "forget",
		[SOCKET_DO_RELEASE] = "release",
	};

	buf_add(b, socket_state_name((enum socket_state)run.state));
	if (run.result != SOCKET_RESULT_SUCCESS)
		buf_printf(b, " (%s)", socket_result_name((enum socket_result)run.result));
	for (unsigned i = 0; i < actions->count; i++) {
		const struct socket_action *a = &actions->list[i];

		buf_printf(b, "%s%s", i == 0 ? ": " : ", ", names[a->type]);
		if (a->command)
			buf_printf(b, " %s", a->command->path);
		if (a->signal)
			buf_printf(b, " %s", sigabbrev_np(a->signal));
	}
}

/* One event; @expected is "STATE (RESULT): ACTION, ACTION". */
static void step_event(struct socket_event event, const char *expected, int line)
{
	struct socket_actions actions;
	char text[256];
	struct buf b = BUF(text);

	socket_step(&unit, &run, &event, now, &actions);
	describe(&actions, &b);
	if (strcmp(text, expected) != 0)
		fail_msg("line %d: \"%s\" instead of \"%s\"", line, text, expected);
}

#define STEP(expected, event, ...) \
	step_event((struct socket_event){ .type = (event), ##__VA_ARGS__ }, expected, __LINE__)

static void timeout(const char *expected, int line)
{
	assert_true(run.deadline != CLOCK_TIME_MAX);
	now = run.deadline;
	step_event((struct socket_event){ .type = SOCKET_EVENT_TIMEOUT }, expected, line);
}

#define TIMEOUT(expected) timeout(expected, __LINE__)

static void bring_up(void)
{
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("listening: watch", SOCKET_EVENT_OPENED);
}

static void test_shared_service(void **state _unused_)
{
	bring_up();
	assert_int_equal(run.deadline, CLOCK_TIME_MAX);
	/* The descriptor is not watched while the service has it: no busy loop. */
	STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
	STEP("running", SOCKET_EVENT_SERVICE_UP);
	STEP("running", SOCKET_EVENT_TRAFFIC);
	/* It stays open over a restart, so nothing that waits in it is lost. */
	STEP("listening: watch", SOCKET_EVENT_SERVICE_DOWN);
	STEP("dead: unwatch, close, release", SOCKET_EVENT_STOP);
}

static void test_service_started_by_hand(void **state _unused_)
{
	bring_up();
	STEP("running: unwatch", SOCKET_EVENT_SERVICE_UP);
	STEP("listening: watch", SOCKET_EVENT_SERVICE_DOWN);
}

static void test_instances(void **state _unused_)
{
	s->flags = 1U << SOCKET_FLAG_ACCEPT;
	bring_up();
	for (int i = 0; i < 200; i++)
		STEP("listening: activate", SOCKET_EVENT_CONNECTION);
	/* What one instance does is not the socket's business. */
	STEP("listening", SOCKET_EVENT_SERVICE_UP);
	STEP("listening", SOCKET_EVENT_SERVICE_LIMIT);
	STEP("failed (trigger-limit-hit): unwatch, close, release", SOCKET_EVENT_CONNECTION);
}

static void test_trigger_limit(void **state _unused_)
{
	bring_up();
	for (int i = 0; i < 20; i++) {
		STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
		STEP("listening: watch", SOCKET_EVENT_SERVICE_DOWN);
		now += NS_PER_MS;
	}
	STEP("failed (trigger-limit-hit): unwatch, close, release", SOCKET_EVENT_TRAFFIC);
	/* Slower than that it may go on for ever. */
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("listening: watch", SOCKET_EVENT_OPENED);
	now += 3 * NS_PER_S;
	for (int i = 0; i < 100; i++) {
		now += 2 * NS_PER_S / 19;
		STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
		STEP("listening: watch", SOCKET_EVENT_SERVICE_DOWN);
	}
}

static void test_service_start_limit(void **state _unused_)
{
	bring_up();
	STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
	STEP("failed (service-start-limit-hit): close, release", SOCKET_EVENT_SERVICE_LIMIT);
	STEP("dead", SOCKET_EVENT_RESET_FAILED);
}

static void test_no_service_to_ask(void **state _unused_)
{
	bring_up();
	STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
	STEP("failed (resources): close, release", SOCKET_EVENT_ACTIVATE_FAILED);
}

static void test_cannot_open(void **state _unused_)
{
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("failed (resources): close, release", SOCKET_EVENT_OPEN_FAILED,
	     .result = SOCKET_RESULT_RESOURCES);
}

static void test_slow_open(void **state _unused_)
{
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("start-chown", SOCKET_EVENT_SPAWNED);
	assert_int_equal(run.deadline, now + 90 * NS_PER_S);
	TIMEOUT("failed (timeout): forget, close, release");
	/* And a stop does not wait for it longer than it takes to die. */
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("start-chown", SOCKET_EVENT_SPAWNED);
	STEP("stop-pre-sigterm: sig TERM", SOCKET_EVENT_STOP);
	STEP("failed (signal): close, release", SOCKET_EVENT_CONTROL_EXIT, KILLED(SIGTERM));
}

static void test_commands(void **state _unused_)
{
	with_commands();
	STEP("start-pre: spawn pre", SOCKET_EVENT_START);
	STEP("start-pre", SOCKET_EVENT_SPAWNED);
	STEP("start-pre: spawn pre2", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("start-pre", SOCKET_EVENT_SPAWNED);
	STEP("start-chown: open", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("start-post: spawn post", SOCKET_EVENT_OPENED);
	STEP("start-post", SOCKET_EVENT_SPAWNED);
	STEP("listening: watch", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
	/* The sockets are open during ExecStopPre= and gone before ExecStopPost=. */
	STEP("stop-pre: unwatch, spawn stop", SOCKET_EVENT_STOP);
	STEP("stop-pre", SOCKET_EVENT_SPAWNED);
	STEP("stop-post: close, spawn stop-post", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("stop-post", SOCKET_EVENT_SPAWNED);
	STEP("dead: release", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

static void test_remove_on_stop(void **state _unused_)
{
	s->flags = 1U << SOCKET_FLAG_REMOVE_ON_STOP;
	bring_up();
	STEP("stop-post: unwatch, remove", SOCKET_EVENT_STOP);
	STEP("stop-post", SOCKET_EVENT_SPAWNED);
	/* A start must not find the old file being removed. */
	STEP("stop-post", SOCKET_EVENT_START);
	STEP("start-chown: release, open", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

static void test_start_pre_fails(void **state _unused_)
{
	with_commands();
	STEP("start-pre: spawn pre", SOCKET_EVENT_START);
	STEP("start-pre", SOCKET_EVENT_SPAWNED);
	STEP("failed (exit-code): release", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(1));
	STEP("start-pre: spawn pre", SOCKET_EVENT_START);
	STEP("start-pre", SOCKET_EVENT_SPAWNED);
	TIMEOUT("final-sigterm (timeout): sig TERM, sig-all TERM");
	TIMEOUT("final-sigkill (timeout): sig KILL, kill-all");
	STEP("failed (timeout): release", SOCKET_EVENT_CONTROL_EXIT, KILLED(SIGKILL));
}

static void test_stop_in_start_pre_hc_34(void **state _unused_)
{
	with_commands();
	STEP("start-pre: spawn pre", SOCKET_EVENT_START);
	STEP("start-pre", SOCKET_EVENT_SPAWNED);
	STEP("stop-pre-sigterm: sig TERM, sig-all TERM", SOCKET_EVENT_STOP);
	/* It leaves in peace; the command after it is not run. */
	STEP("stop-post: close, spawn stop-post", SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

static void test_start_limit(void **state _unused_)
{
	for (int i = 0; i < 5; i++) {
		bring_up();
		STEP("dead: unwatch, close, release", SOCKET_EVENT_STOP);
	}
	STEP("failed (start-limit-hit)", SOCKET_EVENT_START);
	STEP("dead", SOCKET_EVENT_RESET_FAILED);
	bring_up();
}

static void test_flush_pending(void **state _unused_)
{
	s->flags = 1U << SOCKET_FLAG_FLUSH_PENDING;
	STEP("start-chown: open", SOCKET_EVENT_START);
	STEP("listening: watch", SOCKET_EVENT_OPENED);
	STEP("running: unwatch, activate", SOCKET_EVENT_TRAFFIC);
	STEP("listening: flush, watch", SOCKET_EVENT_SERVICE_DOWN);
}

/* ---- all of them ---- */

enum control {
	NOBODY,
	COMMAND, /* a process of the unit, in its cgroup */
	CHILD,	 /* one of our own that opens or removes */
};

/* What the machine's actions have made of the world. */
struct world {
	enum control control;
	enum control wanted; /* asked for; SPAWNED or SPAWN_FAILED will tell */
	bool opening;	     /* OPENED or OPEN_FAILED may come */
	bool open;
	bool watched;
};

struct node {
	struct socket_run run;
	struct world world;
};

#define NODES_MAX 20000
static struct node nodes[NODES_MAX];
static unsigned node_count;

static bool same(const struct node *a, const struct node *b)
{
	return a->run.state == b->run.state && a->run.result == b->run.result &&
	       a->run.control_alive == b->run.control_alive && a->run.populated == b->run.populated &&
	       a->run.start_pending == b->run.start_pending && a->run.command == b->run.command &&
	       a->world.control == b->world.control && a->world.wanted == b->world.wanted &&
	       a->world.opening == b->world.opening && a->world.open == b->world.open &&
	       a->world.watched == b->world.watched;
}

static void visit(const struct node *node)
{
	for (unsigned i = 0; i < node_count; i++)
		if (same(&nodes[i], node))
			return;
	assert_true(node_count < NODES_MAX);
	nodes[node_count++] = *node;
}

/* Those that are answered by an event, at once: nothing of the step may come after them. */
static bool answers(enum socket_action_type type)
{
	return type == SOCKET_DO_OPEN || type == SOCKET_DO_SPAWN || type == SOCKET_DO_REMOVE ||
	       type == SOCKET_DO_WATCH || type == SOCKET_DO_ACTIVATE;
}

static void carry_out(struct world *world, const struct socket_action *action)
{
	switch (action->type) {
	case SOCKET_DO_OPEN:
		assert_false(world->open);
		assert_int_equal(world->control, NOBODY);
		world->opening = true;
		return;
	case SOCKET_DO_SPAWN:
		assert_int_equal(world->control, NOBODY);
		world->wanted = COMMAND;
		return;
	case SOCKET_DO_REMOVE:
		world->wanted = CHILD;
		world->open = world->opening = false;
		return;
	case SOCKET_DO_CLOSE:
		world->open = world->opening = false;
		return;
	case SOCKET_DO_FLUSH:
		assert_true(world->open);
		return;
	case SOCKET_DO_WATCH:
		assert_true(world->open);
		world->watched = true;
		return;
	case SOCKET_DO_UNWATCH:
		assert_true(world->watched);
		world->watched = false;
		return;
	case SOCKET_DO_ACTIVATE:
		assert_true(world->open);
		return;
	case SOCKET_DO_SIGNAL:
		assert_int_not_equal(world->control, NOBODY);
		return;
	case SOCKET_DO_FORGET:
		assert_int_not_equal(world->control, NOBODY);
		world->control = NOBODY;
		return;
	case SOCKET_DO_SIGNAL_ALL:
	case SOCKET_DO_KILL_ALL:
	case SOCKET_DO_RELEASE:
		return;
	}
}

static bool waits(enum socket_state state)
{
	enum unit_active active = socket_active(state);

	return active == ACTIVE_ACTIVATING || active == ACTIVE_DEACTIVATING;
}

/* What must hold after each step. */
static void check(const struct node *node)
{
	enum socket_state state = (enum socket_state)node->run.state;
	enum unit_active active = socket_active(state);
	const struct world *world = &node->world;
	bool up = state == SOCKET_STATE_LISTENING || state == SOCKET_STATE_RUNNING;
	bool down = active == ACTIVE_INACTIVE || active == ACTIVE_FAILED;
	bool expecting = world->control != NOBODY || world->wanted != NOBODY || world->opening ||
			 node->run.populated;

	assert_true(state < SOCKET_STATE_COUNT);
	assert_int_equal(world->watched, socket_watched(state));
	assert_true(!up || world->open);
	assert_true(!down || (!world->open && !world->opening && world->control == NOBODY));
	assert_int_equal(node->run.control_alive, world->control != NOBODY);
	/* It waits with a deadline, and for somebody; at rest it has neither. */
	assert_int_equal(node->run.deadline != CLOCK_TIME_MAX, waits(state));
	assert_true(!waits(state) || expecting);
	assert_int_equal(active == ACTIVE_FAILED, down && node->run.result != SOCKET_RESULT_SUCCESS);
	assert_true(!down || !node->run.start_pending);
}

static struct node take(const struct node *from, struct socket_event event)
{
	struct node node = *from;
	struct socket_actions actions;

	if (event.type == SOCKET_EVENT_SPAWNED) {
		node.world.control = node.world.wanted == NOBODY ? CHILD : node.world.wanted;
		node.world.wanted = NOBODY;
	} else if (event.type == SOCKET_EVENT_SPAWN_FAILED) {
		node.world.wanted = NOBODY;
	} else if (event.type == SOCKET_EVENT_OPENED || event.type == SOCKET_EVENT_OPEN_FAILED) {
		node.world.open = event.type == SOCKET_EVENT_OPENED;
		node.world.opening = false;
		node.world.control = NOBODY;
	} else if (event.type == SOCKET_EVENT_CONTROL_EXIT) {
		node.world.control = NOBODY;
		node.world.opening = false;
	}
	socket_step(&unit, &node.run, &event, now, &actions);
	assert_true(actions.count < SOCKET_ACTION_MAX);
	for (unsigned i = 0; i < actions.count; i++) {
		assert_true(!answers(actions.list[i].type) || i + 1 == actions.count);
		carry_out(&node.world, &actions.list[i]);
	}
	check(&node);
	return node;
}

/* The events that the world may give to @node, one after the other. Return: whether there is a @number'th. */
static bool possible(const struct node *node, unsigned number, struct socket_event *ret_event)
{
	const struct world *world = &node->world;
	bool child_opens = world->control == CHILD && world->opening &&
			   node->run.state == SOCKET_STATE_START_CHOWN;
	struct {
		bool may;
		struct socket_event event;
	} all[] = {
		{ true, { .type = SOCKET_EVENT_START } },
		{ true, { .type = SOCKET_EVENT_STOP } },
		{ true, { .type = SOCKET_EVENT_RESET_FAILED } },
		{ (world->opening && world->control == NOBODY) || child_opens,
		  { .type = SOCKET_EVENT_OPENED } },
		{ (world->opening && world->control == NOBODY) || child_opens,
		  { .type = SOCKET_EVENT_OPEN_FAILED, .result = SOCKET_RESULT_RESOURCES } },
		{ world->wanted != NOBODY || (world->opening && world->control == NOBODY),
		  { .type = SOCKET_EVENT_SPAWNED } },
		{ world->wanted != NOBODY,
		  { .type = SOCKET_EVENT_SPAWN_FAILED, .populated = node->run.populated } },
		{ world->control != NOBODY && !child_opens,
		  { .type = SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0) } },
		{ world->control != NOBODY && !child_opens,
		  { .type = SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(1) } },
		{ world->control == COMMAND,
		  { .type = SOCKET_EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true } },
		{ node->run.populated && world->control != COMMAND,
		  { .type = SOCKET_EVENT_CGROUP_EMPTY } },
		{ world->watched, { .type = SOCKET_EVENT_TRAFFIC } },
		{ world->watched, { .type = SOCKET_EVENT_CONNECTION } },
		{ world->watched, { .type = SOCKET_EVENT_POLL_FAILED } },
		{ true, { .type = SOCKET_EVENT_ACTIVATE_FAILED } },
		{ true, { .type = SOCKET_EVENT_SERVICE_UP } },
		{ true, { .type = SOCKET_EVENT_SERVICE_DOWN } },
		{ true, { .type = SOCKET_EVENT_SERVICE_LIMIT } },
		{ node->run.deadline != CLOCK_TIME_MAX, { .type = SOCKET_EVENT_TIMEOUT } },
	};

	/* What was asked for is told before anything else happens: nothing comes between. */
	if (world->wanted != NOBODY || (world->opening && world->control == NOBODY)) {
		size_t at = 3 + number;

		*ret_event = at < 7 && all[at].may
				     ? all[at].event
				     : (struct socket_event){ .type = SOCKET_EVENT_COUNT };
		return at < 7;
	}
	if (number >= ARRAY_SIZE(all))
		return false;
	*ret_event = all[number].may ? all[number].event
				     : (struct socket_event){ .type = SOCKET_EVENT_COUNT };
	return true;
}

/* Whatever state it is in, after a stop and with nothing but deadlines it is down in a bounded number of steps. */
static void check_stop(const struct node *from)
{
	struct node node = *from;

	node = take(&node, (struct socket_event){ .type = SOCKET_EVENT_STOP });
	for (int i = 0; waits((enum socket_state)node.run.state); i++) {
		assert_true(i < 40);
		if (node.world.wanted != NOBODY)
			node = take(&node, (struct socket_event){ .type = SOCKET_EVENT_SPAWNED });
		else
			node = take(&node, (struct socket_event){ .type = SOCKET_EVENT_TIMEOUT });
	}
	assert_false(socket_active((enum socket_state)node.run.state) == ACTIVE_ACTIVE);
}

static unsigned explore(void)
{
	struct node begin = { .run = { .deadline = CLOCK_TIME_MAX } };
	unsigned seen = 0;

	node_count = 0;
	visit(&begin);
	for (unsigned i = 0; i < node_count; i++) {
		struct socket_event event;

		seen |= 1U << nodes[i].run.state;
		for (unsigned n = 0; possible(&nodes[i], n, &event); n++) {
			struct node next;

			if (event.type == SOCKET_EVENT_COUNT)
				continue;
			next = take(&nodes[i], event);
			visit(&next);
		}
		if (nodes[i].world.wanted == NOBODY &&
		    !(nodes[i].world.opening && nodes[i].world.control == NOBODY))
			check_stop(&nodes[i]);
	}
	return seen;
}

static void test_every_state_and_event_hc_34(void **state _unused_)
{
	static const uint32_t flags[] = {
		0,
		1U << SOCKET_FLAG_ACCEPT,
		1U << SOCKET_FLAG_FLUSH_PENDING,
		1U << SOCKET_FLAG_REMOVE_ON_STOP,
	};
	static const enum kill_mode modes[] = { KILL_CONTROL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE };
	unsigned seen = 0;

	draft.settings.start_limit_burst = 0;
	s->trigger_limit_burst = 0;
	for (int commands = 0; commands <= 1; commands++) {
		if (commands)
			with_commands();
		for (size_t f = 0; f < ARRAY_SIZE(flags); f++)
			for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
				for (int kills = 0; kills <= 1; kills++) {
					s->flags = flags[f];
					draft.kill.kill_mode = modes[m];
					draft.kill.send_sigkill = kills;
					seen |= explore();
				}
	}
	assert_int_equal(seen, (1U << SOCKET_STATE_COUNT) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_shared_service, setup),
		cmocka_unit_test_setup(test_service_started_by_hand, setup),
		cmocka_unit_test_setup(test_instances, setup),
		cmocka_unit_test_setup(test_trigger_limit, setup),
		cmocka_unit_test_setup(test_service_start_limit, setup),
		cmocka_unit_test_setup(test_no_service_to_ask, setup),
		cmocka_unit_test_setup(test_cannot_open, setup),
		cmocka_unit_test_setup(test_slow_open, setup),
		cmocka_unit_test_setup(test_commands, setup),
		cmocka_unit_test_setup(test_remove_on_stop, setup),
		cmocka_unit_test_setup(test_start_pre_fails, setup),
		cmocka_unit_test_setup(test_stop_in_start_pre_hc_34, setup),
		cmocka_unit_test_setup(test_start_limit, setup),
		cmocka_unit_test_setup(test_flush_pending, setup),
		cmocka_unit_test_setup(test_every_state_and_event_hc_34, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
