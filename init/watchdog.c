// SPDX-License-Identifier: MIT OR Apache-2.0
/* Feeding the hardware watchdog: see watchdog.h. The descriptor stays open for good: closing might disarm it. */
#include "init/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <linux/watchdog.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"

static int device = -1;
static uint64_t interval;
static uint64_t due = CLOCK_TIME_MAX;

void watchdog_open(uint64_t timeout)
{
	static const char *const paths[] = { "/dev/watchdog0", "/dev/watchdog" };
	int seconds = (int)(timeout / NS_PER_S);

	if (timeout == 0 || timeout == CLOCK_TIME_MAX || device >= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && device < 0; i++)
		device = open(paths[i], O_WRONLY | O_CLOEXEC);
	if (device < 0) {
		if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
			log_warning("watchdog: %s", error_name(errno));
		return;
	}
	/* The driver rounds to what the hardware can do and says what it took. */
	if (ioctl(device, WDIOC_SETTIMEOUT, &seconds) < 0 &&
	    ioctl(device, WDIOC_GETTIMEOUT, &seconds) < 0)
		seconds = 10;
	interval = (uint64_t)(seconds > 0 ? seconds : 1) * NS_PER_S / 3;
	due = 0;
	log_info("watchdog: resets the machine if PID 1 is silent for %d s", seconds);
	watchdog_ping(clock_now());
}

void watchdog_ping(uint64_t now)
{
	if (device < 0 || now < due)
		return;
	if (ioctl(device, WDIOC_KEEPALIVE, NULL) < 0)
		log_warning("watchdog: %s", error_name(errno));
	due = clock_add(now, interval);
}

uint64_t watchdog_next_ping(void)
{
	return due;
}
