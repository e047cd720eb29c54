// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The hardware watchdog (Documentation/watchdog/watchdog-api.rst): armed as soon as there is one, fed
 * by the steady loop only, never disarmed. A PID 1 that hangs resets the machine.
 */
#pragma once

#include <stdint.h>

/** watchdog_open() - arms /dev/watchdog0 (or /dev/watchdog) with @timeout ns, if there is one and it is not armed yet. 0: leave it alone. */
void watchdog_open(uint64_t timeout);

/** watchdog_ping() - feeds it, if it is due (a third of its timeout has passed). */
void watchdog_ping(uint64_t now);

/** watchdog_next_ping() - Return: when the next ping is due, or CLOCK_TIME_MAX without a watchdog. */
uint64_t watchdog_next_ping(void);
