// SPDX-License-Identifier: MIT OR Apache-2.0
/* Connections of Accept=yes: see socket_connection.h. A dense array: the last entry takes the place of one that goes. */
#include "supervisor/socket_connection.h"

#include <errno.h>

#include "supervisor/socket_address_parse.h"

static struct connection {
	unit_id owner;
	unit_id instance;
	struct socket_source source;
} connections[SOCKET_CONNECTION_MAX] _table_;

static unsigned connection_count;

void socket_connection_init(void)
{
	connection_count = 0;
}

int socket_connection_source(int fd, struct socket_source *ret_source)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	struct socket_source source = { 0 };

	if (getpeername(fd, (struct sockaddr *)&peer, &length) < 0)
		return -errno;
	if (peer.ss_family == AF_INET) {
		source.family = AF_INET;
		memcpy(source.address, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	} else if (peer.ss_family == AF_INET6) {
		source.family = AF_INET6;
		memcpy(source.address, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	} else if (peer.ss_family == AF_VSOCK) {
		source.family = AF_VSOCK;
		memcpy(source.address, &((struct sockaddr_vm *)&peer)->svm_cid, 4);
	}
	*ret_source = source;
	return 0;
}

unsigned socket_connection_count(unit_id owner, const struct socket_source *source)
{
	unsigned count = 0;

	for (unsigned i = 0; i < connection_count; i++)
		if (connections[i].owner == owner &&
		    (!source || memcmp(source, &connections[i].source, sizeof(*source)) == 0))
			count++;
	return count;
}

bool socket_connection_full(void)
{
	return connection_count == SOCKET_CONNECTION_MAX;
}

void socket_connection_add(unit_id owner, unit_id instance, const struct socket_source *source)
{
	if (socket_connection_full())
		return;
	connections[connection_count++] =
		(struct connection){ .owner = owner, .instance = instance, .source = *source };
}

static struct connection *find(unit_id instance)
{
	for (unsigned i = 0; i < connection_count; i++)
		if (connections[i].instance == instance)
			return &connections[i];
	return NULL;
}

unit_id socket_connection_remove(unit_id instance)
{
	struct connection *connection = find(instance);
	unit_id owner;

	if (!connection)
		return UNIT_NONE;
	owner = connection->owner;
	*connection = connections[--connection_count];
	return owner;
}

unit_id socket_connection_owner(unit_id instance)
{
	const struct connection *connection = find(instance);

	return connection ? connection->owner : UNIT_NONE;
}

void socket_connection_moved(const unit_id *new_ids)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < connection_count; i++) {
		struct connection moved = connections[i];

		moved.owner = new_ids[moved.owner];
		moved.instance = new_ids[moved.instance];
		if (moved.owner != UNIT_NONE && moved.instance != UNIT_NONE)
			connections[kept++] = moved;
	}
	connection_count = kept;
}

int socket_connection_name(const char *socket, uint32_t number, int fd,
			   char ret_name[static UNIT_NAME_SIZE])
{
	struct sockaddr_storage local = { 0 };
	struct sockaddr_storage remote = { 0 };
	socklen_t local_size = sizeof(local);
	socklen_t remote_size = sizeof(remote);
	struct ucred peer = { 0 };
	socklen_t peer_size = sizeof(peer);
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);
	int r;

	if (getsockname(fd, (struct sockaddr *)&local, &local_size) < 0 ||
	    getpeername(fd, (struct sockaddr *)&remote, &remote_size) < 0)
		return -errno;
	if (local.ss_family == AF_UNIX)
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size);
	/* The prefix of a.socket is a, and that of a@b.socket too. */
	buf_add_str(&b, (struct str){ socket, strcspn(socket, "@") });
	if (!strchr(socket, '@'))
		b.len -= strlen(".socket");
	buf_add_char(&b, '@');
	r = socket_instance_format(number, &local, &remote, peer.pid, peer.uid, &b);
	buf_add(&b, ".service");
	if (r < 0)
		return r;
	return b.overflow ? -ENAMETOOLONG : 0;
}
