// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What stands behind Listen…=, as the kernel takes it (systemd.socket(5)). Pure: names of interfaces
 * stay names, and whether the machine has IPv6 is asked by who opens the socket.
 */
#pragma once

#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/str.h"
#include "supervisor/unit.h"

struct socket_address {
	enum socket_kind kind;
	int type;     /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET or SOCK_RAW; of sockets only */
	int protocol; /* the netlink family, otherwise 0 */
	bool any;     /* a port alone: IPv6, or IPv4 where there is no IPv6 */
	char scope[IF_NAMESIZE]; /* the interface behind %, if it is a name; then @in6.sin6_scope_id is 0 */
	socklen_t length; /* of the address; 0 for what is no socket */
	union {
		struct sockaddr any_family;
		struct sockaddr_un un;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_vm vm;
		struct sockaddr_nl nl;
	};
};

/**
 * socket_address_parse() - reads one address.
 * Streams, datagrams and sequential packets: /PATH, @NAME (abstract), PORT, IPV4:PORT, [IPV6]:PORT,
 * [IPV6]:PORT%SCOPE, vsock:CID:PORT (also vsock-stream:, vsock-dgram:, vsock-seqpacket:; no CID is any).
 * Netlink: FAMILY [GROUP]. FIFOs and special files: /PATH. Message queues: /NAME.
 * Return: 0, or -EINVAL.
 */
int socket_address_parse(enum socket_kind kind, struct str text, struct socket_address *ret_address);

/** socket_address_path() - Return: the path in the file system that @address stands for, or NULL. @text: the address as written. */
const char *socket_address_path(const struct socket_address *address, const char *text);

/** socket_address_can_accept() - Return: whether connections come in there (accept(2)), as Accept=yes needs. */
bool socket_address_can_accept(const struct socket_address *address);

/* Longest text of socket_address_format() and socket_instance_format(), with the NUL: two IPv6 addresses, their ports, and a number. */
#define SOCKET_TEXT_SIZE (2 * (INET6_ADDRSTRLEN + 6) + 24)

/** socket_address_format() - appends an address without its port as REMOTE_ADDR has it. Return: the port, or -EAFNOSUPPORT (nothing appended). */
int socket_address_format(const struct sockaddr_storage *address, struct buf *b);

/**
 * socket_instance_format() - appends the instance name of a connection, as systemd makes it: NR-LOCAL:PORT-REMOTE:PORT,
 * NR-PID-UID for AF_UNIX, NR-unknown where the peer's identity is not known (another PID namespace).
 * @pid, @uid: the peer of an AF_UNIX connection (SO_PEERCRED), 0: not known
 * Return: 0 or -EAFNOSUPPORT.
 */
int socket_instance_format(uint32_t number, const struct sockaddr_storage *local,
			   const struct sockaddr_storage *remote, pid_t pid, uid_t uid, struct buf *b);
