// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The life of one service as a state machine: (state, event, now) -> (state, actions). Pure: what it
 * wants done it says in actions, which service.c carries out; what comes of them comes back as
 * events. Stop is legal in every state; a start is, too, and where it must wait service_startable()
 * says so.
 *
 *   inactive -> condition -> start-pre -> start -> start-post -> running <-> reload, reload-signal,
 *      ^                                                            |        reload-notify
 *      |                                             exited <-------+
 *      |                                                |           v
 *      |                                                +--------> stop -> stop-watchdog, stop-sigterm
 *      |                                                                -> stop-sigkill -> stop-post
 *      +---- failed <---- (before auto-restart) -> auto-restart               -> final-watchdog,
 *               ^                                  -> auto-restart-queued        final-sigterm
 *               +--------------------------------------------------------------- -> final-sigkill
 *
 * The names of states and results are systemd's (`systemctl show -p SubState,Result`), and so is what
 * leads from one to the other (systemd.service(5), systemd.kill(5)).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

enum service_state {
	SERVICE_INACTIVE,
	SERVICE_CONDITION, /* ExecCondition= */
	SERVICE_START_PRE,
	SERVICE_START,
	SERVICE_START_POST,
	SERVICE_RUNNING,
	SERVICE_EXITED,	       /* main is gone, RemainAfterExit= keeps the service up */
	SERVICE_RELOAD,	       /* ExecReload= */
	SERVICE_RELOAD_SIGNAL, /* Type=notify-reload: the signal was sent, RELOADING=1 is awaited */
	SERVICE_RELOAD_NOTIFY, /* RELOADING=1 came, READY=1 is awaited */
	SERVICE_STOP,	       /* ExecStop= */
	SERVICE_STOP_WATCHDOG, /* WatchdogSignal= was sent */
	SERVICE_STOP_SIGTERM,
	SERVICE_STOP_SIGKILL,
	SERVICE_STOP_POST,
	SERVICE_FINAL_WATCHDOG,
	SERVICE_FINAL_SIGTERM,
	SERVICE_FINAL_SIGKILL,
	SERVICE_DEAD_BEFORE_AUTO_RESTART, /* both for as long as others are told */
	SERVICE_FAILED_BEFORE_AUTO_RESTART,
	SERVICE_AUTO_RESTART,	     /* waits for RestartSec= */
	SERVICE_AUTO_RESTART_QUEUED, /* its start is a job */
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
	RESULT_WATCHDOG,
	RESULT_OOM_KILL,
	RESULT_START_LIMIT,
	RESULT_EXEC_CONDITION, /* ExecCondition= was not met: skipped, no failure */
	RESULT_COUNT,
};

/* What the service said last by sd_notify(3). */
enum service_notified {
	NOTIFIED_NOTHING,
	NOTIFIED_READY,
	NOTIFIED_RELOADING,
	NOTIFIED_RELOADED, /* READY=1 after RELOADING=1 */
	NOTIFIED_STOPPING,
};

enum service_event_type {
	EVENT_START,
	EVENT_STOP, /* @value: 1 if it is the first half of a restart */
	EVENT_RELOAD,
	EVENT_AUTO_RESTART, /* others have been told that it was down */
	EVENT_RESTART_REFUSED, /* the job for an automatic restart could not be made; @value: 1: a stop waits */
	EVENT_SPAWNED,	    /* the process asked for exists */
	EVENT_SPAWN_FAILED, /* it could not be made: no memory, no pids, no descriptors */
	EVENT_EXECUTED,	    /* execve(2) of the main process succeeded */
	EVENT_MAIN_EXIT,
	EVENT_CONTROL_EXIT, /* a process of another list than ExecStart=, or that of Type=forking */
	EVENT_READY,	    /* READY=1 */
	EVENT_RELOADING,    /* RELOADING=1; @value: 1 if its MONOTONIC_USEC= is after our signal */
	EVENT_STOPPING,	    /* STOPPING=1 */
	EVENT_EXTEND,	    /* EXTEND_TIMEOUT_USEC=, in @value as ns */
	EVENT_MAIN_FOUND,   /* MAINPID=, PIDFile= or a guess: which process is main is known now */
	EVENT_MAIN_UNKNOWN, /* ACTION_FIND_MAIN found none */
	EVENT_CGROUP_EMPTY,
	EVENT_OOM,	     /* the kernel killed something in the cgroup for lack of memory */
	EVENT_WATCHDOG_PING, /* WATCHDOG=1 */
	EVENT_WATCHDOG_USEC, /* WATCHDOG_USEC=, in @value as ns */
	EVENT_WATCHDOG,	     /* WATCHDOG=trigger, or no ping in time */
	EVENT_TIMEOUT,	     /* the deadline has passed */
	EVENT_RESET_FAILED,  /* by hand: no failure, no restarts, no start limit */
	EVENT_TYPE_COUNT,
};

struct service_event {
	enum service_event_type type;
	int code;	/* CLD_EXITED, CLD_KILLED, CLD_DUMPED for the exits */
	int status;	/* exit code or signal */
	bool populated; /* whether the cgroup has processes now: exits, failed spawns, MAIN_UNKNOWN */
	bool stop_queued; /* a stop job waits for this service: no automatic restart */
	uint64_t value;
};

/* The machine's memory of one service. All zero, but for the deadlines, is a service that never ran. */
struct service_run {
	const struct exec_command *command;	 /* of the control process */
	const struct exec_command *main_command; /* of the main process; NULL for Type=forking */
	uint64_t window_began;			 /* of StartLimitIntervalSec= */
	uint64_t entered;			 /* when @state was entered */
	uint64_t deadline;	/* when EVENT_TIMEOUT is due; CLOCK_TIME_MAX: never */
	uint64_t watchdog_due;	/* when EVENT_WATCHDOG is due; CLOCK_TIME_MAX: never */
	uint64_t watchdog;	/* WatchdogSec= or WATCHDOG_USEC=; CLOCK_TIME_MAX: none */
	uint32_t restarts;	/* automatic ones, since the last start by hand */
	uint32_t restart_steps; /* the same, since it was stable the last time */
	uint32_t starts_in_window;
	int main_status; /* how main ended, for the status and for ExecStopPost= */
	uint8_t main_code;
	uint8_t state;	       /* enum service_state */
	uint8_t result;	       /* enum service_result */
	uint8_t reload_result; /* enum service_result */
	uint8_t notified;      /* enum service_notified */
	bool main_alive : 1;
	bool main_known : 1; /* not so for Type=forking until main was found */
	bool control_alive : 1;
	bool populated : 1;	  /* the cgroup may hold processes */
	bool forbid_restart : 1;  /* somebody asked for the stop: no automatic restart */
	bool restarting : 1;	  /* the stop is half of a restart: RestartKillSignal= */
	bool awaits_pid_file : 1; /* main is known once PIDFile= is there */
	bool finding_main : 1;	  /* ACTION_FIND_MAIN has not been answered */
};

enum service_action_type {
	ACTION_SPAWN_MAIN,
	ACTION_SPAWN_CONTROL,
	ACTION_SIGNAL_MAIN,
	ACTION_SIGNAL_CONTROL,
	ACTION_SIGNAL_CGROUP, /* each process in it */
	ACTION_KILL_CGROUP,   /* cgroup.kill: atomic, forks cannot escape */
	ACTION_RELOAD_SIGNAL, /* to main; @signal */
	ACTION_FIND_MAIN, /* by PIDFile= or by looking; answered by EVENT_MAIN_FOUND or _UNKNOWN */
	ACTION_AWAIT_PID_FILE, /* look again whenever something happens in its directory */
	ACTION_TELL_RESTART,   /* answered by EVENT_AUTO_RESTART once others know that it is down */
	ACTION_QUEUE_RESTART,  /* make its start a job, with what depends on it */
	ACTION_PROPAGATE_RELOAD, /* it reloads by itself: PropagatesReloadTo= follow */
	ACTION_RELEASE,		 /* it is down: cgroup, descriptors and pids can go */
};

struct service_action {
	enum service_action_type type;
	const struct exec_command *command;
	int signal;
};

/* No step asks for more: main, control and cgroup signalled, each by two signals, and a release. */
#define SERVICE_ACTION_MAX 12

struct service_actions {
	unsigned count;
	struct service_action list[SERVICE_ACTION_MAX];
};

/* A service that was up for this long has recovered: RestartSteps= begins anew (hc-27). */
#define SERVICE_STABLE (60 * NS_PER_S)

/**
 * service_step() - one step of the machine.
 * @unit: its settings
 * @run: its memory, changed in place
 * @now: CLOCK_BOOTTIME ns
 * @ret_actions: what to do, in this order
 */
void service_step(const struct unit *unit, struct service_run *run, const struct service_event *event,
		  uint64_t now, struct service_actions *ret_actions);

/**
 * service_startable() - Return: whether EVENT_START begins a start now. Where it does not, the service
 * is up or on its way there, or on its way down, and its next change of state is to be waited for.
 */
bool service_startable(enum service_state state);

/**
 * service_count_start() - counts one start against StartLimitIntervalSec= and StartLimitBurst=.
 * Return: false when there were too many; then it is failed (start-limit-hit), if it was down.
 */
bool service_count_start(const struct unit *unit, struct service_run *run, uint64_t now);

enum unit_active service_active(enum service_state state);
const char *service_state_name(enum service_state state);
const char *service_result_name(enum service_result result);

/** service_restart_delay() - Return: ns until restart number @restarts (0 is the first), by RestartSec=, RestartSteps= and RestartMaxDelaySec=. */
uint64_t service_restart_delay(const struct service_settings *settings, uint32_t restarts);
