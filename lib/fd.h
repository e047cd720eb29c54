// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * File descriptors and small files. Every descriptor made here is close-on-exec. Nothing here logs
 * or allocates; errors come back as -errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/macros.h"

/** fd_close() - closes @fd if it is not negative; errno is kept. Return: always -1, for `fd = fd_close(fd)`. */
int fd_close(int fd);

/**
 * fd_close_watched() - takes @fd out of the epoll set @epoll_fd and closes it. Closing alone does not: a child that was
 * forked meanwhile may hold a copy, and then its events go on for ever. Return: always -1.
 */
int fd_close_watched(int epoll_fd, int fd);

void fd_cleanup(int *fd);
#define _cleanup_fd_ _cleanup_(fd_cleanup)

/* Moves a descriptor out of a variable that has _cleanup_fd_. */
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

/**
 * fd_read_all() - reads @fd to its end into @buffer and ends it with a NUL byte.
 *
 * Return: bytes read (less than @size); -EFBIG if there was more than @size - 1; or -errno.
 */
ssize_t fd_read_all(int fd, char *buffer, size_t size);

/** fd_write_all() - writes all @length bytes. Return: 0 or -errno (-EAGAIN may come after a part). */
int fd_write_all(int fd, const void *data, size_t length);

/**
 * file_read() - reads a small file (also of /proc and /sys) as fd_read_all() does.
 * @directory: AT_FDCWD or an open directory that @path is relative to.
 */
ssize_t file_read(int directory, const char *path, char *buffer, size_t size);

/** file_write() - opens an existing file (O_WRONLY, no O_CREAT) and writes @text in one write(2). For /proc, /sys and cgroups. */
int file_write(int directory, const char *path, const char *text);

/**
 * file_replace() - makes @path hold @length bytes of @data, all or nothing: a temporary file beside it, fsync, rename.
 * @sync: also waits until data and directory are on the disk.
 */
int file_replace(const char *path, const void *data, size_t length, mode_t mode, bool sync);

/** make_directories() - mkdir(2) of @path and of every missing parent. Return: 0 (also if it is there) or -errno. */
int make_directories(const char *path, mode_t mode);

/**
 * stdio_ensure() - gives descriptors 0, 1 and 2 an open file each: /dev/console, else /dev/null, else a pipe
 * with nobody at the other end, so that no later open(2) lands there. O_NOCTTY: PID 1 never gets a controlling terminal.
 * Return: 0 or -errno.
 */
int stdio_ensure(void);
