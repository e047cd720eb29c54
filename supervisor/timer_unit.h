// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Timer units as they run: clocks, random numbers and stamp files for the state machine (timer_fsm.h). Jobs
 * reach it through timer_ops (unit_ops.h).
 *
 * The wall clock is asked for in one place, and nothing waits on it: deadlines are on CLOCK_BOOTTIME, and a
 * descriptor that tells when the wall clock is set makes the calendar timers compute theirs anew.
 */
#pragma once

#include <stdbool.h>
#include <sys/wait.h>

#include "supervisor/timer_fsm.h"
#include "supervisor/unit_ops.h"

/* Debian's packages bring some twenty timers in all; each costs 256 bytes. */
#define TIMER_UNIT_MAX 256

/** timer_on_exit() - a child of PID 1 has ended and is still a zombie (waitid WNOWAIT). Return: whether it was a timer's. */
bool timer_on_exit(const siginfo_t *info);

