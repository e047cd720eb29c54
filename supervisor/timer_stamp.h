// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Stamp files of Persistent= timers: when each triggered last, as the file's modification time, so that what
 * was missed while the machine was off can be done after it. They lie on the state volume, which may hang,
 * so a worker reads and writes them.
 */
#pragma once

#include <stdint.h>

#include "supervisor/worker.h"

#define TIMER_STAMP_DIRECTORY "/var/lib/orlop/timers"

/** timer_stamp_read() - begins to read the stamp of the unit @name; a missing one is made, with the time of now. Return: 0 or -errno. */
int timer_stamp_read(const char *name, struct worker *ret_worker);

/** timer_stamp_result() - when the worker is a zombie. Return: the time (CLOCK_REALTIME us), or 0: there was none. */
uint64_t timer_stamp_result(struct worker *worker);

/** timer_stamp_write() - begins to set the stamp of the unit @name to @time (CLOCK_REALTIME us). Return: 0 or -errno. */
int timer_stamp_write(const char *name, uint64_t time, struct worker *ret_worker);
