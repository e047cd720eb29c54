// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Act 3: see act3.h. Every step has a deadline and none can keep the machine from ending: what may hang
 * in the kernel runs in children, a monitor process reboots by force if PID 1 itself does not get
 * on, and the hardware watchdog is never disarmed.
 */
#include "init/act3.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "init/kill_all.h"
#include "init/record.h"
#include "init/setup.h"
#include "init/watchdog.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/teardown.h"

/* What gets SIGTERM now ignored its unit's stop or belongs to none. */
#define TERM_TIMEOUT (10 * NS_PER_S)
#define KILL_TIMEOUT (10 * NS_PER_S)
/* Syncing and unmounting a large, busy disk. Both give up earlier when nothing moves. */
#define STORAGE_TIMEOUT (120 * NS_PER_S)
static bool in_container;
static bool begun;
static pid_t monitor;

/*
 * The last resort (hc-85): if the machine is still there when the time is over, PID 1 is stuck. SysRq
 * works where reboot(2) might wait for a lock.
 */
static _noreturn_ void monitor_run(enum power_action action, uint64_t deadline)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		if (signal_number != SIGKILL && signal_number != SIGSTOP)
			(void)signal(signal_number, SIG_IGN);
	while (clock_now() < deadline)
		(void)poll(NULL, 0, clock_until(deadline));
	log_error("the shutdown is stuck; %s by force", power_name(action));
	/* The machine's own keys are not a container's to press. */
	if (!in_container)
		(void)file_write(AT_FDCWD, "/proc/sysrq-trigger", action == POWER_OFF ? "o" : "b");
	power_now(action, true);
}

void act3_begin(const struct boot *boot, enum power_action action)
{
	uint64_t deadline = clock_add(clock_now(), boot->cmdline.shutdown_timeout_ns);

	if (begun)
		return;
	begun = true;
	in_container = boot->container;
	if (mlockall(MCL_CURRENT) < 0 && !in_container)
		log_warning("cannot lock PID 1 into memory: %s", error_name(errno));
	monitor = fork();
	if (monitor == 0)
		monitor_run(action, deadline);
	if (monitor < 0)
		log_warning("no monitor for the shutdown: %s", error_name(errno));
}

static void kill_rest(int signal_number, uint64_t timeout)
{
	int left = kill_all(signal_number, timeout, &monitor, monitor > 0 ? 1 : 0);

	watchdog_ping(clock_now());
	if (left < 0)
		log_warning("cannot signal the remaining processes: %s", error_name(left));
}

static void unmount_all(const struct teardown_options *options)
{
	int left;

	log_notice("unmounting");
	left = teardown_storage(options);
	watchdog_ping(clock_now());
	if (left == 0)
		return;
	log_warning("%d file systems or devices could not be let go of", left);
	/* Once more: what could not be unmounted is at least written. */
	(void)teardown_sync(clock_add(clock_now(), STORAGE_TIMEOUT / 4));
}

void act3_finish(enum power_action action, enum act3_manner manner)
{
	struct teardown_options options = {
		.deadline = clock_add(clock_now(), STORAGE_TIMEOUT),
	};

	log_notice("stopping what is left");
	if (manner == ACT3_ORDERLY)
		kill_rest(SIGTERM, TERM_TIMEOUT);
	kill_rest(SIGKILL, KILL_TIMEOUT);
	if (!in_container && setup_random_save() < 0)
		log_info("no random seed was kept for the next boot");
	record_close();
	log_notice("writing to the disks");
	(void)teardown_sync(options.deadline);
	watchdog_ping(clock_now());
	/* A container's mounts go with its namespace, and might be the host's if it has none of its own. */
	if (!in_container)
		unmount_all(&options);
	log_notice("%s", power_name(action));
	power_now(action, in_container);
}
