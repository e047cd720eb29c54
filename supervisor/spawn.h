// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making one process of a service. Everything that PID 1 needs in order to watch it is made before the
 * fork: a process that exists is always a process that is watched. The child is born in its cgroup
 * (clone3(2) CLONE_INTO_CGROUP) and comes with a pidfd. Whether its execve(2) succeeded is told by a
 * pipe, as an event: PID 1 never waits for a child. What the child does is in child.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "lib/str.h"
#include "supervisor/child_error.h"
#include "supervisor/unit.h"

/* Steps of the child, in order; the exit code of a failure is systemd's (systemd.exec(5), table 5). */
enum spawn_stage {
	STAGE_SIGNALS,
	STAGE_SESSION,
	STAGE_USER,
	STAGE_CGROUP,
	STAGE_STDIN,
	STAGE_STDOUT,
	STAGE_STDERR,
	STAGE_OOM,
	STAGE_NICE,
	STAGE_SCHEDULER,
	STAGE_CPU_AFFINITY,
	STAGE_IO_PRIORITY,
	STAGE_TIMER_SLACK,
	STAGE_PERSONALITY,
	STAGE_KEYRING,
	STAGE_RUNTIME_DIRECTORY,
	STAGE_STATE_DIRECTORY,
	STAGE_CACHE_DIRECTORY,
	STAGE_LOGS_DIRECTORY,
	STAGE_CONFIGURATION_DIRECTORY,
	STAGE_CREDENTIALS,
	STAGE_ENVIRONMENT,
	STAGE_MEMORY,
	STAGE_NETWORK,
	STAGE_NAMESPACE,
	STAGE_GROUP,
	STAGE_DESCRIPTORS,
	STAGE_LIMITS,
	STAGE_CAPABILITIES,
	STAGE_CHROOT,
	STAGE_CHANGE_USER,
	STAGE_DIRECTORY,
	STAGE_SELINUX,
	STAGE_SECURE_BITS,
	STAGE_NO_NEW_PRIVILEGES,
	STAGE_ADDRESS_FAMILIES,
	STAGE_SYSTEM_CALLS,
	STAGE_EXEC,
	STAGE_COUNT,
};

/* What the child writes into the status pipe when it fails; nothing but end of file means success. */
struct spawn_status {
	int32_t stage;
	int32_t error;
	char detail[CHILD_DETAIL_SIZE]; /* what it was about: a path, a name; may be empty */
};

/* Sockets and stored descriptors of one service; dockerd and Debian's units have at most three. */
#define SPAWN_FD_MAX 128

/* A descriptor that a service gets, with its name in LISTEN_FDNAMES. */
struct spawn_fd {
	int fd;
	const char *name;
	bool stored; /* from the fd store: whether it blocks is what whoever stored it left it to */
};

struct spawn_request {
	const struct unit *unit;
	const struct exec_command *command;
	int cgroup_fd;		    /* -1: none */
	int log_fd;		    /* write end for "journal" output, or -1 (then /dev/null) */
	int log_console_fd;	    /* the same for "journal+console" */
	const struct spawn_fd *fds; /* handed over as LISTEN_FDS from descriptor 3 on, in this order */
	size_t fd_count;	    /* at most SPAWN_FD_MAX */
	int socket_fd;		    /* for StandardInput=socket and its like, or -1 */
	const char *notify_path;    /* NOTIFY_SOCKET, or NULL */
	pid_t main_pid;		    /* MAINPID for control commands, or 0 */
	const char *const *environment; /* more of it, each NAME=VALUE, NULL at the end */
	uint64_t watchdog;		/* WATCHDOG_USEC, in ns; CLOCK_TIME_MAX: none */
	int idle_fds[2]; /* a pipe whose write end PID 1 closes once the process may go on, or -1 */
	const struct rlimit *nofile; /* RLIMIT_NOFILE as PID 1 was given it, before it raised its own */
};

struct spawned {
	pid_t pid;
	int pidfd;
	int status_fd; /* struct spawn_status or end of file */
};

/**
 * spawn() - forks and executes one command.
 * @ret_spawned: both descriptors belong to the caller
 * Return: 0, or -errno of what PID 1 could not do (-EAGAIN, -ENOMEM, -EMFILE …): no process was made.
 */
int spawn(const struct spawn_request *request, struct spawned *ret_spawned);

/** spawn_stage_name() - Return: what was being done, for messages ("exec", "change directory to"). */
const char *spawn_stage_name(enum spawn_stage stage);
/** spawn_stage_exit_code() - Return: the exit code of a child that failed there (200 to 245). */
int spawn_stage_exit_code(enum spawn_stage stage);
/** spawn_hint() - Return: what to do about @error at @stage, in brackets, or an empty string. */
const char *spawn_hint(enum spawn_stage stage, int error);

/**
 * spawn_describe() - a failure for people: what was done, on what, why, and what to do about it.
 * @status: as it was read from the pipe; its text need not end
 * @ret_text: appended to
 */
void spawn_describe(const struct spawn_status *status, struct buf *ret_text);
