// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Applying a table of mounts: see sandbox_mounts.h. First the sources of binds are opened, as what is
 * mounted later may hide them. Then each entry becomes a mount, parents before children. At last every
 * mount gets its attributes from the entry nearest to it, so that a boundary in the table is a boundary
 * of mounts. Paths are looked up below the root by descriptor (openat2(2) RESOLVE_IN_ROOT), so no link
 * leads out of it.
 */
#include "supervisor/sandbox_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/private_devices.h"

/* Where a root of its own is put together; in the private namespace only. */
#define NEW_ROOT "/run/orlop/unit-root"
#define INACCESSIBLE "/run/orlop/inaccessible"

struct applier {
	struct mount_table table;
	const char *base; /* the root's path for the host: "" or NEW_ROOT */
	int root;	  /* its descriptor */
	int host;	  /* a descriptor of the host's root, for sources */
};

/* Big, and used by one process once: not on the stack. */
static struct applier state;

static int open_in(int root, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, root, path[0] == '/' && path[1] ? path + 1 : ".", &how,
			      sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Makes what is missing on the way to @path and, if @directory, the place itself; else a file. */
static int make_place(int root, const char *path, bool directory)
{
	char part[4096];

	for (size_t i = 1;; i++) {
		struct buf b = BUF(part);
		int parent;
		int fd;
		char *slash;
		int r = 0;

		if (path[i] && path[i] != '/')
			continue;
		buf_add_str(&b, (struct str){ path, i });
		if (b.overflow)
			return -ENAMETOOLONG;
		fd = open_in(root, part, O_PATH);
		if (fd == -ENOENT) {
			slash = strrchr(part, '/');
			*slash = '\0';
			parent = open_in(root, slash == part ? "/" : part, O_PATH | O_DIRECTORY);
			if (parent < 0)
				return parent;
			if (path[i] || directory)
				r = mkdirat(parent, slash + 1, 0755) < 0 ? -errno : 0;
			else
				r = mknodat(parent, slash + 1, S_IFREG | 0644, 0) < 0 ? -errno : 0;
			fd_close(parent);
		} else if (fd < 0) {
			return fd;
		} else {
			fd_close(fd);
		}
		if (r < 0 || !path[i])
			return r;
	}
}

/* ---- the table ---- */

/* Follows links, so that two names for one place are one entry. A place that is not there stays as written. */
static int resolve_paths(struct applier *a)
{
	for (size_t i = 0; i < a->table.count; i++) {
		struct mount_point *point = &a->table.points[i];
		char link[64];
		char path[4096];
		struct buf b = BUF(link);
		ssize_t n;
		int fd = open_in(a->root, point->path, O_PATH);

		if (fd < 0)
			continue;
		buf_printf(&b, "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		fd_close(fd);
		if (n <= 0 || n == (ssize_t)sizeof(path) - 1)
			continue;
		path[n] = '\0';
		if (*a->base && !mount_table_below(path, a->base))
			continue;
		point->path = strdup(path + strlen(a->base));
		if (!point->path)
			return -ENOMEM;
		if (!*point->path)
			point->path = "/";
	}
	return 0;
}

static int clone_tree(int at, const char *path, bool recursive)
{
	int fd = (int)syscall(SYS_open_tree, at, path,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				      (recursive ? AT_RECURSIVE : 0));

	return fd < 0 ? -errno : fd;
}

static int open_sources(struct applier *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->table.count; i++) {
		struct mount_point *point = &a->table.points[i];

		if (point->kind == MOUNT_BIND) {
			int fd = open_in(a->host, point->source, O_PATH);
			int r = fd < 0 ? fd : clone_tree(fd, "", point->recursive);

			fd_close(fd);
			if (r == -ENOENT && point->optional)
				continue;
			if (r < 0)
				return child_error(r, "bind %s", point->source);
			point->tree = r;
		}
		a->table.points[kept++] = *point;
	}
	a->table.count = kept;
	return 0;
}

/* ---- one entry ---- */

/* A node without any permission, of the same type as what it hides. */
static int make_inaccessible(mode_t type, char ret_path[static 64])
{
	static const struct {
		mode_t type;
		const char *name;
	} nodes[] = {
		{ S_IFDIR, "dir" }, { S_IFREG, "reg" },	 { S_IFCHR, "chr" },
		{ S_IFBLK, "blk" }, { S_IFIFO, "fifo" }, { S_IFSOCK, "sock" },
	};
	int r = make_directories(INACCESSIBLE, 0755);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(nodes); i++) {
		struct buf b = buf_init(ret_path, 64);

		if (nodes[i].type != type)
			continue;
		buf_printf(&b, INACCESSIBLE "/%s", nodes[i].name);
		if ((type == S_IFDIR ? mkdir(ret_path, 0) : mknod(ret_path, type, 0)) == 0 ||
		    errno == EEXIST)
			return 0;
		/* A container may make no device nodes: a file does as well. */
		return errno == EPERM && type != S_IFREG ? make_inaccessible(S_IFREG, ret_path) : -errno;
	}
	return r < 0 ? r : -EINVAL;
}

static int hide(int place)
{
	char path[64];
	struct stat st;
	int r = fstat(place, &st) < 0 ? -errno : make_inaccessible(st.st_mode & S_IFMT, path);

	return r < 0 ? r : clone_tree(AT_FDCWD, path, false);
}

/* A new file system. @options: "NAME=VALUE" and words, with commas between; the mount's own are passed over. */
static int new_file_system(const char *type, const char *options, unsigned attributes)
{
	static const char *const of_mount[] = { "ro",	   "rw",       "nosuid",     "suid",
						"nodev",   "dev",      "noexec",     "exec",
						"noatime", "relatime", "strictatime" };
	struct str rest = str_from(options ? options : "");
	struct str option;
	int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int fd = -1;
	int r = context < 0 ? -errno : 0;

	while (r == 0 && str_split(&rest, ',', &option)) {
		char text[256];
		struct buf b = BUF(text);
		char *equals;
		bool skip = option.n == 0;

		for (size_t i = 0; i < ARRAY_SIZE(of_mount); i++)
			skip = skip || str_is(option, of_mount[i]);
		if (skip)
			continue;
		buf_add_str(&b, option);
		equals = strchr(text, '=');
		if (equals)
			*equals = '\0';
		if (b.overflow)
			r = -E2BIG;
		else if (syscall(SYS_fsconfig, context, equals ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
				 text, equals ? equals + 1 : NULL, 0) < 0)
			r = -errno;
	}
	if (r == 0 && syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = -errno;
	if (r == 0) {
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
		r = fd < 0 ? -errno : 0;
	}
	fd_close(context);
	return r < 0 ? r : fd;
}

static int attach(int tree, int place)
{
	return syscall(SYS_move_mount, tree, "", place, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

static bool is_mount_point(int place)
{
	struct statx st;

	return statx(place, "", AT_EMPTY_PATH, 0, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* A new /proc. In a container whose own /proc is masked it may not be had: then that one stays. */
static int new_proc(const struct mount_point *point, int place)
{
	int fd;

	if (!point->options && is_mount_point(place))
		return -EEXIST;
	fd = new_file_system("proc", point->options,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
	if ((fd == -EPERM || fd == -EACCES) && is_mount_point(place))
		return -EEXIST;
	return fd < 0 && (fd == -EPERM || fd == -EACCES) ? clone_tree(state.host, "proc", true) : fd;
}

/* What @point wants to have mounted. Return: a descriptor; -EEXIST: what is there will do; or -errno. */
static int tree_of(struct applier *a, const struct mount_point *point, int place)
{
	const unsigned plain = MOUNT_ATTR_NODEV | MOUNT_ATTR_STRICTATIME;
	bool there = is_mount_point(place);

	switch (point->kind) {
	case MOUNT_INACCESSIBLE:
		return hide(place);
	case MOUNT_BIND:
		return point->tree;
	case MOUNT_PRIVATE_DEVICES:
		return private_devices();
	case MOUNT_HOST_DEVICES:
		return there ? -EEXIST : clone_tree(a->host, "dev", true);
	case MOUNT_HOST_SYSFS:
		return there ? -EEXIST : clone_tree(a->host, "sys", true);
	case MOUNT_EMPTY:
	case MOUNT_TMPFS:
		return new_file_system("tmpfs", point->options, plain);
	case MOUNT_RUN:
		return there ? -EEXIST : new_file_system("tmpfs", point->options, plain);
	case MOUNT_NETWORK_SYSFS: {
		int fd = new_file_system("sysfs", NULL,
					 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);

		return fd == -EPERM && there ? -EEXIST : fd;
	}
	case MOUNT_PROC:
		return new_proc(point, place);
	case MOUNT_MESSAGE_QUEUES:
		return new_file_system("mqueue", NULL,
				       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
	case MOUNT_READ_ONLY:
	case MOUNT_READ_WRITE:
	case MOUNT_READ_WRITE_IMPLICIT:
	case MOUNT_NO_EXEC:
	case MOUNT_EXEC:
		/* A mount of its own on itself, that can have attributes. */
		return there ? -EEXIST : clone_tree(place, "", true);
	}
	return -EINVAL;
}

/* Places that are made where they are missing, rather than an error. */
static bool makes_place(enum mount_kind kind)
{
	return kind == MOUNT_BIND || kind == MOUNT_TMPFS || kind == MOUNT_EMPTY ||
	       kind == MOUNT_PROC || kind == MOUNT_HOST_DEVICES || kind == MOUNT_HOST_SYSFS ||
	       kind == MOUNT_RUN || kind == MOUNT_NETWORK_SYSFS || kind == MOUNT_PRIVATE_DEVICES;
}

static bool source_is_directory(const struct mount_point *point)
{
	struct stat st;

	return point->kind != MOUNT_BIND || fstat(point->tree, &st) < 0 || S_ISDIR(st.st_mode);
}

static int apply_one(struct applier *a, struct mount_point *point)
{
	_cleanup_fd_ int tree = -1;
	int place = open_in(a->root, point->path, O_PATH);
	int r;

	if (place == -ENOENT && makes_place(point->kind) &&
	    !(point->optional && point->kind != MOUNT_BIND)) {
		r = make_place(a->root, point->path, source_is_directory(point));
		if (r < 0)
			return child_error(r, "%s", point->path);
		place = open_in(a->root, point->path, O_PATH);
	}
	if (place == -ENOENT && point->optional)
		return 0;
	if (place < 0)
		return child_error(place, "%s", point->path);
	tree = tree_of(a, point, place);
	r = tree < 0 ? tree : attach(tree, place);
	/* The devices below it were put aside, and go onto the new directory. */
	if (r == 0 && point->kind == MOUNT_PRIVATE_DEVICES) {
		fd_close(place);
		place = open_in(a->root, point->path, O_PATH);
		r = place < 0 ? place : private_devices_fill(place);
	}
	fd_close(place);
	if (r == -ENOENT && point->optional)
		return 0;
	return r < 0 && r != -EEXIST ? child_error(r, "%s", point->path) : 0;
}

/* ---- attributes ---- */

static int set_attributes(const struct applier *a, const char *target, bool no_suid)
{
	const char *path = target + strlen(a->base);
	enum mount_opinion read_only;
	enum mount_opinion no_exec;
	bool own_no_suid;
	struct mount_attr attr = { 0 };

	if (*a->base && !mount_table_below(target, a->base))
		return 0;
	(void)mount_table_opinions(&a->table, *path ? path : "/", &read_only, &no_exec, &own_no_suid);
	if (read_only == OPINION_YES)
		attr.attr_set |= MOUNT_ATTR_RDONLY;
	if (no_exec == OPINION_YES)
		attr.attr_set |= MOUNT_ATTR_NOEXEC;
	if (no_exec == OPINION_NO)
		attr.attr_clr |= MOUNT_ATTR_NOEXEC;
	if (no_suid || own_no_suid)
		attr.attr_set |= MOUNT_ATTR_NOSUID;
	if (!attr.attr_set && !attr.attr_clr)
		return 0;
	/* A mount under another, or gone meanwhile, has no path of its own any more. */
	if (syscall(SYS_mount_setattr, AT_FDCWD, target, AT_SYMLINK_NOFOLLOW, &attr, sizeof(attr)) < 0 &&
	    errno != EINVAL && errno != ENOENT && errno != EACCES)
		return child_error(-errno, "%s", target);
	return 0;
}

static int set_all_attributes(const struct applier *a, bool no_suid)
{
	struct libmnt_table *mounts = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = mounts && iter ? 0 : child_error(-ENOENT, "/proc/self/mountinfo");

	while (r == 0 && mnt_table_next_fs(mounts, iter, &fs) == 0)
		r = set_attributes(a, mnt_fs_get_target(fs), no_suid);
	return r;
}

/* ---- the whole ---- */

/* Puts a clone of RootDirectory= where it can become the root. */
static int prepare_root(const char *root)
{
	int fd = -1;
	int tree;
	int r = make_directories(NEW_ROOT, 0755);

	if (r == 0) {
		tree = clone_tree(AT_FDCWD, root, true);
		fd = open(NEW_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = tree < 0 ? tree : fd < 0 ? -errno : attach(tree, fd);
		fd_close(fd);
		fd_close(tree);
	}
	return r < 0 ? child_error(r, "root %s", root) : 0;
}

/* pivot_root(2) onto itself, and the old root goes from under it (the manual page's own recipe). */
static int change_root(void)
{
	if (chdir(NEW_ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return child_error(-errno, "root");
	return 0;
}

int sandbox_mounts(const struct mount_table_inputs *inputs, unsigned long propagation, bool no_suid)
{
	struct applier *a = &state;
	int r = mount_table_fill(inputs, &a->table);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return child_error(-errno, "a new mount namespace");
	a->host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	a->base = inputs->root ? NEW_ROOT : "";
	r = inputs->root ? prepare_root(inputs->root) : 0;
	a->root = open(inputs->root ? NEW_ROOT : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (a->host < 0 || a->root < 0))
		r = child_error(-errno, "root");
	if (r == 0)
		r = resolve_paths(a);
	if (r == 0) {
		mount_table_sort(&a->table);
		r = open_sources(a);
	}
	for (size_t i = 0; r == 0 && i < a->table.count; i++)
		r = apply_one(a, &a->table.points[i]);
	if (r == 0)
		r = set_all_attributes(a, no_suid);
	if (r == 0 && inputs->root)
		r = change_root();
	if (r == 0 && mount(NULL, "/", NULL, (propagation ? propagation : MS_SHARED) | MS_REC, NULL) < 0)
		r = child_error(-errno, "mount propagation");
	return r;
}
