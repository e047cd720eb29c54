// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The memory of socket units that run: a slot for each unit that was started since the boot, and a port for
 * each of its Listen…= lines, one behind the other. Both are static and used again.
 */
#pragma once

#include "supervisor/socket_fsm.h"
#include "supervisor/socket_process.h"
#include "supervisor/socket_unit.h"

struct socket_port {
	int fd;
	uint16_t owner; /* the slot + 1; 0: free */
	bool watched;	/* it is in the epoll instance */
	struct rate_limit polls;
	uint64_t resume; /* ns: until then it is left alone; CLOCK_TIME_MAX: it is not */
};

struct socket_slot {
	unit_id id; /* UNIT_NONE: free */
	uint16_t first_port;
	uint16_t port_count;
	bool open;
	uint32_t accepted;
	uint32_t refused;
	int connection;		 /* the one that SOCKET_DO_ACTIVATE is about, or -1 */
	uint64_t flush_deadline; /* CLOCK_TIME_MAX: nothing is being flushed */
	struct socket_run run;
	struct socket_process process;
};

void socket_slots_init(const struct unit_world *world);

/** socket_slot_get() - Return: the slot of @id, or NULL: it was never started. */
struct socket_slot *socket_slot_get(unit_id id);

/** socket_slot_make() - Return: the slot of @id, a new one if it has none, or NULL: there are SOCKET_UNIT_MAX. */
struct socket_slot *socket_slot_make(unit_id id);

/** socket_slot_next() - Return: the slot after @slot, the first for NULL, or NULL. */
struct socket_slot *socket_slot_next(const struct socket_slot *slot);

/** socket_slots_moved() - the units have new ids; slots of those that are gone are free. */
void socket_slots_moved(const unit_id *new_ids);

/** socket_ports_take() - as many ports as the unit has lines now; only while it is closed. Return: 0; -E2BIG: too many lines; -ENOSPC. */
int socket_ports_take(struct socket_slot *slot);

/** socket_ports_set() - the ports have these descriptors, as many as there are ports. */
void socket_ports_set(struct socket_slot *slot, const int *fds);

/** socket_ports_close() - closes all. */
void socket_ports_close(struct socket_slot *slot);

struct socket_port *socket_slot_port(const struct socket_slot *slot, unsigned number);

/** socket_port_at() - Return: the port whose epoll data was @index if it is watched, with its slot; or NULL. */
struct socket_port *socket_port_at(uint32_t index, struct socket_slot **ret_slot);

/** socket_port_watch() - tells of traffic, but not before it may resume. Return: 0 or -errno. */
int socket_port_watch(struct socket_port *port);
void socket_port_unwatch(struct socket_port *port);
/** socket_port_pause() - leaves it alone until @until; socket_port_resume() is then due. */
void socket_port_pause(struct socket_port *port, uint64_t until);
