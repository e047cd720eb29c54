// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/service_fsm: the walks that matter, one by one, with everything that is done on the way.
 * test_service_space.c looks at all the others.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/service_fsm.h"
#include "tests/unit/draft_unit.h"

static const struct exec_command pre2 = { .path = "pre2" };
static const struct exec_command pre = { .path = "pre", .next = &pre2 };
static const struct exec_command main_command = { .path = "main" };
static const struct exec_command ignored = { .path = "ignored", .flags = EXEC_IGNORE_FAILURE };
static const struct exec_command second = { .path = "second" };
static const struct exec_command first = { .path = "first", .next = &second };
static const struct exec_command post = { .path = "post" };
static const struct exec_command stop2 = { .path = "stop2" };
static const struct exec_command stop = { .path = "stop", .next = &stop2 };
static const struct exec_command stop_post = { .path = "stop-post" };

static struct service_run run;
static uint64_t now;

static int setup(void **state _unused_)
{
	unit_draft_begin(&draft, "a.service", UNIT_SERVICE);
	unit.command_count = 0;
	set_command(EXEC_START, &main_command);
	run = (struct service_run){
		.deadline = CLOCK_TIME_MAX,
		.watchdog_due = CLOCK_TIME_MAX,
		.watchdog = CLOCK_TIME_MAX,
	};
	now = 1000 * NS_PER_S;
	return 0;
}

static void describe(const struct service_actions *actions, bool *opening, struct buf *b)
{
	static const char *const names[] = {
		[ACTION_SPAWN_MAIN] = "main",
		[ACTION_SPAWN_CONTROL] = "control",
		[ACTION_SIGNAL_MAIN] = "sig-main",
		[ACTION_SIGNAL_CONTROL] = "sig-control",
		[ACTION_SIGNAL_CGROUP] = "sig-all",
		[ACTION_KILL_CGROUP] = "kill-all",
		[ACTION_RELEASE] = "release",
		[ACTION_RELOAD_SIGNAL] = "reload",
		[ACTION_FIND_MAIN] = "find-main",
		[ACTION_AWAIT_PID_FILE] = "await-pid-file",
		[ACTION_TELL_RESTART] = "tell",
		[ACTION_QUEUE_RESTART] = "queue",
		[ACTION_PROPAGATE_RELOAD] = "propagate",
	};

	for (unsigned i = 0; i < actions->count; i++) {
		const struct service_action *a = &actions->list[i];

		if (a->type == ACTION_TELL_RESTART || a->type == ACTION_QUEUE_RESTART)
			continue;
		buf_printf(b, "%s%s", *opening ? ": " : ", ", names[a->type]);
		*opening = false;
		if (a->command)
			buf_printf(b, " %s", a->command->path);
		if (a->signal)
			buf_printf(b, " %s", sigabbrev_np(a->signal));
	}
}

/* One event, and what service.c and jobs make of an automatic restart; the actions are appended to @b. */
static void step_on(const struct service_event *event, bool *opening, struct buf *b)
{
	static const struct service_event told = { .type = EVENT_AUTO_RESTART };
	static const struct service_event start = { .type = EVENT_START };
	struct service_actions actions;

	if (event->type == EVENT_START && service_startable(run.state) &&
	    !service_count_start(&unit, &run, now))
		return;
	service_step(&unit, &run, event, now, &actions);
	describe(&actions, opening, b);
	for (unsigned i = 0; i < actions.count; i++) {
		if (actions.list[i].type == ACTION_TELL_RESTART)
			step_on(&told, opening, b);
		if (actions.list[i].type == ACTION_QUEUE_RESTART)
			step_on(&start, opening, b);
	}
}

/* One event; @expected is "STATE (RESULT): ACTION, ACTION". */
static void step_event(struct service_event event, const char *expected, int line)
{
	char text[256];
	char did[256];
	struct buf b = BUF(text);
	struct buf actions = BUF(did);
	bool opening = true;

	buf_add(&actions, "");
	did[0] = '\0';
	step_on(&event, &opening, &actions);
	buf_add(&b, service_state_name(run.state));
	if (run.result != RESULT_SUCCESS)
		buf_printf(&b, " (%s)", service_result_name(run.result));
	buf_add(&b, did);
	if (strcmp(text, expected) != 0)
		fail_msg("line %d: \"%s\" instead of \"%s\"", line, text, expected);
}

#define STEP(expected, event, ...) \
	step_event((struct service_event){ .type = (event), ##__VA_ARGS__ }, expected, __LINE__)
#define EXIT_CODE(n) .code = CLD_EXITED, .status = (n)
#define KILLED(n) .code = CLD_KILLED, .status = (n)
#define DUMPED(n) .code = CLD_DUMPED, .status = (n)

static void timeout(const char *expected, int line)
{
	assert_true(run.deadline != CLOCK_TIME_MAX);
	now = run.deadline;
	step_event((struct service_event){ .type = EVENT_TIMEOUT }, expected, line);
}

#define TIMEOUT(expected) timeout(expected, __LINE__)

static void bring_up(void)
{
	STEP("start: main main", EVENT_START);
	STEP("running", EVENT_SPAWNED);
}

static void test_simple(void **state _unused_)
{
	STEP("start: main main", EVENT_START);
	assert_int_equal(service_active(run.state), ACTIVE_ACTIVATING);
	STEP("running", EVENT_SPAWNED);
	assert_int_equal(service_active(run.state), ACTIVE_ACTIVE);
	assert_true(run.deadline == CLOCK_TIME_MAX);
	STEP("running", EVENT_EXECUTED);
	STEP("running", EVENT_READY);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	assert_int_equal(service_active(run.state), ACTIVE_DEACTIVATING);
	assert_true(run.deadline == now + 90 * NS_PER_S);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	assert_int_equal(service_active(run.state), ACTIVE_INACTIVE);
}

static void test_simple_ends_by_itself(void **state _unused_)
{
	bring_up();
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
	bring_up();
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));
	assert_int_equal(service_active(run.state), ACTIVE_FAILED);
	assert_int_equal(run.main_code, CLD_EXITED);
	assert_int_equal(run.main_status, 1);
	/* A new start begins anew. */
	bring_up();
	STEP("failed (signal): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	bring_up();
	STEP("failed (core-dump): release", EVENT_MAIN_EXIT, DUMPED(SIGSEGV));
	bring_up();
	/* hc-44: the kernel's notice comes first. */
	STEP("stop-sigterm (oom-kill): sig-all TERM", EVENT_OOM);
	STEP("failed (oom-kill): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	/* SIGTERM and its like are how one asks a daemon to go. */
	draft.settings.start_limit_burst = 0;
	bring_up();
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGHUP));
	s->success_statuses = &draft.success_statuses;
	draft.success_statuses.codes[143 / 64] |= UINT64_C(1) << 143 % 64;
	draft.success_statuses.signals |= 1U << (SIGUSR1 - 1);
	bring_up();
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(143));
	bring_up();
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGUSR1));
}

/* Children that main left behind go with it. */
static void test_main_leaves_children(void **state _unused_)
{
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_MAIN_EXIT, EXIT_CODE(0), .populated = true);
	STEP("dead: release", EVENT_CGROUP_EMPTY);
}

/* hc-35: SIGTERM is ignored, so SIGKILL comes; a process that even that does not end is left to itself. */
static void test_ignored_sigterm_hc_35(void **state _unused_)
{
	s->stop_timeout = 2 * NS_PER_S;
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));

	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	/* What cannot be killed (D state) is tried once more, and given up. */
	TIMEOUT("final-sigterm (timeout): sig-all TERM");
	TIMEOUT("final-sigkill (timeout): kill-all KILL");
	TIMEOUT("failed (timeout): release");

	STEP("failed (timeout): release", EVENT_CGROUP_EMPTY);
	k->send_sigkill = false;
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	TIMEOUT("final-sigterm (timeout): sig-all TERM");
	TIMEOUT("failed (timeout): release");
}

/* hc-36, hc-37: who gets which signal. */
static void test_kill_modes_hc_36_hc_37(void **state _unused_)
{
	k->kill_signal = SIGINT;
	k->kill_mode = KILL_PROCESS;
	bring_up();
	STEP("stop-sigterm: sig-main INT", EVENT_STOP);
	/* What else is in the cgroup is none of ours. */
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGINT), .populated = true);
	STEP("dead: release", EVENT_CGROUP_EMPTY);

	bring_up();
	STEP("stop-sigterm: sig-main INT", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): sig-main KILL");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGKILL), .populated = true);

	/* Mixed: main is asked, the rest is killed, as soon as main is gone and not after a timeout. */
	k->kill_mode = KILL_MIXED;
	bring_up();
	STEP("stop-sigterm: sig-main INT", EVENT_STOP);
	STEP("final-sigkill: kill-all KILL", EVENT_MAIN_EXIT, KILLED(SIGINT), .populated = true);
	STEP("dead: release", EVENT_CGROUP_EMPTY);
	bring_up();
	STEP("stop-sigterm: sig-main INT", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));

	k->kill_mode = KILL_NONE;
	bring_up();
	STEP("dead: release", EVENT_STOP);
	STEP("dead", EVENT_MAIN_EXIT, EXIT_CODE(0));
}

static void test_exec(void **state _unused_)
{
	s->type = SERVICE_EXEC;
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("running", EVENT_EXECUTED);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
	/* execve(2) failed: the child ends with 203. */
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(203));
}

static void test_notify(void **state _unused_)
{
	s->type = SERVICE_NOTIFY;
	set_command(EXEC_START_POST, &post);
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("start", EVENT_EXECUTED);
	STEP("start-post: control post", EVENT_READY);
	STEP("start-post", EVENT_SPAWNED);
	STEP("running", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("running", EVENT_READY);
	/* It says by itself that it goes: no signal, but a deadline. */
	STEP("stop-sigterm", EVENT_STOPPING);
	assert_true(run.deadline != CLOCK_TIME_MAX);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
}

static void test_notify_goes_wrong(void **state _unused_)
{
	s->type = SERVICE_NOTIFY;
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("failed (protocol): release", EVENT_MAIN_EXIT, EXIT_CODE(0));
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	TIMEOUT("stop-sigterm (timeout): sig-all TERM");
	/* Too late. */
	STEP("stop-sigterm (timeout)", EVENT_READY);
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
}

static void test_extend_timeout(void **state _unused_)
{
	uint64_t deadline;

	s->type = SERVICE_NOTIFY;
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	deadline = run.deadline;
	/* Never shorter. */
	STEP("start", EVENT_EXTEND, .value = NS_PER_S);
	assert_true(run.deadline == deadline);
	STEP("start", EVENT_EXTEND, .value = 200 * NS_PER_S);
	assert_true(run.deadline == now + 200 * NS_PER_S);
	STEP("running", EVENT_READY);
	STEP("running", EVENT_EXTEND, .value = 200 * NS_PER_S);
	assert_true(run.deadline == CLOCK_TIME_MAX);
}

static void test_oneshot(void **state _unused_)
{
	s->type = SERVICE_ONESHOT;
	s->start_timeout = CLOCK_TIME_MAX;
	set_command(EXEC_START, &first);
	set_command(EXEC_STOP, &stop);
	STEP("start: main first", EVENT_START);
	assert_true(run.deadline == CLOCK_TIME_MAX);
	STEP("start", EVENT_SPAWNED);
	STEP("start: main second", EVENT_MAIN_EXIT, EXIT_CODE(0));
	STEP("start", EVENT_SPAWNED);
	/* Done, and as nothing keeps it up it is stopped right away. */
	STEP("stop: control stop", EVENT_MAIN_EXIT, EXIT_CODE(0));
	STEP("stop", EVENT_SPAWNED);
	STEP("stop: control stop2", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("stop", EVENT_SPAWNED);
	STEP("dead: release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

static void test_oneshot_that_remains(void **state _unused_)
{
	s->type = SERVICE_ONESHOT;
	s->remain_after_exit = true;
	set_command(EXEC_STOP, &stop);
	STEP("start: main main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("exited", EVENT_MAIN_EXIT, EXIT_CODE(0));
	assert_int_equal(service_active(run.state), ACTIVE_ACTIVE);
	assert_true(run.deadline == CLOCK_TIME_MAX);
	STEP("stop: control stop", EVENT_STOP);
	STEP("stop", EVENT_SPAWNED);
	/* The first failure ends the list. */
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(1));

	/* Only ExecStop=: up at once. */
	set_command(EXEC_START, NULL);
	STEP("exited", EVENT_START);
	STEP("stop: control stop", EVENT_STOP);
}

static void test_oneshot_that_fails(void **state _unused_)
{
	s->type = SERVICE_ONESHOT;
	s->remain_after_exit = true;
	set_command(EXEC_START, &first);
	STEP("start: main first", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));
	/* SIGTERM is no success for a oneshot. */
	STEP("start: main first", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("failed (signal): release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
}

static void test_all_lists(void **state _unused_)
{
	set_command(EXEC_START_PRE, &pre);
	set_command(EXEC_START_POST, &post);
	set_command(EXEC_STOP, &stop);
	set_command(EXEC_STOP_POST, &stop_post);
	STEP("start-pre: control pre", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	STEP("start-pre: control pre2", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("start-pre", EVENT_SPAWNED);
	STEP("start: main main", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("start-post: control post", EVENT_SPAWNED);
	STEP("start-post", EVENT_SPAWNED);
	STEP("running", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("stop: control stop", EVENT_STOP);
	STEP("stop", EVENT_SPAWNED);
	STEP("stop: control stop2", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("stop", EVENT_SPAWNED);
	STEP("stop-sigterm: sig-all TERM", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("stop-post: control stop-post", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	STEP("stop-post", EVENT_SPAWNED);
	STEP("dead: release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

static void test_failing_pre(void **state _unused_)
{
	set_command(EXEC_START_PRE, &pre);
	set_command(EXEC_STOP, &stop);
	set_command(EXEC_STOP_POST, &stop_post);
	STEP("start-pre: control pre", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	/* ExecStop= is for what was up; ExecStopPost= always runs. */
	STEP("stop-post (exit-code): control stop-post", EVENT_CONTROL_EXIT, EXIT_CODE(1));
	STEP("stop-post (exit-code)", EVENT_SPAWNED);
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	/* SIGTERM from somewhere else is a failure of a setup script. */
	STEP("start-pre: control pre", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	STEP("stop-post (signal): control stop-post", EVENT_CONTROL_EXIT, KILLED(SIGTERM));
}

static void test_ignored_failures(void **state _unused_)
{
	set_command(EXEC_START_PRE, &ignored);
	STEP("start-pre: control ignored", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	STEP("start: main main", EVENT_CONTROL_EXIT, EXIT_CODE(203));
	STEP("running", EVENT_SPAWNED);
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));

	/* The dash before ExecStart= holds for as long as that process lives, whatever ran meanwhile. */
	set_command(EXEC_START_PRE, NULL);
	set_command(EXEC_START, &ignored);
	STEP("start: main ignored", EVENT_START);
	STEP("running", EVENT_SPAWNED);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(1));
	set_command(EXEC_START_POST, &post);
	STEP("start: main ignored", EVENT_START);
	STEP("start-post: control post", EVENT_SPAWNED);
	STEP("start-post", EVENT_SPAWNED);
	STEP("start-post", EVENT_MAIN_EXIT, KILLED(SIGSEGV), .populated = true);
	STEP("dead: release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	set_command(EXEC_START, &main_command);
	set_command(EXEC_START_POST, &ignored);
	STEP("start: main main", EVENT_START);
	STEP("start-post: control ignored", EVENT_SPAWNED);
	STEP("start-post", EVENT_SPAWNED);
	STEP("running", EVENT_CONTROL_EXIT, EXIT_CODE(1), .populated = true);
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));

	s->type = SERVICE_ONESHOT;
	set_command(EXEC_START, &ignored);
	set_command(EXEC_START_POST, NULL);
	STEP("start: main ignored", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(1));
}

static void test_main_dies_during_post(void **state _unused_)
{
	set_command(EXEC_START_POST, &post);
	STEP("start: main main", EVENT_START);
	STEP("start-post: control post", EVENT_SPAWNED);
	STEP("start-post", EVENT_SPAWNED);
	STEP("start-post (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(1), .populated = true);
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
}

/* hc-34: a setup script is no reason to wait. */
static void test_stop_during_pre_hc_34(void **state _unused_)
{
	set_command(EXEC_START_PRE, &pre);
	STEP("start-pre: control pre", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	/* A command that is killed has failed, as in systemd, whoever wanted it. */
	STEP("failed (signal): release", EVENT_CONTROL_EXIT, KILLED(SIGTERM));
	k->kill_mode = KILL_PROCESS;
	STEP("start-pre: control pre", EVENT_START);
	STEP("start-pre", EVENT_SPAWNED);
	STEP("stop-sigterm: sig-control TERM", EVENT_STOP);
}

/* hc-34: ExecStop= and ExecStopPost= that hang. */
static void test_hanging_stop_commands_hc_34(void **state _unused_)
{
	set_command(EXEC_STOP, &stop);
	set_command(EXEC_STOP_POST, &stop_post);
	bring_up();
	STEP("stop: control stop", EVENT_STOP);
	STEP("stop", EVENT_SPAWNED);
	TIMEOUT("stop-sigterm (timeout): sig-all TERM");
	STEP("stop-sigterm (timeout)", EVENT_MAIN_EXIT, KILLED(SIGTERM), .populated = true);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("stop-post (timeout): control stop-post", EVENT_CONTROL_EXIT, KILLED(SIGKILL));
	STEP("stop-post (timeout)", EVENT_SPAWNED);
	TIMEOUT("final-sigterm (timeout): sig-all TERM");
	TIMEOUT("final-sigkill (timeout): kill-all KILL");
	TIMEOUT("failed (timeout): release");
	/* It goes in the end, long after it was given up. */
	STEP("failed (timeout)", EVENT_CONTROL_EXIT, KILLED(SIGKILL));
}

/* hc-8: no process can be made. That is a failure of the service and of nothing else. */
static void test_spawn_fails_hc_8(void **state _unused_)
{
	set_command(EXEC_STOP_POST, &stop_post);
	STEP("start: main main", EVENT_START);
	STEP("stop-post (resources): control stop-post", EVENT_SPAWN_FAILED);
	STEP("failed (resources): release", EVENT_SPAWN_FAILED);
	assert_false(run.main_alive || run.control_alive || run.populated);
	s->restart = RESTART_ON_FAILURE;
	STEP("start: main main", EVENT_START);
	STEP("stop-post (resources): control stop-post", EVENT_SPAWN_FAILED);
	STEP("auto-restart (resources)", EVENT_SPAWN_FAILED);
	TIMEOUT("start: main main");
	assert_int_equal(run.restarts, 1);

	/* ExecStop= cannot be run: main is stopped all the same. */
	STEP("running", EVENT_SPAWNED);
	set_command(EXEC_STOP, &stop);
	STEP("stop: control stop", EVENT_STOP);
	STEP("stop-sigterm (resources): sig-all TERM", EVENT_SPAWN_FAILED, .populated = true);
	assert_true(run.main_alive && !run.control_alive);
}

/* hc-50: start and stop in the same tick, in either order. */
static void test_start_and_stop_together_hc_50(void **state _unused_)
{
	STEP("start: main main", EVENT_START);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("stop-sigterm", EVENT_SPAWNED);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));

	/* On the way down a start has to wait, and jobs know when it may. */
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	assert_false(service_startable(run.state));
	STEP("stop-sigterm", EVENT_START);
	STEP("stop-sigterm", EVENT_STOP);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	assert_true(service_startable(run.state));
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	/* Events of what is over mean nothing. */
	STEP("dead", EVENT_STOP);
	STEP("dead", EVENT_READY);
	STEP("dead", EVENT_EXECUTED);
	STEP("dead", EVENT_STOPPING);
}

static void test_restart(void **state _unused_)
{
	s->restart = RESTART_ALWAYS;
	s->restart_delay = 5 * NS_PER_S;
	bring_up();
	STEP("auto-restart (signal)", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	assert_int_equal(service_active(run.state), ACTIVE_ACTIVATING);
	assert_true(run.deadline == now + 5 * NS_PER_S);
	TIMEOUT("start: main main");
	STEP("running", EVENT_SPAWNED);
	assert_int_equal(run.restarts, 1);
	assert_int_equal(run.result, RESULT_SUCCESS);
	/* A wanted stop is no reason to restart. */
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	/* Nor is it while it waits. */
	bring_up();
	STEP("auto-restart", EVENT_MAIN_EXIT, EXIT_CODE(0));
	STEP("dead: release", EVENT_STOP);
	assert_true(run.deadline == CLOCK_TIME_MAX);
	/* A start by hand does not wait. */
	bring_up();
	STEP("auto-restart", EVENT_MAIN_EXIT, EXIT_CODE(0));
	STEP("start: main main", EVENT_START);
	assert_int_equal(run.restarts, 1);
}

static void test_restart_prevented(void **state _unused_)
{
	s->restart = RESTART_ALWAYS;
	s->restart_prevent_statuses = &draft.restart_prevent_statuses;
	draft.restart_prevent_statuses.codes[0] = 1 << 3;
	draft.restart_prevent_statuses.signals = 1U << (SIGABRT - 1);
	bring_up();
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(3));
	bring_up();
	STEP("failed (core-dump): release", EVENT_MAIN_EXIT, DUMPED(SIGABRT));
	bring_up();
	STEP("auto-restart (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(4));
}

/* Table 1 of systemd.service(5): which ends make which setting restart. */
static void test_restart_table(void **state _unused_)
{
	static const struct service_event clean_code = { .type = EVENT_MAIN_EXIT, EXIT_CODE(0) };
	static const struct service_event clean_signal = { .type = EVENT_MAIN_EXIT, KILLED(SIGTERM) };
	static const struct service_event unclean_code = { .type = EVENT_MAIN_EXIT, EXIT_CODE(1) };
	static const struct service_event unclean_signal = { .type = EVENT_MAIN_EXIT, KILLED(SIGKILL) };
	static const struct service_event core_dump = { .type = EVENT_MAIN_EXIT, DUMPED(SIGSEGV) };
	static const struct service_event oom = { .type = EVENT_OOM };
	static const struct service_event watchdog = { .type = EVENT_WATCHDOG };
	static const struct {
		const struct service_event *end; /* NULL: the start times out */
		const char *restarts; /* a digit for each value of enum service_restart */
	} rows[] = {
		/*		   no success failure abnormal abort watchdog always */
		{ &clean_code, "0100001" },   { &clean_signal, "0100001" },
		{ &unclean_code, "0010001" }, { &unclean_signal, "0011101" },
		{ &core_dump, "0011101" },    { &oom, "0011001" },
		{ NULL, "0011001" },	      { &watchdog, "0011011" },
	};

	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		for (int restart = RESTART_NO; restart <= RESTART_ALWAYS; restart++) {
			char ignored_text[256];
			struct buf b = BUF(ignored_text);
			bool opening = true;

			setup(NULL);
			s->restart = (enum service_restart)restart;
			if (rows[row].end && rows[row].end->type == EVENT_MAIN_EXIT) {
				bring_up();
				step_on(rows[row].end, &opening, &b);
			} else if (rows[row].end) {
				bring_up();
				step_on(rows[row].end, &opening, &b);
				step_on(&clean_signal, &opening, &b);
			} else {
				s->type = SERVICE_NOTIFY;
				STEP("start: main main", EVENT_START);
				TIMEOUT("stop-sigterm (timeout): sig-all TERM");
				step_on(&clean_signal, &opening, &b);
			}
			if ((run.state == SERVICE_AUTO_RESTART) != (rows[row].restarts[restart] == '1'))
				fail_msg("row %zu, Restart= number %d: %s", row, restart,
					 service_state_name(run.state));
		}
}

/* hc-27: more than StartLimitBurst= starts in StartLimitIntervalSec= are refused. */
static void test_start_limit_hc_27(void **state _unused_)
{
	draft.settings.start_limit_burst = 3;
	draft.settings.start_limit_interval = 10 * NS_PER_S;
	s->restart = RESTART_ALWAYS;
	s->restart_delay = NS_PER_S;
	bring_up();
	for (int i = 0; i < 2; i++) {
		STEP("auto-restart (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(1));
		TIMEOUT("start: main main");
		STEP("running", EVENT_SPAWNED);
	}
	STEP("auto-restart (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(1));
	TIMEOUT("failed (start-limit-hit)");
	assert_true(run.deadline == CLOCK_TIME_MAX);
	/* By hand too, until the interval is over. */
	STEP("failed (start-limit-hit)", EVENT_START);
	now += 10 * NS_PER_S;
	bring_up();

	setup(NULL);
	draft.settings.start_limit_burst = 0;
	for (int i = 0; i < 100; i++) {
		bring_up();
		STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
	}
}

/* A slow restarter never hits the limit. */
static void test_start_limit_window_moves_hc_27(void **state _unused_)
{
	s->restart = RESTART_ALWAYS;
	s->restart_delay = 3 * NS_PER_S;
	bring_up();
	for (int i = 0; i < 100; i++) {
		STEP("auto-restart", EVENT_MAIN_EXIT, EXIT_CODE(0));
		TIMEOUT("start: main main");
		STEP("running", EVENT_SPAWNED);
	}
	assert_int_equal(run.restarts, 100);
}

/* hc-27: RestartSteps= goes from RestartSec= to RestartMaxDelaySec= by equal factors. */
static void test_backoff_hc_27(void **state _unused_)
{
	uint64_t last = 0;

	s->restart_delay = 100 * NS_PER_MS;
	assert_true(service_restart_delay(s, 0) == 100 * NS_PER_MS);
	assert_true(service_restart_delay(s, 1000) == 100 * NS_PER_MS);
	s->restart_delay_max = 100 * NS_PER_S;
	assert_true(service_restart_delay(s, 5) == 100 * NS_PER_MS);
	s->restart_steps = 3;
	/* A factor of ten a step, within rounding. */
	for (uint32_t i = 0; i <= 3; i++) {
		uint64_t delay = service_restart_delay(s, i);
		uint64_t expected = 100 * NS_PER_MS;

		for (uint32_t j = 0; j < i; j++)
			expected *= 10;
		assert_true(delay + NS_PER_US >= expected && delay <= expected + NS_PER_US);
		assert_true(delay > last);
		last = delay;
	}
	assert_true(service_restart_delay(s, 4) == 100 * NS_PER_S);
	assert_true(service_restart_delay(s, UINT32_MAX) == 100 * NS_PER_S);
	/* Settings that say nothing sensible leave RestartSec=. */
	s->restart_delay_max = 50 * NS_PER_MS;
	assert_true(service_restart_delay(s, 9) == 100 * NS_PER_MS);
	s->restart_delay = 0;
	s->restart_delay_max = NS_PER_S;
	assert_true(service_restart_delay(s, 9) == 0);
}

/* ExecCondition=: 0 goes on, 1 to 254 skips without failing, 255 and signals are failures. */
static void test_exec_condition(void **state _unused_)
{
	static const struct exec_command condition = { .path = "condition" };

	s->restart = RESTART_ALWAYS;
	set_command(EXEC_CONDITION, &condition);
	set_command(EXEC_STOP_POST, &stop_post);
	STEP("condition: control condition", EVENT_START);
	STEP("condition", EVENT_SPAWNED);
	STEP("start: main main", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	STEP("running", EVENT_SPAWNED);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("stop-post: control stop-post", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	STEP("dead: release", EVENT_CONTROL_EXIT, EXIT_CODE(0));

	for (int code = 1; code <= 254; code += 253) {
		draft.settings.start_limit_burst = 0;
		STEP("condition: control condition", EVENT_START);
		STEP("stop-post (exec-condition): control stop-post", EVENT_CONTROL_EXIT,
		     EXIT_CODE(code));
		STEP("dead (exec-condition): release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
		assert_int_equal(service_active(run.state), ACTIVE_INACTIVE);
	}
	s->restart = RESTART_NO;
	set_command(EXEC_STOP_POST, NULL);
	STEP("condition: control condition", EVENT_START);
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(255));
	STEP("condition: control condition", EVENT_START);
	STEP("failed (signal): release", EVENT_CONTROL_EXIT, KILLED(SIGTERM));
}

static void test_forking(void **state _unused_)
{
	s->type = SERVICE_FORKING;
	STEP("start: control main", EVENT_START);
	STEP("start", EVENT_SPAWNED);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("running", EVENT_MAIN_FOUND);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));

	/* Nobody can tell who is main: the cgroup is what lives. */
	STEP("start: control main", EVENT_START);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("running", EVENT_MAIN_UNKNOWN, .populated = true);
	STEP("dead: release", EVENT_CGROUP_EMPTY);

	/* The starter failed. */
	STEP("start: control main", EVENT_START);
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(1));
}

static void test_forking_with_pid_file(void **state _unused_)
{
	s->type = SERVICE_FORKING;
	s->pid_file = "/run/a.pid";
	draft.settings.start_limit_burst = 0;
	STEP("start: control main", EVENT_START);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	/* The daemon writes it a moment later. */
	STEP("start: await-pid-file", EVENT_MAIN_UNKNOWN, .populated = true);
	STEP("running", EVENT_MAIN_FOUND);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));

	/* Or never: */
	STEP("start: control main", EVENT_START);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("start: await-pid-file", EVENT_MAIN_UNKNOWN, .populated = true);
	STEP("failed (protocol): release", EVENT_CGROUP_EMPTY);
	STEP("start: control main", EVENT_START);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("start: await-pid-file", EVENT_MAIN_UNKNOWN, .populated = true);
	TIMEOUT("stop-sigterm (timeout): sig-all TERM");
	STEP("failed (timeout): release", EVENT_CGROUP_EMPTY);

	/* ExecStartPost= may be what writes it. */
	set_command(EXEC_START_POST, &post);
	STEP("start: control main", EVENT_START);
	STEP("start: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("start-post: control post", EVENT_MAIN_UNKNOWN, .populated = true);
	STEP("start-post: find-main", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	STEP("running", EVENT_MAIN_FOUND);
}

static void test_reload(void **state _unused_)
{
	static const struct exec_command again = { .path = "again" };

	set_command(EXEC_RELOAD, &again);
	bring_up();
	STEP("reload: control again", EVENT_RELOAD);
	assert_int_equal(service_active(run.state), ACTIVE_RELOADING);
	STEP("running", EVENT_CONTROL_EXIT, EXIT_CODE(0), .populated = true);
	assert_int_equal(run.reload_result, RESULT_SUCCESS);
	/* A reload that fails is no failure of the service. */
	STEP("reload: control again", EVENT_RELOAD);
	STEP("running", EVENT_CONTROL_EXIT, EXIT_CODE(1), .populated = true);
	assert_int_equal(run.reload_result, RESULT_EXIT_CODE);
	STEP("reload: control again", EVENT_RELOAD);
	TIMEOUT("running: sig-control KILL");
	assert_int_equal(run.reload_result, RESULT_TIMEOUT);
	STEP("reload: control again", EVENT_RELOAD);
	STEP("running", EVENT_SPAWN_FAILED, .populated = true);
	assert_int_equal(run.reload_result, RESULT_RESOURCES);
	/* Main goes while it reloads: its end is looked at when the command is over. */
	STEP("reload: control again", EVENT_RELOAD);
	STEP("reload (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(1), .populated = true);
	STEP("failed (exit-code): release", EVENT_CONTROL_EXIT, EXIT_CODE(0));
	/* hc-34 */
	bring_up();
	STEP("reload: control again", EVENT_RELOAD);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
}

static void test_notify_reload(void **state _unused_)
{
	s->type = SERVICE_NOTIFY_RELOAD;
	s->reload_signal = SIGUSR2;
	STEP("start: main main", EVENT_START);
	STEP("running", EVENT_READY);
	STEP("reload-signal: reload USR2", EVENT_RELOAD);
	/* One from before the signal is about something else. */
	STEP("reload-signal", EVENT_RELOADING, .value = 0);
	STEP("reload-notify", EVENT_RELOADING, .value = 1);
	STEP("running", EVENT_READY);
	/* By itself. */
	STEP("reload-notify: propagate", EVENT_RELOADING);
	STEP("running", EVENT_READY);
	STEP("reload-notify: propagate", EVENT_RELOADING);
	TIMEOUT("running");
	/* Going beats coming back. */
	STEP("stop-sigterm", EVENT_STOPPING);
	STEP("stop-sigterm", EVENT_READY);
	STEP("stop-sigterm", EVENT_RELOADING, .value = 1);
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
}

/* hc-33: a ping moves the deadline; without one WatchdogSignal= comes, and then it may be restarted. */
static void test_watchdog_hc_33(void **state _unused_)
{
	s->type = SERVICE_NOTIFY;
	s->watchdog = 10 * NS_PER_S;
	s->restart = RESTART_ON_WATCHDOG;
	STEP("start: main main", EVENT_START);
	assert_true(run.watchdog_due == CLOCK_TIME_MAX);
	STEP("running", EVENT_READY);
	assert_true(run.watchdog_due == now + 10 * NS_PER_S);
	now += 9 * NS_PER_S;
	STEP("running", EVENT_WATCHDOG_PING);
	assert_true(run.watchdog_due == now + 10 * NS_PER_S);
	STEP("running", EVENT_WATCHDOG_USEC, .value = NS_PER_S);
	assert_true(run.watchdog_due == now + NS_PER_S);
	STEP("running", EVENT_EXTEND, .value = 60 * NS_PER_S);
	assert_true(run.watchdog_due == now + 60 * NS_PER_S);
	STEP("stop-watchdog (watchdog): sig-all ABRT", EVENT_WATCHDOG);
	assert_true(run.watchdog_due == CLOCK_TIME_MAX);
	s->abort_timeout = NS_PER_S;
	TIMEOUT("stop-sigkill (watchdog): kill-all KILL");
	STEP("auto-restart (watchdog)", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	STEP("start: main main", EVENT_START);
	/* A new start has the configured time again. */
	STEP("running", EVENT_READY);
	assert_true(run.watchdog_due == now + 10 * NS_PER_S);
}

static void test_runtime_max(void **state _unused_)
{
	s->runtime_max = 60 * NS_PER_S;
	bring_up();
	assert_true(run.deadline == now + 60 * NS_PER_S);
	TIMEOUT("stop-sigterm (timeout): sig-all TERM");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
}

/* TimeoutStartFailureMode=, TimeoutStopFailureMode=, TimeoutAbortSec=. */
static void test_timeout_failure_modes(void **state _unused_)
{
	s->type = SERVICE_NOTIFY;
	s->abort_timeout = 7 * NS_PER_S;
	s->start_failure_aborts = true;
	STEP("start: main main", EVENT_START);
	TIMEOUT("stop-watchdog (timeout): sig-all ABRT");
	assert_true(run.deadline == now + 7 * NS_PER_S);
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, DUMPED(SIGABRT));
	s->start_failure_aborts = false;
	s->start_failure_kills = true;
	STEP("start: main main", EVENT_START);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	s->stop_failure_aborts = true;
	STEP("start: main main", EVENT_START);
	STEP("running", EVENT_READY);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	TIMEOUT("stop-watchdog (timeout): sig-all ABRT");
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	s->stop_failure_aborts = false;
	s->stop_failure_kills = true;
	set_command(EXEC_STOP, &stop2);
	set_command(EXEC_STOP_POST, &stop_post);
	STEP("start: main main", EVENT_START);
	STEP("running", EVENT_READY);
	STEP("stop: control stop2", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): kill-all KILL");
	STEP("stop-sigkill (timeout)", EVENT_CONTROL_EXIT, KILLED(SIGKILL), .populated = true);
	STEP("stop-post (timeout): control stop-post", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	TIMEOUT("final-sigkill (timeout): kill-all KILL");
}

/* SendSIGHUP=, RestartKillSignal=, FinalKillSignal=. */
static void test_kill_signals(void **state _unused_)
{
	k->send_sighup = true;
	k->restart_kill_signal = SIGUSR1;
	k->final_kill_signal = SIGQUIT;
	bring_up();
	STEP("stop-sigterm: sig-all TERM, sig-all HUP", EVENT_STOP);
	TIMEOUT("stop-sigkill (timeout): sig-all QUIT");
	STEP("failed (timeout): release", EVENT_MAIN_EXIT, DUMPED(SIGQUIT));
	bring_up();
	STEP("stop-sigterm: sig-all USR1", EVENT_STOP, .value = 1);
	STEP("failed (signal): release", EVENT_MAIN_EXIT, KILLED(SIGUSR1));
}

/* hc-44: OOMPolicy=. */
static void test_oom_policy_hc_44(void **state _unused_)
{
	unit.cgroup = &draft.cgroup;
	draft.settings.start_limit_burst = 0;
	draft.cgroup.oom_policy = OOM_POLICY_CONTINUE;
	bring_up();
	STEP("running", EVENT_OOM);
	STEP("failed (signal): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	draft.cgroup.oom_policy = OOM_POLICY_KILL;
	bring_up();
	STEP("stop-sigkill (oom-kill): kill-all KILL", EVENT_OOM);
	STEP("failed (oom-kill): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	draft.cgroup.oom_policy = OOM_POLICY_STOP;
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("stop-sigkill (oom-kill): kill-all KILL", EVENT_OOM);
	STEP("failed (oom-kill): release", EVENT_MAIN_EXIT, KILLED(SIGKILL));
	/* Who delegates (containerd) has others whose memory is short in there: none of its business. */
	draft.cgroup.oom_policy = OOM_POLICY_DEFAULT;
	draft.cgroup.delegate = true;
	bring_up();
	STEP("running", EVENT_OOM);
	unit.cgroup = NULL;
}

static void test_exit_type_cgroup(void **state _unused_)
{
	s->exit_type = EXIT_TYPE_CGROUP;
	bring_up();
	STEP("running", EVENT_MAIN_EXIT, EXIT_CODE(0), .populated = true);
	STEP("dead: release", EVENT_CGROUP_EMPTY);
	bring_up();
	STEP("dead: release", EVENT_MAIN_EXIT, EXIT_CODE(0));
}

static void test_restart_forced_and_direct(void **state _unused_)
{
	s->restart_force_statuses = &draft.restart_force_statuses;
	draft.restart_force_statuses.codes[0] = 1 << 7;
	bring_up();
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(6));
	bring_up();
	STEP("auto-restart (exit-code)", EVENT_MAIN_EXIT, EXIT_CODE(7));
	STEP("dead (exit-code): release", EVENT_STOP);
	/* A stop that waits is not undone. */
	bring_up();
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(7), .stop_queued = true);
}

/* hc-27: after a minute in which it was up the delays begin anew; the count for people does not. */
static void test_backoff_begins_anew_hc_27(void **state _unused_)
{
	draft.settings.start_limit_burst = 0;
	s->restart = RESTART_ALWAYS;
	s->restart_delay = NS_PER_S;
	s->restart_delay_max = 16 * NS_PER_S;
	s->restart_steps = 4;
	bring_up();
	for (unsigned i = 0; i < 6; i++) {
		STEP("auto-restart", EVENT_MAIN_EXIT, EXIT_CODE(0));
		assert_true(run.deadline - now >= (NS_PER_S << (i < 4 ? i : 4)) - NS_PER_MS);
		TIMEOUT("start: main main");
		STEP("running", EVENT_SPAWNED);
	}
	now += SERVICE_STABLE;
	STEP("auto-restart", EVENT_MAIN_EXIT, EXIT_CODE(0));
	assert_true(run.deadline - now == NS_PER_S);
	assert_int_equal(run.restarts, 6);
	TIMEOUT("start: main main");
	STEP("running", EVENT_SPAWNED);
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	STEP("dead: release", EVENT_MAIN_EXIT, KILLED(SIGTERM));
	bring_up();
	assert_int_equal(run.restarts, 0);
}

static void test_reset_failed(void **state _unused_)
{
	draft.settings.start_limit_burst = 1;
	bring_up();
	STEP("failed (exit-code): release", EVENT_MAIN_EXIT, EXIT_CODE(1));
	STEP("failed (start-limit-hit)", EVENT_START);
	STEP("dead", EVENT_RESET_FAILED);
	bring_up();
	STEP("running", EVENT_RESET_FAILED);
}

/* SendSIGKILL=no: a second instance beside what is left of the first would harm (databases). */
static void test_leftovers_forbid_a_start(void **state _unused_)
{
	k->send_sigkill = false;
	bring_up();
	STEP("stop-sigterm: sig-all TERM", EVENT_STOP);
	TIMEOUT("final-sigterm (timeout): sig-all TERM");
	TIMEOUT("failed (timeout): release");
	STEP("stop-sigterm (resources): sig-all TERM", EVENT_START);
	STEP("failed (resources): release", EVENT_CGROUP_EMPTY);
	bring_up();
}

static void test_names(void **state _unused_)
{
	for (int i = 0; i < SERVICE_STATE_COUNT; i++)
		assert_string_not_equal(service_state_name((enum service_state)i), "?");
	for (int i = 0; i < RESULT_COUNT; i++)
		assert_string_not_equal(service_result_name((enum service_result)i), "?");
	for (int i = ACTIVE_INACTIVE; i <= ACTIVE_FAILED; i++)
		assert_string_not_equal(unit_active_name((enum unit_active)i), "?");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_simple),
		TEST(test_simple_ends_by_itself),
		TEST(test_main_leaves_children),
		TEST(test_ignored_sigterm_hc_35),
		TEST(test_kill_modes_hc_36_hc_37),
		TEST(test_exec),
		TEST(test_notify),
		TEST(test_notify_goes_wrong),
		TEST(test_extend_timeout),
		TEST(test_oneshot),
		TEST(test_oneshot_that_remains),
		TEST(test_oneshot_that_fails),
		TEST(test_all_lists),
		TEST(test_failing_pre),
		TEST(test_ignored_failures),
		TEST(test_main_dies_during_post),
		TEST(test_stop_during_pre_hc_34),
		TEST(test_hanging_stop_commands_hc_34),
		TEST(test_spawn_fails_hc_8),
		TEST(test_start_and_stop_together_hc_50),
		TEST(test_restart),
		TEST(test_restart_prevented),
		TEST(test_restart_table),
		TEST(test_start_limit_hc_27),
		TEST(test_start_limit_window_moves_hc_27),
		TEST(test_backoff_hc_27),
		TEST(test_exec_condition),
		TEST(test_forking),
		TEST(test_forking_with_pid_file),
		TEST(test_reload),
		TEST(test_notify_reload),
		TEST(test_watchdog_hc_33),
		TEST(test_runtime_max),
		TEST(test_timeout_failure_modes),
		TEST(test_kill_signals),
		TEST(test_oom_policy_hc_44),
		TEST(test_exit_type_cgroup),
		TEST(test_restart_forced_and_direct),
		TEST(test_backoff_begins_anew_hc_27),
		TEST(test_reset_failed),
		TEST(test_leftovers_forbid_a_start),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
