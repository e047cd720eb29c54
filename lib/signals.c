// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals for a child: see signals.h. */
#include "lib/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What rt_sigaction(2) takes, which is not glibc's struct; the same on every architecture that matters here. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static int unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* By the bare system call: glibc refuses 32 and 33, its own, which whoever started PID 1 may have ignored. */
int signals_reset(int ignored)
{
	for (int number = 1; number < NSIG; number++) {
		struct kernel_sigaction action = { .handler = number == ignored ? SIG_IGN : SIG_DFL };

		if (number != SIGKILL && number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(action.mask)) < 0)
			return -errno;
	}
	return unblock();
}

int signals_release(int ignored)
{
	if (ignored != 0 && signal(ignored, SIG_IGN) == SIG_ERR)
		return -errno;
	return unblock();
}
