// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making the sockets, FIFOs and queues of a socket unit.
 *
 * PID 1 itself makes only what cannot block: sockets without a name in the file system and without an
 * owner to be looked up. If one line of a unit is of another kind, a worker makes all of them: mkdir, bind,
 * unlink, open and chown may wait for a file system for ever. What comes after that is PID 1's again
 * (options, listen), so that PID 1 is whom SO_PEERCRED names to those who connect.
 */
#pragma once

#include "supervisor/socket_address_parse.h"
#include "supervisor/worker.h"

/* Listen…= lines of one unit. systemd-journald has the most, four. */
#define SOCKET_LISTEN_MAX 64

/* Where a socket could not be made: told by the worker, logged by PID 1. */
enum socket_stage {
	SOCKET_STAGE_NONE,
	SOCKET_STAGE_PARSE,
	SOCKET_STAGE_USER,
	SOCKET_STAGE_SOCKET,
	SOCKET_STAGE_OPTION, /* one that must be there before bind(2) */
	SOCKET_STAGE_BIND,
	SOCKET_STAGE_OPEN, /* FIFO, special file, message queue */
	SOCKET_STAGE_KIND, /* there is something else of that name */
	SOCKET_STAGE_CHOWN,
	SOCKET_STAGE_LISTEN,
	SOCKET_STAGE_WORKER, /* the worker did not answer */
	SOCKET_STAGE_COUNT,
};

struct socket_report {
	uint32_t stage;	       /* enum socket_stage; SOCKET_STAGE_NONE: all is well */
	int32_t error;	       /* errno */
	uint32_t line;	       /* the Listen…= line, from 0 */
	uint32_t bad_symlinks; /* that could not be made: told, but no failure, as in systemd */
};

/** socket_may_block() - Return: whether making the sockets of @unit is work for a worker. */
bool socket_may_block(const struct unit *unit);

/**
 * socket_open_all() - makes all of @unit's sockets, bound and not yet listening.
 * @fds: SOCKET_LISTEN_MAX; on failure none is left open
 * Return: how many, or -errno with @ret_report saying where.
 */
int socket_open_all(const struct unit *unit, int *fds, struct socket_report *ret_report);

/** socket_work_open() - what a worker does: opens all, sends them with a struct socket_report, ends. */
_noreturn_ void socket_work_open(const struct unit *unit);

/** socket_work_remove() - what a worker does for RemoveOnStop=: removes files and links, ends. */
_noreturn_ void socket_work_remove(const struct unit *unit);

/** socket_listen_all() - sets the options of all and listens; options that the kernel refuses are logged and no failure. Return: as socket_open_all(). */
int socket_listen_all(const struct unit *unit, const int *fds, struct socket_report *ret_report);

/** socket_set_options() - sets the unit's socket options on @fd, of a listening socket or of a connection. */
void socket_set_options(const struct unit *unit, const struct socket_address *address, int fd);

/** socket_flush() - in a worker: throws away connections and data that wait in @fd, a bounded number. */
void socket_flush(int fd);

/** socket_work_flush() - what a worker does for FlushPending=: throws away connections and data that wait in the @count descriptors that it kept, ends. */
_noreturn_ void socket_work_flush(size_t count);

/** socket_stage_name() - Return: what was being done, for messages ("bind", "listen on"). */
const char *socket_stage_name(enum socket_stage stage);
