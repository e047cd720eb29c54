// SPDX-License-Identifier: MIT OR Apache-2.0
/* Descriptors and small files: see fd.h. Who opens, owns; what fails leaves nothing behind. */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/str.h"

int fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -1;
}

int fd_close_watched(int epoll_fd, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	return fd_close(fd);
}

void fd_cleanup(int *fd)
{
	*fd = fd_close(*fd);
}

ssize_t fd_read_all(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = read(fd, buffer + length, size - length);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			break;
		length += (size_t)n;
		if (length == size)
			return -EFBIG;
	}
	buffer[length] = '\0';
	return (ssize_t)length;
}

int fd_write_all(int fd, const void *data, size_t length)
{
	const char *p = data;

	while (length > 0) {
		ssize_t n = write(fd, p, length);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

ssize_t file_read(int directory, const char *path, char *buffer, size_t size)
{
	_cleanup_fd_ int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return fd_read_all(fd, buffer, size);
}

int file_write(int directory, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, length);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

/* The directory's own entry must reach the disk too, or a power cut brings the old file back. */
static int directory_sync(const char *path)
{
	char parent[256];
	struct buf b = BUF(parent);
	const char *slash = strrchr(path, '/');
	_cleanup_fd_ int fd = -1;

	buf_add_str(&b, slash ? (struct str){ path, (size_t)(slash - path) } : STR("."));
	if (b.overflow)
		return -ENAMETOOLONG;
	fd = open(*parent ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_replace(const char *path, const void *data, size_t length, mode_t mode, bool sync)
{
	char temporary[256];
	struct buf b = BUF(temporary);
	_cleanup_fd_ int fd = -1;
	int r;

	buf_add(&b, path);
	buf_add(&b, ".new");
	if (b.overflow)
		return -ENAMETOOLONG;

	/* A left-over of an earlier power cut is ours to throw away. */
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) < 0 ? -errno : fd_write_all(fd, data, length);
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return r;
	}
	return sync ? directory_sync(path) : 0;
}

int make_directories(const char *path, mode_t mode)
{
	char partial[256];
	size_t length = strlen(path);

	if (length >= sizeof(partial))
		return -ENAMETOOLONG;
	memcpy(partial, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (partial[i] != '/' && partial[i] != '\0')
			continue;
		partial[i] = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return -errno;
		partial[i] = i < length ? '/' : '\0';
	}
	return 0;
}

int stdio_ensure(void)
{
	for (int wanted = 0; wanted <= 2; wanted++) {
		int pair[2];
		int fd;

		if (fcntl(wanted, F_GETFD) >= 0)
			continue;
		/* The lowest free number is handed out: this open(2) lands on @wanted itself. */
		fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			fd = open("/dev/null", O_RDWR | O_NOCTTY);
		if (fd < 0) {
			if (pipe(pair) < 0)
				return -errno;
			fd = pair[wanted == 0 ? 0 : 1];
			fd_close(pair[wanted == 0 ? 1 : 0]);
		}
		if (fd != wanted) {
			if (dup2(fd, wanted) < 0) {
				int r = -errno;

				fd_close(fd);
				return r;
			}
			fd_close(fd);
		}
	}
	return 0;
}
