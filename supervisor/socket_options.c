// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The options of sockets, and listening: see socket_open.h. None of it blocks, so PID 1 does it itself. An
 * option that the kernel refuses is logged and no failure, as in systemd.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/socket_fsm.h"
#include "supervisor/socket_open.h"

/* How much FlushPending= takes off one descriptor: its backlog, or a full buffer of small datagrams. */
#define FLUSH_MAX 4096

static void set(const struct unit *unit, int fd, int level, int option, int value, const char *directive)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		log_warning("%s: %s is refused by the kernel: %s", unit->name, directive,
			    error_name(errno));
}

/* The forced one is not bounded by net.core.?mem_max, and needs privileges that a container may lack. */
static void set_buffer(const struct unit *unit, int fd, int forced, int option, uint64_t size,
		       const char *directive)
{
	int value = size > INT_MAX ? INT_MAX : (int)size;

	if (size > 0 && setsockopt(fd, SOL_SOCKET, forced, &value, sizeof(value)) < 0)
		set(unit, fd, SOL_SOCKET, option, value, directive);
}

static int seconds(uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	return s > INT_MAX ? INT_MAX : (int)s;
}

static void set_tcp_options(const struct unit *unit, int fd)
{
	const struct socket_settings *s = unit->socket;

	if (s->keep_alive_time > 0)
		set(unit, fd, SOL_TCP, TCP_KEEPIDLE, seconds(s->keep_alive_time), "KeepAliveTimeSec=");
	if (s->keep_alive_interval > 0)
		set(unit, fd, SOL_TCP, TCP_KEEPINTVL, seconds(s->keep_alive_interval),
		    "KeepAliveIntervalSec=");
	if (s->keep_alive_probes > 0)
		set(unit, fd, SOL_TCP, TCP_KEEPCNT, (int)s->keep_alive_probes, "KeepAliveProbes=");
	if (s->defer_accept > 0)
		set(unit, fd, SOL_TCP, TCP_DEFER_ACCEPT, seconds(s->defer_accept), "DeferAcceptSec=");
	if (socket_has(s, SOCKET_FLAG_NO_DELAY))
		set(unit, fd, SOL_TCP, TCP_NODELAY, 1, "NoDelay=");
	if (s->tcp_congestion && setsockopt(fd, SOL_TCP, TCP_CONGESTION, s->tcp_congestion,
					    (socklen_t)strlen(s->tcp_congestion) + 1) < 0)
		log_warning("%s: TCPCongestion=%s is refused by the kernel: %s", unit->name,
			    s->tcp_congestion, error_name(errno));
}

static void set_packet_info(const struct unit *unit, int family, int fd)
{
	if (family == AF_INET)
		set(unit, fd, IPPROTO_IP, IP_PKTINFO, 1, "PassPacketInfo=");
	else if (family == AF_INET6)
		set(unit, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "PassPacketInfo=");
	else if (family == AF_NETLINK)
		set(unit, fd, SOL_NETLINK, NETLINK_PKTINFO, 1, "PassPacketInfo=");
}

void socket_set_options(const struct unit *unit, const struct socket_address *address, int fd)
{
	static const struct {
		enum socket_flag flag;
		int option;
		const char *directive;
	} flags[] = {
		{ SOCKET_FLAG_KEEP_ALIVE, SO_KEEPALIVE, "KeepAlive=" },
		{ SOCKET_FLAG_BROADCAST, SO_BROADCAST, "Broadcast=" },
		{ SOCKET_FLAG_PASS_CREDENTIALS, SO_PASSCRED, "PassCredentials=" },
		{ SOCKET_FLAG_PASS_SECURITY, SO_PASSSEC, "PassSecurity=" },
	};
	const struct socket_settings *s = unit->socket;
	int family = address->any_family.sa_family;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (socket_has(s, flags[i].flag))
			set(unit, fd, SOL_SOCKET, flags[i].option, 1, flags[i].directive);
	set_tcp_options(unit, fd);
	if (socket_has(s, SOCKET_FLAG_PASS_PACKET_INFO))
		set_packet_info(unit, family, fd);
	if (s->priority >= 0)
		set(unit, fd, SOL_SOCKET, SO_PRIORITY, s->priority, "Priority=");
	set_buffer(unit, fd, SO_RCVBUFFORCE, SO_RCVBUF, s->receive_buffer, "ReceiveBuffer=");
	set_buffer(unit, fd, SO_SNDBUFFORCE, SO_SNDBUF, s->send_buffer, "SendBuffer=");
	if (s->mark >= 0)
		set(unit, fd, SOL_SOCKET, SO_MARK, s->mark, "Mark=");
	if (s->ip_tos >= 0)
		set(unit, fd, IPPROTO_IP, IP_TOS, s->ip_tos, "IPTOS=");
	if (s->ip_ttl >= 0 && family == AF_INET)
		set(unit, fd, IPPROTO_IP, IP_TTL, s->ip_ttl, "IPTTL=");
	else if (s->ip_ttl >= 0)
		set(unit, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, s->ip_ttl, "IPTTL=");
}

static int listen_on(const struct unit *unit, const struct socket_listen *line, int fd)
{
	uint32_t backlog = unit->socket->backlog;
	struct socket_address address;

	if (line->kind == SOCKET_FIFO) {
		uint64_t size = unit->socket->pipe_size;

		if (size > 0 && fcntl(fd, F_SETPIPE_SZ, size > INT_MAX ? INT_MAX : (int)size) < 0)
			log_warning("%s: PipeSize= is refused by the kernel: %s", unit->name,
				    error_name(errno));
		return 0;
	}
	if (socket_address_parse(line->kind, str_from(line->address), &address) < 0)
		return -EINVAL;
	if (address.length == 0)
		return 0;
	/* The kernel clamps it to net.core.somaxconn. */
	if (socket_address_can_accept(&address) &&
	    listen(fd, backlog > INT_MAX ? INT_MAX : (int)backlog) < 0)
		return -errno;
	socket_set_options(unit, &address, fd);
	return 0;
}

int socket_listen_all(const struct unit *unit, const int *fds, struct socket_report *ret_report)
{
	unsigned line = 0;

	for (const struct socket_listen *l = unit->socket->listen; l; l = l->next, line++) {
		int r = listen_on(unit, l, fds[line]);

		if (r < 0) {
			*ret_report = (struct socket_report){
				.stage = SOCKET_STAGE_LISTEN,
				.error = -r,
				.line = line,
			};
			return r;
		}
	}
	return (int)line;
}

void socket_flush(int fd)
{
	char bytes[2048];

	for (unsigned i = 0; i < FLUSH_MAX; i++) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int connection;

		if (poll(&poll_fd, 1, 0) <= 0 || !(poll_fd.revents & POLLIN))
			return;
		connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (connection >= 0)
			fd_close(connection);
		else if (read(fd, bytes, sizeof(bytes)) <= 0)
			return;
	}
}

void socket_work_flush(size_t count)
{
	for (size_t i = 0; i < count; i++)
		socket_flush(WORKER_FIRST_FD + (int)i);
	_exit(0);
}
