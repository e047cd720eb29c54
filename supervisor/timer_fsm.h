// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The life of one timer unit as a state machine: (state, event, now) -> (state, actions). Pure: both
 * clocks and the random number come with each event. Start and stop are legal in every state.
 *
 *   dead -> waiting <-> running      waiting -> elapsed: nothing is left to wait for
 *
 * Monotonic timers run on CLOCK_BOOTTIME, as all of Orlop: a span goes on while the machine sleeps.
 * (systemd counts them on CLOCK_MONOTONIC unless WakeSystem= is set; a host that never sleeps cannot
 * tell the two apart.) Calendar timers follow the wall clock. Their deadline is converted to
 * CLOCK_BOOTTIME, which is exact until the wall clock is set, and then it is done again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/rate_limit.h"
#include "supervisor/unit.h"
#include "supervisor/unit_ops.h"

/* On…= lines of one timer: each has a bit in timer_run.disabled. Debian's units have at most two. */
#define TIMER_VALUE_MAX 64
/* How long the stamp file of Persistent= is waited for: a state volume that hangs must not stop the timer. */
#define TIMER_STAMP_TIMEOUT (10 * NS_PER_S)

enum timer_state {
	TIMER_STATE_DEAD,
	TIMER_STATE_WAITING,
	TIMER_STATE_RUNNING, /* what it triggers is up, or about to be */
	TIMER_STATE_ELAPSED,
	TIMER_STATE_FAILED,
	TIMER_STATE_COUNT,
};

enum timer_result {
	TIMER_RESULT_SUCCESS,
	TIMER_RESULT_RESOURCES,
	TIMER_RESULT_START_LIMIT,
	TIMER_RESULT_COUNT,
};

enum timer_event_type {
	TIMER_EVENT_START,
	TIMER_EVENT_STOP,
	TIMER_EVENT_RESET_FAILED,
	TIMER_EVENT_STAMP,     /* the stamp file was read: it last triggered at @stamp */
	TIMER_EVENT_TRIGGERED, /* what it triggers went from @before to @after, or its job is over */
	TIMER_EVENT_TRIGGER_FAILED, /* it cannot be started */
	TIMER_EVENT_CLOCK_SET,	    /* the wall clock jumped */
	TIMER_EVENT_TIMEOUT,	    /* the deadline has passed */
	TIMER_EVENT_COUNT,
};

struct timer_event {
	enum timer_event_type type;
	enum unit_active before;
	enum unit_active after;
	uint64_t stamp; /* CLOCK_REALTIME us; 0: it never did */
	bool stopping;	/* a stop is on its way: nothing is triggered any more */
};

/* What time it is, and what else is not the unit's own. */
struct timer_now {
	uint64_t boot;	 /* CLOCK_BOOTTIME ns */
	uint64_t real;	 /* CLOCK_REALTIME us */
	uint64_t booted; /* what OnBootSec= counts from: 0, or when a container began */
	uint64_t started; /* what OnStartupSec= counts from: when PID 1 began; both CLOCK_BOOTTIME ns */
	uint64_t random;  /* new each time */
	uint64_t fixed;	  /* of this machine and unit, for ever the same */
	uint64_t machine; /* of this machine */
};

/* The machine's memory of one timer. All zero but the three deadlines is one that never ran. */
struct timer_run {
	uint8_t state;	/* enum timer_state */
	uint8_t result; /* enum timer_result */
	bool stamp_pending;
	bool triggered_up;  /* what it triggers is not inactive or failed */
	uint64_t disabled;  /* a bit a value: it was for once, and is over */
	uint64_t next_boot; /* CLOCK_BOOTTIME ns, before accuracy; CLOCK_TIME_MAX: none */
	uint64_t next_real; /* CLOCK_REALTIME us, the same */
	uint64_t deadline; /* when TIMER_EVENT_TIMEOUT is due (CLOCK_BOOTTIME ns); CLOCK_TIME_MAX: never */
	uint64_t last_boot; /* when it last triggered, on both clocks; 0: not since it started */
	uint64_t last_real;
	uint64_t since_boot; /* when it was started */
	uint64_t since_real;
	uint64_t left_boot; /* when what it triggers last left inactive, and entered it */
	uint64_t entered_boot;
	uint64_t entered_real;
	struct rate_limit starts;
};

enum timer_action_type {
	TIMER_DO_READ_STAMP,   /* STAMP tells */
	TIMER_DO_FORGET_STAMP, /* it took too long */
	TIMER_DO_WRITE_STAMP,  /* it triggered at @last_real */
	TIMER_DO_TRIGGER,      /* start the unit; TRIGGER_FAILED if that cannot be */
};

/* The longest step: write the stamp, trigger. */
#define TIMER_ACTION_MAX 4

struct timer_actions {
	unsigned count;
	enum timer_action_type list[TIMER_ACTION_MAX];
};

/** timer_step() - one step of the machine; as socket_step(). */
void timer_step(const struct unit *unit, struct timer_run *run, const struct timer_event *event,
		const struct timer_now *now, struct timer_actions *ret_actions);

enum unit_active timer_active(enum timer_state state);
const char *timer_state_name(enum timer_state state);
const char *timer_result_name(enum timer_result result);

/**
 * timer_coalesce() - when to wake for an event that may be late by @accuracy: at the roundest time in
 * that span, so that timers of all kinds meet. The grid is minutes, 10 s, 1 s, 250 ms, and each machine has
 * its own offset to it (@machine), so that a fleet does not act at once.
 * Return: a time from @earliest to @earliest + @accuracy, the same for the same arguments.
 */
uint64_t timer_coalesce(uint64_t earliest, uint64_t accuracy, uint64_t machine);
