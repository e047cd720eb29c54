// SPDX-License-Identifier: MIT OR Apache-2.0
/* reboot(2) and what comes after it failed: see power.h. */
#include "init/power.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "lib/klog.h"

enum power_action power_latch(enum power_action current, enum power_action wish)
{
	return wish > current ? wish : current;
}

const char *power_name(enum power_action action)
{
	switch (action) {
	case POWER_NONE:
		return "none";
	case POWER_KEXEC:
		return "kexec";
	case POWER_REBOOT:
		return "reboot";
	case POWER_HALT:
		return "halt";
	case POWER_OFF:
		return "power-off";
	}
	return "?";
}

static int command_of(enum power_action action)
{
	switch (action) {
	case POWER_KEXEC:
		return (int)LINUX_REBOOT_CMD_KEXEC;
	case POWER_HALT:
		return (int)LINUX_REBOOT_CMD_HALT;
	case POWER_OFF:
		return (int)LINUX_REBOOT_CMD_POWER_OFF;
	case POWER_NONE:
	case POWER_REBOOT:
		break;
	}
	return (int)LINUX_REBOOT_CMD_RESTART;
}

/* Not negative: how a container's PID 1 ends. */
static int exit_status = -1;

void power_set_exit_status(int status)
{
	exit_status = status;
}

void power_now(enum power_action action, bool container)
{
	int r;

	/* The monitor of the shutdown calls this as well, and is not the one whose status counts. */
	if (container && exit_status >= 0 && getpid() == 1)
		_exit(exit_status);
	r = reboot(command_of(action));

	/* No kernel was loaded for kexec, or it does not run: a plain reboot is the next best. */
	if (r < 0 && action == POWER_KEXEC) {
		log_error("kexec: %s; rebooting instead", error_name(errno));
		r = reboot(command_of(POWER_REBOOT));
	}
	log_error("%s: reboot(2): %s", power_name(action), r < 0 ? error_name(errno) : "came back");
	if (container)
		_exit(EXIT_SUCCESS);
	/*
	 * PID 1 must not return, or the kernel panics. There is nothing left to do but to reap; the
	 * hardware watchdog, if there is one, is no longer fed and resets the machine.
	 */
	log_error("this machine has to be reset by hand");
	for (;;)
		if (waitid(P_ALL, 0, NULL, WEXITED) < 0 && errno == ECHILD)
			(void)pause();
}
