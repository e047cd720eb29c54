// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What services print: pipes in, lines out. A unit has up to two pipes, one of which goes to the console
 * as well. Nothing of a pipe is kept here: lines are looked at (tee(2)), given to the journal, and only then taken
 * out; a line without its newline stays in the pipe. So the pipe, which PID 1 holds, is the only state.
 *
 * A line is complete with its newline, at LOG_TEXT_MAX bytes, or when the unit's process ends.
 */
#pragma once

#include "lib/str.h"
#include "logd/log_record_parse.h"
#include "logd/rate_limit.h"

/* PID 1 knows at most so many units (supervisor/unit.h). */
#define OUTPUT_UNITS_MAX 2048

/** output_init() - @kind: the upper half of the epoll data of pipes; the lower is output_dispatch()'s. Return: 0 or -errno. */
int output_init(int epoll_fd, uint32_t kind, const struct rate_limit_settings *rate);

/**
 * output_control() - a record from PID 1 (orlop-logd(8), Protocol).
 * @fd: the descriptor that came with it or -1; belongs to this function
 */
void output_control(struct str record, int fd);

/** output_dispatch() - a pipe has something to read. */
void output_dispatch(uint32_t index);

/** output_work() - takes what is there, a portion of each pipe. Return: whether there may be more. */
bool output_work(void);

/** output_drain() - takes all there is, also lines without newline. */
void output_drain(void);

/** output_admit() - whether another line of @unit (syslog's, too) is within its rate; if not it is counted. */
bool output_admit(struct str unit);

/** output_deadline() - when output_tick() is due. */
uint64_t output_deadline(void);

/** output_tick() - says what was dropped. */
void output_tick(uint64_t now);
