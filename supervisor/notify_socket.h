// SPDX-License-Identifier: MIT OR Apache-2.0
/* The socket of sd_notify(3): receives, finds out whose process the sender is, and hands on. */
#pragma once

#include <stdbool.h>

#include "supervisor/unit.h"

/** notify_socket_open() - makes DIRECTORY/notify. Return: its descriptor, which stays here, or -errno. */
int notify_socket_open(const char *directory);

/** notify_socket_path() - Return: what NOTIFY_SOCKET is to be. */
const char *notify_socket_path(void);

/**
 * notify_socket_dispatch() - hands on what has come, at most a bounded number of datagrams.
 * @after: called after each, so that what became possible happens in order
 * Return: whether nothing more is waiting.
 */
bool notify_socket_dispatch(const struct unit_set *set, void (*after)(void));
