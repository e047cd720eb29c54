// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Namespaces of a service but that of mounts: PrivateNetwork=, PrivateIPC=, ProtectHostname=,
 * PrivateUsers= (systemd.exec(5)). The child makes them for itself with unshare(2). Each returns 0 or
 * -errno with child_error().
 */
#pragma once

struct identity;

/** namespace_network() - a network of its own, with nothing in it but the loopback device, which is up. */
int namespace_network(void);

/** namespace_ipc() - System V and POSIX message queues of its own. */
int namespace_ipc(void);

/** namespace_hostname() - a host name that can be changed without anybody seeing it. */
int namespace_hostname(void);

/**
 * namespace_users() - users of its own: root, and the one that the service is; all others are nobody.
 * A helper process that stays outside writes the maps, which takes privileges over the outer namespace.
 */
int namespace_users(const struct identity *identity);
