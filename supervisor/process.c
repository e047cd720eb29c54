// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals to processes: see process.h. */
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

int process_open(pid_t pid)
{
	long fd;

	if (pid <= 1)
		return -EINVAL;
	fd = syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : (int)fd;
}

bool process_alive(int pidfd)
{
	struct pollfd state = { .fd = pidfd, .events = POLLIN };

	return poll(&state, 1, 0) == 0;
}

int process_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int process_kill(pid_t pid, int signal)
{
	if (pid <= 1)
		return -EINVAL;
	return kill(pid, signal) < 0 ? -errno : 0;
}

int process_kill_group(pid_t leader, int signal)
{
	if (leader <= 1)
		return -EINVAL;
	return kill(-leader, signal) < 0 ? -errno : 0;
}

pid_t process_parent(pid_t pid)
{
	char path[32];
	char text[512];
	struct buf b = BUF(path);
	struct str rest;
	struct str word;
	uint64_t parent;
	const char *name_end;
	ssize_t n;

	buf_printf(&b, "/proc/%d/stat", pid);
	n = file_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (pid_t)n;
	/* "PID (NAME) STATE PPID …"; the name may hold anything, so it ends with the last bracket. */
	name_end = memrchr(text, ')', (size_t)n);
	if (!name_end)
		return -EINVAL;
	rest = (struct str){ name_end + 1, (size_t)(text + n - name_end) - 1 };
	(void)str_next_word(&rest, &word);
	if (!str_next_word(&rest, &word) || str_to_u64(word, &parent) < 0 || parent > INT32_MAX)
		return -EINVAL;
	return (pid_t)parent;
}
