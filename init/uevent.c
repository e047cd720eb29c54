// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The uevent socket and the look at what was there before it: see uevent.h. No state, no allocation.
 * Whatever the kernel loses shows as UEVENT_OVERRUN and never as silence.
 */
#include "init/uevent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"

/* The kernel's own multicast group; 2 is udev's. */
#define GROUP_KERNEL 1
/* Messages that are not ours to read before the caller gets a turn. */
#define SKIP_MAX 64
/* A PCI modalias has 54 bytes; ACPI and input ones can have some hundred. A sysfs file has a page at most. */
#define MODALIAS_SIZE 4096

int uevent_open(int queue_size)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				     NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	/* Past the system's limit where we may, up to it where we may not; a short queue is only more overruns. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue_size, sizeof(queue_size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue_size, sizeof(queue_size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int uevent_receive(int fd, char message[static UEVENT_MESSAGE_SIZE], struct uevent *ret)
{
	for (int i = 0; i < SKIP_MAX; i++) {
		struct sockaddr_nl sender = { 0 };
		struct iovec part = { .iov_base = message, .iov_len = UEVENT_MESSAGE_SIZE };
		struct msghdr header = {
			.msg_name = &sender,
			.msg_namelen = sizeof(sender),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
		ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT);

		if (n < 0) {
			if (errno == EAGAIN)
				return UEVENT_NONE;
			if (errno == ENOBUFS)
				return UEVENT_OVERRUN;
			if (errno == EINTR)
				continue;
			return -errno;
		}
		/* Any process with CAP_NET_ADMIN can send to the group; only the kernel has port 0. */
		if (header.msg_namelen < sizeof(sender) || sender.nl_pid != 0 ||
		    (header.msg_flags & MSG_TRUNC))
			continue;
		if (uevent_parse((struct str){ message, (size_t)n }, ret) == 0)
			return UEVENT_RECEIVED;
	}
	return UEVENT_NONE;
}

/* One device: its modalias if it has one and no driver. What is not there, or is going, is passed over. */
static void coldplug_device(int devices, const char *name,
			    void (*found)(void *userdata, struct str modalias), void *userdata)
{
	_cleanup_fd_ int device = openat(devices, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char modalias[MODALIAS_SIZE];
	ssize_t n;

	if (device < 0 || faccessat(device, "driver", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	n = file_read(device, "modalias", modalias, sizeof(modalias));
	while (n > 0 && modalias[n - 1] == '\n')
		n--;
	if (n > 0)
		found(userdata, (struct str){ modalias, (size_t)n });
}

static int coldplug_bus(int buses, const char *name,
			void (*found)(void *userdata, struct str modalias), void *userdata)
{
	_cleanup_directory_ struct directory devices = { .fd = -1 };
	_cleanup_fd_ int bus = openat(buses, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *device;
	int r;

	if (bus < 0)
		return -errno;
	r = directory_open(&devices, bus, "devices");
	if (r < 0)
		return r;
	while ((r = directory_next(&devices, &device)) > 0)
		coldplug_device(devices.fd, device, found, userdata);
	return r;
}

int uevent_coldplug(const char *sysfs, void (*found)(void *userdata, struct str modalias), void *userdata)
{
	_cleanup_directory_ struct directory buses = { .fd = -1 };
	_cleanup_fd_ int root = open(sysfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *bus;
	int r;

	if (root < 0)
		return -errno;
	r = directory_open(&buses, root, "bus");
	if (r < 0)
		return r;
	while ((r = directory_next(&buses, &bus)) > 0)
		(void)coldplug_bus(buses.fd, bus, found, userdata);
	return r;
}
