// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making a service's directories: see exec_directory.h. Nothing here trusts what it finds: owners are
 * changed through descriptors that were opened without following links.
 */
#include "supervisor/exec_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/exec_release.h"
#include "supervisor/user.h"

#define PATH_SIZE 4096
/* Deeper trees have been made to hurt who walks them. */
#define DEPTH_MAX 64

static const struct {
	const char *top;
	const char *variable;
} types[EXEC_DIRECTORY_COUNT] = {
	[EXEC_DIRECTORY_RUNTIME] = { "/run", "RUNTIME_DIRECTORY" },
	[EXEC_DIRECTORY_STATE] = { "/var/lib", "STATE_DIRECTORY" },
	[EXEC_DIRECTORY_CACHE] = { "/var/cache", "CACHE_DIRECTORY" },
	[EXEC_DIRECTORY_LOGS] = { "/var/log", "LOGS_DIRECTORY" },
	[EXEC_DIRECTORY_CONFIGURATION] = { "/etc", "CONFIGURATION_DIRECTORY" },
};

/* NAME[:SYMLINK[:FLAGS]] */
struct item {
	struct str name;
	struct str link;
	bool read_only;
};

static struct item split(const char *text)
{
	struct str rest = str_from(text);
	struct item item = { 0 };
	struct str flags;

	(void)str_split(&rest, ':', &item.name);
	(void)str_split(&rest, ':', &item.link);
	item.read_only = str_split(&rest, ':', &flags) && str_is(flags, "ro");
	return item;
}

bool exec_directory_private(const struct exec_settings *exec, enum exec_directory type)
{
	if (type == EXEC_DIRECTORY_CONFIGURATION || !exec_has(exec, EXEC_FLAG_DYNAMIC_USER))
		return false;
	return type != EXEC_DIRECTORY_RUNTIME || exec->runtime_directory_preserve != PRESERVE_NO;
}

void exec_directory_path(enum exec_directory type, const char *item, bool private, struct buf *ret_path)
{
	buf_printf(ret_path, "%s%s/" STR_FORMAT, types[type].top, private ? "/private" : "",
		   STR_ARGS(split(item).name));
}

static int give(int fd, const struct identity *identity)
{
	return fchown(fd, identity->uid, identity->gid) < 0 ? -errno : 0;
}

/* Owners of everything below, links themselves and not what they lead to; other file systems stay. */
static int give_below(int at, dev_t device, const struct identity *identity, int depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *name;
	int r = depth < DEPTH_MAX ? directory_open(&d, at, ".") : -ELOOP;
	int found;

	while (r == 0 && (found = directory_next(&d, &name)) != 0) {
		_cleanup_fd_ int fd = -1;
		struct stat st;

		if (found < 0)
			return found;
		if (fstatat(d.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
			continue;
		if (S_ISDIR(st.st_mode)) {
			fd = openat(d.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			r = fd < 0 ? -errno : give_below(fd, device, identity, depth + 1);
			if (r == 0)
				r = give(fd, identity);
		} else if (fchownat(d.fd, name, identity->uid, identity->gid, AT_SYMLINK_NOFOLLOW) < 0) {
			r = -errno;
		}
	}
	return r;
}

/* Mode and owner, and where the owner was another, those of the whole tree. */
static int set_owner(const char *path, mode_t mode, const struct identity *identity)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return child_error(-errno, "%s", path);
	if (identity->uid != USER_NONE && (st.st_uid != identity->uid || st.st_gid != identity->gid)) {
		r = give_below(fd, st.st_dev, identity, 0);
		if (r == 0)
			r = give(fd, identity);
	}
	/* Behind chown(2), which clears set-id bits. */
	if (r == 0 && (st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		r = -errno;
	return r < 0 ? child_error(r, "%s", path) : 0;
}

static int make_parents(const char *path, mode_t mode)
{
	char parent[PATH_SIZE];
	struct buf b = BUF(parent);
	const char *slash = strrchr(path, '/');

	buf_add_str(&b, (struct str){ path, (size_t)(slash - path) });
	if (b.overflow)
		return -ENAMETOOLONG;
	return b.len == 0 ? 0 : make_directories(parent, mode);
}

/* A link with that target, whatever link was there; anything else stays and is an error. */
static int make_link(const char *target, const char *path)
{
	char there[PATH_SIZE];
	ssize_t n = readlink(path, there, sizeof(there));
	int r = make_parents(path, 0755);

	if (r < 0)
		return r;
	if (n == (ssize_t)strlen(target) && memcmp(there, target, (size_t)n) == 0)
		return 0;
	if (n >= 0 && unlink(path) < 0)
		return -errno;
	return symlink(target, path) < 0 ? -errno : 0;
}

/* The way from the place of the link to its target, so that it holds in another root too. */
static int link_to(enum exec_directory type, const struct item *item, struct str link, bool private)
{
	char path[PATH_SIZE];
	char target[PATH_SIZE];
	struct buf p = BUF(path);
	struct buf t = BUF(target);
	int r;

	buf_printf(&p, "%s/" STR_FORMAT, types[type].top, STR_ARGS(link));
	for (size_t i = 0; i < link.n; i++)
		if (link.p[i] == '/')
			buf_add(&t, "../");
	buf_printf(&t, "%s" STR_FORMAT, private ? "private/" : "", STR_ARGS(item->name));
	if (p.overflow || t.overflow)
		return -ENAMETOOLONG;
	r = make_link(target, path);
	return r < 0 ? child_error(r, "link %s", path) : 0;
}

/* A directory from before or after DynamicUser= was set moves to where it is looked for now. */
static int move_over(enum exec_directory type, const char *text, bool private)
{
	char from[PATH_SIZE];
	char to[PATH_SIZE];
	struct buf f = BUF(from);
	struct buf t = BUF(to);
	struct stat st;
	int r;

	exec_directory_path(type, text, !private, &f);
	exec_directory_path(type, text, private, &t);
	if (f.overflow || t.overflow)
		return -ENAMETOOLONG;
	if (lstat(from, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (lstat(to, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return 0;
		if (unlink(to) < 0)
			return -errno;
	}
	r = make_parents(to, 0755);
	return r < 0 ? r : rename(from, to) < 0 ? -errno : 0;
}

/* Not inlined: a service without directories shall not touch the pages of its frame. */
__attribute__((noinline)) static int setup_one(const struct exec_settings *exec,
					       enum exec_directory type, const char *text,
					       const struct identity *identity)
{
	static const struct identity nobody = { .uid = USER_NONE, .gid = USER_NONE };
	bool private = exec_directory_private(exec, type);
	struct item item = split(text);
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	bool configuration = type == EXEC_DIRECTORY_CONFIGURATION;
	int r;

	exec_directory_path(type, text, private, &b);
	if (b.overflow)
		return child_error(-ENAMETOOLONG, "%s", text);
	if (private) {
		char closed[64];
		struct buf c = BUF(closed);

		buf_printf(&c, "%s/private", types[type].top);
		r = make_directories(closed, 0700);
		/* Mind that the mode holds where somebody made it with another. */
		if (r == 0 && chmod(closed, 0700) < 0)
			r = -errno;
		if (r < 0)
			return child_error(r, "%s", closed);
	}
	r = configuration ? 0 : move_over(type, text, private);
	if (r == 0)
		r = make_parents(path, 0755);
	if (r == 0 && mkdir(path, exec->directory_modes[type]) < 0)
		r = errno == EEXIST ? 0 : -errno;
	if (r < 0)
		return child_error(r, "%s", path);
	if (private)
		r = link_to(type, &item, item.name, true);
	if (r == 0 && item.link.n > 0)
		r = link_to(type, &item, item.link, private);
	/* What configures the service is not its own to change: it stays root's, as in systemd. */
	return r < 0 ? r
		     : set_owner(path, exec->directory_modes[type],
				 configuration || item.read_only ? &nobody : identity);
}

int exec_directory_setup(const struct unit *unit, const struct exec_settings *exec,
			 enum exec_directory type, const struct identity *identity)
{
	const struct text_list *list = &exec->directories[type];
	struct identity owner = { .uid = identity->uid, .gid = identity->gid };
	int r = 0;

	(void)unit;
	/* Without User= they are root's. */
	if (owner.uid == USER_NONE)
		owner.uid = 0;
	if (owner.gid == USER_NONE)
		owner.gid = 0;
	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item))
		r = setup_one(exec, type, item, &owner);
	return r;
}

int exec_directory_environment(const struct exec_settings *exec, struct strings *environment)
{
	int r = 0;

	for (int type = 0; r == 0 && type < EXEC_DIRECTORY_COUNT; type++) {
		const struct text_list *list = &exec->directories[type];
		char *text = NULL;
		size_t size;
		FILE *out;

		if (list->count == 0)
			continue;
		out = open_memstream(&text, &size);
		if (!out)
			return -ENOMEM;
		for (const char *item = text_list_next(list, NULL); item;
		     item = text_list_next(list, item)) {
			char path[PATH_SIZE];
			struct buf b = BUF(path);

			exec_directory_path((enum exec_directory)type, item,
					    exec_directory_private(exec, (enum exec_directory)type),
					    &b);
			fprintf(out, "%s%s", item == list->first ? "" : ":", path);
		}
		if (fclose(out) != 0)
			return -ENOMEM;
		r = strings_set(environment, str_from(types[type].variable), str_from(text));
	}
	return r;
}

/* ---- PrivateTmp= ---- */

/*
 * The directory below @top that the unit has already, or a new one. The name is random, as others may
 * write there, and kept as the target of a link in /run, where only root may.
 */
static int private_tmp(const struct unit *unit, const char *top, const char *kind, const char **ret_path)
{
	char link[PATH_SIZE];
	char path[PATH_SIZE];
	struct buf l = BUF(link);
	struct buf p = BUF(path);
	char *tmp;
	ssize_t n;
	int r = make_directories(EXEC_RELEASE_PRIVATE_TMP, 0700);

	if (r < 0)
		return child_error(r, EXEC_RELEASE_PRIVATE_TMP);
	exec_release_tmp_link(unit, kind, &l);
	buf_printf(&p, "%s/orlop-private-%s-XXXXXX", top, unit->name);
	if (l.overflow || p.overflow)
		return child_error(-ENAMETOOLONG, "%s", top);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0) {
		if (!mkdtemp(path))
			return child_error(-errno, "%s", path);
		/* Two processes of the unit at once: the second takes what the first has made. */
		if (symlink(path, link) < 0) {
			r = -errno;
			(void)rmdir(path);
			n = r == -EEXIST ? readlink(link, path, sizeof(path) - 1) : -1;
			if (n < 0)
				return child_error(r, "%s", link);
			path[n] = '\0';
		}
	} else {
		path[n] = '\0';
	}
	if (asprintf(&tmp, "%s/tmp", path) < 0)
		return -ENOMEM;
	if (mkdir(tmp, 0777) < 0) {
		/* Somebody who cleans up /tmp took it away below the unit: it gets a new one. */
		if (errno == ENOENT && unlink(link) == 0)
			return private_tmp(unit, top, kind, ret_path);
		if (errno != EEXIST)
			return child_error(-errno, "%s", tmp);
	} else if (chmod(tmp, 01777) < 0) {
		return child_error(-errno, "%s", tmp);
	}
	*ret_path = tmp;
	return 0;
}

int private_tmp_setup(const struct unit *unit, const char **ret_tmp, const char **ret_var_tmp)
{
	struct stat tmp;
	struct stat var_tmp;
	const char *second = NULL;
	int r = private_tmp(unit, "/tmp", "tmp", ret_tmp);

	if (r < 0)
		return r;
	if (stat("/tmp", &tmp) == 0 && stat("/var/tmp", &var_tmp) == 0 &&
	    (tmp.st_dev != var_tmp.st_dev || tmp.st_ino != var_tmp.st_ino))
		r = private_tmp(unit, "/var/tmp", "var-tmp", &second);
	*ret_var_tmp = second;
	return r;
}
