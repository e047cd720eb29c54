// SPDX-License-Identifier: MIT OR Apache-2.0
/* Network, IPC, host name and users of a service's own: see namespaces.h. */
#include "supervisor/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/user.h"

int namespace_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_fd_ int fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return child_error(-errno, "a new network");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return child_error(-errno, "lo");
	/* Any socket will do for the request, and AF_UNIX is always there. */
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? child_error(-errno, "lo") : 0;
}

int namespace_ipc(void)
{
	return unshare(CLONE_NEWIPC) < 0 ? child_error(-errno, "a new IPC namespace") : 0;
}

int namespace_hostname(void)
{
	/* In a container without the right to: the filter keeps the name safe all the same, as in systemd. */
	if (unshare(CLONE_NEWUTS) < 0 && errno != EPERM && errno != ENOSPC && errno != EINVAL)
		return child_error(-errno, "a new host name");
	return 0;
}

static int write_map(const char *file, pid_t pid, uint32_t id)
{
	char path[64];
	char text[64];
	struct buf p = BUF(path);
	struct buf t = BUF(text);

	buf_printf(&p, "/proc/%d/%s", pid, file);
	buf_add(&t, "0 0 1\n");
	if (id != 0 && id != USER_NONE)
		buf_printf(&t, "%u %u 1\n", id, id);
	return file_write(AT_FDCWD, path, text);
}

/* Outside of the new namespace: waits until @ready ends, then maps for the parent. */
static _noreturn_ void map_parent(pid_t parent, int ready, const struct identity *identity)
{
	char byte;
	int r = read(ready, &byte, 1) == 1 ? 0 : -ECANCELED;

	if (r == 0)
		r = write_map("uid_map", parent, identity->uid);
	if (r == 0)
		r = write_map("gid_map", parent, identity->gid);
	_exit(r < 0 ? -r : 0);
}

int namespace_users(const struct identity *identity)
{
	pid_t self = getpid();
	int ready[2];
	int status;
	pid_t helper;
	int r = 0;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return child_error(-errno, "a pipe for the user maps");
	helper = fork();
	if (helper < 0)
		return child_error(-errno, "a process for the user maps");
	if (helper == 0) {
		fd_close(ready[1]);
		map_parent(self, ready[0], identity);
	}
	if (unshare(CLONE_NEWUSER) < 0)
		r = child_error(-errno, "a new user namespace");
	if (r == 0 && write(ready[1], "", 1) != 1)
		r = child_error(-EIO, "the user maps");
	fd_close(ready[0]);
	fd_close(ready[1]);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return child_error(-errno, "the user maps");
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		r = child_error(WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO, "the user maps");
	return r;
}
