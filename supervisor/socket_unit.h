// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Socket units as they run: descriptors, the processes of their commands, connections and deadlines. Feeds
 * events to the state machine (socket_fsm.h) and carries out what it answers; jobs reach it through
 * socket_ops (unit_ops.h).
 */
#pragma once

#include <sys/wait.h>

#include "supervisor/socket_fsm.h"
#include "supervisor/unit_ops.h"

/* A host has some twenty: systemd's own ten, docker, containerd, ssh and their like. */
#define SOCKET_UNIT_MAX 256
/* Listen…= lines of all of them. */
#define SOCKET_PORT_MAX 512

/** socket_on_exit() - a child of PID 1 has ended and is still a zombie (waitid WNOWAIT). Return: whether it was a socket unit's. */
bool socket_on_exit(const siginfo_t *info);

/** socket_log_lost() - a new orlop-logd runs: the pipes of all commands must be announced again. */
void socket_log_lost(void);
/** socket_log_announce() - announces those that are not, as long as the socket to orlop-logd takes them. */
void socket_log_announce(void);

/** socket_on_cgroup_event() - inotify says that a cgroup.events file changed. */
void socket_on_cgroup_event(int watch);

