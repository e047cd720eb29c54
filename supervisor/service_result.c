// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the end of a process means, whether and when a service is started again, and the words for all
 * of it: the tables of systemd.service(5). Pure.
 */
#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/service_step.h"

void step_note(struct step *step, enum service_result result)
{
	if (step->run->result == RESULT_SUCCESS)
		step->run->result = (uint8_t)result;
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

enum service_result step_exit_result(const struct step *step, const struct service_event *event,
				     bool daemon)
{
	if (in_set(step->s->success_statuses, event->code, event->status))
		return RESULT_SUCCESS;
	if (event->code == CLD_EXITED)
		return event->status == 0 ? RESULT_SUCCESS : RESULT_EXIT_CODE;
	if (event->code == CLD_KILLED && daemon &&
	    (event->status == SIGHUP || event->status == SIGINT || event->status == SIGTERM ||
	     event->status == SIGPIPE))
		return RESULT_SUCCESS;
	return event->code == CLD_DUMPED ? RESULT_CORE_DUMP : RESULT_SIGNAL;
}

bool step_may_restart(const struct step *step)
{
	const struct service_run *run = step->run;

	if (run->forbid_restart || run->result == RESULT_EXEC_CONDITION)
		return false;
	if (in_set(step->s->restart_prevent_statuses, run->main_code, run->main_status))
		return false;
	/* A oneshot that succeeded is done, whatever its exit status. */
	if (in_set(step->s->restart_force_statuses, run->main_code, run->main_status))
		return step->s->type != SERVICE_ONESHOT || run->result != RESULT_SUCCESS;

	/* The table of Restart= in systemd.service(5). */
	switch (step->s->restart) {
	case RESTART_NO:
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
	case RESTART_ON_WATCHDOG:
		return run->result == RESULT_WATCHDOG;
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

bool service_count_start(const struct unit *unit, struct service_run *run, uint64_t now)
{
	const struct unit_settings *settings = unit->settings;

	if (settings->start_limit_interval == 0 || settings->start_limit_burst == 0)
		return true;
	if (run->starts_in_window == 0 ||
	    clock_add(run->window_began, settings->start_limit_interval) <= now) {
		run->window_began = now;
		run->starts_in_window = 0;
	}
	if (run->starts_in_window < settings->start_limit_burst) {
		run->starts_in_window++;
		return true;
	}
	run->result = RESULT_START_LIMIT;
	run->state = SERVICE_FAILED;
	run->entered = now;
	run->deadline = CLOCK_TIME_MAX;
	return false;
}

bool service_startable(enum service_state state)
{
	return state == SERVICE_INACTIVE || state == SERVICE_FAILED ||
	       state == SERVICE_AUTO_RESTART_QUEUED;
}

/* A row for each state: its name in systemd, and what it is to others. */
static const struct {
	const char *name;
	enum unit_active active;
} states[SERVICE_STATE_COUNT] = {
	[SERVICE_INACTIVE] = { "dead", ACTIVE_INACTIVE },
	[SERVICE_CONDITION] = { "condition", ACTIVE_ACTIVATING },
	[SERVICE_START_PRE] = { "start-pre", ACTIVE_ACTIVATING },
	[SERVICE_START] = { "start", ACTIVE_ACTIVATING },
	[SERVICE_START_POST] = { "start-post", ACTIVE_ACTIVATING },
	[SERVICE_RUNNING] = { "running", ACTIVE_ACTIVE },
	[SERVICE_EXITED] = { "exited", ACTIVE_ACTIVE },
	[SERVICE_RELOAD] = { "reload", ACTIVE_RELOADING },
	[SERVICE_RELOAD_SIGNAL] = { "reload-signal", ACTIVE_RELOADING },
	[SERVICE_RELOAD_NOTIFY] = { "reload-notify", ACTIVE_RELOADING },
	[SERVICE_STOP] = { "stop", ACTIVE_DEACTIVATING },
	[SERVICE_STOP_WATCHDOG] = { "stop-watchdog", ACTIVE_DEACTIVATING },
	[SERVICE_STOP_SIGTERM] = { "stop-sigterm", ACTIVE_DEACTIVATING },
	[SERVICE_STOP_SIGKILL] = { "stop-sigkill", ACTIVE_DEACTIVATING },
	[SERVICE_STOP_POST] = { "stop-post", ACTIVE_DEACTIVATING },
	[SERVICE_FINAL_WATCHDOG] = { "final-watchdog", ACTIVE_DEACTIVATING },
	[SERVICE_FINAL_SIGTERM] = { "final-sigterm", ACTIVE_DEACTIVATING },
	[SERVICE_FINAL_SIGKILL] = { "final-sigkill", ACTIVE_DEACTIVATING },
	[SERVICE_DEAD_BEFORE_AUTO_RESTART] = { "dead-before-auto-restart", ACTIVE_INACTIVE },
	[SERVICE_FAILED_BEFORE_AUTO_RESTART] = { "failed-before-auto-restart", ACTIVE_FAILED },
	[SERVICE_AUTO_RESTART] = { "auto-restart", ACTIVE_ACTIVATING },
	[SERVICE_AUTO_RESTART_QUEUED] = { "auto-restart-queued", ACTIVE_ACTIVATING },
	[SERVICE_FAILED] = { "failed", ACTIVE_FAILED },
};

enum unit_active service_active(enum service_state state)
{
	return state < SERVICE_STATE_COUNT ? states[state].active : ACTIVE_FAILED;
}

const char *service_state_name(enum service_state state)
{
	return state < SERVICE_STATE_COUNT ? states[state].name : "?";
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
		[RESULT_WATCHDOG] = "watchdog",
		[RESULT_OOM_KILL] = "oom-kill",
		[RESULT_START_LIMIT] = "start-limit-hit",
		[RESULT_EXEC_CONDITION] = "exec-condition",
	};

	return result < RESULT_COUNT ? names[result] : "?";
}
