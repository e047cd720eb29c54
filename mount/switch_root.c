// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Leaving the initramfs: see switch_root.h. The order matters: a step that can fail comes before
 * anything is deleted, so that a failure finds the initramfs whole.
 */
#include "mount/switch_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"

/*
 * Directories inside each other on an initramfs: usr/lib/modules/VERSION/kernel/drivers/... needs
 * ten.
 */
#define DEPTH_MAX 32

/* What act 1 has mounted and act 2 goes on with. */
static const char *const moved_mounts[] = { "/dev", "/proc", "/sys", "/run" };

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A mount point is on another device than its parent, or is its own parent. */
static int require_mount_point(const char *path, const struct stat *st)
{
	char text[256];
	struct buf b = BUF(text);
	struct stat parent;

	buf_add(&b, path);
	buf_add(&b, "/..");
	if (b.overflow)
		return -ENAMETOOLONG;
	if (stat(text, &parent) < 0)
		return -errno;
	return st->st_dev == parent.st_dev && st->st_ino != parent.st_ino ? -EINVAL : 0;
}

static int move_mount_into(const char *new_root, const char *where, dev_t root_device)
{
	char target[256];
	struct buf b = BUF(target);
	struct stat st;

	if (stat(where, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (st.st_dev == root_device)
		return 0; /* an ordinary directory: nothing is mounted there */
	buf_add(&b, new_root);
	buf_add(&b, where);
	if (b.overflow)
		return -ENAMETOOLONG;
	return mount(where, target, NULL, MS_MOVE, NULL) < 0 ? -errno : 0;
}

static int move_mounts(const char *new_root, dev_t root_device)
{
	for (size_t i = 0; i < ARRAY_SIZE(moved_mounts); i++) {
		int r = move_mount_into(new_root, moved_mounts[i], root_device);

		if (r < 0) {
			log_error("move %s to %s%s: %s", moved_mounts[i], new_root, moved_mounts[i],
				  error_name(r));
			return r;
		}
	}
	return 0;
}

static int enter(const char *new_root)
{
	if (chdir(new_root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0) {
		int r = -errno;

		log_error("make %s the root: %s", new_root, error_name(r));
		return r;
	}
	return 0;
}

/*
 * Empties an open directory as far as @device reaches. Another file system on it would show as
 * another st_dev and is left alone, with the directories above it. Return: 0, or the first error.
 */
static int directory_empty(int at, const char *name, dev_t device, unsigned depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *entry;
	int failed = 0;
	int r;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	r = directory_open(&d, at, name);
	if (r < 0)
		return r;
	while ((r = directory_next(&d, &entry)) > 0) {
		struct stat st;
		int flags = 0;

		if (fstatat(d.fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			failed = failed < 0 ? failed : -errno;
			continue;
		}
		if (st.st_dev != device)
			continue;
		if (S_ISDIR(st.st_mode)) {
			int inner = directory_empty(d.fd, entry, device, depth + 1);

			failed = failed < 0 ? failed : inner;
			flags = AT_REMOVEDIR;
		}
		if (unlinkat(d.fd, entry, flags) < 0)
			failed = failed < 0 ? failed : -errno;
	}
	return r < 0 ? r : failed;
}

/*
 * Only where deleting frees memory and nothing else: a disk that somebody booted from keeps its
 * files.
 */
static void free_old_root(int old_root, dev_t device)
{
	struct statfs fs;
	int r;

	if (fstatfs(old_root, &fs) < 0 ||
	    ((long)fs.f_type != RAMFS_MAGIC && (long)fs.f_type != TMPFS_MAGIC))
		return;
	r = directory_empty(old_root, ".", device, 0);
	if (r < 0)
		log_warning("free the initramfs: %s", error_name(r));
}

int switch_root(const char *new_root)
{
	_cleanup_fd_ int old_root = -1;
	struct stat old_stat;
	struct stat new_stat;
	int r;

	old_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old_root < 0 || fstat(old_root, &old_stat) < 0 || stat(new_root, &new_stat) < 0) {
		r = -errno;
		log_error("switch root to %s: %s", new_root, error_name(r));
		return r;
	}
	if (same_file(&old_stat, &new_stat))
		return 0;
	r = require_mount_point(new_root, &new_stat);
	if (r < 0) {
		log_error("switch root to %s: not a mount point", new_root);
		return r;
	}
	/* A shared mount cannot be moved (mount(2), EINVAL). */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		r = -errno;
		log_error("make the mounts private: %s", error_name(r));
		return r;
	}
	r = move_mounts(new_root, old_stat.st_dev);
	if (r == 0)
		r = enter(new_root);
	if (r == 0)
		free_old_root(old_root, old_stat.st_dev);
	return r;
}
