// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The steady loop of PID 1: one epoll instance, and in each pass a fixed order of kinds of events:
 * exec status, notifications, child exits, signals, cgroups, logs, devices, buttons, control, timers. That
 * order is what makes READY=1 count before the exit of its sender, and an exit before a signal to the
 * same process. Work for each source in a pass is bounded. Nothing here allocates or blocks.
 */
#pragma once

#include "init/boot.h"
#include "init/power.h"
#include "lib/macros.h"

/** loop_init() - makes epoll, signalfd, timer and watches. Return: 0 or -errno (logged). */
int loop_init(struct boot *boot);

/** loop_run() - starts the loaded units and serves events until the machine is asked to go down. */
_noreturn_ void loop_run(void);
