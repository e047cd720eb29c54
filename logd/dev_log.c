// SPDX-License-Identifier: MIT OR Apache-2.0
/* The syslog socket: see dev_log.h. Reading never waits; what is longer than SYSLOG_SIZE_MAX is cut. */
#include "logd/dev_log.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "logd/journal.h"
#include "logd/output.h"
#include "logd/syslog_parse.h"
#include "logd/unit_of.h"

#define DATAGRAMS_PER_PASS 64
/* As systemd's: a burst of senders waits here, not in their calls. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

static int make_socket(void)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = DEV_LOG_PATH };

	if (fd < 0)
		return -errno;
	/* One that a predecessor left: nobody can answer there any more. */
	if (unlink(DEV_LOG_PATH) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(DEV_LOG_PATH, 0666) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int dev_log_open(int fd)
{
	static const int yes = 1;
	static const int size = RECEIVE_BUFFER;

	if (fd < 0)
		fd = make_socket();
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	/* Beyond the limit for all only with CAP_NET_ADMIN; as much as there is will do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void handle(struct str datagram, pid_t sender)
{
	char unit[LOG_UNIT_SIZE];
	struct syslog_message message;
	struct log_record record = { .source = LOG_SOURCE_SYSLOG };

	syslog_parse(datagram, &message);
	record.unit = unit_of_process(sender, unit);
	record.pid = sender > 0 ? (uint32_t)sender : message.pid;
	record.priority = message.priority;
	record.identifier = message.identifier;
	/* A sender in a container or of another user cannot speak as the kernel (syslog(3) refuses that, too). */
	if (LOG_FACILITY(record.priority) == 0)
		record.priority |= 1U << 3;
	do {
		record.text = message.text;
		if (record.text.n > LOG_TEXT_MAX)
			record.text.n = LOG_TEXT_MAX;
		if (!output_admit(record.unit))
			return;
		record.number = record.boot_time = record.wall_time = 0;
		journal_add(&record);
		message.text.p += record.text.n;
		message.text.n -= record.text.n;
	} while (message.text.n > 0);
}

bool dev_log_read(int fd)
{
	static char data[SYSLOG_SIZE_MAX] _scratch_;

	for (unsigned i = 0; i < DATAGRAMS_PER_PASS; i++) {
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(sizeof(struct ucred))];
		} control = { 0 };
		struct iovec part = { .iov_base = data, .iov_len = sizeof(data) };
		struct msghdr message = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		/* Descriptors that somebody passes have no room, and the kernel drops them. */
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		struct cmsghdr *header;
		struct ucred sender = { 0 };

		if (n < 0) {
			journal_flush();
			return errno == EINTR;
		}
		header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS &&
		    header->cmsg_len >= CMSG_LEN(sizeof(sender)))
			memcpy(&sender, CMSG_DATA(header), sizeof(sender));
		handle((struct str){ data, (size_t)n }, sender.pid);
	}
	journal_flush();
	return true;
}
