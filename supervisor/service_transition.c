// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Into each state of a service: see service_step.h. What fails on the way up goes the same way down as
 * a stop does, so what was started is always cleaned up.
 */
#include <signal.h>

#include "supervisor/service_step.h"

enum kill_operation {
	KILL_TERMINATE,
	KILL_RESTART,
	KILL_WATCHDOG,
	KILL_FINAL,
};

void step_act(struct step *step, enum service_action_type type, const struct exec_command *command,
	      int signal)
{
	if (step->actions->count < SERVICE_ACTION_MAX)
		step->actions->list[step->actions->count++] =
			(struct service_action){ .type = type, .command = command, .signal = signal };
}

void step_enter(struct step *step, enum service_state state, uint64_t timeout)
{
	struct service_run *run = step->run;

	run->state = (uint8_t)state;
	run->entered = step->now;
	run->deadline = clock_add(step->now, timeout);
	run->awaits_pid_file = false;
	run->finding_main = false;
	/* The watchdog guards a service that is up, and one that reloads or ends by itself. */
	switch (state) {
	case SERVICE_START_POST:
	case SERVICE_RUNNING:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
		return;
	case SERVICE_INACTIVE:
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_EXITED:
	case SERVICE_STOP:
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		run->watchdog_due = CLOCK_TIME_MAX;
		return;
	}
}

void step_spawn(struct step *step, const struct exec_command *command, bool main)
{
	struct service_run *run = step->run;

	if (main) {
		run->main_command = command;
		run->main_alive = run->main_known = true;
	} else {
		run->command = command;
		run->control_alive = true;
	}
	run->populated = true;
	step_act(step, main ? ACTION_SPAWN_MAIN : ACTION_SPAWN_CONTROL, command, 0);
}

/* Runs the first command of @list in @state. Return: false if there is none. */
static bool run_list(struct step *step, enum exec_list list, enum service_state state, uint64_t timeout)
{
	const struct exec_command *command = unit_commands(step->unit, list);

	if (!command)
		return false;
	step_enter(step, state, timeout);
	step_spawn(step, command, false);
	return true;
}

/*
 * A database that must not be killed must not be started a second time beside what is left of it
 * (SendSIGKILL=no, where all of the cgroup would be waited for).
 */
static bool leftovers_forbid(const struct step *step)
{
	return step->run->populated && !step->kill->send_sigkill &&
	       (step->kill->kill_mode == KILL_CONTROL_GROUP || step->kill->kill_mode == KILL_MIXED);
}

void step_enter_condition(struct step *step)
{
	if (!unit_commands(step->unit, EXEC_CONDITION)) {
		step_enter_start_pre(step);
		return;
	}
	if (leftovers_forbid(step)) {
		step_enter_dead(step, RESULT_RESOURCES, true);
		return;
	}
	(void)run_list(step, EXEC_CONDITION, SERVICE_CONDITION, step->s->start_timeout);
}

void step_enter_start_pre(struct step *step)
{
	if (!unit_commands(step->unit, EXEC_START_PRE)) {
		step_enter_start(step);
		return;
	}
	if (leftovers_forbid(step)) {
		step_enter_dead(step, RESULT_RESOURCES, true);
		return;
	}
	(void)run_list(step, EXEC_START_PRE, SERVICE_START_PRE, step->s->start_timeout);
}

void step_enter_start(struct step *step)
{
	const struct exec_command *command = unit_commands(step->unit, EXEC_START);
	bool simple = step->s->type == SERVICE_SIMPLE || step->s->type == SERVICE_IDLE;

	if (leftovers_forbid(step)) {
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_RESOURCES);
		return;
	}
	step_enter(step, SERVICE_START, simple ? CLOCK_TIME_MAX : step->s->start_timeout);
	if (!command) { /* a oneshot that has only ExecStop= */
		step_enter_start_post(step);
		return;
	}
	/* The process that Type=forking starts is none to stay: it is a command, until main is found. */
	step_spawn(step, command, step->s->type != SERVICE_FORKING);
}

void step_enter_start_post(struct step *step)
{
	struct service_run *run = step->run;

	run->watchdog_due = clock_add(step->now, run->watchdog);
	if (!run_list(step, EXEC_START_POST, SERVICE_START_POST, step->s->start_timeout))
		step_enter_running(step, RESULT_SUCCESS);
}

/* Whether there is somebody who makes it a running service. */
static bool is_good(const struct step *step)
{
	const struct service_run *run = step->run;

	if (run->main_alive)
		return true;
	if (run->main_known && step->s->exit_type == EXIT_TYPE_MAIN)
		return false;
	/* Main is not known, or does not matter: the cgroup is looked at. */
	return run->populated;
}

static void enter_reload_by_notify(struct step *step)
{
	step_enter(step, SERVICE_RELOAD_NOTIFY, step->s->start_timeout);
	step_act(step, ACTION_PROPAGATE_RELOAD, NULL, 0);
}

void step_enter_stop_by_notify(struct step *step)
{
	/* It said that it stops: as if it had got its SIGTERM. */
	step_enter(step, SERVICE_STOP_SIGTERM, step->s->stop_timeout);
}

void step_enter_running(struct step *step, enum service_result result)
{
	struct service_run *run = step->run;

	step_note(step, result);
	if (run->result != RESULT_SUCCESS) {
		step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		return;
	}
	if (!is_good(step)) {
		if (step->s->remain_after_exit)
			step_enter(step, SERVICE_EXITED, CLOCK_TIME_MAX);
		else
			step_enter_stop(step, RESULT_SUCCESS);
		return;
	}
	if (run->notified == NOTIFIED_RELOADING)
		enter_reload_by_notify(step);
	else if (run->notified == NOTIFIED_STOPPING)
		step_enter_stop_by_notify(step);
	else
		step_enter(step, SERVICE_RUNNING, step->s->runtime_max);
}

void step_enter_reload(struct step *step)
{
	struct service_run *run = step->run;

	run->reload_result = RESULT_SUCCESS;
	if (run->notified == NOTIFIED_RELOADING || run->notified == NOTIFIED_RELOADED)
		run->notified = NOTIFIED_NOTHING;
	if (!run_list(step, EXEC_RELOAD, SERVICE_RELOAD, step->s->start_timeout))
		step_enter_reload_signal(step);
}

void step_enter_reload_signal(struct step *step)
{
	struct service_run *run = step->run;

	if (step->s->type != SERVICE_NOTIFY_RELOAD || !run->main_alive) {
		step_finish_reload(step, RESULT_SUCCESS);
		return;
	}
	/* ExecReload= did it all, and the service has told so already. */
	if (run->state == SERVICE_RELOAD && run->notified == NOTIFIED_RELOADED) {
		step_finish_reload(step, RESULT_SUCCESS);
		return;
	}
	if (run->state == SERVICE_RELOAD && run->notified == NOTIFIED_RELOADING) {
		step_enter(step, SERVICE_RELOAD_NOTIFY, step->s->start_timeout);
		return;
	}
	step_enter(step, SERVICE_RELOAD_SIGNAL, step->s->start_timeout);
	step_act(step, ACTION_RELOAD_SIGNAL, NULL, step->s->reload_signal);
}

void step_finish_reload(struct step *step, enum service_result result)
{
	step->run->reload_result = (uint8_t)result;
	if (step->run->notified == NOTIFIED_RELOADING)
		step->run->notified = NOTIFIED_NOTHING;
	step_enter_running(step, RESULT_SUCCESS);
}

void step_enter_stop(struct step *step, enum service_result result)
{
	step_note(step, result);
	if (!run_list(step, EXEC_STOP, SERVICE_STOP, step->s->stop_timeout))
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_SUCCESS);
}

static int signal_of(const struct step *step, enum kill_operation operation)
{
	const struct kill_settings *kill = step->kill;

	switch (operation) {
	case KILL_TERMINATE:
		return kill->kill_signal;
	case KILL_RESTART:
		return kill->restart_kill_signal != 0 ? kill->restart_kill_signal : kill->kill_signal;
	case KILL_WATCHDOG:
		return kill->watchdog_signal;
	case KILL_FINAL:
		return kill->final_kill_signal;
	}
	return SIGKILL;
}

static void signal_all(struct step *step, bool whole_cgroup, int signal)
{
	const struct service_run *run = step->run;

	if (whole_cgroup && run->populated) {
		step_act(step, signal == SIGKILL ? ACTION_KILL_CGROUP : ACTION_SIGNAL_CGROUP, NULL,
			 signal);
		return;
	}
	if (run->main_alive)
		step_act(step, ACTION_SIGNAL_MAIN, NULL, signal);
	if (run->control_alive)
		step_act(step, ACTION_SIGNAL_CONTROL, NULL, signal);
}

/* Signals what KillMode= covers (systemd.kill(5)). Return: whether there is somebody to wait for. */
static bool send_signals(struct step *step, enum kill_operation operation)
{
	const struct service_run *run = step->run;
	int sig = signal_of(step, operation);
	enum kill_mode mode = step->kill->kill_mode;
	bool whole_cgroup = mode == KILL_CONTROL_GROUP ||
			    (mode == KILL_MIXED && operation == KILL_FINAL);

	if (mode == KILL_NONE)
		return false;
	if (!run->main_alive && !run->control_alive && !(whole_cgroup && run->populated))
		return false;
	signal_all(step, whole_cgroup, sig);
	if (step->kill->send_sighup && operation == KILL_TERMINATE && sig != SIGHUP)
		signal_all(step, whole_cgroup, SIGHUP);
	return true;
}

void step_enter_signal(struct step *step, enum service_state state, enum service_result result)
{
	bool final = state == SERVICE_FINAL_WATCHDOG || state == SERVICE_FINAL_SIGTERM ||
		     state == SERVICE_FINAL_SIGKILL;
	bool watchdog = state == SERVICE_STOP_WATCHDOG || state == SERVICE_FINAL_WATCHDOG;
	bool last = state == SERVICE_STOP_SIGKILL || state == SERVICE_FINAL_SIGKILL;
	enum kill_operation operation = last	   ? KILL_FINAL
					: watchdog ? KILL_WATCHDOG
					: state == SERVICE_STOP_SIGTERM && step->run->restarting
						? KILL_RESTART
						: KILL_TERMINATE;

	step_note(step, result);
	if (send_signals(step, operation)) {
		step_enter(step, state,
			   watchdog && step->s->abort_timeout != CLOCK_TIME_MAX
				   ? step->s->abort_timeout
				   : step->s->stop_timeout);
		return;
	}
	if (!last && step->kill->send_sigkill)
		step_enter_signal(step, final ? SERVICE_FINAL_SIGKILL : SERVICE_STOP_SIGKILL,
				  RESULT_SUCCESS);
	else if (!final)
		step_enter_stop_post(step, RESULT_SUCCESS);
	else
		step_enter_dead(step, RESULT_SUCCESS, true);
}

void step_enter_stop_post(struct step *step, enum service_result result)
{
	step_note(step, result);
	if (!run_list(step, EXEC_STOP_POST, SERVICE_STOP_POST, step->s->stop_timeout))
		step_enter_signal(step, SERVICE_FINAL_SIGTERM, RESULT_SUCCESS);
}

void step_enter_dead(struct step *step, enum service_result result, bool allow_restart)
{
	struct service_run *run = step->run;
	bool failed;

	step_note(step, result);
	failed = run->result != RESULT_SUCCESS && run->result != RESULT_EXEC_CONDITION;
	if (allow_restart && !step->stop_queued && step_may_restart(step)) {
		/* Others see that it was down before they see it come up again, but for RestartMode=direct. */
		if (step->s->restart_direct)
			step_enter(step, SERVICE_AUTO_RESTART,
				   service_restart_delay(step->s, run->restart_steps));
		else {
			step_enter(step,
				   failed ? SERVICE_FAILED_BEFORE_AUTO_RESTART
					  : SERVICE_DEAD_BEFORE_AUTO_RESTART,
				   CLOCK_TIME_MAX);
			step_act(step, ACTION_TELL_RESTART, NULL, 0);
		}
	} else {
		step_enter(step, failed ? SERVICE_FAILED : SERVICE_INACTIVE, CLOCK_TIME_MAX);
		step_act(step, ACTION_RELEASE, NULL, 0);
	}
	/* Who could not be killed is given up: an orphan from now on. */
	run->main_alive = run->control_alive = false;
	run->forbid_restart = false;
	run->notified = NOTIFIED_NOTHING;
	run->command = NULL;
}
