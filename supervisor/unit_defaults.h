// SPDX-License-Identifier: MIT OR Apache-2.0
/* The dependencies that a unit has without saying so. Pure. */
#pragma once

#include "supervisor/unit.h"

/**
 * unit_defaults_add() - adds to the finished @draft what systemd.service(5), systemd.socket(5),
 * systemd.timer(5) and systemd.target(5) call implicit and default dependencies: what a socket or timer
 * starts, the basic system before all, shutdown.target behind all. That a target comes after what it
 * pulls in can only be said when all units are known.
 * Return: 0, or -ENOSPC when the draft is full.
 */
int unit_defaults_add(struct unit_draft *draft);

/**
 * unit_triggered_name() - what a socket or timer starts: Service= or Unit=, or the service of the same name; for a
 * socket with Accept=yes the template of its instances.
 * Return: 0, or -ENOSPC for a name that is too long.
 */
int unit_triggered_name(const char *name, const char *configured, bool accept,
			char ret_name[static UNIT_NAME_SIZE]);
