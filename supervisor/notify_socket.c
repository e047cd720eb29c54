// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notifications: see notify_socket.h. Every descriptor that comes along is closed unless a service
 * stores it; by that BARRIER=1 is answered, after all that was sent before it has been handled (hc-30).
 */
#include "supervisor/notify_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/fd_drop.h"
#include "supervisor/notify_parse.h"
#include "supervisor/service.h"

/* Work in one pass of the loop: enough to drain bursts, little enough not to starve others. */
#define NOTIFY_PER_PASS 64
/* A sender that passes more descriptors than this is wrong; they are all closed (SCM_MAX_FD is 253). */
#define NOTIFY_FDS_MAX 253

static int notify_fd = -1;
static char notify_path[108];

const char *notify_socket_path(void)
{
	return notify_path;
}

int notify_socket_open(const char *directory)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf b = BUF(notify_path);
	static const int on = 1;
	_cleanup_fd_ int fd = -1;

	buf_printf(&b, "%s/notify", directory);
	if (b.overflow)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, notify_path, b.len + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(notify_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* Anybody may send; who counts is decided by cgroup and NotifyAccess=. */
	if (chmod(notify_path, 0777) < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	notify_fd = TAKE_FD(fd);
	return notify_fd;
}

/* Return: how many descriptors came along. */
static size_t received_fds(struct msghdr *message, int fds[static NOTIFY_FDS_MAX])
{
	size_t total = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (count > NOTIFY_FDS_MAX - total)
			count = NOTIFY_FDS_MAX - total;
		memcpy(fds + total, CMSG_DATA(c), count * sizeof(int));
		total += count;
	}
	return total;
}

static pid_t sender_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct ucred credentials;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
		return credentials.pid;
	}
	return 0;
}

/* Which unit a process belongs to: by its cgroup, or without cgroups by being one that is watched. */
static unit_id unit_of_process(const struct unit_set *set, pid_t pid)
{
	char name[UNIT_NAME_SIZE];
	unit_id id;

	if (!cgroup_available())
		return service_of_process(pid);
	if (cgroup_of_process(pid, name) < 0)
		return UNIT_NONE;
	id = unit_find(set, name);
	return id != UNIT_NONE && set->units[id].type == UNIT_SERVICE ? id : UNIT_NONE;
}

static void handle(const struct unit_set *set, struct str datagram, pid_t sender, int *fds,
		   size_t fd_count)
{
	struct notify_message parsed;
	unit_id id;

	if (sender <= 1)
		return;
	id = unit_of_process(set, sender);
	if (id == UNIT_NONE) {
		log_debug("a notification of process %d, which belongs to no unit, was ignored", sender);
		return;
	}
	if (notify_parse(datagram, &parsed) < 0) {
		log_warning("%s: process %d sent a malformed notification", set->units[id].name, sender);
		return;
	}
	service_on_notify(id, sender, &parsed, fds, fd_count);
}

/* Return: false when nothing was there. */
static bool receive(const struct unit_set *set)
{
	char text[NOTIFY_SIZE_MAX + 1];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * NOTIFY_FDS_MAX)];
	} control;
	struct iovec part = { .iov_base = text, .iov_len = NOTIFY_SIZE_MAX };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	int fds[NOTIFY_FDS_MAX];
	size_t fd_count;
	ssize_t n = recvmsg(notify_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return false;
	fd_count = received_fds(&message, fds);
	if (message.msg_flags & MSG_TRUNC)
		log_warning("a notification longer than %d bytes was ignored", NOTIFY_SIZE_MAX);
	else
		handle(set, (struct str){ text, (size_t)n }, sender_of(&message), fds, fd_count);
	for (size_t i = 0; i < fd_count; i++)
		fd_drop(fds[i]);
	return true;
}

bool notify_socket_dispatch(const struct unit_set *set, void (*after)(void))
{
	for (unsigned i = 0; i < NOTIFY_PER_PASS; i++) {
		if (!receive(set))
			return true;
		after();
	}
	return false;
}
