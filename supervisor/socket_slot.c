// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Slots and ports: see socket_slot.h. A slot that is free has no unit; its ports are free too.
 */
#include "supervisor/socket_slot.h"

#include <errno.h>
#include <sys/epoll.h>

#include "lib/fd.h"
#include "lib/pages.h"
#include "supervisor/socket_open.h"

static struct socket_slot slots[SOCKET_UNIT_MAX] _table_;
static struct socket_port ports[SOCKET_PORT_MAX] _table_;
static uint16_t slot_of[UNIT_MAX] _table_; /* the slot + 1, or 0 */
static unsigned slot_count;
static const struct unit_world *world; /* what it points to may change at a reload */

static void give_ports_back(struct socket_slot *slot)
{
	for (unsigned i = 0; i < slot->port_count; i++)
		socket_slot_port(slot, i)->owner = 0;
	slot->port_count = 0;
}

void socket_slots_init(const struct unit_world *w)
{
	/* What was never used is zero and stays untouched: an untouched page costs nothing. */
	for (unsigned i = 0; i < slot_count; i++)
		give_ports_back(&slots[i]);
	world = w;
	slot_count = 0;
	pages_zero(slot_of, world->set->count * sizeof(slot_of[0]));
}

struct socket_slot *socket_slot_get(unit_id id)
{
	return slot_of[id] ? &slots[slot_of[id] - 1] : NULL;
}

struct socket_slot *socket_slot_next(const struct socket_slot *slot)
{
	for (size_t i = slot ? (size_t)(slot - slots) + 1 : 0; i < slot_count; i++)
		if (slots[i].id != UNIT_NONE)
			return &slots[i];
	return NULL;
}

struct socket_slot *socket_slot_make(unit_id id)
{
	unsigned i = 0;

	if (slot_of[id])
		return socket_slot_get(id);
	while (i < slot_count && slots[i].id != UNIT_NONE)
		i++;
	if (i == SOCKET_UNIT_MAX)
		return NULL;
	if (i == slot_count)
		slot_count++;
	slots[i] = (struct socket_slot){
		.id = id,
		.connection = -1,
		.flush_deadline = CLOCK_TIME_MAX,
		.run = { .deadline = CLOCK_TIME_MAX },
		.process = SOCKET_PROCESS_NONE,
	};
	slot_of[id] = (uint16_t)(i + 1);
	return &slots[i];
}

void socket_slots_moved(const unit_id *new_ids)
{
	memset(slot_of, 0, sizeof(slot_of));
	for (unsigned i = 0; i < slot_count; i++) {
		struct socket_slot *slot = &slots[i];

		if (slot->id != UNIT_NONE)
			slot->id = new_ids[slot->id];
		if (slot->id != UNIT_NONE) {
			slot_of[slot->id] = (uint16_t)(i + 1);
			continue;
		}
		socket_ports_close(slot);
		give_ports_back(slot);
	}
}

static unsigned count_lines(const struct socket_slot *slot)
{
	unsigned count = 0;

	for (const struct socket_listen *l = world->set->units[slot->id].socket->listen; l; l = l->next)
		count++;
	return count;
}

int socket_ports_take(struct socket_slot *slot)
{
	unsigned lines = count_lines(slot);
	unsigned free_before = 0;

	if (lines > SOCKET_LISTEN_MAX)
		return -E2BIG;
	if (lines == slot->port_count)
		return 0;
	give_ports_back(slot);
	for (unsigned i = 0; i < SOCKET_PORT_MAX; i++) {
		free_before = ports[i].owner ? 0 : free_before + 1;
		if (free_before < lines)
			continue;
		slot->first_port = (uint16_t)(i + 1 - lines);
		slot->port_count = (uint16_t)lines;
		for (unsigned n = 0; n < lines; n++)
			*socket_slot_port(slot, n) = (struct socket_port){
				.fd = -1, .owner = (uint16_t)(slot - slots + 1)
			};
		return 0;
	}
	return -ENOSPC;
}

void socket_ports_set(struct socket_slot *slot, const int *fds)
{
	for (unsigned i = 0; i < slot->port_count; i++)
		*socket_slot_port(slot, i) = (struct socket_port){
			.fd = fds[i],
			.owner = (uint16_t)(slot - slots + 1),
			.resume = CLOCK_TIME_MAX,
		};
	slot->open = true;
}

void socket_ports_close(struct socket_slot *slot)
{
	if (!slot->open)
		return;
	for (unsigned i = 0; i < slot->port_count; i++) {
		struct socket_port *port = socket_slot_port(slot, i);

		socket_port_unwatch(port);
		port->fd = fd_close(port->fd);
	}
	slot->open = false;
}

struct socket_port *socket_slot_port(const struct socket_slot *slot, unsigned number)
{
	return &ports[slot->first_port + number];
}

struct socket_port *socket_port_at(uint32_t index, struct socket_slot **ret_slot)
{
	if (index >= SOCKET_PORT_MAX || !ports[index].owner || !ports[index].watched)
		return NULL;
	*ret_slot = &slots[ports[index].owner - 1];
	return &ports[index];
}

int socket_port_watch(struct socket_port *port)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = unit_epoll_data(UNIT_SOCKET, (uint32_t)(port - ports)),
	};

	if (port->watched || port->resume != CLOCK_TIME_MAX)
		return 0;
	if (epoll_ctl(world->epoll_fd, EPOLL_CTL_ADD, port->fd, &event) < 0)
		return -errno;
	port->watched = true;
	return 0;
}

void socket_port_unwatch(struct socket_port *port)
{
	if (port->watched)
		(void)epoll_ctl(world->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
	port->watched = false;
}

void socket_port_pause(struct socket_port *port, uint64_t until)
{
	socket_port_unwatch(port);
	port->resume = until;
}
