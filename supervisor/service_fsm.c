// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service state machine: see service_fsm.h. Each enter_*() puts the machine into a state and says
 * what must be done there; each on_*() is one event. When something fails on the way up the machine
 * goes the same way down as a stop does, so what was started is always cleaned up.
 */
#include "supervisor/service_fsm.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>

/* One step: what the functions below share. */
struct step {
	const struct unit *unit;
	const struct service_settings *s;
	const struct kill_settings *kill;
	struct service_run *run;
	uint64_t now;
	struct service_actions *actions;
};

static void enter_stop_post(struct step *step);
static void enter_final(struct step *step, enum service_state state);
static void enter_start(struct step *step);
static void enter_down(struct step *step);

static void act(struct step *step, enum service_action_type type,
		const struct exec_command *command, int sig)
{
	if (step->actions->count < SERVICE_ACTION_MAX)
		step->actions->list[step->actions->count++] =
			(struct service_action){ .type = type, .command = command, .signal = sig };
}

static void enter(struct step *step, enum service_state state, uint64_t timeout)
{
	step->run->state = state;
	step->run->entered = step->now;
	step->run->deadline = clock_add(step->now, timeout);
}

/* The first failure is what people need to know; what follows from it is not. */
static void note(struct step *step, enum service_result result)
{
	if (step->run->result == RESULT_SUCCESS)
		step->run->result = result;
}

static void spawn(struct step *step, const struct exec_command *command, bool main)
{
	step->run->command = command;
	if (main)
		step->run->main_alive = true;
	else
		step->run->control_alive = true;
	step->run->populated = true;
	act(step, main ? ACTION_SPAWN_MAIN : ACTION_SPAWN_CONTROL, command, 0);
}

/* Signals what KillMode= covers (systemd.kill(5)). @last: this is the kill that nothing survives. */
static void send_signals(struct step *step, bool last)
{
	struct service_run *run = step->run;
	int sig = last ? SIGKILL : step->kill->kill_signal;

	if (step->kill->kill_mode == KILL_NONE)
		return;
	if (step->kill->kill_mode == KILL_CONTROL_GROUP && run->populated) {
		act(step, last ? ACTION_KILL_CGROUP : ACTION_SIGNAL_CGROUP, NULL, sig);
		return;
	}
	if (step->kill->kill_mode == KILL_MIXED && run->populated &&
	    (last || (!run->main_alive && step->kill->send_sigkill))) {
		act(step, ACTION_KILL_CGROUP, NULL, SIGKILL);
		return;
	}
	if (run->main_alive)
		act(step, ACTION_SIGNAL_MAIN, NULL, sig);
	if (run->control_alive)
		act(step, ACTION_SIGNAL_CONTROL, NULL, sig);
}

/* Whether a stop still has somebody to wait for. KillMode=process and none leave the rest alone. */
static bool anybody_left(const struct step *step)
{
	const struct service_run *run = step->run;

	if (step->kill->kill_mode == KILL_NONE)
		return false;
	if (run->main_alive || run->control_alive)
		return true;
	return step->kill->kill_mode != KILL_PROCESS && run->populated;
}

/* KillMode=mixed: once those are gone who were asked to go, the rest is not asked but killed. */
static void kill_followers(struct step *step)
{
	const struct service_run *run = step->run;

	if (step->kill->kill_mode == KILL_MIXED && step->kill->send_sigkill && !run->main_alive &&
	    !run->control_alive && run->populated)
		act(step, ACTION_KILL_CGROUP, NULL, SIGKILL);
}

static void enter_stop_sigterm(struct step *step)
{
	enter(step, SERVICE_STOP_SIGTERM, step->s->stop_timeout);
	if (!anybody_left(step)) {
		enter_stop_post(step);
		return;
	}
	send_signals(step, false);
}

static void enter_stop_sigkill(struct step *step)
{
	if (!step->kill->send_sigkill) {
		enter_stop_post(step);
		return;
	}
	enter(step, SERVICE_STOP_SIGKILL, step->s->stop_timeout);
	send_signals(step, true);
}

static void enter_stop(struct step *step)
{
	const struct exec_command *command = unit_commands(step->unit, EXEC_STOP);

	if (!command) {
		enter_stop_sigterm(step);
		return;
	}
	enter(step, SERVICE_STOP, step->s->stop_timeout);
	spawn(step, command, false);
}

static void enter_stop_post(struct step *step)
{
	const struct exec_command *command = unit_commands(step->unit, EXEC_STOP_POST);

	if (!command) {
		enter_down(step);
		return;
	}
	enter(step, SERVICE_STOP_POST, step->s->stop_timeout);
	spawn(step, command, false);
}

/* After ExecStopPost= nothing of the service may be left, except what KillMode= protects. */
static void enter_final(struct step *step, enum service_state state)
{
	enter(step, state, step->s->stop_timeout);
	if (!anybody_left(step) || (state == SERVICE_FINAL_SIGKILL && !step->kill->send_sigkill)) {
		enter_down(step);
		return;
	}
	send_signals(step, state == SERVICE_FINAL_SIGKILL);
}

/* Whether an exit, as waitid(2) reports it, is in @set. */
static bool in_set(const struct exit_status_set *set, int code, int status)
{
	if (!set || status < 0)
		return false;
	if (code == CLD_EXITED)
		return status < 256 && set->codes[status / 64] >> (status % 64) & 1;
	return (code == CLD_KILLED || code == CLD_DUMPED) && status > 0 && status <= 64 &&
	       set->signals >> (status - 1) & 1;
}

static bool may_restart(const struct step *step)
{
	const struct service_run *run = step->run;
	const struct exit_status_set *prevent = step->s->restart_prevent_statuses;

	if (run->stop_wanted || run->result == RESULT_START_LIMIT)
		return false;
	if (in_set(prevent, run->main_code, run->main_status))
		return false;

	/* The table of Restart= in systemd.service(5). */
	switch (step->s->restart) {
	case RESTART_NO:
	case RESTART_ON_WATCHDOG:
		return false;
	case RESTART_ALWAYS:
		return true;
	case RESTART_ON_SUCCESS:
		return run->result == RESULT_SUCCESS;
	case RESTART_ON_FAILURE:
		return run->result != RESULT_SUCCESS;
	case RESTART_ON_ABNORMAL:
		return run->result != RESULT_SUCCESS && run->result != RESULT_EXIT_CODE;
	case RESTART_ON_ABORT:
		return run->result == RESULT_SIGNAL || run->result == RESULT_CORE_DUMP;
	}
	return false;
}

uint64_t service_restart_delay(const struct service_settings *settings, uint32_t restarts)
{
	uint64_t low = settings->restart_delay;
	uint64_t high = settings->restart_delay_max;

	if (settings->restart_steps == 0 || high == CLOCK_TIME_MAX || high <= low || low == 0)
		return low;
	if (restarts >= settings->restart_steps)
		return high;
	/* Geometric between the two: each restart waits longer by the same factor. */
	return (uint64_t)((double)low * pow((double)high / (double)low,
					    (double)restarts / settings->restart_steps));
}

static bool start_limit_hit(struct step *step)
{
	struct service_run *run = step->run;

	if (step->unit->settings->start_limit_interval == 0 || step->unit->settings->start_limit_burst == 0)
		return false;
	if (run->starts_in_window == 0 ||
	    clock_add(run->window_began, step->unit->settings->start_limit_interval) <= step->now) {
		run->window_began = step->now;
		run->starts_in_window = 0;
	}
	if (run->starts_in_window >= step->unit->settings->start_limit_burst)
		return true;
	run->starts_in_window++;
	return false;
}

static void begin(struct step *step)
{
	struct service_run *run = step->run;

	run->start_pending = false;
	run->stop_wanted = false;
	run->ready = false;
	run->result = RESULT_SUCCESS;
	run->main_code = 0;
	run->main_status = 0;
	if (start_limit_hit(step)) {
		note(step, RESULT_START_LIMIT);
		enter(step, SERVICE_FAILED, CLOCK_TIME_MAX);
		act(step, ACTION_RELEASE, NULL, 0);
		return;
	}
	if (unit_commands(step->unit, EXEC_START_PRE)) {
		enter(step, SERVICE_START_PRE, step->s->start_timeout);
		spawn(step, unit_commands(step->unit, EXEC_START_PRE), false);
		return;
	}
	enter_start(step);
}

static void enter_down(struct step *step)
{
	struct service_run *run = step->run;
	bool again = run->start_pending;

	if (!again && may_restart(step)) {
		enter(step, SERVICE_AUTO_RESTART, service_restart_delay(step->s, run->restarts));
		return;
	}
	enter(step, run->result == RESULT_SUCCESS ? SERVICE_INACTIVE : SERVICE_FAILED, CLOCK_TIME_MAX);
	act(step, ACTION_RELEASE, NULL, 0);
	if (again) {
		run->restarts = 0;
		begin(step);
	}
}

static void enter_running(struct step *step)
{
	const struct service_run *run = step->run;

	if (run->main_alive) {
		enter(step, SERVICE_RUNNING, CLOCK_TIME_MAX);
		return;
	}
	if (run->result == RESULT_SUCCESS && step->s->remain_after_exit) {
		enter(step, SERVICE_EXITED, CLOCK_TIME_MAX);
		return;
	}
	enter_stop(step);
}

static void enter_start_post(struct step *step)
{
	if (!unit_commands(step->unit, EXEC_START_POST)) {
		enter_running(step);
		return;
	}
	enter(step, SERVICE_START_POST, step->s->start_timeout);
	spawn(step, unit_commands(step->unit, EXEC_START_POST), false);
}

static void enter_start(struct step *step)
{
	const struct exec_command *command = unit_commands(step->unit, EXEC_START);

	enter(step, SERVICE_START, step->s->start_timeout);
	if (!command) { /* a oneshot that has only ExecStop= */
		enter_start_post(step);
		return;
	}
	spawn(step, command, true);
}

static enum service_result exit_result(const struct step *step, const struct service_event *event,
				       bool daemon)
{
	if (event->oom)
		return RESULT_OOM_KILL;
	if (in_set(step->s->success_statuses, event->code, event->status))
		return RESULT_SUCCESS;
	if (event->code == CLD_EXITED)
		return event->status == 0 ? RESULT_SUCCESS : RESULT_EXIT_CODE;
	/* A daemon that ends by one of these was asked to. */
	if (event->code == CLD_KILLED && daemon &&
	    (event->status == SIGHUP || event->status == SIGINT || event->status == SIGTERM ||
	     event->status == SIGPIPE))
		return RESULT_SUCCESS;
	return event->code == CLD_DUMPED ? RESULT_CORE_DUMP : RESULT_SIGNAL;
}

static void on_main_exit(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;
	enum service_result result = exit_result(step, event, step->s->type != SERVICE_ONESHOT);
	/* Of several commands the one at hand; later the last command may be of another list. */
	const struct exec_command *command = run->state == SERVICE_START
						     ? run->command
						     : unit_commands(step->unit, EXEC_START);

	run->main_alive = false;
	run->populated = event->populated;
	run->main_code = event->code;
	run->main_status = event->status;
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		result = RESULT_SUCCESS;

	switch (run->state) {
	case SERVICE_START:
		if (step->s->type == SERVICE_ONESHOT) {
			note(step, result);
			if (result != RESULT_SUCCESS)
				enter_stop_sigterm(step);
			else if (run->command && run->command->next)
				spawn(step, run->command->next, true);
			else
				enter_start_post(step);
			return;
		}
		/* It went before it was ready: even exit code 0 breaks the protocol. */
		note(step, result == RESULT_SUCCESS && step->s->type == SERVICE_NOTIFY ? RESULT_PROTOCOL
										       : result);
		enter_stop_sigterm(step);
		return;
	case SERVICE_START_POST:
		note(step, result);
		return;
	case SERVICE_RUNNING:
		note(step, result);
		enter_running(step);
		return;
	case SERVICE_STOP:
		note(step, result);
		return;
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		/* After our own SIGKILL its signal is no news; the timeout is, and was noted. */
		if (!(event->code == CLD_KILLED && event->status == SIGKILL))
			note(step, result);
		if (!anybody_left(step))
			enter_stop_post(step);
		else
			kill_followers(step);
		return;
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (!anybody_left(step))
			enter_down(step);
		else
			kill_followers(step);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_START_PRE:
	case SERVICE_EXITED:
	case SERVICE_STOP_POST:
	case SERVICE_AUTO_RESTART:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_control_exit(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;
	enum service_result result = exit_result(step, event, false);
	const struct exec_command *next = run->command ? run->command->next : NULL;

	run->control_alive = false;
	run->populated = event->populated;
	if (run->command && run->command->flags & EXEC_IGNORE_FAILURE)
		result = RESULT_SUCCESS;

	switch (run->state) {
	case SERVICE_START_PRE:
	case SERVICE_START_POST:
		note(step, result);
		if (result != RESULT_SUCCESS)
			enter_stop_sigterm(step);
		else if (next)
			spawn(step, next, false);
		else if (run->state == SERVICE_START_PRE)
			enter_start(step);
		else
			enter_running(step);
		return;
	case SERVICE_STOP:
		note(step, result);
		if (next && result == RESULT_SUCCESS)
			spawn(step, next, false);
		else
			enter_stop_sigterm(step);
		return;
	case SERVICE_STOP_POST:
		note(step, result);
		if (next && result == RESULT_SUCCESS)
			spawn(step, next, false);
		else
			enter_final(step, SERVICE_FINAL_SIGTERM);
		return;
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		if (!anybody_left(step))
			enter_stop_post(step);
		else
			kill_followers(step);
		return;
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (!anybody_left(step))
			enter_down(step);
		else
			kill_followers(step);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_START:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_AUTO_RESTART:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_cgroup_empty(struct step *step)
{
	struct service_run *run = step->run;

	run->populated = false;
	switch (run->state) {
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		if (!anybody_left(step))
			enter_stop_post(step);
		return;
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (!anybody_left(step))
			enter_down(step);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
		/* Processes that KillMode=process had left are gone now too. */
		act(step, ACTION_RELEASE, NULL, 0);
		return;
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_STOP:
	case SERVICE_STOP_POST:
	case SERVICE_AUTO_RESTART:
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_timeout(struct step *step)
{
	struct service_run *run = step->run;

	switch (run->state) {
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
		note(step, RESULT_TIMEOUT);
		enter_stop_sigterm(step);
		return;
	case SERVICE_STOP:
		note(step, RESULT_TIMEOUT);
		enter_stop_sigterm(step);
		return;
	case SERVICE_STOP_SIGTERM:
		note(step, RESULT_TIMEOUT);
		enter_stop_sigkill(step);
		return;
	case SERVICE_STOP_SIGKILL:
		/* It sits in the kernel (D state). PID 1 goes on; the exit comes when it comes. */
		note(step, RESULT_TIMEOUT);
		enter_stop_post(step);
		return;
	case SERVICE_STOP_POST:
		note(step, RESULT_TIMEOUT);
		enter_final(step, SERVICE_FINAL_SIGTERM);
		return;
	case SERVICE_FINAL_SIGTERM:
		note(step, RESULT_TIMEOUT);
		enter_final(step, SERVICE_FINAL_SIGKILL);
		return;
	case SERVICE_FINAL_SIGKILL:
		note(step, RESULT_TIMEOUT);
		enter_down(step);
		return;
	case SERVICE_AUTO_RESTART:
		run->restarts++;
		begin(step);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		run->deadline = CLOCK_TIME_MAX;
		return;
	}
}

static void on_start(struct step *step)
{
	struct service_run *run = step->run;

	switch (run->state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
	case SERVICE_AUTO_RESTART:
		run->restarts = 0;
		begin(step);
		return;
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
		return;
	case SERVICE_STOP:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		run->start_pending = true;
		return;
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_stop(struct step *step)
{
	struct service_run *run = step->run;

	run->start_pending = false;
	switch (run->state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
		return;
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
		run->stop_wanted = true;
		enter_stop_sigterm(step);
		return;
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
		run->stop_wanted = true;
		enter_stop(step);
		return;
	case SERVICE_STOP:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		run->stop_wanted = true;
		return;
	case SERVICE_AUTO_RESTART:
		run->stop_wanted = true;
		enter_down(step);
		return;
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_spawned(struct step *step)
{
	struct service_run *run = step->run;

	/* A simple service is up once its process exists, before it has executed anything. */
	if (run->state == SERVICE_START &&
	    (step->s->type == SERVICE_SIMPLE || step->s->type == SERVICE_IDLE))
		enter_start_post(step);
}

static void on_spawn_failed(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;

	run->populated = event->populated;

	/* Exactly one process was asked for last: the main one in start, a control process elsewhere. */
	if (run->state == SERVICE_START)
		run->main_alive = false;
	else
		run->control_alive = false;
	note(step, RESULT_RESOURCES);
	switch (run->state) {
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_STOP:
		enter_stop_sigterm(step);
		return;
	case SERVICE_STOP_POST:
		enter_final(step, SERVICE_FINAL_SIGTERM);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
	case SERVICE_AUTO_RESTART:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

void service_step(const struct unit *unit, struct service_run *run, const struct service_event *event,
		  uint64_t now, struct service_actions *ret_actions)
{
	struct step step = {
		.unit = unit,
		.s = unit->service,
		.kill = unit->kill,
		.run = run,
		.now = now,
		.actions = ret_actions,
	};

	ret_actions->count = 0;
	switch (event->type) {
	case EVENT_START:
		on_start(&step);
		return;
	case EVENT_STOP:
		on_stop(&step);
		return;
	case EVENT_SPAWNED:
		on_spawned(&step);
		return;
	case EVENT_SPAWN_FAILED:
		on_spawn_failed(&step, event);
		return;
	case EVENT_EXECUTED:
		if (run->state == SERVICE_START && step.s->type == SERVICE_EXEC)
			enter_start_post(&step);
		return;
	case EVENT_MAIN_EXIT:
		on_main_exit(&step, event);
		return;
	case EVENT_CONTROL_EXIT:
		on_control_exit(&step, event);
		return;
	case EVENT_READY:
		if (run->state == SERVICE_START && step.s->type == SERVICE_NOTIFY)
			enter_start_post(&step);
		return;
	case EVENT_STOPPING:
		/* It is on its way out by itself: it gets its time to stop, no signal, and no longer. */
		if (run->state == SERVICE_RUNNING)
			enter(&step, SERVICE_STOP_SIGTERM, step.s->stop_timeout);
		return;
	case EVENT_EXTEND:
		if (run->deadline != CLOCK_TIME_MAX && run->state != SERVICE_AUTO_RESTART &&
		    clock_add(now, event->value) > run->deadline)
			run->deadline = clock_add(now, event->value);
		return;
	case EVENT_MAIN_PID:
		run->main_alive = true;
		return;
	case EVENT_CGROUP_EMPTY:
		on_cgroup_empty(&step);
		return;
	case EVENT_TIMEOUT:
		on_timeout(&step);
		return;
	case EVENT_TYPE_COUNT:
		return;
	}
}

enum unit_active service_active(enum service_state state)
{
	switch (state) {
	case SERVICE_INACTIVE:
		return ACTIVE_INACTIVE;
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_AUTO_RESTART:
		return ACTIVE_ACTIVATING;
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
		return ACTIVE_ACTIVE;
	case SERVICE_STOP:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		return ACTIVE_DEACTIVATING;
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return ACTIVE_FAILED;
	}
	return ACTIVE_FAILED;
}

const char *service_state_name(enum service_state state)
{
	static const char *const names[SERVICE_STATE_COUNT] = {
		[SERVICE_INACTIVE] = "dead",
		[SERVICE_START_PRE] = "start-pre",
		[SERVICE_START] = "start",
		[SERVICE_START_POST] = "start-post",
		[SERVICE_RUNNING] = "running",
		[SERVICE_EXITED] = "exited",
		[SERVICE_STOP] = "stop",
		[SERVICE_STOP_SIGTERM] = "stop-sigterm",
		[SERVICE_STOP_SIGKILL] = "stop-sigkill",
		[SERVICE_STOP_POST] = "stop-post",
		[SERVICE_FINAL_SIGTERM] = "final-sigterm",
		[SERVICE_FINAL_SIGKILL] = "final-sigkill",
		[SERVICE_AUTO_RESTART] = "auto-restart",
		[SERVICE_FAILED] = "failed",
	};

	return state < SERVICE_STATE_COUNT ? names[state] : "?";
}

const char *service_result_name(enum service_result result)
{
	static const char *const names[RESULT_COUNT] = {
		[RESULT_SUCCESS] = "success",
		[RESULT_RESOURCES] = "resources",
		[RESULT_PROTOCOL] = "protocol",
		[RESULT_TIMEOUT] = "timeout",
		[RESULT_EXIT_CODE] = "exit-code",
		[RESULT_SIGNAL] = "signal",
		[RESULT_CORE_DUMP] = "core-dump",
		[RESULT_OOM_KILL] = "oom-kill",
		[RESULT_START_LIMIT] = "start-limit-hit",
	};

	return result < RESULT_COUNT ? names[result] : "?";
}
