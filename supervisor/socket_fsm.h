// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The life of one socket unit as a state machine: (state, event, now) -> (state, actions), as
 * service_fsm.h is for services. Pure. Start and stop are legal in every state.
 *
 *   dead -> start-pre -> start-chown -> start-post -> listening <-> running
 *     ^                                                  |             |
 *     +--- final-sigterm, final-sigkill <- stop-post <- stop-pre <-----+
 *
 * The names of states and results are systemd's (`systemctl show -p SubState,Result`). In start-chown
 * the sockets are made and given their owners, in stop-post their files are removed: what touches the
 * file system is the work of a child and takes its time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/rate_limit.h"
#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

enum socket_state {
	SOCKET_STATE_DEAD,
	SOCKET_STATE_START_PRE,
	SOCKET_STATE_START_CHOWN,
	SOCKET_STATE_START_POST,
	SOCKET_STATE_LISTENING,
	SOCKET_STATE_RUNNING,
	SOCKET_STATE_STOP_PRE,
	SOCKET_STATE_STOP_PRE_SIGTERM,
	SOCKET_STATE_STOP_PRE_SIGKILL,
	SOCKET_STATE_STOP_POST,
	SOCKET_STATE_FINAL_SIGTERM,
	SOCKET_STATE_FINAL_SIGKILL,
	SOCKET_STATE_FAILED,
	SOCKET_STATE_COUNT,
};

enum socket_result {
	SOCKET_RESULT_SUCCESS,
	SOCKET_RESULT_RESOURCES,
	SOCKET_RESULT_TIMEOUT,
	SOCKET_RESULT_EXIT_CODE,
	SOCKET_RESULT_SIGNAL,
	SOCKET_RESULT_CORE_DUMP,
	SOCKET_RESULT_START_LIMIT,
	SOCKET_RESULT_TRIGGER_LIMIT,
	SOCKET_RESULT_SERVICE_START_LIMIT,
	SOCKET_RESULT_COUNT,
};

enum socket_event_type {
	SOCKET_EVENT_START,
	SOCKET_EVENT_STOP,
	SOCKET_EVENT_RESET_FAILED,
	SOCKET_EVENT_OPENED,	   /* all sockets are there, with their owners */
	SOCKET_EVENT_OPEN_FAILED,  /* @result says how */
	SOCKET_EVENT_SPAWNED,	   /* the process asked for exists */
	SOCKET_EVENT_SPAWN_FAILED, /* it could not be made */
	SOCKET_EVENT_CONTROL_EXIT, /* the process of a command or of SOCKET_DO_REMOVE is over */
	SOCKET_EVENT_CGROUP_EMPTY,
	SOCKET_EVENT_TRAFFIC,	      /* Accept=no: something to read */
	SOCKET_EVENT_CONNECTION,      /* Accept=yes: a connection was accepted */
	SOCKET_EVENT_POLL_FAILED,     /* a descriptor hung up or cannot be watched */
	SOCKET_EVENT_ACTIVATE_FAILED, /* the service cannot be asked to start */
	SOCKET_EVENT_SERVICE_UP,      /* Accept=no: the service runs */
	SOCKET_EVENT_SERVICE_DOWN,    /* Accept=no: it is down, and nobody asks it to start */
	SOCKET_EVENT_SERVICE_LIMIT,   /* Accept=no: its StartLimitBurst= was hit */
	SOCKET_EVENT_TIMEOUT,	      /* the deadline has passed */
	SOCKET_EVENT_COUNT,
};

struct socket_event {
	enum socket_event_type type;
	enum socket_result result;
	int code;	/* CLD_EXITED, CLD_KILLED, CLD_DUMPED for the exit */
	int status;	/* exit code or signal */
	bool populated; /* whether the cgroup has processes now: for exits and failed spawns */
};

/* The machine's memory of one socket unit. All zero but the deadline is one that never ran. */
struct socket_run {
	uint8_t state;	/* enum socket_state */
	uint8_t result; /* enum socket_result */
	bool control_alive;
	bool populated;			    /* the cgroup may hold processes */
	bool start_pending;		    /* start again as soon as it is down */
	const struct exec_command *command; /* the one that runs */
	struct rate_limit starts;
	struct rate_limit triggers;
	uint64_t entered;  /* when @state was entered */
	uint64_t deadline; /* when SOCKET_EVENT_TIMEOUT is due; CLOCK_TIME_MAX: never */
};

enum socket_action_type {
	SOCKET_DO_OPEN,	 /* make all sockets; what comes of it is OPENED or OPEN_FAILED */
	SOCKET_DO_SPAWN, /* run @command */
	SOCKET_DO_REMOVE, /* close all; remove their files if RemoveOnStop=: CONTROL_EXIT, or at once SPAWN_FAILED */
	SOCKET_DO_CLOSE, /* close all */
	SOCKET_DO_FLUSH, /* throw away what waits in them */
	SOCKET_DO_WATCH, /* tell of traffic */
	SOCKET_DO_UNWATCH,
	SOCKET_DO_ACTIVATE,   /* start the service; for Accept=yes the instance of the connection */
	SOCKET_DO_SIGNAL,     /* @signal to the control process */
	SOCKET_DO_SIGNAL_ALL, /* @signal to the cgroup */
	SOCKET_DO_KILL_ALL,   /* cgroup.kill */
	SOCKET_DO_FORGET, /* the control process is nobody's any more; a child of our own is killed */
	SOCKET_DO_RELEASE, /* it is down: the cgroup can go */
};

struct socket_action {
	enum socket_action_type type;
	const struct exec_command *command;
	int signal;
};

/* The longest step: unwatch, forget, two kills, close, release, open. */
#define SOCKET_ACTION_MAX 10

struct socket_actions {
	unsigned count;
	struct socket_action list[SOCKET_ACTION_MAX];
};

/**
 * socket_step() - one step of the machine.
 * @unit: its settings
 * @run: its memory, changed in place
 * @now: CLOCK_BOOTTIME ns
 * @ret_actions: what to do, in this order
 */
void socket_step(const struct unit *unit, struct socket_run *run, const struct socket_event *event,
		 uint64_t now, struct socket_actions *ret_actions);

enum unit_active socket_active(enum socket_state state);
const char *socket_state_name(enum socket_state state);
const char *socket_result_name(enum socket_result result);

/** socket_watched() - Return: whether traffic is waited for in @state. */
static inline bool socket_watched(enum socket_state state)
{
	return state == SOCKET_STATE_LISTENING;
}

/* TriggerLimit…= and PollLimit…= where the unit sets none (systemd.socket(5)). */
#define SOCKET_LIMIT_INTERVAL (2 * NS_PER_S)

uint64_t socket_trigger_interval(const struct socket_settings *s);
uint32_t socket_trigger_burst(const struct socket_settings *s);
uint64_t socket_poll_interval(const struct socket_settings *s);
uint32_t socket_poll_burst(const struct socket_settings *s);

static inline bool socket_has(const struct socket_settings *s, enum socket_flag flag)
{
	return s->flags >> flag & 1;
}
