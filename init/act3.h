// SPDX-License-Identifier: MIT OR Apache-2.0
/* Act 3: from the wish to go down to reboot(2). */
#pragma once

#include "init/boot.h"
#include "init/power.h"

enum act3_manner {
	ACT3_ORDERLY, /* after the units were stopped */
	ACT3_AT_ONCE, /* whatever runs is killed now */
};

/**
 * act3_begin() - called when the machine is asked to go down, before units are stopped: locks PID 1 into
 * memory, so that its code is there when the root no longer is, and starts the monitor that ends a shutdown
 * which itself got stuck (orlop.shutdown_timeout=). Only the first call does anything.
 */
void act3_begin(const struct boot *boot, enum power_action action);

/** act3_finish() - after act3_begin(): kills what is left, syncs, unmounts, detaches, and ends the machine. */
_noreturn_ void act3_finish(enum power_action action, enum act3_manner manner);
