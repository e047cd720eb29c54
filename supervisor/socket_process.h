// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The processes of a socket unit: the command of ExecStartPre= and its like that runs at the moment, or
 * the worker that opens or removes; and the cgroup of the commands. Few sockets have any of them.
 */
#pragma once

#include <sys/resource.h>

#include "supervisor/log_link.h"
#include "supervisor/worker.h"

struct socket_process {
	pid_t pid; /* of a command; 0: none */
	int pidfd;
	int status_fd;
	struct worker worker;
	int cgroup_fd;
	int cgroup_watch;
	struct log_pipe log[2]; /* for the log alone, and for log and console */
};

#define SOCKET_PROCESS_NONE                              \
	((struct socket_process){ .pidfd = -1,           \
				  .status_fd = -1,       \
				  .worker = WORKER_NONE, \
				  .cgroup_fd = -1,       \
				  .cgroup_watch = -1,    \
				  .log = { LOG_PIPE_NONE, LOG_PIPE_NONE } })

/** socket_process_spawn() - runs a command of @unit's. Return: 0 or -errno: there is no process. */
int socket_process_spawn(struct socket_process *process, const struct unit *unit,
			 const struct exec_command *command, int inotify_fd,
			 const struct rlimit *nofile);

/** socket_process_ended() - the command is a zombie: logs why it could not be executed, if that is so, and forgets it. */
void socket_process_ended(struct socket_process *process, const struct unit *unit);

/** socket_process_signal() - sends @signal to the command or the worker. */
void socket_process_signal(struct socket_process *process, int signal);

/** socket_process_signal_all() - sends @signal to the whole cgroup; SIGKILL by cgroup.kill. */
void socket_process_signal_all(struct socket_process *process, int signal);

/** socket_process_forget() - nobody waits for the command or the worker any more. */
void socket_process_forget(struct socket_process *process);

/** socket_process_release() - the unit is down: the cgroup goes, if it is empty. */
void socket_process_release(struct socket_process *process, const struct unit *unit, int inotify_fd);
