// SPDX-License-Identifier: MIT OR Apache-2.0
/* The socket to orlop-logd and the pipes that go over it: see log_link.h. */
#include "supervisor/log_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

#define RECORD_SIZE (UNIT_NAME_SIZE + 32)

static int ours = -1;
static int theirs = -1;

int log_link_open(void)
{
	int pair[2];

	if (ours >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		fd_close(pair[0]);
		fd_close(pair[1]);
		return r;
	}
	ours = pair[0];
	theirs = pair[1];
	return 0;
}

int log_link_peer(void)
{
	return theirs;
}

int log_link_fd(void)
{
	return ours;
}

int log_pipe_open(struct log_pipe *log)
{
	int pair[2];

	if (log->write_fd >= 0)
		return 0;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	*log = (struct log_pipe){ .read_fd = pair[0], .write_fd = pair[1] };
	return 0;
}

static int send_record(const struct buf *record, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = record->p, .iov_len = record->len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (ours < 0)
		return -ENOTCONN;
	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(ours, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int log_link_announce(const struct unit *unit, struct log_pipe *log, bool console)
{
	char text[RECORD_SIZE];
	struct buf record = BUF(text);
	int r;

	if (log->announced || log->read_fd < 0)
		return 0;
	buf_printf(&record, "add %s %s", unit->name, console ? "console" : "quiet");
	r = send_record(&record, log->read_fd);
	if (r == 0)
		log->announced = true;
	return r;
}

void log_link_flush(const struct unit *unit)
{
	char text[RECORD_SIZE];
	struct buf record = BUF(text);

	buf_printf(&record, "flush %s", unit->name);
	(void)send_record(&record, -1);
}
