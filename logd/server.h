// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * /run/orlop/logs: readers of the log (orlop-log(5)). A client sends one line and gets lines back. What it has not read
 * stays on the disk, so a slow reader costs nothing but its place among SERVER_CLIENTS_MAX, and is never waited for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_SOCKET_PATH "/run/orlop/logs"
/* People, the status page, a collector or two; each costs some 80 KiB while it is there. */
#define SERVER_CLIENTS_MAX 16

/**
 * server_open() - makes the socket: root and @group may connect.
 * @fd: a socket that PID 1 made, or -1
 * @kind: the upper half of the epoll data of clients
 * Return: the listening socket (server.c's) or -errno.
 */
int server_open(int epoll_fd, uint32_t kind, int fd, const char *group);

/** server_accept() - somebody connects. */
void server_accept(void);

/** server_dispatch() - a client has asked, has read, or is gone; @events are epoll's. */
void server_dispatch(uint32_t index, uint32_t events);

/** server_rest() - gives back the buffers that hold nothing. */
void server_rest(void);

/** server_work() - serves each client a portion. Return: whether there is more to do right away. */
bool server_work(void);
