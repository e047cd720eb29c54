// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The state machine of socket units: see socket_fsm.h. Each enter_…() is a state that is being entered;
 * it passes on to the next one where there is nothing to do, so one event may walk through several.
 *
 * Invariant: the descriptors are open from OPENED until DO_REMOVE or DO_CLOSE, and watched exactly in
 * listening.
 */
#include "supervisor/socket_fsm.h"

#include <signal.h>
#include <sys/wait.h>

/* What every function here needs. */
struct step {
	const struct unit *unit;
	const struct socket_settings *s;
	struct socket_run *run;
	uint64_t now;
	struct socket_actions *actions;
};

static void enter_dead(struct step *step, enum socket_result result);
static void enter_signal(struct step *step, enum socket_state state, enum socket_result result);

static void act(struct step *step, enum socket_action_type type, const struct exec_command *command,
		int signal)
{
	struct socket_actions *actions = step->actions;

	if (actions->count < SOCKET_ACTION_MAX)
		actions->list[actions->count++] = (struct socket_action){ .type = type,
									  .command = command,
									  .signal = signal };
}

/* The first fault is the one that is told. */
static void note(struct step *step, enum socket_result result)
{
	if (step->run->result == SOCKET_RESULT_SUCCESS)
		step->run->result = (uint8_t)result;
}

static void enter(struct step *step, enum socket_state state, uint64_t timeout)
{
	struct socket_run *run = step->run;

	if (socket_watched((enum socket_state)run->state) && !socket_watched(state))
		act(step, SOCKET_DO_UNWATCH, NULL, 0);
	if (run->state != (uint8_t)state)
		run->entered = step->now;
	run->state = (uint8_t)state;
	run->deadline = clock_add(step->now, timeout);
}

/* TimeoutSec= is for each command anew. */
static void run_command(struct step *step, const struct exec_command *command)
{
	step->run->command = command;
	step->run->deadline = clock_add(step->now, step->s->timeout);
	act(step, SOCKET_DO_SPAWN, command, 0);
}

/* Whoever still runs is no longer waited for; if it is in the cgroup it is killed with that. */
static void forget_control(struct step *step)
{
	if (step->run->control_alive)
		act(step, SOCKET_DO_FORGET, NULL, 0);
	step->run->control_alive = false;
	step->run->command = NULL;
}

static void enter_stop_post_commands(struct step *step)
{
	const struct exec_command *first = unit_commands(step->unit, EXEC_STOP_POST);

	if (first)
		run_command(step, first);
	else
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, SOCKET_RESULT_SUCCESS);
}

/* From here on nobody can connect: first the sockets go, then ExecStopPost= runs. */
static void enter_stop_post(struct step *step, enum socket_result result)
{
	note(step, result);
	forget_control(step);
	enter(step, SOCKET_STATE_STOP_POST, step->s->timeout);
	if (socket_has(step->s, SOCKET_FLAG_REMOVE_ON_STOP)) {
		act(step, SOCKET_DO_REMOVE, NULL, 0);
		return;
	}
	act(step, SOCKET_DO_CLOSE, NULL, 0);
	enter_stop_post_commands(step);
}

static void enter_stop_pre(struct step *step, enum socket_result result)
{
	const struct exec_command *first = unit_commands(step->unit, EXEC_STOP);

	note(step, result);
	forget_control(step);
	if (!first) {
		enter_stop_post(step, SOCKET_RESULT_SUCCESS);
		return;
	}
	enter(step, SOCKET_STATE_STOP_PRE, step->s->timeout);
	run_command(step, first);
}

static void send_signal(struct step *step, bool last, bool group)
{
	const struct kill_settings *k = step->unit->kill;
	int number = last ? k->final_kill_signal : k->kill_signal;

	if (step->run->control_alive)
		act(step, SOCKET_DO_SIGNAL, NULL, number);
	if (group && number == SIGKILL)
		act(step, SOCKET_DO_KILL_ALL, NULL, 0);
	else if (group)
		act(step, SOCKET_DO_SIGNAL_ALL, NULL, number);
	if (!last && k->send_sighup && group)
		act(step, SOCKET_DO_SIGNAL_ALL, NULL, SIGHUP);
}

/* Kills what is left as KillMode= says; with nobody to kill it goes on at once. */
static void enter_signal(struct step *step, enum socket_state state, enum socket_result result)
{
	const struct socket_run *run = step->run;
	enum kill_mode mode = step->unit->kill->kill_mode;
	bool last = state == SOCKET_STATE_STOP_PRE_SIGKILL || state == SOCKET_STATE_FINAL_SIGKILL;
	bool group = run->populated && (mode == KILL_CONTROL_GROUP || (mode == KILL_MIXED && last));

	note(step, result);
	if (mode != KILL_NONE && (run->control_alive || group)) {
		enter(step, state, step->s->timeout);
		send_signal(step, last, group);
	} else if (state == SOCKET_STATE_STOP_PRE_SIGTERM) {
		enter_signal(step, SOCKET_STATE_STOP_PRE_SIGKILL, SOCKET_RESULT_SUCCESS);
	} else if (state == SOCKET_STATE_STOP_PRE_SIGKILL) {
		enter_stop_post(step, SOCKET_RESULT_SUCCESS);
	} else if (state == SOCKET_STATE_FINAL_SIGTERM) {
		enter_signal(step, SOCKET_STATE_FINAL_SIGKILL, SOCKET_RESULT_SUCCESS);
	} else {
		enter_dead(step, SOCKET_RESULT_SUCCESS);
	}
}

static void enter_listening(struct step *step)
{
	/* What waited before the sockets were up is flushed where they are opened. */
	bool back = step->run->state == SOCKET_STATE_RUNNING;

	forget_control(step);
	if (back && socket_has(step->s, SOCKET_FLAG_FLUSH_PENDING))
		act(step, SOCKET_DO_FLUSH, NULL, 0);
	enter(step, SOCKET_STATE_LISTENING, CLOCK_TIME_MAX);
	act(step, SOCKET_DO_WATCH, NULL, 0);
}

static void enter_start_post(struct step *step)
{
	const struct exec_command *first = unit_commands(step->unit, EXEC_START_POST);

	forget_control(step);
	if (!first) {
		enter_listening(step);
		return;
	}
	enter(step, SOCKET_STATE_START_POST, step->s->timeout);
	run_command(step, first);
}

static void enter_start_chown(struct step *step)
{
	forget_control(step);
	enter(step, SOCKET_STATE_START_CHOWN, step->s->timeout);
	act(step, SOCKET_DO_OPEN, NULL, 0);
}

static void begin(struct step *step)
{
	struct socket_run *run = step->run;
	const struct unit_settings *settings = step->unit->settings;
	const struct exec_command *first = unit_commands(step->unit, EXEC_START_PRE);

	run->start_pending = false;
	run->result = SOCKET_RESULT_SUCCESS;
	if (!rate_limit_below(&run->starts, settings->start_limit_burst,
			      settings->start_limit_interval, step->now)) {
		note(step, SOCKET_RESULT_START_LIMIT);
		enter(step, SOCKET_STATE_FAILED, CLOCK_TIME_MAX);
		return;
	}
	if (!first) {
		enter_start_chown(step);
		return;
	}
	enter(step, SOCKET_STATE_START_PRE, step->s->timeout);
	run_command(step, first);
}

static void enter_dead(struct step *step, enum socket_result result)
{
	struct socket_run *run = step->run;

	note(step, result);
	forget_control(step);
	enter(step, run->result == SOCKET_RESULT_SUCCESS ? SOCKET_STATE_DEAD : SOCKET_STATE_FAILED,
	      CLOCK_TIME_MAX);
	act(step, SOCKET_DO_RELEASE, NULL, 0);
	if (run->start_pending)
		begin(step);
}

static void on_start(struct step *step)
{
	switch ((enum socket_state)step->run->state) {
	case SOCKET_STATE_DEAD:
	case SOCKET_STATE_FAILED:
		begin(step);
		return;
	case SOCKET_STATE_START_PRE:
	case SOCKET_STATE_START_CHOWN:
	case SOCKET_STATE_START_POST:
	case SOCKET_STATE_LISTENING:
	case SOCKET_STATE_RUNNING:
		return;
	case SOCKET_STATE_STOP_PRE:
	case SOCKET_STATE_STOP_PRE_SIGTERM:
	case SOCKET_STATE_STOP_PRE_SIGKILL:
	case SOCKET_STATE_STOP_POST:
	case SOCKET_STATE_FINAL_SIGTERM:
	case SOCKET_STATE_FINAL_SIGKILL:
		step->run->start_pending = true;
		return;
	case SOCKET_STATE_COUNT:
		return;
	}
}

static void on_stop(struct step *step)
{
	step->run->start_pending = false;
	switch ((enum socket_state)step->run->state) {
	case SOCKET_STATE_START_PRE:
	case SOCKET_STATE_START_CHOWN:
	case SOCKET_STATE_START_POST:
		enter_signal(step, SOCKET_STATE_STOP_PRE_SIGTERM, SOCKET_RESULT_SUCCESS);
		return;
	case SOCKET_STATE_LISTENING:
	case SOCKET_STATE_RUNNING:
		enter_stop_pre(step, SOCKET_RESULT_SUCCESS);
		return;
	case SOCKET_STATE_DEAD:
	case SOCKET_STATE_STOP_PRE:
	case SOCKET_STATE_STOP_PRE_SIGTERM:
	case SOCKET_STATE_STOP_PRE_SIGKILL:
	case SOCKET_STATE_STOP_POST:
	case SOCKET_STATE_FINAL_SIGTERM:
	case SOCKET_STATE_FINAL_SIGKILL:
	case SOCKET_STATE_FAILED:
	case SOCKET_STATE_COUNT:
		return;
	}
}

static void on_spawn_failed(struct step *step)
{
	switch ((enum socket_state)step->run->state) {
	case SOCKET_STATE_START_PRE:
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, SOCKET_RESULT_RESOURCES);
		return;
	case SOCKET_STATE_START_CHOWN:
	case SOCKET_STATE_START_POST:
		enter_stop_pre(step, SOCKET_RESULT_RESOURCES);
		return;
	case SOCKET_STATE_STOP_PRE:
		enter_stop_post(step, SOCKET_RESULT_RESOURCES);
		return;
	case SOCKET_STATE_STOP_POST:
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, SOCKET_RESULT_RESOURCES);
		return;
	case SOCKET_STATE_DEAD:
	case SOCKET_STATE_LISTENING:
	case SOCKET_STATE_RUNNING:
	case SOCKET_STATE_STOP_PRE_SIGTERM:
	case SOCKET_STATE_STOP_PRE_SIGKILL:
	case SOCKET_STATE_FINAL_SIGTERM:
	case SOCKET_STATE_FINAL_SIGKILL:
	case SOCKET_STATE_FAILED:
	case SOCKET_STATE_COUNT:
		return;
	}
}

static enum socket_result exit_result(const struct socket_event *event, const struct exec_command *command)
{
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		return SOCKET_RESULT_SUCCESS;
	if (event->code == CLD_EXITED)
		return event->status == 0 ? SOCKET_RESULT_SUCCESS : SOCKET_RESULT_EXIT_CODE;
	return event->code == CLD_DUMPED ? SOCKET_RESULT_CORE_DUMP : SOCKET_RESULT_SIGNAL;
}

/* The last command of the state is over, or one that failed. */
static void on_list_done(struct step *step, enum socket_result result)
{
	bool good = result == SOCKET_RESULT_SUCCESS;

	switch ((enum socket_state)step->run->state) {
	case SOCKET_STATE_START_PRE:
		if (good)
			enter_start_chown(step);
		else
			enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, result);
		return;
	case SOCKET_STATE_START_POST:
		if (good)
			enter_listening(step);
		else
			enter_stop_pre(step, result);
		return;
	case SOCKET_STATE_STOP_PRE:
	case SOCKET_STATE_STOP_PRE_SIGTERM:
	case SOCKET_STATE_STOP_PRE_SIGKILL:
		enter_stop_post(step, result);
		return;
	case SOCKET_STATE_STOP_POST:
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, result);
		return;
	case SOCKET_STATE_FINAL_SIGTERM:
	case SOCKET_STATE_FINAL_SIGKILL:
		/* What else is in the cgroup got the signal too: its end is waited for. */
		if (!step->run->populated || step->unit->kill->kill_mode != KILL_CONTROL_GROUP)
			enter_dead(step, result);
		return;
	case SOCKET_STATE_START_CHOWN:
	case SOCKET_STATE_DEAD:
	case SOCKET_STATE_LISTENING:
	case SOCKET_STATE_RUNNING:
	case SOCKET_STATE_FAILED:
	case SOCKET_STATE_COUNT:
		return;
	}
}

static void on_control_exit(struct step *step, const struct socket_event *event)
{
	struct socket_run *run = step->run;
	const struct exec_command *command = run->command;
	enum socket_result result = exit_result(event, command);
	bool removed = run->state == SOCKET_STATE_STOP_POST && !command;
	/* One that was told to go has nobody after it. */
	bool more = command && command->next && result == SOCKET_RESULT_SUCCESS &&
		    run->state != SOCKET_STATE_STOP_PRE_SIGTERM &&
		    run->state != SOCKET_STATE_STOP_PRE_SIGKILL &&
		    run->state != SOCKET_STATE_FINAL_SIGTERM &&
		    run->state != SOCKET_STATE_FINAL_SIGKILL;

	run->control_alive = false;
	run->populated = event->populated;
	run->command = NULL;
	note(step, result);
	if (removed)
		enter_stop_post_commands(step);
	else if (more)
		run_command(step, command->next);
	else
		on_list_done(step, result);
}

static void on_cgroup_empty(struct step *step)
{
	struct socket_run *run = step->run;

	run->populated = false;
	if (run->control_alive)
		return;
	if (run->state == SOCKET_STATE_STOP_PRE_SIGTERM || run->state == SOCKET_STATE_STOP_PRE_SIGKILL)
		enter_stop_post(step, SOCKET_RESULT_SUCCESS);
	else if (run->state == SOCKET_STATE_FINAL_SIGTERM || run->state == SOCKET_STATE_FINAL_SIGKILL)
		enter_dead(step, SOCKET_RESULT_SUCCESS);
}

static void on_trigger(struct step *step, bool connection)
{
	if (step->run->state != SOCKET_STATE_LISTENING)
		return;
	if (!rate_limit_below(&step->run->triggers, socket_trigger_burst(step->s),
			      socket_trigger_interval(step->s), step->now)) {
		enter_stop_pre(step, SOCKET_RESULT_TRIGGER_LIMIT);
		return;
	}
	if (!connection)
		enter(step, SOCKET_STATE_RUNNING, CLOCK_TIME_MAX);
	act(step, SOCKET_DO_ACTIVATE, NULL, 0);
}

/* What the service does moves the socket only while it is up and the service is shared by all connections. */
static void on_service(struct step *step, enum socket_event_type type)
{
	struct socket_run *run = step->run;

	if ((run->state != SOCKET_STATE_LISTENING && run->state != SOCKET_STATE_RUNNING) ||
	    socket_has(step->s, SOCKET_FLAG_ACCEPT))
		return;
	if (type == SOCKET_EVENT_SERVICE_LIMIT)
		enter_stop_pre(step, SOCKET_RESULT_SERVICE_START_LIMIT);
	else if (type == SOCKET_EVENT_SERVICE_UP)
		enter(step, SOCKET_STATE_RUNNING, CLOCK_TIME_MAX);
	else if (run->state == SOCKET_STATE_RUNNING)
		enter_listening(step);
}

static void on_timeout(struct step *step)
{
	bool kills = step->unit->kill->send_sigkill;

	switch ((enum socket_state)step->run->state) {
	case SOCKET_STATE_START_PRE:
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_START_CHOWN:
	case SOCKET_STATE_START_POST:
		enter_stop_pre(step, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_STOP_PRE:
		enter_signal(step, SOCKET_STATE_STOP_PRE_SIGTERM, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_STOP_PRE_SIGTERM:
		if (kills)
			enter_signal(step, SOCKET_STATE_STOP_PRE_SIGKILL, SOCKET_RESULT_TIMEOUT);
		else
			enter_stop_post(step, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_STOP_PRE_SIGKILL:
		enter_stop_post(step, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_STOP_POST:
		enter_signal(step, SOCKET_STATE_FINAL_SIGTERM, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_FINAL_SIGTERM:
		if (kills)
			enter_signal(step, SOCKET_STATE_FINAL_SIGKILL, SOCKET_RESULT_TIMEOUT);
		else
			enter_dead(step, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_FINAL_SIGKILL:
		enter_dead(step, SOCKET_RESULT_TIMEOUT);
		return;
	case SOCKET_STATE_DEAD:
	case SOCKET_STATE_LISTENING:
	case SOCKET_STATE_RUNNING:
	case SOCKET_STATE_FAILED:
	case SOCKET_STATE_COUNT:
		return;
	}
}

static void on_reset_failed(struct step *step)
{
	step->run->starts = (struct rate_limit){ 0 };
	if (step->run->state != SOCKET_STATE_FAILED)
		return;
	step->run->result = SOCKET_RESULT_SUCCESS;
	enter(step, SOCKET_STATE_DEAD, CLOCK_TIME_MAX);
}

void socket_step(const struct unit *unit, struct socket_run *run, const struct socket_event *event,
		 uint64_t now, struct socket_actions *ret_actions)
{
	struct step step = {
		.unit = unit,
		.s = unit->socket,
		.run = run,
		.now = now,
		.actions = ret_actions,
	};
	bool up = run->state == SOCKET_STATE_LISTENING || run->state == SOCKET_STATE_RUNNING;

	ret_actions->count = 0;
	switch (event->type) {
	case SOCKET_EVENT_START:
		on_start(&step);
		return;
	case SOCKET_EVENT_STOP:
		on_stop(&step);
		return;
	case SOCKET_EVENT_RESET_FAILED:
		on_reset_failed(&step);
		return;
	case SOCKET_EVENT_OPENED:
		run->control_alive = false;
		if (run->state == SOCKET_STATE_START_CHOWN)
			enter_start_post(&step);
		return;
	case SOCKET_EVENT_OPEN_FAILED:
		run->control_alive = false;
		if (run->state == SOCKET_STATE_START_CHOWN)
			enter_stop_pre(&step, event->result);
		return;
	case SOCKET_EVENT_SPAWNED:
		run->control_alive = true;
		/* A child of our own is in no cgroup of the unit's. */
		run->populated |= run->command != NULL;
		return;
	case SOCKET_EVENT_SPAWN_FAILED:
		run->populated = event->populated;
		on_spawn_failed(&step);
		return;
	case SOCKET_EVENT_CONTROL_EXIT:
		on_control_exit(&step, event);
		return;
	case SOCKET_EVENT_CGROUP_EMPTY:
		on_cgroup_empty(&step);
		return;
	case SOCKET_EVENT_TRAFFIC:
	case SOCKET_EVENT_CONNECTION:
		on_trigger(&step, event->type == SOCKET_EVENT_CONNECTION);
		return;
	case SOCKET_EVENT_POLL_FAILED:
	case SOCKET_EVENT_ACTIVATE_FAILED:
		if (up)
			enter_stop_pre(&step, SOCKET_RESULT_RESOURCES);
		return;
	case SOCKET_EVENT_SERVICE_UP:
	case SOCKET_EVENT_SERVICE_DOWN:
	case SOCKET_EVENT_SERVICE_LIMIT:
		on_service(&step, event->type);
		return;
	case SOCKET_EVENT_TIMEOUT:
		on_timeout(&step);
		return;
	case SOCKET_EVENT_COUNT:
		return;
	}
}

/* ---- what the states and settings are to others ---- */

static const struct {
	const char *name;
	enum unit_active active;
} states[] = {
	[SOCKET_STATE_DEAD] = { "dead", ACTIVE_INACTIVE },
	[SOCKET_STATE_START_PRE] = { "start-pre", ACTIVE_ACTIVATING },
	[SOCKET_STATE_START_CHOWN] = { "start-chown", ACTIVE_ACTIVATING },
	[SOCKET_STATE_START_POST] = { "start-post", ACTIVE_ACTIVATING },
	[SOCKET_STATE_LISTENING] = { "listening", ACTIVE_ACTIVE },
	[SOCKET_STATE_RUNNING] = { "running", ACTIVE_ACTIVE },
	[SOCKET_STATE_STOP_PRE] = { "stop-pre", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_STOP_PRE_SIGTERM] = { "stop-pre-sigterm", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_STOP_PRE_SIGKILL] = { "stop-pre-sigkill", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_STOP_POST] = { "stop-post", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_FINAL_SIGTERM] = { "final-sigterm", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_FINAL_SIGKILL] = { "final-sigkill", ACTIVE_DEACTIVATING },
	[SOCKET_STATE_FAILED] = { "failed", ACTIVE_FAILED },
};

enum unit_active socket_active(enum socket_state state)
{
	return states[state].active;
}

const char *socket_state_name(enum socket_state state)
{
	return states[state].name;
}

const char *socket_result_name(enum socket_result result)
{
	static const char *const names[] = {
		[SOCKET_RESULT_SUCCESS] = "success",
		[SOCKET_RESULT_RESOURCES] = "resources",
		[SOCKET_RESULT_TIMEOUT] = "timeout",
		[SOCKET_RESULT_EXIT_CODE] = "exit-code",
		[SOCKET_RESULT_SIGNAL] = "signal",
		[SOCKET_RESULT_CORE_DUMP] = "core-dump",
		[SOCKET_RESULT_START_LIMIT] = "start-limit-hit",
		[SOCKET_RESULT_TRIGGER_LIMIT] = "trigger-limit-hit",
		[SOCKET_RESULT_SERVICE_START_LIMIT] = "service-start-limit-hit",
	};

	return names[result];
}

uint64_t socket_trigger_interval(const struct socket_settings *s)
{
	return s->trigger_limit_interval == CLOCK_TIME_MAX ? SOCKET_LIMIT_INTERVAL
							   : s->trigger_limit_interval;
}

/* With Accept=yes each connection is a trigger; otherwise a service takes all that waits in one go. */
uint32_t socket_trigger_burst(const struct socket_settings *s)
{
	if (s->trigger_limit_burst != UINT32_MAX)
		return s->trigger_limit_burst;
	return socket_has(s, SOCKET_FLAG_ACCEPT) ? 200 : 20;
}

uint64_t socket_poll_interval(const struct socket_settings *s)
{
	return s->poll_limit_interval == CLOCK_TIME_MAX ? SOCKET_LIMIT_INTERVAL : s->poll_limit_interval;
}

uint32_t socket_poll_burst(const struct socket_settings *s)
{
	if (s->poll_limit_burst != UINT32_MAX)
		return s->poll_limit_burst;
	return socket_has(s, SOCKET_FLAG_ACCEPT) ? 150 : 15;
}
