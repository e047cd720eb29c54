// SPDX-License-Identifier: MIT OR Apache-2.0
/* Giving up: see fatal.h. */
#include "init/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "init/power.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
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

/*
 * What the handler for faults needs. After a fault no data structure can be trusted, and where the fault is a page of code that
 * cannot be read from the root any more, no page of code either: so this is little, does system calls only, and stays
 * locked in memory.
 */
#define _last_words_ __attribute__((noinline, section("last_words")))
#define LAST_WORDS_SIZE 64
extern const char __start_last_words[];
extern const char __stop_last_words[];
/* The C library's wrapper, which is all that is used of it. */
#define SYSCALL_SIZE 64

static const struct {
	const char sinks[2][16];
	int faults[7];
	const char texts[7][LAST_WORDS_SIZE];
} words = {
	.sinks = { "/dev/kmsg", "/dev/console" },
	.faults = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGTRAP },
	.texts = {
		"orlop: fatal: PID 1 had a segmentation fault\r\n",
		"orlop: fatal: PID 1 had a bus error (is the root's disk gone?)\r\n",
		"orlop: fatal: PID 1 found itself inconsistent\r\n",
		"orlop: fatal: PID 1 had an illegal instruction\r\n",
		"orlop: fatal: PID 1 had an arithmetic fault\r\n",
		"orlop: fatal: PID 1 had a bad system call\r\n",
		"orlop: fatal: PID 1 ran into a trap\r\n",
	},
};

_last_words_ static void say(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	for (size_t i = 0; i < ARRAY_SIZE(words.sinks); i++) {
		long fd = syscall(SYS_openat, AT_FDCWD, words.sinks[i],
				  O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

		if (fd >= 0)
			(void)syscall(SYS_write, fd, text, n);
	}
}

_last_words_ static void on_fault(int signal_number)
{
	struct timespec second = { .tv_sec = 1 };
	unsigned command = action == POWER_OFF	  ? LINUX_REBOOT_CMD_POWER_OFF
			   : action == POWER_HALT ? LINUX_REBOOT_CMD_HALT
						  : LINUX_REBOOT_CMD_RESTART;

	/* A forked child has the handler until it executes something: its fault is its own. */
	if (syscall(SYS_getpid) != 1)
		(void)syscall(SYS_exit_group, 128 + signal_number);
	for (size_t i = 0; i < ARRAY_SIZE(words.faults); i++)
		if (words.faults[i] == signal_number)
			say(words.texts[i]);
	/* The kernel's own panic would not tell why; this way the message has a moment to get out. */
	(void)syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &second, NULL);
	if (!in_container)
		(void)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL);
	for (;;)
		(void)syscall(SYS_exit_group, EXIT_FAILURE);
}

void fatal_catch_faults(void)
{
	/* SIGSTKSZ is not a constant any more; the handler needs little more than its frame. */
	static char stack[16384] _table_;
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction handler = {
		.sa_handler = on_fault,
		.sa_flags = SA_ONSTACK,
	};

	if (sigaltstack(&alternate, NULL) < 0)
		log_warning("sigaltstack: %s", error_name(errno));
	sigfillset(&handler.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(words.faults); i++)
		(void)sigaction(words.faults[i], &handler, NULL);
	pages_lock(__start_last_words, (uintptr_t)__stop_last_words - (uintptr_t)__start_last_words);
	pages_lock(&words, sizeof(words));
	pages_lock((const void *)(uintptr_t)syscall, SYSCALL_SIZE);
}
