// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The life of one service as a state machine: (state, event, now) -> (state, actions). Pure: what it
 * wants done it says in actions, which manager.c carries out; what comes of them comes back as
 * events. Start and stop are legal in every state.
 *
 *   inactive -> start-pre -> start -> start-post -> running -> stop -> stop-sigterm -> stop-sigkill
 *      ^                                              |                     |
 *      |                                           exited               stop-post -> final-sigterm
 *      +---- failed <---- auto-restart <------------------------------------+        final-sigkill
 *
 * The names of states and results are systemd's (`systemctl show -p SubState,Result`).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

enum service_state {
	SERVICE_INACTIVE,
	SERVICE_START_PRE,
	SERVICE_START,
	SERVICE_START_POST,
	SERVICE_RUNNING,
	SERVICE_EXITED, /* main is gone, RemainAfterExit= keeps the service up */
	SERVICE_STOP,	/* ExecStop= */
	SERVICE_STOP_SIGTERM,
	SERVICE_STOP_SIGKILL,
	SERVICE_STOP_POST,
	SERVICE_FINAL_SIGTERM,
	SERVICE_FINAL_SIGKILL,
	SERVICE_AUTO_RESTART, /* waits for RestartSec= */
	SERVICE_FAILED,
	SERVICE_STATE_COUNT,
};

enum service_result {
	RESULT_SUCCESS,
	RESULT_RESOURCES,
	RESULT_PROTOCOL,
	RESULT_TIMEOUT,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_CORE_DUMP,
	RESULT_OOM_KILL,
	RESULT_START_LIMIT,
	RESULT_COUNT,
};

enum service_event_type {
	EVENT_START,
	EVENT_STOP,
	EVENT_SPAWNED,	    /* the process asked for exists */
	EVENT_SPAWN_FAILED, /* it could not be made: no memory, no pids, no descriptors */
	EVENT_EXECUTED,	    /* execve(2) of the main process succeeded */
	EVENT_MAIN_EXIT,
	EVENT_CONTROL_EXIT, /* a process of another list than ExecStart= */
	EVENT_READY,	    /* READY=1 */
	EVENT_STOPPING,	    /* STOPPING=1 */
	EVENT_EXTEND,	    /* EXTEND_TIMEOUT_USEC=, in @value as ns */
	EVENT_MAIN_PID,	    /* MAINPID=: another process is main now */
	EVENT_CGROUP_EMPTY,
	EVENT_TIMEOUT, /* the deadline has passed */
	EVENT_TYPE_COUNT,
};

struct service_event {
	enum service_event_type type;
	int code;	/* CLD_EXITED, CLD_KILLED, CLD_DUMPED for the exits */
	int status;	/* exit code or signal */
	bool oom;	/* the kernel killed something in this cgroup for lack of memory */
	bool populated; /* whether the cgroup has processes now: for exits and failed spawns */
	uint64_t value;
};

/* The machine's memory of one service. All zero is a service that never ran. */
struct service_run {
	enum service_state state;
	enum service_result result;
	const struct exec_command *command; /* the one that runs or ran last in the list of the state */
	bool main_alive;
	bool control_alive;
	bool populated;	    /* the cgroup may hold processes */
	bool stop_wanted;   /* somebody asked for the stop: no automatic restart */
	bool start_pending; /* start again as soon as it is down */
	bool ready;	    /* READY=1 came before ExecStartPost= */
	uint32_t restarts;  /* automatic ones, since the last start by hand */
	uint32_t starts_in_window;
	uint64_t window_began; /* of StartLimitIntervalSec= */
	uint64_t entered;      /* when @state was entered */
	uint64_t deadline;     /* when EVENT_TIMEOUT is due; CLOCK_TIME_MAX: never */
	int main_code;	       /* how main ended, for the status and for ExecStopPost= */
	int main_status;
};

enum service_action_type {
	ACTION_SPAWN_MAIN,
	ACTION_SPAWN_CONTROL,
	ACTION_SIGNAL_MAIN,
	ACTION_SIGNAL_CONTROL,
	ACTION_SIGNAL_CGROUP, /* each process in it */
	ACTION_KILL_CGROUP,   /* cgroup.kill: atomic, forks cannot escape */
	ACTION_RELEASE,	      /* it is down: cgroup, descriptors and pids can go */
};

struct service_action {
	enum service_action_type type;
	const struct exec_command *command;
	int signal;
};

/* No step asks for more: stop-sigterm is the longest (main, control, cgroup, release, spawn). */
#define SERVICE_ACTION_MAX 8

struct service_actions {
	unsigned count;
	struct service_action list[SERVICE_ACTION_MAX];
};

/**
 * service_step() - one step of the machine.
 * @unit: its settings
 * @run: its memory, changed in place
 * @now: CLOCK_BOOTTIME ns
 * @ret_actions: what to do, in this order
 */
void service_step(const struct unit *unit, struct service_run *run, const struct service_event *event,
		  uint64_t now, struct service_actions *ret_actions);

enum unit_active service_active(enum service_state state);
const char *service_state_name(enum service_state state);
const char *service_result_name(enum service_result result);

/** service_restart_delay() - Return: ns until restart number @restarts (0 is the first), by RestartSec=, RestartSteps= and RestartMaxDelaySec=. */
uint64_t service_restart_delay(const struct service_settings *settings, uint32_t restarts);
