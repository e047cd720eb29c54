// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Closing descriptors that others have made. close(2) of a last reference waits: on a TCP socket with SO_LINGER, on FUSE and NFS,
 * on a terminal that is to drain, and for whatever lies in the queue of a Unix socket. A child that shares PID 1's table
 * of descriptors closes them; then nobody waits but it.
 */
#pragma once

/**
 * fd_drop() - closes @fd, at once if that cannot wait, else at fd_drop_flush() or before. It counts as open until then.
 * Return: always -1, for `fd = fd_drop(fd)`.
 */
int fd_drop(int fd);

/** fd_drop_flush() - has closed what was dropped since. Once for each pass of the loop. */
void fd_drop_flush(void);
