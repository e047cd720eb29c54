// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Clients of the control socket: see control_client.h. What a client is owed in long answers is not text
 * but a few words of state: the next unit of its list, and for a subscriber a bit for each unit that has
 * changed. So a slow reader misses what was between two looks, never the last state, and costs nothing
 * while it does not read. EPOLLOUT is watched exactly as long as something is owed; the kernel
 * reports it when three quarters of the queue are free.
 */
#include "init/control_client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "init/control_record.h"
#include "lib/control_protocol.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/fd_drop.h"
#include "supervisor/manager.h"

/* Records of long answers for one client in a pass. */
#define RECORDS_PER_PASS 16
/* SCM_MAX_FD, the most descriptors that the kernel lets one message carry: those for which there is no room it closes itself. */
#define RIGHTS_MAX 253

struct control_client control_clients[CONTROL_CLIENT_MAX];

/* The units that a subscriber has to be told of, a bit each; apart, as most clients never subscribe. */
static uint64_t dirty[CONTROL_CLIENT_MAX][CONTROL_DIRTY_WORDS] _table_;

static uint64_t *dirty_of(const struct control_client *client)
{
	return dirty[client - control_clients];
}

static unsigned subscribers;
static unsigned client_source;
static int epoll_fd = -1;

void control_clients_init(int epoll, unsigned source)
{
	epoll_fd = epoll;
	client_source = source;
	for (size_t i = 0; i < CONTROL_CLIENT_MAX; i++)
		control_clients[i].fd = -1;
}

int control_client_watch(struct control_client *client, int fd)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)client_source << 32 | control_client_index(client),
	};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

bool control_client_subscribe(struct control_client *client, uint32_t tag)
{
	if (client->subscribed)
		return false;
	client->subscribed = true;
	client->subscribe_tag = tag;
	subscribers++;
	return true;
}

/* ---- clients ---- */

unsigned control_client_index(const struct control_client *client)
{
	return (unsigned)(client - control_clients);
}

void control_client_drop(struct control_client *client)
{
	if (client->fd < 0)
		return;
	control_waits_drop(control_client_index(client));
	if (client->subscribed)
		subscribers--;
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, client->fd, NULL);
	/* Root would have easier ways to make PID 1 wait than by what it left unread in the queue. */
	if (client->uid == 0)
		fd_close(client->fd);
	else
		fd_drop(client->fd);
	if (client->subscribed)
		memset(dirty_of(client), 0, sizeof(dirty[0]));
	*client = (struct control_client){ .fd = -1 };
}

static void watch_out(struct control_client *client, bool on)
{
	struct epoll_event event = {
		.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.u64 = (uint64_t)client_source << 32 | control_client_index(client),
	};

	if (client->wants_out == on)
		return;
	client->wants_out = on;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, client->fd, &event) < 0)
		control_client_drop(client);
}

ssize_t control_receive(int fd, char *text, size_t size)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * RIGHTS_MAX)];
	} rights;
	struct iovec part = { .iov_base = text, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.space,
		.msg_controllen = sizeof(rights.space),
	};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);

	for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&message); c;
	     c = CMSG_NXTHDR(&message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int unwanted;

			memcpy(&unwanted, CMSG_DATA(c) + i * sizeof(unwanted), sizeof(unwanted));
			fd_drop(unwanted);
		}
	}
	return n;
}

int control_send(int fd, const struct buf *record)
{
	return send(fd, record->p, record->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A short answer: it must go out now. */
void control_answer(struct control_client *client, const struct buf *record)
{
	if (client->fd < 0 || control_send(client->fd, record) == 0)
		return;
	log_debug("control: process %d does not read its answers: closed", client->pid);
	control_client_drop(client);
}

void control_add_error(struct buf *record, uint32_t tag, enum control_error error, const char *text)
{
	buf_printf(record, "%u error %s %s\n", tag, control_error_name(error), text);
}

void control_refuse(struct control_client *client, uint32_t tag, enum control_error error,
		    const char *text)
{
	char memory[512];
	struct buf record = BUF(memory);

	control_add_error(&record, tag, error, text);
	control_answer(client, &record);
}

void control_answer_ok(struct control_client *client, uint32_t tag)
{
	char memory[32];
	struct buf record = BUF(memory);

	buf_printf(&record, "%u ok\n", tag);
	control_answer(client, &record);
}

/* ---- long answers ---- */

static bool owes(const struct control_client *client)
{
	return client->listing || client->reloaded || client->dirty_count > 0 || client->system_dirty;
}

static int send_unit(const struct control_client *client, uint32_t tag, unit_id id)
{
	char memory[CONTROL_RECORD_MAX];
	struct buf record = BUF(memory);

	buf_printf(&record, "%u unit\n", tag);
	control_record_unit(&record, id);
	return control_send(client->fd, &record);
}

static int send_word(const struct control_client *client, uint32_t tag, const char *word, bool system)
{
	char memory[CONTROL_RECORD_MAX];
	struct buf record = BUF(memory);

	buf_printf(&record, "%u %s\n", tag, word);
	if (system) {
		struct control_system about = { 0 };

		control_describe(&about);
		control_record_system(&record, &about);
	}
	return control_send(client->fd, &record);
}

static unit_id next_dirty(const struct control_client *client)
{
	unit_id count = manager_units()->count;

	for (unsigned i = 0; i < count; i++) {
		unit_id id = (unit_id)((client->dirty_next + i) % count);

		/* A whole word at a time where nothing is set. */
		if (id % 64 == 0 && dirty_of(client)[id / 64] == 0 && id + 64 <= count)
			i += 63;
		else if (dirty_of(client)[id / 64] >> (id % 64) & 1)
			return id;
	}
	return UNIT_NONE;
}

/* The next record of what is owed. Return: 0, or -errno of send(2). */
static int push_one(struct control_client *client)
{
	unit_id id;
	int r;

	if (client->reloaded) {
		r = send_word(client, client->subscribe_tag, "reloaded", false);
		client->reloaded = r < 0;
		return r;
	}
	if (client->listing && client->list_next < manager_units()->count) {
		r = send_unit(client, client->list_tag, client->list_next);
		client->list_next = (unit_id)(client->list_next + (r == 0));
		return r;
	}
	if (client->listing) {
		r = send_word(client, client->list_tag, "ok", false);
		client->listing = r < 0;
		return r;
	}
	if (client->dirty_count > 0) {
		id = next_dirty(client);
		r = id == UNIT_NONE ? 0 : send_unit(client, client->subscribe_tag, id);
		if (r < 0)
			return r;
		if (id == UNIT_NONE) {
			client->dirty_count = 0;
			return 0;
		}
		dirty_of(client)[id / 64] &= ~(UINT64_C(1) << (id % 64));
		client->dirty_count--;
		client->dirty_next = (unit_id)(id + 1);
		return 0;
	}
	r = send_word(client, client->subscribe_tag, "system", true);
	client->system_dirty = r < 0;
	return r;
}

void control_client_push(struct control_client *client)
{
	for (unsigned i = 0; i < RECORDS_PER_PASS && owes(client); i++) {
		int r = push_one(client);

		if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
			return;
		if (r < 0) {
			control_client_drop(client);
			return;
		}
	}
	watch_out(client, owes(client));
}

/* ---- what happens to units ---- */

void control_client_mark(struct control_client *client, unit_id id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);

	if (dirty_of(client)[id / 64] & bit)
		return;
	dirty_of(client)[id / 64] |= bit;
	client->dirty_count++;
	watch_out(client, true);
}

/* Those that have failed, a bit each: with the first and the last of them the state of the whole changes. */
static uint64_t failed_units[CONTROL_DIRTY_WORDS];

static void note_failure(unit_id id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);
	bool failed = unit_active_state(id) == ACTIVE_FAILED;

	if (failed == ((failed_units[id / 64] & bit) != 0))
		return;
	failed_units[id / 64] ^= bit;
	control_system_changed();
}

void control_unit_changed(unit_id id)
{
	note_failure(id);
	for (unsigned i = 0; subscribers > 0 && i < CONTROL_CLIENT_MAX; i++)
		if (control_clients[i].subscribed)
			control_client_mark(&control_clients[i], id);
}

void control_system_changed(void)
{
	for (unsigned i = 0; subscribers > 0 && i < CONTROL_CLIENT_MAX; i++)
		if (control_clients[i].subscribed) {
			control_clients[i].system_dirty = true;
			watch_out(&control_clients[i], true);
		}
}

/* Lists end where they are; those who subscribed are told all again. */
static void tell_reloaded(struct control_client *client)
{
	if (client->listing)
		client->list_next = manager_units()->count;
	if (!client->subscribed)
		return;
	memset(dirty_of(client), 0, sizeof(dirty[0]));
	client->dirty_count = 0;
	client->reloaded = true;
	client->system_dirty = true;
	for (unit_id id = 0; client->fd >= 0 && id < manager_units()->count; id++)
		control_client_mark(client, id);
}

void control_reloaded(const unit_id *new_ids)
{
	/* The state of the whole is told anew; from here on it is counted by the new numbers. */
	memset(failed_units, 0, sizeof(failed_units));
	control_waits_moved(new_ids);
	for (unsigned i = 0; i < CONTROL_CLIENT_MAX; i++)
		if (control_clients[i].fd >= 0)
			tell_reloaded(&control_clients[i]);
}
