// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Opening sockets: see socket_open.h. Everything here works on one Listen…= line at a time; a line that
 * fails closes what the lines before it have opened.
 */
#include "supervisor/socket_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "supervisor/socket_fsm.h"
#include "supervisor/socket_owner.h"

bool socket_may_block(const struct unit *unit)
{
	const struct socket_settings *s = unit->socket;

	if (s->socket_user || s->socket_group || s->symlinks.count > 0 ||
	    socket_has(s, SOCKET_FLAG_FLUSH_PENDING))
		return true;
	for (const struct socket_listen *l = s->listen; l; l = l->next)
		if (l->address[0] == '/')
			return true;
	return false;
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* ---- sockets ---- */

/* What must be set before bind(2). */
static int set_early_options(const struct unit *unit, int family, int fd)
{
	const struct socket_settings *s = unit->socket;
	bool ip = family == AF_INET || family == AF_INET6;
	int r = 0;

	if (family == AF_INET6 && s->bind_ipv6_only >= 0)
		r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, s->bind_ipv6_only);
	if (r == 0 && ip && s->bind_to_device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->bind_to_device,
		       (socklen_t)strlen(s->bind_to_device) + 1) < 0)
		r = -errno;
	if (r == 0 && ip && socket_has(s, SOCKET_FLAG_REUSE_PORT))
		r = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && ip && socket_has(s, SOCKET_FLAG_FREE_BIND))
		r = set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
	if (r == 0 && ip && socket_has(s, SOCKET_FLAG_TRANSPARENT))
		r = set_option(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	/* Addresses that still time out from the last time are no hindrance. */
	return r == 0 ? set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) : r;
}

/* An address in the file system: its directory is made, an old socket of that name goes. Only in a worker. */
static int bind_path(const struct socket_settings *s, const struct socket_address *address, int fd)
{
	char parent[sizeof(address->un.sun_path)];
	struct buf b = BUF(parent);
	const char *path = address->un.sun_path;
	mode_t before;
	int r;

	buf_add_str(&b, (struct str){ path, (size_t)(strrchr(path, '/') - path) });
	if (b.len > 0)
		(void)make_directories(parent, s->directory_mode);
	before = umask((mode_t)~s->socket_mode & 0777);
	r = bind(fd, &address->any_family, address->length) < 0 ? -errno : 0;
	if (r == -EADDRINUSE && unlink(path) == 0)
		r = bind(fd, &address->any_family, address->length) < 0 ? -errno : 0;
	(void)umask(before);
	return r;
}

static int open_socket(const struct unit *unit, struct socket_address *address, enum socket_stage *stage)
{
	int type = address->type | SOCK_CLOEXEC | SOCK_NONBLOCK;
	_cleanup_fd_ int fd = -1;
	int r;

	*stage = SOCKET_STAGE_SOCKET;
	fd = socket(address->any_family.sa_family, type, address->protocol);
	/* A port alone, and a kernel without IPv6. */
	if (fd < 0 && errno == EAFNOSUPPORT && address->any) {
		in_port_t port = address->in6.sin6_port;

		address->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		address->length = sizeof(address->in);
		fd = socket(AF_INET, type, 0);
	}
	if (fd < 0)
		return -errno;
	*stage = SOCKET_STAGE_OPTION;
	r = set_early_options(unit, address->any_family.sa_family, fd);
	if (r < 0)
		return r;
	*stage = SOCKET_STAGE_BIND;
	if (address->scope[0]) {
		address->in6.sin6_scope_id = if_nametoindex(address->scope);
		if (address->in6.sin6_scope_id == 0)
			return -errno;
	}
	if (address->any_family.sa_family == AF_UNIX && address->un.sun_path[0])
		r = bind_path(unit->socket, address, fd);
	else
		r = bind(fd, &address->any_family, address->length) < 0 ? -errno : 0;
	return r < 0 ? r : TAKE_FD(fd);
}

/* ---- what is no socket ---- */

/* Whether what was opened is what was asked for and not somebody else's. */
static int check_file(int fd, mode_t type, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((type && (st.st_mode & S_IFMT) != type) || (st.st_mode & 0777) != (mode & 0777) ||
	    st.st_uid != getuid() || st.st_gid != getgid())
		return -EEXIST;
	return 0;
}

static int open_fifo(const struct socket_settings *s, const char *path, enum socket_stage *stage)
{
	char parent[PATH_MAX];
	struct buf b = BUF(parent);
	_cleanup_fd_ int fd = -1;
	mode_t before;
	int r;

	*stage = SOCKET_STAGE_OPEN;
	buf_add_str(&b, (struct str){ path, (size_t)(strrchr(path, '/') - path) });
	if (b.len > 0 && !b.overflow)
		(void)make_directories(parent, s->directory_mode);
	before = umask(0);
	r = mkfifo(path, s->socket_mode);
	(void)umask(before);
	if (r < 0 && errno != EEXIST)
		return -errno;
	/* For both: with the reader alone it would hang up whenever a writer leaves. */
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*stage = SOCKET_STAGE_KIND;
	r = check_file(fd, S_IFIFO, s->socket_mode);
	return r < 0 ? r : TAKE_FD(fd);
}

static int open_special(const struct socket_settings *s, const char *path, enum socket_stage *stage)
{
	int flags = socket_has(s, SOCKET_FLAG_WRITABLE) ? O_RDWR : O_RDONLY;
	_cleanup_fd_ int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;

	*stage = SOCKET_STAGE_OPEN;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*stage = SOCKET_STAGE_KIND;
	/* Files of /proc, /sys and /dev. */
	return S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) ? TAKE_FD(fd) : -EEXIST;
}

static int open_queue(const struct socket_settings *s, const char *name, enum socket_stage *stage)
{
	struct mq_attr attributes = {
		.mq_flags = O_NONBLOCK,
		.mq_maxmsg = (long)s->message_queue_max_messages,
		.mq_msgsize = (long)s->message_queue_message_size,
	};
	bool sized = attributes.mq_maxmsg > 0 && attributes.mq_msgsize > 0;
	mode_t before = umask(0);
	_cleanup_fd_ int fd = mq_open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_CREAT,
				      s->socket_mode, sized ? &attributes : NULL);
	int r = fd < 0 ? -errno : 0;

	(void)umask(before);
	*stage = r < 0 ? SOCKET_STAGE_OPEN : SOCKET_STAGE_KIND;
	if (r == 0)
		r = check_file(fd, 0, s->socket_mode);
	return r < 0 ? r : TAKE_FD(fd);
}

/* ---- all lines of a unit ---- */

static int open_line(const struct unit *unit, const struct socket_listen *listen, enum socket_stage *stage)
{
	struct socket_address address;

	*stage = SOCKET_STAGE_PARSE;
	if (socket_address_parse(listen->kind, str_from(listen->address), &address) < 0)
		return -EINVAL;
	switch (listen->kind) {
	case SOCKET_STREAM:
	case SOCKET_DATAGRAM:
	case SOCKET_SEQPACKET:
	case SOCKET_NETLINK:
		return open_socket(unit, &address, stage);
	case SOCKET_FIFO:
		return open_fifo(unit->socket, listen->address, stage);
	case SOCKET_SPECIAL:
		return open_special(unit->socket, listen->address, stage);
	case SOCKET_MESSAGE_QUEUE:
		return open_queue(unit->socket, listen->address, stage);
	}
	return -EINVAL;
}

int socket_open_all(const struct unit *unit, int *fds, struct socket_report *ret_report)
{
	unsigned count = 0;

	*ret_report = (struct socket_report){ 0 };
	for (const struct socket_listen *l = unit->socket->listen; l; l = l->next) {
		enum socket_stage stage = SOCKET_STAGE_PARSE;
		int fd = count < SOCKET_LISTEN_MAX ? open_line(unit, l, &stage) : -E2BIG;

		if (fd >= 0) {
			fds[count++] = fd;
			continue;
		}
		*ret_report = (struct socket_report){ .stage = stage, .error = -fd, .line = count };
		while (count > 0)
			fd_close(fds[--count]);
		return fd;
	}
	return (int)count;
}

/* The path in the file system of a line, by which others find it. */
static const char *path_of(const struct socket_listen *listen)
{
	return listen->address[0] == '/' && listen->kind != SOCKET_SPECIAL &&
			       listen->kind != SOCKET_MESSAGE_QUEUE
		       ? listen->address
		       : NULL;
}

static int give_owner(const struct unit *unit, struct socket_report *report)
{
	const struct socket_settings *s = unit->socket;
	uint32_t line = 0;
	uid_t uid;
	gid_t gid;
	int r;

	if (!s->socket_user && !s->socket_group)
		return 0;
	r = socket_owner(s, &uid, &gid);
	if (r < 0) {
		*report = (struct socket_report){ .stage = SOCKET_STAGE_USER, .error = -r };
		return r;
	}
	for (const struct socket_listen *l = s->listen; l; l = l->next, line++) {
		if (!path_of(l) || lchown(path_of(l), uid, gid) == 0)
			continue;
		*report = (struct socket_report){ .stage = SOCKET_STAGE_CHOWN,
						  .error = errno,
						  .line = line };
		return -report->error;
	}
	return 0;
}

/* A link that is right already is left alone; what else is there goes only with RemoveOnStop=. */
static int make_symlink(const struct socket_settings *s, const char *target, const char *link)
{
	char parent[PATH_MAX];
	char now[PATH_MAX];
	struct buf b = BUF(parent);
	ssize_t n;

	buf_add_str(&b, (struct str){ link, (size_t)(strrchr(link, '/') - link) });
	if (b.len > 0 && !b.overflow)
		(void)make_directories(parent, s->directory_mode);
	if (symlink(target, link) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	n = readlink(link, now, sizeof(now));
	if (n == (ssize_t)strlen(target) && memcmp(now, target, (size_t)n) == 0)
		return 0;
	if (!socket_has(s, SOCKET_FLAG_REMOVE_ON_STOP) || unlink(link) < 0)
		return -EEXIST;
	return symlink(target, link) < 0 ? -errno : 0;
}

/* Symlinks= point to the one path that the unit has. */
static uint32_t make_symlinks(const struct unit *unit)
{
	const struct socket_settings *s = unit->socket;
	const char *target = NULL;
	unsigned paths = 0;
	uint32_t bad = 0;

	for (const struct socket_listen *l = s->listen; l; l = l->next)
		if (path_of(l)) {
			target = path_of(l);
			paths++;
		}
	for (const char *link = text_list_next(&s->symlinks, NULL); link;
	     link = text_list_next(&s->symlinks, link))
		if (paths != 1 || link[0] != '/' || make_symlink(s, target, link) < 0)
			bad++;
	return bad;
}

void socket_work_open(const struct unit *unit)
{
	struct socket_report report;
	int fds[SOCKET_LISTEN_MAX];
	int count = socket_open_all(unit, fds, &report);

	if (count >= 0 && give_owner(unit, &report) < 0)
		count = -1;
	if (count >= 0)
		report.bad_symlinks = make_symlinks(unit);
	/* A queue or a device may hold what is older than this unit; sockets listen only later. */
	for (int i = 0; i < count && socket_has(unit->socket, SOCKET_FLAG_FLUSH_PENDING); i++)
		socket_flush(fds[i]);
	_exit(worker_send(&report, sizeof(report), fds, count > 0 ? (size_t)count : 0) < 0);
}

void socket_work_remove(const struct unit *unit)
{
	const struct socket_settings *s = unit->socket;

	for (const struct socket_listen *l = s->listen; l; l = l->next) {
		if (l->kind == SOCKET_MESSAGE_QUEUE)
			(void)mq_unlink(l->address);
		else if (path_of(l))
			(void)unlink(path_of(l));
	}
	for (const char *link = text_list_next(&s->symlinks, NULL); link;
	     link = text_list_next(&s->symlinks, link))
		(void)unlink(link);
	_exit(0);
}

const char *socket_stage_name(enum socket_stage stage)
{
	static const char *const names[] = {
		[SOCKET_STAGE_NONE] = "nothing",
		[SOCKET_STAGE_PARSE] = "understand",
		[SOCKET_STAGE_USER] = "find the user or group of",
		[SOCKET_STAGE_SOCKET] = "make a socket for",
		[SOCKET_STAGE_OPTION] = "prepare",
		[SOCKET_STAGE_BIND] = "bind",
		[SOCKET_STAGE_OPEN] = "open",
		[SOCKET_STAGE_KIND] = "use what is at",
		[SOCKET_STAGE_CHOWN] = "change the owner of",
		[SOCKET_STAGE_LISTEN] = "listen on",
		[SOCKET_STAGE_WORKER] = "learn in time what became of",
	};

	return names[stage];
}
