// SPDX-License-Identifier: MIT OR Apache-2.0
/* How the machine ends: which way, and the reboot(2) that does it. */
#pragma once

#include <stdbool.h>

#include "lib/macros.h"

/* From weak to strong: a later wish may only be stronger, so that a power-off never becomes a reboot (hc-86). */
enum power_action {
	POWER_NONE,
	POWER_KEXEC,
	POWER_REBOOT,
	POWER_HALT,
	POWER_OFF,
};

/** power_latch() - Return: what is to be done when @wish comes while @current is latched. Pure. */
enum power_action power_latch(enum power_action current, enum power_action wish);

/** power_set_exit_status() - in container mode the machine ends by PID 1's exit with @status, and not by reboot(2). */
void power_set_exit_status(int status);

const char *power_name(enum power_action action);

/**
 * power_now() - ends the machine at once, without any preparation. In container mode (@container) that
 * ends the PID namespace, and where reboot(2) is not allowed there, this process.
 * If the kernel refuses (hc-87) it stays, reaping children, with the watchdog unfed.
 */
_noreturn_ void power_now(enum power_action action, bool container);
