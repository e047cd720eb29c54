// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Lines for the console, of streams that ask for it. The log has them already, so the console may be
 * missing, hung up, or held by flow control: what it does not take within CONSOLE_PENDING bytes is dropped, line by line,
 * and counted. Nothing here waits.
 */
#pragma once

#include "lib/str.h"

/* Some hundred lines: what a serial line of 115200 baud takes in one and a half seconds. */
#define CONSOLE_PENDING (16 * 1024)

/** console_init() - @epoll_fd and @data: how a console that was full says that it is not any more. */
void console_init(int epoll_fd, uint64_t data);

/** console_add() - "NAME: text" as one line, control bytes escaped; in one write where the console takes it. */
void console_add(struct str name, struct str text);

/** console_dispatch() - the console can be written to, or is gone. */
void console_dispatch(void);
