// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What happens to the processes of a service, as events of its machine: see service_step.h. They end,
 * they cannot be made, one of them turns out to be the main process, the kernel kills some.
 */
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/service_step.h"

bool step_wants_ready(const struct step *step)
{
	return step->s->type == SERVICE_NOTIFY || step->s->type == SERVICE_NOTIFY_RELOAD;
}

/* ---- processes end ---- */

static void main_ended_in_start(struct step *step, enum service_result result)
{
	if (step->s->type == SERVICE_ONESHOT) {
		if (result == RESULT_SUCCESS)
			step_enter_start_post(step);
		else
			step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		return;
	}
	if (!step_wants_ready(step)) {
		step_enter_running(step, result);
		return;
	}
	/* Only READY=1 makes it ready. Somebody else may still say that, if it may and if it would matter. */
	if (result != RESULT_SUCCESS)
		step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
	else if (!step->s->remain_after_exit || step->s->notify_access == NOTIFY_MAIN ||
		 !step->run->populated)
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_PROTOCOL);
}

void step_on_main_exit(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;
	enum service_result result = step_exit_result(step, event, step->s->type != SERVICE_ONESHOT);
	const struct exec_command *command = run->main_command
						     ? run->main_command
						     : unit_commands(step->unit, EXEC_START);
	const struct exec_command *next = run->main_command ? run->main_command->next : NULL;

	run->main_alive = false;
	run->main_known = true;
	run->populated = event->populated;
	run->main_code = (uint8_t)event->code;
	run->main_status = event->status;
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		result = RESULT_SUCCESS;
	step_note(step, result);

	if (run->state == SERVICE_START && step->s->type == SERVICE_ONESHOT && next &&
	    result == RESULT_SUCCESS) {
		run->deadline = clock_add(step->now, step->s->start_timeout);
		step_spawn(step, next, true);
		return;
	}
	run->main_command = NULL;
	if (step->s->exit_type == EXIT_TYPE_CGROUP && run->populated) {
		if (run->state == SERVICE_START && !step_wants_ready(step) && !run->control_alive)
			step_enter_start_post(step);
		return;
	}

	switch ((enum service_state)run->state) {
	case SERVICE_START:
		main_ended_in_start(step, result);
		return;
	case SERVICE_START_POST:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
		/* What is being done for it ends first. */
		if (!run->control_alive)
			step_enter_stop(step, result);
		return;
	case SERVICE_RUNNING:
		step_enter_running(step, result);
		return;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		if (!run->control_alive)
			step_enter_stop_post(step, result);
		return;
	case SERVICE_STOP_POST:
		if (!run->control_alive)
			step_enter_signal(step, SERVICE_FINAL_SIGTERM, result);
		return;
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (!run->control_alive)
			step_enter_dead(step, result, true);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_EXITED:
	case SERVICE_STOP:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

/* Who is main now? EVENT_MAIN_FOUND or EVENT_MAIN_UNKNOWN goes on from here. */
static void find_main(struct step *step)
{
	step->run->finding_main = true;
	step_act(step, ACTION_FIND_MAIN, NULL, 0);
}

/* The last command of a list is over. */
static void list_ended(struct step *step, enum service_result result)
{
	struct service_run *run = step->run;
	bool good = result == RESULT_SUCCESS;

	switch ((enum service_state)run->state) {
	case SERVICE_CONDITION:
		if (good)
			step_enter_start_pre(step);
		else
			step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		return;
	case SERVICE_START_PRE:
		if (good)
			step_enter_start(step);
		else
			step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		return;
	case SERVICE_START:
	case SERVICE_START_POST:
		if (!good)
			step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		else if (step->s->type == SERVICE_FORKING && !run->main_known)
			find_main(step);
		else if (run->state == SERVICE_START)
			step_enter_start_post(step);
		else
			step_enter_running(step, RESULT_SUCCESS);
		return;
	case SERVICE_RELOAD:
		if (!good)
			step_finish_reload(step, result);
		else if (step->s->type == SERVICE_FORKING)
			find_main(step);
		else
			step_enter_reload_signal(step);
		return;
	case SERVICE_STOP:
		step_enter_signal(step, SERVICE_STOP_SIGTERM, result);
		return;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		if (!run->main_alive)
			step_enter_stop_post(step, result);
		return;
	case SERVICE_STOP_POST:
		if (!run->main_alive)
			step_enter_signal(step, SERVICE_FINAL_SIGTERM, result);
		return;
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		if (!run->main_alive)
			step_enter_dead(step, result, true);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

/* Whether the next command of the list at hand is to be run in this state: signals end a list. */
static bool runs_lists(enum service_state state)
{
	return state == SERVICE_CONDITION || state == SERVICE_START_PRE ||
	       state == SERVICE_START_POST || state == SERVICE_RELOAD || state == SERVICE_STOP ||
	       state == SERVICE_STOP_POST;
}

void step_on_control_exit(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;
	const struct exec_command *command = run->command;
	bool starter = command && command->list == EXEC_START;
	enum service_result result = step_exit_result(step, event, starter);

	run->control_alive = false;
	run->populated = event->populated;
	run->command = NULL;
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		result = RESULT_SUCCESS;
	/* ExecCondition=: 1 to 254 is a no, 255 and signals are failures. */
	if (run->state == SERVICE_CONDITION && result == RESULT_EXIT_CODE && event->status < 255)
		result = RESULT_EXEC_CONDITION;
	if (run->state != SERVICE_RELOAD)
		step_note(step, result);
	if (command && command->next && result == RESULT_SUCCESS &&
	    runs_lists((enum service_state)run->state)) {
		run->deadline = clock_add(step->now, service_active((enum service_state)run->state) ==
								     ACTIVE_DEACTIVATING
							     ? step->s->stop_timeout
							     : step->s->start_timeout);
		step_spawn(step, command->next, false);
		return;
	}
	list_ended(step, result);
}

void step_on_cgroup_empty(struct step *step)
{
	struct service_run *run = step->run;
	bool nobody = !run->main_alive && !run->control_alive;

	run->populated = !nobody;
	if (!nobody)
		return;
	switch ((enum service_state)run->state) {
	case SERVICE_START:
		if (step_wants_ready(step) || run->awaits_pid_file)
			step_enter_stop_post(step, RESULT_PROTOCOL);
		else if (step->s->exit_type == EXIT_TYPE_CGROUP)
			step_enter_stop_post(step, RESULT_SUCCESS);
		return;
	case SERVICE_START_POST:
		if (run->awaits_pid_file)
			step_enter_stop(step, RESULT_PROTOCOL);
		return;
	case SERVICE_RUNNING:
		step_enter_running(step, RESULT_SUCCESS);
		return;
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
		/* Nobody is left who could say that it has reloaded. */
		step_finish_reload(step, RESULT_PROTOCOL);
		return;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
		step_enter_stop_post(step, RESULT_SUCCESS);
		return;
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		step_enter_dead(step, RESULT_SUCCESS, true);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
		/* Processes that KillMode=process had left are gone now too. */
		step_act(step, ACTION_RELEASE, NULL, 0);
		return;
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_EXITED:
	case SERVICE_STOP:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

/* OOMPolicy= (systemd.service(5)); what is not said is stop, or continue where cgroups are delegated. */
void step_on_oom(struct step *step)
{
	const struct cgroup_settings *cgroup = step->unit->cgroup;
	enum oom_policy policy = cgroup ? cgroup->oom_policy : OOM_POLICY_DEFAULT;
	bool kill;

	if (policy == OOM_POLICY_DEFAULT)
		policy = cgroup && cgroup->delegate ? OOM_POLICY_CONTINUE : OOM_POLICY_STOP;
	if (policy == OOM_POLICY_CONTINUE)
		return;
	kill = policy == OOM_POLICY_KILL;
	switch ((enum service_state)step->run->state) {
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_STOP:
		step_enter_signal(step, kill ? SERVICE_STOP_SIGKILL : SERVICE_STOP_SIGTERM,
				  RESULT_OOM_KILL);
		return;
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
		if (kill)
			step_enter_signal(step, SERVICE_STOP_SIGKILL, RESULT_OOM_KILL);
		else
			step_enter_stop(step, RESULT_OOM_KILL);
		return;
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
		step_enter_signal(step, SERVICE_STOP_SIGKILL, RESULT_OOM_KILL);
		return;
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_SIGTERM:
		step_enter_signal(step, SERVICE_FINAL_SIGKILL, RESULT_OOM_KILL);
		return;
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_SIGKILL:
		step_note(step, RESULT_OOM_KILL);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

/* ---- what the process asked for became ---- */

void step_on_spawned(struct step *step)
{
	/* A simple service is up once its process exists, before it has executed anything. */
	if (step->run->state == SERVICE_START &&
	    (step->s->type == SERVICE_SIMPLE || step->s->type == SERVICE_IDLE))
		step_enter_start_post(step);
}

void step_on_spawn_failed(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;

	run->populated = event->populated;
	/* Exactly one process was asked for last: the main one in start, a control process elsewhere. */
	if (run->state == SERVICE_START && step->s->type != SERVICE_FORKING)
		run->main_alive = false;
	else
		run->control_alive = false;
	switch ((enum service_state)run->state) {
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_STOP:
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_RESOURCES);
		return;
	case SERVICE_START_POST:
		step_enter_stop(step, RESULT_RESOURCES);
		return;
	case SERVICE_RELOAD:
		step_finish_reload(step, RESULT_RESOURCES);
		return;
	case SERVICE_STOP_POST:
		step_enter_signal(step, SERVICE_FINAL_SIGTERM, RESULT_RESOURCES);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
	case SERVICE_STOP_WATCHDOG:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		return;
	}
}

void step_on_main_found(struct step *step)
{
	struct service_run *run = step->run;
	bool goes_on = (run->finding_main || run->awaits_pid_file) && !run->control_alive;

	run->main_alive = run->main_known = true;
	run->populated = true;
	run->finding_main = run->awaits_pid_file = false;
	if (!goes_on)
		return;
	if (run->state == SERVICE_START)
		step_enter_start_post(step);
	else if (run->state == SERVICE_START_POST)
		step_enter_running(step, RESULT_SUCCESS);
	else if (run->state == SERVICE_RELOAD)
		step_enter_reload_signal(step);
}

void step_on_main_unknown(struct step *step, const struct service_event *event)
{
	struct service_run *run = step->run;

	if (!run->finding_main)
		return;
	run->finding_main = false;
	run->populated = event->populated;
	if (run->state == SERVICE_RELOAD) {
		step_enter_reload_signal(step);
		return;
	}
	/* ExecStartPost= may be what writes the file; without it, it is now or soon. */
	if (!step->s->pid_file ||
	    (run->state == SERVICE_START && unit_commands(step->unit, EXEC_START_POST))) {
		if (run->state == SERVICE_START)
			step_enter_start_post(step);
		else
			step_enter_running(step, RESULT_SUCCESS);
		return;
	}
	if (run->populated) {
		run->awaits_pid_file = true;
		step_act(step, ACTION_AWAIT_PID_FILE, NULL, 0);
	} else if (run->state == SERVICE_START) {
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_PROTOCOL);
	} else {
		step_enter_stop(step, RESULT_PROTOCOL);
	}
}
