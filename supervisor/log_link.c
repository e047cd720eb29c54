// SPDX-License-Identifier: MIT OR Apache-2.0
/* The socket to orlop-logd and the pipes that go over it: see log_link.h. */
#include "supervisor/log_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

/* The unit's name, an identifier of at most IDENTIFIER_MAX bytes, and the rest. */
#define RECORD_SIZE (UNIT_NAME_SIZE + IDENTIFIER_MAX + 128)
/* orlop-logd keeps no more of it (logd/log_record_parse.h). */
#define IDENTIFIER_MAX 64
/* What a line has without SyslogFacility= and SyslogLevel=: daemon.info. */
#define FACILITY_DEFAULT 3
#define LEVEL_DEFAULT 6

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

/* What the unit says about its lines (systemd.exec(5), SyslogIdentifier= and the following). */
static void add_options(struct buf *record, const struct exec_settings *exec)
{
	int facility = exec->syslog_facility >= 0 ? exec->syslog_facility : FACILITY_DEFAULT;
	int level = exec->syslog_level >= 0 ? exec->syslog_level : LEVEL_DEFAULT;

	buf_printf(record, " priority=%d", facility << 3 | level);
	if (!exec_has(exec, EXEC_FLAG_SYSLOG_LEVEL_PREFIX))
		buf_add(record, " prefix=no");
	if (exec->log_level_max >= 0)
		buf_printf(record, " max=%d", exec->log_level_max);
	/* A word of the record: one with blanks in it is left out. */
	if (exec->syslog_identifier && !strpbrk(exec->syslog_identifier, " \t\n"))
		buf_printf(record, " identifier=%.*s", IDENTIFIER_MAX, exec->syslog_identifier);
}

int log_link_announce(const struct unit *unit, struct log_pipe *log, bool console)
{
	char text[RECORD_SIZE];
	struct buf record = BUF(text);
	int r;

	if (log->announced || log->read_fd < 0)
		return 0;
	buf_printf(&record, "add %s %s", unit->name, console ? "console" : "quiet");
	if (log->pid > 0)
		buf_printf(&record, " pid=%d", log->pid);
	add_options(&record, unit->exec);
	r = send_record(&record, log->read_fd);
	if (r == 0)
		log->announced = true;
	return r;
}

void log_link_process(const struct unit *unit, struct log_pipe logs[static 2], pid_t pid)
{
	char text[RECORD_SIZE];
	struct buf record = BUF(text);

	logs[0].pid = logs[1].pid = pid;
	buf_printf(&record, "process %s pid=%d", unit->name, pid);
	if (logs[0].announced || logs[1].announced)
		(void)send_record(&record, -1);
}

void log_link_flush(const struct unit *unit)
{
	char text[RECORD_SIZE];
	struct buf record = BUF(text);

	buf_printf(&record, "flush %s", unit->name);
	(void)send_record(&record, -1);
}
