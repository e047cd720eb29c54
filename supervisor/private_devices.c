// SPDX-License-Identifier: MIT OR Apache-2.0
/* A /dev for services: see private_devices.h. */
#include "supervisor/private_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

/* What is mounted below the host's /dev and stays. */
static const char *const directories[] = { "pts", "shm", "mqueue", "hugepages" };

static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore" },
};

/* Descriptors of clones: of the directories, and of nodes that could not be made. */
static int kept_directories[ARRAY_SIZE(directories)];
static int kept_nodes[ARRAY_SIZE(nodes)];
static int kept_ptmx = -1;
static int kept_log = -1;

static int clone_path(const char *path, bool recursive)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path,
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));
}

static int new_tmpfs(void)
{
	int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int fd;
	int r;

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "4m", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		r = -errno;
		fd_close(context);
		return r;
	}
	fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID);
	r = fd < 0 ? -errno : fd;
	fd_close(context);
	return r;
}

/* A link stays a link with the same target, a node becomes one of the same number, or a place for a clone of it. */
static int copy_node(int dev, const char *name, int *ret_clone)
{
	char path[64];
	char target[256];
	struct buf b = BUF(path);
	struct stat st;
	ssize_t n;

	buf_printf(&b, "/dev/%s", name);
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return -errno;
		target[n] = '\0';
		return symlinkat(target, dev, name) < 0 ? -errno : 0;
	}
	if ((S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) &&
	    mknodat(dev, name, st.st_mode, st.st_rdev) == 0)
		return fchmodat(dev, name, st.st_mode & 07777, 0) < 0 ? -errno : 0;
	/* In a container only those nodes work that came from outside; a socket is one that somebody serves. */
	*ret_clone = clone_path(path, false);
	if (*ret_clone < 0)
		return -errno;
	return mknodat(dev, name, S_IFREG, 0) < 0 ? -errno : 0;
}

int private_devices(void)
{
	int dev = new_tmpfs();
	int r = dev < 0 ? dev : 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		char path[64];
		struct buf b = BUF(path);

		buf_printf(&b, "/dev/%s", directories[i]);
		kept_directories[i] = clone_path(path, true);
		if (r == 0 && kept_directories[i] >= 0 && mkdirat(dev, directories[i], 0755) < 0)
			r = -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		kept_nodes[i] = -1;
		if (r == 0)
			r = copy_node(dev, nodes[i], &kept_nodes[i]);
	}
	if (r == 0)
		r = copy_node(dev, "ptmx", &kept_ptmx);
	if (r == 0)
		r = copy_node(dev, "log", &kept_log);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0)
			r = -errno;
	return r < 0 ? r : dev;
}

static int put_back(int tree, int place, const char *name)
{
	int at;
	int r;

	if (tree < 0)
		return 0;
	at = openat(place, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return -errno;
	r = syscall(SYS_move_mount, tree, "", at, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
		    ? -errno
		    : 0;
	fd_close(at);
	fd_close(tree);
	return r;
}

int private_devices_fill(int place)
{
	int r = put_back(kept_ptmx, place, "ptmx");

	if (r == 0)
		r = put_back(kept_log, place, "log");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = put_back(kept_directories[i], place, directories[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(nodes); i++)
		r = put_back(kept_nodes[i], place, nodes[i]);
	return r;
}
