// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * PID 1's end of the control socket: see control.h. This file takes clients and reads their requests;
 * control_request.c carries them out, control_client.c keeps what clients are owed.
 */
#include "init/control.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/control_client.h"
#include "init/control_parse.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/fd_drop.h"

/* New clients in a pass. */
#define ACCEPT_PER_PASS 16
/* Connections that wait to be taken; the rest of a flood is refused or held back by the kernel. */
#define BACKLOG 128
/* The queue of answers of one client (the kernel doubles it): a few hundred records of units. */
#define QUEUE_SIZE (64 * 1024)
/* Without a descriptor left for a new client, how long until the next try. */
#define RETRY_DELAY NS_PER_S

static struct {
	int epoll_fd;
	int listen_fd;
	uint64_t listen_data;
	uint64_t retry_at; /* while no clients are accepted for lack of descriptors */
} control = { .epoll_fd = -1, .listen_fd = -1, .retry_at = CLOCK_TIME_MAX };

/* One request in a pass: who sends many gets in nobody's way. */
static void read_request(struct control_client *client)
{
	char text[CONTROL_REQUEST_MAX + 1];
	struct control_request request;
	ssize_t n = control_receive(client->fd, text, sizeof(text));
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* An empty record looks like the end, and is none that anybody needs. */
	if (n <= 0) {
		control_client_drop(client);
		return;
	}
	if (n > CONTROL_REQUEST_MAX) {
		control_request_refused(client, 0, CONTROL_ERROR_TOO_LONG);
		return;
	}
	r = control_parse((struct str){ text, (size_t)n }, &request);
	if (r > 0)
		control_request_refused(client, request.tag, (enum control_error)r);
	else
		control_request(client, &request);
}

void control_serve(uint64_t data, uint32_t events)
{
	struct control_client *client = &control_clients[(uint32_t)data % CONTROL_CLIENT_MAX];

	if (client->fd < 0)
		return;
	if (events & EPOLLIN)
		read_request(client);
	else if (events & (EPOLLHUP | EPOLLERR))
		control_client_drop(client);
	if (client->fd >= 0 && events & EPOLLOUT)
		control_client_push(client);
}

/* ---- new clients ---- */

static struct control_client *slot_for(uid_t uid)
{
	struct control_client *free_slot = NULL;
	unsigned others = 0;
	unsigned same = 0;

	for (struct control_client *c = control_clients; c < control_clients + CONTROL_CLIENT_MAX; c++) {
		if (c->fd < 0)
			free_slot = free_slot ? free_slot : c;
		else if (c->uid != 0)
			others++;
		same += c->fd >= 0 && c->uid == uid;
	}
	if (uid != 0 && (others >= CONTROL_CLIENT_OTHERS_MAX || same >= CONTROL_CLIENT_USER_MAX))
		return NULL;
	return free_slot;
}

static void add_client(int fd)
{
	static const int queue_size = QUEUE_SIZE;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct control_client *client = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		client = slot_for(peer.uid);
	if (!client) {
		char memory[64];
		struct buf record = BUF(memory);

		control_add_error(&record, 0, CONTROL_ERROR_BUSY, "too many clients");
		(void)control_send(fd, &record);
		fd_drop(fd);
		return;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &queue_size, sizeof(queue_size));
	if (control_client_watch(client, fd) < 0) {
		fd_drop(fd);
		return;
	}
	*client = (struct control_client){ .fd = fd, .uid = peer.uid, .pid = peer.pid };
}

static void listen_for(uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = control.listen_data };

	(void)epoll_ctl(control.epoll_fd, EPOLL_CTL_MOD, control.listen_fd, &event);
}

void control_accept(void)
{
	for (unsigned i = 0; i < ACCEPT_PER_PASS; i++) {
		int fd = accept4(control.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_client(fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			/* The connection stays where it is, and would wake us again and again. */
			log_warning("control: no new clients for a second: %s", error_name(errno));
			control.retry_at = clock_add(clock_now(), RETRY_DELAY);
			listen_for(0);
		}
		return;
	}
}

uint64_t control_next_deadline(void)
{
	return control.retry_at;
}

void control_expire(uint64_t now)
{
	if (now < control.retry_at)
		return;
	control.retry_at = CLOCK_TIME_MAX;
	listen_for(EPOLLIN);
}

int control_open(int epoll_fd, unsigned listen_source, unsigned client_source,
		 const struct control_hooks *hooks)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CONTROL_PATH };
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)listen_source << 32 };
	_cleanup_fd_ int fd = -1;

	control_clients_init(epoll_fd, client_source);
	control_requests_init(hooks);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(CONTROL_PATH) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(CONTROL_PATH, 0666) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	control.epoll_fd = epoll_fd;
	control.listen_data = event.data.u64;
	control.listen_fd = TAKE_FD(fd);
	return 0;
}
