// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Leaves for services in the cgroup v2 tree: see cgroup.h. The kernel's files are the state; nothing
 * is kept here but whether the tree can be used.
 */
#include "supervisor/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"

#define ROOT "/sys/fs/cgroup"
#define SLICE "/system.slice"
#define PATH_SIZE 512
/* pids are read from cgroup.procs in pieces of this size */
#define PROCS_SIZE 4096
/* A container in a container in a container: runtimes nest a few levels below a leaf. */
#define DEPTH_MAX 16

static bool available;

bool cgroup_available(void)
{
	return available;
}

/* Writes "+NAME" for each controller: all in one write, or where that is refused one by one. */
static void enable_controllers(const char *path)
{
	char controllers[512];
	char file[PATH_SIZE];
	char enable[1024];
	struct buf b = BUF(file);
	struct buf all = BUF(enable);
	struct str rest;
	struct str word;
	ssize_t n;

	buf_printf(&b, ROOT "%s/cgroup.controllers", path);
	n = file_read(AT_FDCWD, file, controllers, sizeof(controllers));
	if (n <= 0)
		return;
	b = BUF(file);
	buf_printf(&b, ROOT "%s/cgroup.subtree_control", path);
	for (rest = (struct str){ controllers, (size_t)n }; str_next_word(&rest, &word);)
		buf_printf(&all, "%s+" STR_FORMAT, all.len > 0 ? " " : "", STR_ARGS(word));
	/* Each write waits for an RCU grace period, so one is better than seven. */
	if (all.len == 0 || file_write(AT_FDCWD, file, enable) == 0)
		return;
	/* One controller that refuses (realtime tasks, a v1 user) must not cost the others. */
	for (rest = (struct str){ controllers, (size_t)n }; str_next_word(&rest, &word);) {
		int r;

		buf_clear(&all);
		buf_printf(&all, "+" STR_FORMAT, STR_ARGS(word));
		r = file_write(AT_FDCWD, file, enable);
		if (r < 0)
			log_warning("cgroup %s: controller %s: %s", *path ? path : "/", enable + 1,
				    error_name(r));
	}
}

/*
 * Whether the tree that we see begins where we are. In a container without a cgroup namespace it does
 * not: what looks like the root is the host's, and not ours to arrange.
 */
static bool at_the_root(void)
{
	char text[1024];
	ssize_t n = file_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str line;

	while (str_split(&rest, '\n', &line))
		if (str_starts(line, "0::"))
			return str_is(line, "0::/") || str_is(line, "0::/init.scope");
	return false;
}

int cgroup_setup(void)
{
	struct statfs fs;
	int r;

	available = false;
	if (statfs(ROOT, &fs) < 0)
		return -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC || !at_the_root())
		return -ENOTSUP;
	if ((mkdir(ROOT "/init.scope", 0755) < 0 && errno != EEXIST) ||
	    (mkdir(ROOT SLICE, 0755) < 0 && errno != EEXIST))
		return -errno;
	r = file_write(AT_FDCWD, ROOT "/init.scope/cgroup.procs", "0");
	if (r < 0)
		return r;
	enable_controllers("");
	enable_controllers(SLICE);
	available = true;
	return 0;
}

void cgroup_path(const struct unit *unit, struct buf *ret_path)
{
	buf_add(ret_path, SLICE "/");
	buf_add(ret_path, unit->name);
}

void cgroup_watch_path(const struct unit *unit, struct buf *ret_path)
{
	buf_add(ret_path, ROOT);
	cgroup_path(unit, ret_path);
	buf_add(ret_path, "/cgroup.events");
}

/* @line is FILE=VALUE. */
static void set_attribute(const struct unit *unit, int fd, const char *line)
{
	const char *equals = strchr(line, '=');
	char file[64];
	struct buf b = BUF(file);
	int r;

	buf_add_str(&b, (struct str){ line, (size_t)(equals - line) });
	r = b.overflow ? -ENAMETOOLONG : file_write(fd, file, equals + 1);
	if (r < 0)
		log_warning("%s: %s: %s (is the controller in the kernel?)", unit->name, line,
			    error_name(r));
}

int cgroup_create(const struct unit *unit, int *ret_fd)
{
	const struct text_list *attributes = &unit->cgroup->attributes;
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	_cleanup_fd_ int fd = -1;

	if (!available) {
		*ret_fd = -1;
		return 0;
	}
	buf_add(&b, ROOT);
	cgroup_path(unit, &b);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A leaf left frozen by somebody would swallow the new process. */
	(void)file_write(fd, "cgroup.freeze", "0");
	for (const char *line = text_list_next(attributes, NULL); line;
	     line = text_list_next(attributes, line))
		set_attribute(unit, fd, line);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Children first. What a delegated service made below its leaf goes with it. */
static int remove_below(int at, const char *name, int depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *child;
	int r = depth < DEPTH_MAX ? directory_open(&d, at, name) : -ELOOP;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	while (directory_next(&d, &child) > 0) {
		struct stat st;

		if (fstatat(d.fd, child, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			(void)remove_below(d.fd, child, depth + 1);
	}
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int cgroup_remove(const struct unit *unit)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);

	if (!available)
		return 0;
	buf_add(&b, ROOT);
	cgroup_path(unit, &b);
	return remove_below(AT_FDCWD, path, 0);
}

/* The number behind @key in one of the kernel's "key value" files, or 0. */
static uint64_t flat_value(int fd, const char *file, const char *key)
{
	char text[512];
	struct str rest;
	struct str line;
	ssize_t n = fd < 0 ? -EBADF : file_read(fd, file, text, sizeof(text));

	if (n < 0)
		return 0;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		struct str name;
		uint64_t value;

		if (str_next_word(&line, &name) && str_is(name, key) &&
		    str_to_u64(str_trim(line), &value) == 0)
			return value;
	}
	return 0;
}

bool cgroup_populated(int fd)
{
	return flat_value(fd, "cgroup.events", "populated") != 0;
}

uint64_t cgroup_oom_kills(int fd)
{
	return flat_value(fd, "memory.events", "oom_kill");
}

int cgroup_kill(int fd)
{
	(void)file_write(fd, "cgroup.freeze", "0");
	return file_write(fd, "cgroup.kill", "1");
}

static int signal_below(int at, const char *name, int signal, int depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	_cleanup_fd_ int procs = -1;
	char text[PROCS_SIZE];
	const char *child;
	size_t kept = 0;
	int reached = 0;
	ssize_t n;
	int r = depth < DEPTH_MAX ? directory_open(&d, at, name) : -ELOOP;

	if (r < 0)
		return r;
	procs = openat(d.fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (procs < 0)
		return -errno;
	while ((n = read(procs, text + kept, sizeof(text) - kept)) > 0) {
		struct str rest = { text, kept + (size_t)n };
		struct str line;

		/* A pid cut by the end of the buffer waits for its other half. */
		while (memchr(rest.p, '\n', rest.n) && str_split(&rest, '\n', &line)) {
			uint64_t pid;

			if (str_to_u64(line, &pid) < 0 || pid <= 1)
				continue;
			if (kill((pid_t)pid, signal) == 0) {
				reached++;
				(void)kill((pid_t)pid, SIGCONT);
			}
		}
		memmove(text, rest.p, rest.n);
		kept = rest.n;
	}
	while (directory_next(&d, &child) > 0) {
		struct stat st;

		if (fstatat(d.fd, child, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			continue;
		r = signal_below(d.fd, child, signal, depth + 1);
		reached += r > 0 ? r : 0;
	}
	return reached;
}

int cgroup_signal(int fd, int signal)
{
	(void)file_write(fd, "cgroup.freeze", "0");
	return signal_below(fd, ".", signal, 0);
}

int cgroup_of_process(pid_t pid, char ret_name[static UNIT_NAME_SIZE])
{
	char path[32];
	char text[PATH_SIZE];
	struct buf b = BUF(path);
	struct buf name = buf_init(ret_name, UNIT_NAME_SIZE);
	struct str rest;
	struct str line;
	ssize_t n;

	buf_printf(&b, "/proc/%d/cgroup", pid);
	n = file_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return -ESRCH;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		static const char prefix[] = "0::" SLICE "/";
		struct str part;

		if (!str_starts(line, prefix))
			continue;
		line = (struct str){ line.p + sizeof(prefix) - 1, line.n - sizeof(prefix) + 1 };
		if (!str_split(&line, '/', &part))
			return -ENOENT;
		/* A leaf that was removed meanwhile is shown as "NAME (deleted)". */
		if (str_ends(part, " (deleted)"))
			part.n -= sizeof(" (deleted)") - 1;
		buf_add_str(&name, part);
		return name.overflow ? -ENOENT : 0;
	}
	return -ENOENT;
}
