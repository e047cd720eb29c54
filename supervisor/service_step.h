// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Within the state machine only: what service_fsm.c (events), service_transition.c (states) and
 * service_result.c (judgements) share.
 */
#pragma once

#include "supervisor/service_fsm.h"

/* One step: the machine and what it wants done. */
struct step {
	const struct unit *unit;
	const struct service_settings *s;
	const struct kill_settings *kill;
	struct service_run *run;
	uint64_t now;
	bool stop_queued;
	struct service_actions *actions;
};

/* ---- service_result.c ---- */

/* The first failure is what people need to know; what follows from it is not. */
void step_note(struct step *step, enum service_result result);
/* What an exit means. @daemon: SIGTERM and its like are how one asks it to go. */
enum service_result step_exit_result(const struct step *step, const struct service_event *event,
				     bool daemon);
bool step_may_restart(const struct step *step);

/* ---- service_transition.c ---- */

void step_act(struct step *step, enum service_action_type type, const struct exec_command *command,
	      int signal);
void step_enter(struct step *step, enum service_state state, uint64_t timeout);
/* Asks for a process of @command, main or control. */
void step_spawn(struct step *step, const struct exec_command *command, bool main);

/* Each notes @result first, and goes on to the next state where there is nothing to do in this one. */
void step_enter_condition(struct step *step);
void step_enter_start_pre(struct step *step);
void step_enter_start(struct step *step);
void step_enter_start_post(struct step *step);
void step_enter_running(struct step *step, enum service_result result);
void step_enter_reload(struct step *step);
void step_enter_reload_signal(struct step *step);
void step_finish_reload(struct step *step, enum service_result result);
void step_enter_stop_by_notify(struct step *step);
void step_enter_stop(struct step *step, enum service_result result);
void step_enter_signal(struct step *step, enum service_state state, enum service_result result);
void step_enter_stop_post(struct step *step, enum service_result result);
void step_enter_dead(struct step *step, enum service_result result, bool allow_restart);

/* ---- service_exit.c: events ---- */

/* Type=notify and notify-reload: only READY=1 makes them ready. */
bool step_wants_ready(const struct step *step);
void step_on_main_exit(struct step *step, const struct service_event *event);
void step_on_control_exit(struct step *step, const struct service_event *event);
void step_on_cgroup_empty(struct step *step);
void step_on_oom(struct step *step);
void step_on_spawned(struct step *step);
void step_on_spawn_failed(struct step *step, const struct service_event *event);
void step_on_main_found(struct step *step);
void step_on_main_unknown(struct step *step, const struct service_event *event);
