// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Connections of Accept=yes: each has an instance of the service for itself. Who has how many is counted
 * here, for MaxConnections= and MaxConnectionsPerSource=. An entry lives from the start of its instance
 * until that is down, and its place is then used again, so a million connections one after the other
 * need no more than one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"
#include "supervisor/unit.h"

/* All sockets together. Each has MaxConnections= (64); a host whose services are made for each connection anew has a few. */
#define SOCKET_CONNECTION_MAX 1024

/* Where a connection comes from, as far as MaxConnectionsPerSource= asks. */
struct socket_source {
	uint16_t family; /* AF_UNSPEC: it is not counted by source */
	uint8_t address[16];
};

void socket_connection_init(void);

/** socket_connection_source() - Return: 0, or -errno of getpeername(2) (-ENOTCONN: it is over already). */
int socket_connection_source(int fd, struct socket_source *ret_source);

/** socket_connection_count() - Return: how many connections @owner has, from @source if that is not NULL. */
unsigned socket_connection_count(unit_id owner, const struct socket_source *source);

/** socket_connection_full() - Return: whether there is no room for one more. */
bool socket_connection_full(void);

/** socket_connection_add() - @instance serves a connection of @owner's. There must be room. */
void socket_connection_add(unit_id owner, unit_id instance, const struct socket_source *source);

/** socket_connection_remove() - @instance is down. Return: the owner, or UNIT_NONE: it was no connection's. */
unit_id socket_connection_remove(unit_id instance);

/** socket_connection_owner() - Return: the socket that @instance belongs to, or UNIT_NONE. */
unit_id socket_connection_owner(unit_id instance);

/** socket_connection_moved() - the units have new ids. */
void socket_connection_moved(const unit_id *new_ids);

/**
 * socket_connection_name() - the name of the instance for connection @number on @fd, of the socket unit @socket:
 * PREFIX@INSTANCE.service.
 * Return: 0 or -errno (-ENOTCONN: the peer is gone already).
 */
int socket_connection_name(const char *socket, uint32_t number, int fd,
			   char ret_name[static UNIT_NAME_SIZE]);
