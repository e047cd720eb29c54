// SPDX-License-Identifier: MIT OR Apache-2.0
/* /etc, made anew at each boot: see etc_tree.h. The mount is a descriptor until it is complete. */
#include "mount/etc_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "mount/tree_copy.h"

/* The factory tree is well under 1 MiB; a program gone wild in /etc must not eat the memory. */
#define ETC_SIZE "32m"

static const char *const tmpfs_options[][2] = {
	{ "source", "etc" },
	{ "mode", "755" },
	{ "size", ETC_SIZE },
};

/*
 * Return: a descriptor of the root directory of a new tmpfs that is mounted nowhere yet, or
 * -errno.
 */
static int tmpfs_open(void)
{
	_cleanup_fd_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(tmpfs_options); i++)
		if (fsconfig(fs, FSCONFIG_SET_STRING, tmpfs_options[i][0], tmpfs_options[i][1], 0) < 0)
			return -errno;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

int etc_mount(void)
{
	_cleanup_fd_ int factory = open(ETC_FACTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int root = -1;
	int r;

	if (factory < 0) {
		if (errno == ENOENT)
			return ETC_NO_FACTORY;
		r = -errno;
		log_error("open " ETC_FACTORY ": %s", error_name(r));
		return r;
	}
	mount = tmpfs_open();
	if (mount < 0) {
		log_error("make a tmpfs for /etc: %s", error_name(mount));
		return mount;
	}
	/* What fsmount(2) gives is good for paths only; writing needs a real descriptor. */
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? -errno : tree_copy_at(factory, root, 0);
	if (r < 0) {
		log_error("copy " ETC_FACTORY " to /etc: %s", error_name(r));
		return r;
	}
	if (move_mount(mount, "", AT_FDCWD, "/etc", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		r = -errno;
		log_error("mount the new /etc: %s", error_name(r));
		return r;
	}
	return 0;
}
