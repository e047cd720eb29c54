// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Giving up: see fatal.h. The handler for faults does system calls only: after a fault no data
 * structure can be trusted.
 */
#include "init/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "init/power.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/deadline.h"

/* sync(2) before the end may hang; a disk that needs longer is not worth waiting for here. */
#define SYNC_TIMEOUT (10 * NS_PER_S)

static enum power_action action = POWER_REBOOT;
static bool in_container;

void fatal_configure(enum cmdline_fatal wish, bool container)
{
	in_container = container;
	switch (wish) {
	case CMDLINE_FATAL_REBOOT:
		action = POWER_REBOOT;
		break;
	case CMDLINE_FATAL_POWEROFF:
		action = POWER_OFF;
		break;
	case CMDLINE_FATAL_HALT:
		action = POWER_HALT;
		break;
	}
}

/* The kernel keeps panic= in a sysctl; 0 is its default and says nothing about us. */
static int delay_seconds(void)
{
	char text[32];
	int64_t seconds;
	ssize_t n = file_read(AT_FDCWD, "/proc/sys/kernel/panic", text, sizeof(text));
	struct str word;
	struct str rest = { text, n > 0 ? (size_t)n : 0 };

	if (!str_next_word(&rest, &word) || str_to_i64(word, &seconds) < 0 || seconds == 0)
		return FATAL_DELAY_S;
	return seconds < 0 ? 0 : seconds > 3600 ? 3600 : (int)seconds;
}

static int do_sync(void *argument _unused_)
{
	sync();
	return 0;
}

void fatal(const char *format, ...)
{
	int delay = delay_seconds();
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("fatal: %s", text);
	if (in_container) {
		log_error("giving up");
		_exit(EXIT_FAILURE);
	}
	if (action == POWER_REBOOT)
		log_error("fatal: %s in %d s (orlop.fatal= and panic= change that)",
			  power_name(action), delay);
	else
		log_error("fatal: %s now (orlop.fatal= changes that)", power_name(action));
	(void)deadline_run(do_sync, NULL, SYNC_TIMEOUT);
	if (action == POWER_REBOOT)
		(void)poll(NULL, 0, delay * 1000);
	power_now(action, false);
}

static void say(const char *text)
{
	static const char *const sinks[] = { "/dev/kmsg", "/dev/console" };
	size_t n = 0;

	while (text[n])
		n++;
	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
		int fd = open(sinks[i], O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

		if (fd >= 0)
			(void)!write(fd, text, n);
	}
}

static void on_fault(int signal_number)
{
	struct timespec second = { .tv_sec = 1 };

	/* A forked child has the handler until it executes something: its fault is its own. */
	if (getpid() != 1)
		_exit(128 + signal_number);
	switch (signal_number) {
	case SIGSEGV:
		say("orlop: fatal: PID 1 had a segmentation fault\r\n");
		break;
	case SIGBUS:
		say("orlop: fatal: PID 1 had a bus error (is the root corrupt?)\r\n");
		break;
	case SIGABRT:
		say("orlop: fatal: PID 1 found itself inconsistent\r\n");
		break;
	default:
		say("orlop: fatal: PID 1 had a fault\r\n");
		break;
	}
	/* The kernel's own panic would not tell why; this way the message has a moment to get out. */
	(void)syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &second, NULL);
	if (in_container)
		_exit(EXIT_FAILURE);
	(void)reboot(action == POWER_OFF    ? (int)LINUX_REBOOT_CMD_POWER_OFF
		     : action == POWER_HALT ? (int)LINUX_REBOOT_CMD_HALT
					    : (int)LINUX_REBOOT_CMD_RESTART);
	_exit(EXIT_FAILURE);
}

void fatal_catch_faults(void)
{
	/* SIGSTKSZ is not a constant any more; the handler needs little more than its frame. */
	static char stack[16384] _table_;
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction handler = {
		.sa_handler = on_fault,
		.sa_flags = SA_ONSTACK,
	};

	if (sigaltstack(&alternate, NULL) < 0)
		log_warning("sigaltstack: %s", error_name(errno));
	sigfillset(&handler.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		(void)sigaction(faults[i], &handler, NULL);
}
