// SPDX-License-Identifier: MIT OR Apache-2.0
/* Closing elsewhere: see fd_drop.h. */
#include "supervisor/fd_drop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"

/* So many cost one child. */
#define BATCH 64

static int dropped[BATCH];
static unsigned count;

/* AT_STATX_DONT_SYNC: FUSE and the like answer from what the kernel knows. */
static bool cannot_wait(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 &&
	       S_ISFIFO(st.stx_mode);
}

int fd_drop(int fd)
{
	if (fd < 0)
		return -1;
	if (cannot_wait(fd))
		return fd_close(fd);
	if (count == BATCH)
		fd_drop_flush();
	dropped[count++] = fd;
	return -1;
}

void fd_drop_flush(void)
{
	const struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	long pid;

	if (count == 0)
		return;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		log_warning("no process to close descriptors: %s", error_name(errno));
	/* Without a child there is no better way than to take the risk: kept open they would become ever more. */
	if (pid <= 0)
		for (unsigned i = 0; i < count; i++)
			(void)close(dropped[i]);
	if (pid == 0)
		_exit(EXIT_SUCCESS);
	count = 0;
}
