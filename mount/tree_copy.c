// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Copying a factory tree: see tree_copy.h. Everything goes through open directories and names in
 * them, never through a path, so nobody can redirect it half-way.
 */
#include "mount/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/str.h"

/* What one sendfile(2) moves at most. */
#define CHUNK (1 << 20)

static int copy_bytes(int from, int to)
{
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, CHUNK);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The owner first: changing it drops set-ID bits, which the mode then gives back. */
static int set_attributes(int fd, const struct stat *st)
{
	return fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ? -errno
											     : 0;
}

/* A file without a name gets its content first and its name last. */
static int copy_file_missing(int source, int to, const char *name, const struct stat *st)
{
	char path[sizeof("/proc/self/fd/") + 10];
	struct buf b = BUF(path);
	_cleanup_fd_ int fd = openat(to, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = copy_bytes(source, fd);
	if (r == 0)
		r = set_attributes(fd, st);
	if (r < 0)
		return r;
	if (fsync(fd) < 0)
		return -errno;
	buf_printf(&b, "/proc/self/fd/%d", fd);
	/* Somebody else was faster: then it is not missing. */
	if (linkat(AT_FDCWD, path, to, name, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st, unsigned flags)
{
	_cleanup_fd_ int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;
	int r;

	if (source < 0)
		return -errno;
	if ((flags & TREE_COPY_MISSING) != 0)
		return copy_file_missing(source, to, name, st);
	fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = copy_bytes(source, fd);
	return r < 0 ? r : set_attributes(fd, st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return -errno;
	return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_tree(int from, int to, dev_t device, unsigned depth, unsigned flags);

/* A directory that is there already keeps its mode and owner: somebody may have chosen them. */
static int copy_directory(int from, int to, const char *name, const struct stat *st, dev_t device,
			  unsigned depth, unsigned flags)
{
	_cleanup_fd_ int source = -1;
	_cleanup_fd_ int target = -1;
	bool made = mkdirat(to, name, 0700) == 0;
	int r = 0;

	if (!made && errno != EEXIST)
		return -errno;
	target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return -errno;
	if (made)
		r = set_attributes(target, st);
	if (r < 0 || st->st_dev != device)
		return r;
	source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return source < 0 ? -errno : copy_tree(source, target, device, depth + 1, flags);
}

static int copy_entry(int from, int to, const char *name, dev_t device, unsigned depth, unsigned flags)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_directory(from, to, name, &st, device, depth, flags);
	if ((flags & TREE_COPY_MISSING) != 0) {
		struct stat there;

		if (fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
		if (errno != ENOENT)
			return -errno;
	}
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st, flags);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st);
	return -EOPNOTSUPP;
}

static int copy_tree(int from, int to, dev_t device, unsigned depth, unsigned flags)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *name;
	int r;

	if (depth > TREE_COPY_DEPTH_MAX)
		return -ELOOP;
	r = directory_open(&d, from, ".");
	while (r >= 0 && (r = directory_next(&d, &name)) > 0)
		r = copy_entry(from, to, name, device, depth, flags);
	return r;
}

int tree_copy_at(int from, int to, unsigned flags)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	return copy_tree(from, to, st.st_dev, 0, flags);
}

int tree_copy(const char *from, const char *to, unsigned flags)
{
	_cleanup_fd_ int source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int target = -1;

	if (source < 0)
		return -errno;
	target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return target < 0 ? -errno : tree_copy_at(source, target, flags);
}
