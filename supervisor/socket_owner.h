// SPDX-License-Identifier: MIT OR Apache-2.0
/* SocketUser= and SocketGroup=: names looked up in /etc/passwd and /etc/group themselves. For a worker, as it reads files. */
#pragma once

#include <sys/types.h>

#include "supervisor/unit.h"

/**
 * socket_owner() - who is to own what the unit makes in the file system.
 * @ret_uid, @ret_gid: -1: stays as it is. Without SocketGroup= the group is that of the user.
 * Return: 0, or -ESRCH: nobody has that name.
 */
int socket_owner(const struct socket_settings *settings, uid_t *ret_uid, gid_t *ret_gid);
