// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Descriptors that services keep with PID 1 over a restart (FDSTORE=1, FileDescriptorStoreMax=): one
 * pool for all units, of fixed size. Each entry belongs to a unit and has a name.
 */
#pragma once

#include <stddef.h>

#include "supervisor/spawn.h"

/* All units together; containerd and dockerd store none, systemd's own daemons a few dozen. */
#define FD_STORE_MAX 512

/** fd_store_init() - empties the pool, closing nothing. @epoll_fd: where hung-up ones are noticed. */
void fd_store_init(int epoll_fd);

/**
 * fd_store_add() - keeps @fd for @id.
 * @fd: belongs to the store afterwards, also on failure
 * @name: copied
 * @limit: FileDescriptorStoreMax=
 * @poll: whether it is dropped once the other side hung up
 * Return: 1 if it is kept, 0 if the same one is there already, -E2BIG: the limit, -ENOSPC: the pool.
 */
int fd_store_add(unit_id id, int fd, const char *name, unsigned limit, bool poll);

/** fd_store_remove() - closes those of @id that are called @name. */
void fd_store_remove(unit_id id, const char *name);

/** fd_store_clear() - closes all of @id's. */
void fd_store_clear(unit_id id);

/** fd_store_collect() - appends @id's to @ret_fds, up to @size. Names are good until the entry goes. Return: how many. */
size_t fd_store_collect(unit_id id, struct spawn_fd *ret_fds, size_t size);

/** fd_store_on_event() - entry @index hung up. */
void fd_store_on_event(uint32_t index);

/** fd_store_moved() - the units have new ids. */
void fd_store_moved(const unit_id *new_ids);

/* epoll data of a stored descriptor: this tag and the index. */
#define FD_STORE_SOURCE (UINT64_C(6) << 32)
