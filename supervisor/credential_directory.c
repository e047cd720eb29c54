// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Credentials of a service: see credential_directory.h. The file system is filled while nobody can see
 * it, made read-only, and only then put in its place: a directory that is there is complete.
 */
#include "supervisor/credential_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/exec_release.h"
#include "supervisor/user.h"

/* Where a credential without an absolute path is looked for. */
static const char *const stores[] = { "/etc/credstore", "/run/credstore",
				      "/usr/local/lib/credstore", "/usr/lib/credstore" };

struct writer {
	int directory;
	const struct identity *identity;
	size_t left; /* of CREDENTIALS_SIZE_MAX */
};

/* A socket that somebody serves: what comes until the end of it is the credential. */
static int connect_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : fd;
}

/* Return: 0; -EEXIST: there is one of that name, which stays; or -errno. */
static int write_one(struct writer *w, struct str id, const char *bytes, size_t size)
{
	char name[DIRECTORY_NAME_SIZE];
	struct buf b = BUF(name);
	uid_t uid = w->identity->uid == USER_NONE ? 0 : w->identity->uid;
	_cleanup_fd_ int fd = -1;
	int r;

	buf_add_str(&b, id);
	if (b.overflow || size > w->left)
		return -E2BIG;
	if (id.n == 0 || memchr(id.p, '/', id.n) || str_is(id, ".") || str_is(id, ".."))
		return -EINVAL;
	fd = openat(w->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, bytes, size);
	if (r == 0 && fchown(fd, uid, (gid_t)-1) < 0)
		r = -errno;
	w->left -= r == 0 ? size : 0;
	return r;
}

static int load_file(struct writer *w, struct str id, const char *path)
{
	char *bytes = malloc(CREDENTIALS_SIZE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int r;

	if (!bytes)
		return -ENOMEM;
	if (fd < 0 && errno == ENXIO)
		fd = connect_socket(path);
	else if (fd < 0)
		return -errno;
	if (fd < 0)
		return fd;
	n = fd_read_all(fd, bytes, CREDENTIALS_SIZE_MAX + 1);
	r = n < 0 ? (int)n : write_one(w, id, bytes, (size_t)n);
	fd_close(fd);
	free(bytes);
	/* The first of a name counts. */
	return r == -EEXIST ? 0 : r;
}

/* A directory gives a credential for each file in it, called ID_FILE. */
static int load_directory(struct writer *w, struct str id, const char *path)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *name;
	int r = directory_open(&d, AT_FDCWD, path);
	int found;

	while (r == 0 && (found = directory_next(&d, &name)) != 0) {
		char file[4096];
		char full[DIRECTORY_NAME_SIZE];
		struct buf f = BUF(file);
		struct buf b = BUF(full);
		struct stat st;

		if (found < 0)
			return found;
		buf_printf(&f, "%s/%s", path, name);
		buf_printf(&b, STR_FORMAT "_%s", STR_ARGS(id), name);
		if (f.overflow || b.overflow)
			return -ENAMETOOLONG;
		if (stat(file, &st) < 0)
			return -errno;
		r = S_ISDIR(st.st_mode) ? load_directory(w, str_from(full), file)
					: load_file(w, str_from(full), file);
	}
	return r;
}

static int load_path(struct writer *w, struct str id, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? load_directory(w, id, path) : load_file(w, id, path);
}

static bool is_set(const struct exec_settings *exec, struct str id)
{
	const struct text_list *list = &exec->set_credential;

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		if (strncmp(item, id.p, id.n) == 0 && item[id.n] == ':')
			return true;
	return false;
}

/* ID:PATH */
static int load(struct writer *w, const struct exec_settings *exec, const char *item)
{
	struct str path = str_from(item);
	struct str id;
	int r = -ENOENT;

	(void)str_split(&path, ':', &id);
	/* Without a path the credential is called as it is. */
	if (path.n == 0)
		path = (struct str){ item, id.n };
	if (path.p[0] == '/')
		r = load_path(w, id, path.p);
	for (size_t i = 0; path.p[0] != '/' && r == -ENOENT && i < ARRAY_SIZE(stores); i++) {
		char full[4096];
		struct buf b = BUF(full);

		buf_printf(&b, "%s/" STR_FORMAT, stores[i], STR_ARGS(path));
		r = b.overflow ? -ENAMETOOLONG : load_path(w, id, full);
	}
	/* What is only named may be missing; what has a path may be if there is something to take its place. */
	if (r == -ENOENT && (path.p[0] != '/' || is_set(exec, id)))
		return 0;
	return r < 0 ? child_error(r, "credential " STR_FORMAT, STR_ARGS(path)) : 0;
}

static int fill(struct writer *w, const struct exec_settings *exec)
{
	const struct text_list *list = &exec->load_credential;
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item))
		r = load(w, exec, item);
	list = &exec->set_credential;
	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item)) {
		struct str value = str_from(item);
		struct str id;

		(void)str_split(&value, ':', &id);
		r = write_one(w, id, value.p, value.n);
		r = r == -EEXIST ? 0 : r;
		if (r < 0)
			return child_error(r, "credential " STR_FORMAT, STR_ARGS(id));
	}
	return r;
}

/* Memory that is never swapped out: a tmpfs that promises that (Linux 6.4), or a ramfs, which cannot. */
static int new_memory(void)
{
	static const char *const types[] = { "tmpfs", "ramfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int context = (int)syscall(SYS_fsopen, types[i], FSOPEN_CLOEXEC);
		int fd = -1;

		if (context < 0)
			continue;
		if ((i > 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "noswap", NULL, 0) == 0) &&
		    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0700", 0) == 0 &&
		    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
			fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
					  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		fd_close(context);
		if (fd >= 0)
			return fd;
	}
	return -EPERM;
}

static int close_up(int directory, const struct identity *identity)
{
	uid_t uid = identity->uid == USER_NONE ? 0 : identity->uid;

	/* What fsmount(2) gives is good for paths only. */
	return fchownat(directory, ".", uid, (gid_t)-1, 0) < 0 || fchmodat(directory, ".", 0500, 0) < 0
		       ? -errno
		       : 0;
}

static int make(const struct exec_settings *exec, const struct identity *identity, const char *path)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	struct writer w = { .identity = identity, .left = CREDENTIALS_SIZE_MAX };
	bool memory = true;
	int r;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return child_error(-errno, "%s", path);
	w.directory = new_memory();
	/* A container may mount nothing: then it is a directory of /run, a tmpfs anyway. */
	if (w.directory < 0) {
		memory = false;
		w.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (w.directory < 0)
		return child_error(-errno, "%s", path);
	r = fill(&w, exec);
	if (r == 0) {
		r = close_up(w.directory, identity);
		if (r < 0)
			(void)child_error(r, "credentials in %s", path);
	}
	if (r == 0 && memory &&
	    (syscall(SYS_mount_setattr, w.directory, "", AT_EMPTY_PATH, &read_only, sizeof(read_only)) < 0 ||
	     syscall(SYS_move_mount, w.directory, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0))
		r = child_error(-errno, "%s", path);
	fd_close(w.directory);
	return r;
}

int credential_directory(const struct unit *unit, const struct exec_settings *exec,
			 const struct identity *identity, const char **ret_path)
{
	struct stat st;
	char *path;
	int r;

	*ret_path = NULL;
	if (exec->load_credential.count + exec->set_credential.count == 0)
		return 0;
	r = make_directories(EXEC_RELEASE_CREDENTIALS, 0755);
	if (r < 0)
		return child_error(r, EXEC_RELEASE_CREDENTIALS);
	if (asprintf(&path, EXEC_RELEASE_CREDENTIALS "/%s", unit->name) < 0)
		return -ENOMEM;
	/* Closed to its owner for writing: it is the complete one of a process before this. */
	if (lstat(path, &st) < 0 || (st.st_mode & 0777) != 0500)
		r = make(exec, identity, path);
	if (r == 0)
		*ret_path = path;
	return r;
}
