// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Drivers for devices that are there already, beyond the few that act 1 needed. A child loads them, at a
 * low priority, while the units start: nothing has to wait for all drivers, and what waits for one device
 * hears of it.
 */
#pragma once

#include "init/boot.h"

/** coldplug_start() - forks the child. It ends by itself and is reaped like any orphan. Return: 0 or -errno (logged). */
int coldplug_start(struct boot *boot);
