// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service state machine: see service_fsm.h. Each on_*() is one event, in every state: wishes, time,
 * and what the service says. Those of its processes are in service_exit.c, what all of them lead to in
 * service_transition.c.
 */
#include "supervisor/service_fsm.h"

#include <signal.h>
#include <sys/wait.h>

#include "supervisor/service_step.h"

/* ---- time ---- */

/* Too late: TERM, or ABRT or KILL at once where TimeoutStartFailureMode= and its sister say so. */
static void escalate(struct step *step, bool aborts, bool kills, bool final)
{
	if (kills && !step->kill->send_sigkill) {
		if (final)
			step_enter_dead(step, RESULT_TIMEOUT, false);
		else
			step_enter_stop_post(step, RESULT_TIMEOUT);
		return;
	}
	if (final)
		step_enter_signal(step,
				  kills	   ? SERVICE_FINAL_SIGKILL
				  : aborts ? SERVICE_FINAL_WATCHDOG
					   : SERVICE_FINAL_SIGTERM,
				  RESULT_TIMEOUT);
	else
		step_enter_signal(step,
				  kills	   ? SERVICE_STOP_SIGKILL
				  : aborts ? SERVICE_STOP_WATCHDOG
					   : SERVICE_STOP_SIGTERM,
				  RESULT_TIMEOUT);
}

static void queue_restart(struct step *step)
{
	step->run->restarts++;
	step->run->restart_steps++;
	step_enter(step, SERVICE_AUTO_RESTART_QUEUED, CLOCK_TIME_MAX);
	step_act(step, ACTION_QUEUE_RESTART, NULL, 0);
}

static void on_timeout(struct step *step)
{
	struct service_run *run = step->run;
	const struct service_settings *s = step->s;

	switch ((enum service_state)run->state) {
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
		escalate(step, s->start_failure_aborts, s->start_failure_kills, false);
		return;
	case SERVICE_RUNNING: /* RuntimeMaxSec= */
		step_enter_stop(step, RESULT_TIMEOUT);
		return;
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
		if (run->control_alive)
			step_act(step, ACTION_SIGNAL_CONTROL, NULL, SIGKILL);
		run->control_alive = false;
		step_finish_reload(step, RESULT_TIMEOUT);
		return;
	case SERVICE_STOP:
		escalate(step, s->stop_failure_aborts, s->stop_failure_kills, false);
		return;
	case SERVICE_STOP_SIGTERM:
		escalate(step, s->stop_failure_aborts, !s->stop_failure_aborts, false);
		return;
	case SERVICE_STOP_WATCHDOG:
		escalate(step, false, true, false);
		return;
	case SERVICE_STOP_SIGKILL:
		/* It sits in the kernel (D state). PID 1 goes on; the exit comes when it comes. */
		step_enter_stop_post(step, RESULT_TIMEOUT);
		return;
	case SERVICE_STOP_POST:
		escalate(step, s->stop_failure_aborts, s->stop_failure_kills, true);
		return;
	case SERVICE_FINAL_SIGTERM:
		escalate(step, s->stop_failure_aborts, !s->stop_failure_aborts, true);
		return;
	case SERVICE_FINAL_WATCHDOG:
		escalate(step, false, true, true);
		return;
	case SERVICE_FINAL_SIGKILL:
		step_enter_dead(step, RESULT_TIMEOUT, true);
		return;
	case SERVICE_AUTO_RESTART:
		queue_restart(step);
		return;
	case SERVICE_INACTIVE:
	case SERVICE_EXITED:
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
	case SERVICE_FAILED:
	case SERVICE_STATE_COUNT:
		run->deadline = CLOCK_TIME_MAX;
		return;
	}
}

/* ---- wishes ---- */

static void on_start(struct step *step)
{
	struct service_run *run = step->run;

	/* By hand before RestartSec= is over: at once. */
	if (run->state == SERVICE_AUTO_RESTART) {
		queue_restart(step);
		return;
	}
	if (!service_startable((enum service_state)run->state))
		return;
	if (run->state != SERVICE_AUTO_RESTART_QUEUED)
		run->restarts = run->restart_steps = 0;
	run->main_alive = run->main_known = false;
	run->main_command = NULL;
	run->forbid_restart = false;
	run->restarting = false;
	run->notified = NOTIFIED_NOTHING;
	run->result = RESULT_SUCCESS;
	run->reload_result = RESULT_SUCCESS;
	run->main_code = 0;
	run->main_status = 0;
	run->watchdog = step->s->watchdog;
	step_enter_condition(step);
}

static void on_stop(struct step *step, bool restart)
{
	struct service_run *run = step->run;

	switch ((enum service_state)run->state) {
	case SERVICE_INACTIVE:
	case SERVICE_FAILED:
		return;
	case SERVICE_CONDITION:
	case SERVICE_START_PRE:
	case SERVICE_START:
	case SERVICE_START_POST:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_SIGNAL:
	case SERVICE_RELOAD_NOTIFY:
	case SERVICE_STOP_WATCHDOG:
		/* Something is running for it: no further command before that is gone. */
		run->forbid_restart = true;
		run->restarting = restart;
		step_enter_signal(step, SERVICE_STOP_SIGTERM, RESULT_SUCCESS);
		return;
	case SERVICE_RUNNING:
	case SERVICE_EXITED:
		run->forbid_restart = true;
		run->restarting = restart;
		step_enter_stop(step, RESULT_SUCCESS);
		return;
	case SERVICE_STOP:
	case SERVICE_STOP_SIGTERM:
	case SERVICE_STOP_SIGKILL:
	case SERVICE_STOP_POST:
	case SERVICE_FINAL_WATCHDOG:
	case SERVICE_FINAL_SIGTERM:
	case SERVICE_FINAL_SIGKILL:
		run->forbid_restart = true;
		return;
	case SERVICE_DEAD_BEFORE_AUTO_RESTART:
	case SERVICE_FAILED_BEFORE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART:
	case SERVICE_AUTO_RESTART_QUEUED:
		step_enter(step, SERVICE_INACTIVE, CLOCK_TIME_MAX);
		step_act(step, ACTION_RELEASE, NULL, 0);
		return;
	case SERVICE_STATE_COUNT:
		return;
	}
}

static void on_auto_restart(struct step *step)
{
	struct service_run *run = step->run;

	if (run->state == SERVICE_DEAD_BEFORE_AUTO_RESTART ||
	    run->state == SERVICE_FAILED_BEFORE_AUTO_RESTART)
		step_enter(step, SERVICE_AUTO_RESTART,
			   service_restart_delay(step->s, run->restart_steps));
}

/* While a stop waits for its turn: often enough, and no load. */
#define RESTART_RETRY NS_PER_S

static void on_restart_refused(struct step *step, bool stop_waits)
{
	if (step->run->state != SERVICE_AUTO_RESTART_QUEUED)
		return;
	if (!stop_waits) {
		step_enter_dead(step, RESULT_RESOURCES, false);
		return;
	}
	/* The stop will find it here. If something else takes the stop's place it tries again. */
	step->run->restarts--;
	step->run->restart_steps--;
	step_enter(step, SERVICE_AUTO_RESTART,
		   step->s->restart_delay > RESTART_RETRY ? step->s->restart_delay : RESTART_RETRY);
}

static void on_reset_failed(struct step *step)
{
	struct service_run *run = step->run;

	run->restarts = run->restart_steps = 0;
	run->starts_in_window = 0;
	run->reload_result = RESULT_SUCCESS;
	if (run->state == SERVICE_FAILED)
		step_enter(step, SERVICE_INACTIVE, CLOCK_TIME_MAX);
	if (run->state == SERVICE_INACTIVE)
		run->result = RESULT_SUCCESS;
}

/* ---- what the service says ---- */

static void on_ready(struct step *step)
{
	struct service_run *run = step->run;

	/* A service that said that it stops does not come back. */
	if (run->notified == NOTIFIED_STOPPING)
		return;
	run->notified = run->notified == NOTIFIED_RELOADING ? NOTIFIED_RELOADED : NOTIFIED_READY;
	if (step_wants_ready(step) && run->state == SERVICE_START)
		step_enter_start_post(step);
	else if (run->state == SERVICE_RELOAD_NOTIFY)
		step_finish_reload(step, RESULT_SUCCESS);
}

static void on_reloading(struct step *step, bool fresh)
{
	struct service_run *run = step->run;

	if (run->notified == NOTIFIED_STOPPING)
		return;
	run->notified = NOTIFIED_RELOADING;
	/* One from before our signal is about an earlier reload. */
	if (run->state == SERVICE_RELOAD_SIGNAL && fresh) {
		uint64_t deadline = run->deadline;

		step_enter(step, SERVICE_RELOAD_NOTIFY, CLOCK_TIME_MAX);
		run->deadline = deadline;
	} else if (run->state == SERVICE_RUNNING) {
		step_enter(step, SERVICE_RELOAD_NOTIFY, step->s->start_timeout);
		step_act(step, ACTION_PROPAGATE_RELOAD, NULL, 0);
	}
}

static void on_stopping(struct step *step)
{
	struct service_run *run = step->run;

	run->notified = NOTIFIED_STOPPING;
	if (run->state == SERVICE_RUNNING || run->state == SERVICE_RELOAD_SIGNAL ||
	    run->state == SERVICE_RELOAD_NOTIFY)
		step_enter_stop_by_notify(step);
}

static void extend(uint64_t *deadline, uint64_t until)
{
	if (*deadline != CLOCK_TIME_MAX && until > *deadline)
		*deadline = until;
}

static void on_watchdog(struct step *step)
{
	struct service_run *run = step->run;

	if (unit_active_is_down(service_active((enum service_state)run->state)) ||
	    run->state == SERVICE_AUTO_RESTART || run->state == SERVICE_AUTO_RESTART_QUEUED)
		return;
	run->watchdog_due = CLOCK_TIME_MAX;
	/* Whoever is on the way down already is not sent back. */
	if (service_active((enum service_state)run->state) != ACTIVE_DEACTIVATING)
		step_enter_signal(step, SERVICE_STOP_WATCHDOG, RESULT_WATCHDOG);
}

static void watchdog_ping(struct step *step)
{
	struct service_run *run = step->run;
	enum unit_active active = service_active((enum service_state)run->state);

	if ((unit_active_is_up(active) && run->state != SERVICE_EXITED) ||
	    run->state == SERVICE_START_POST)
		run->watchdog_due = clock_add(step->now, run->watchdog);
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
		.stop_queued = event->stop_queued,
		.actions = ret_actions,
	};

	ret_actions->count = 0;
	/* hc-27: what was up for long enough starts anew with the delays between restarts. */
	if (run->state == SERVICE_RUNNING && clock_add(run->entered, SERVICE_STABLE) <= now)
		run->restart_steps = 0;
	switch (event->type) {
	case EVENT_START:
		on_start(&step);
		return;
	case EVENT_STOP:
		on_stop(&step, event->value != 0);
		return;
	case EVENT_RELOAD:
		if (run->state == SERVICE_RUNNING || run->state == SERVICE_EXITED)
			step_enter_reload(&step);
		return;
	case EVENT_AUTO_RESTART:
		on_auto_restart(&step);
		return;
	case EVENT_RESTART_REFUSED:
		on_restart_refused(&step, event->value != 0);
		return;
	case EVENT_SPAWNED:
		step_on_spawned(&step);
		return;
	case EVENT_SPAWN_FAILED:
		step_on_spawn_failed(&step, event);
		return;
	case EVENT_EXECUTED:
		if (run->state == SERVICE_START && step.s->type == SERVICE_EXEC)
			step_enter_start_post(&step);
		return;
	case EVENT_MAIN_EXIT:
		step_on_main_exit(&step, event);
		return;
	case EVENT_CONTROL_EXIT:
		step_on_control_exit(&step, event);
		return;
	case EVENT_READY:
		on_ready(&step);
		return;
	case EVENT_RELOADING:
		on_reloading(&step, event->value != 0);
		return;
	case EVENT_STOPPING:
		on_stopping(&step);
		return;
	case EVENT_EXTEND:
		if (run->state != SERVICE_AUTO_RESTART)
			extend(&run->deadline, clock_add(now, event->value));
		extend(&run->watchdog_due, clock_add(now, event->value));
		return;
	case EVENT_MAIN_FOUND:
		step_on_main_found(&step);
		return;
	case EVENT_MAIN_UNKNOWN:
		step_on_main_unknown(&step, event);
		return;
	case EVENT_CGROUP_EMPTY:
		step_on_cgroup_empty(&step);
		return;
	case EVENT_OOM:
		step_on_oom(&step);
		return;
	case EVENT_WATCHDOG_PING:
		watchdog_ping(&step);
		return;
	case EVENT_WATCHDOG_USEC:
		run->watchdog = event->value == 0 ? CLOCK_TIME_MAX : event->value;
		watchdog_ping(&step);
		return;
	case EVENT_WATCHDOG:
		on_watchdog(&step);
		return;
	case EVENT_TIMEOUT:
		on_timeout(&step);
		return;
	case EVENT_RESET_FAILED:
		on_reset_failed(&step);
		return;
	case EVENT_TYPE_COUNT:
		return;
	}
}
