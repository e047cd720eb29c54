// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Leaves for services in the cgroup v2 tree: see cgroup.h. The kernel's files are the state; nothing
 * is kept here but whether the tree can be used. What is written into a leaf is in cgroup_settings.c.
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
#include "supervisor/process.h"

#define ROOT "/sys/fs/cgroup"
#define DEFAULT_SLICE "system.slice"
#define PATH_SIZE 512
/* pids are read from cgroup.procs in pieces of this size */
#define PROCS_SIZE 4096
/* A container in a container in a container: runtimes nest a few levels below a leaf. */
#define DEPTH_MAX 16
/* Looks at a leaf that does not go at once; each costs a few microseconds of PID 1's time. */
#define REMOVE_TRIES 3

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
	    (mkdir(ROOT "/" DEFAULT_SLICE, 0755) < 0 && errno != EEXIST))
		return -errno;
	r = file_write(AT_FDCWD, ROOT "/init.scope/cgroup.procs", "0");
	if (r < 0)
		return r;
	enable_controllers("");
	enable_controllers("/" DEFAULT_SLICE);
	available = true;
	return 0;
}

/* a-b.slice lies in a.slice; "-.slice" is the root (systemd.slice(5)). */
static void slice_path(const char *slice, struct buf *ret_path)
{
	size_t end = strlen(slice);

	if (end > sizeof(".slice") - 1 && str_ends(str_from(slice), ".slice"))
		end -= sizeof(".slice") - 1;
	if (end == 1 && slice[0] == '-')
		return;
	for (size_t i = 1; i <= end; i++)
		if (i == end || slice[i] == '-')
			buf_printf(ret_path, "/%.*s.slice", (int)i, slice);
}

void cgroup_path(const struct unit *unit, struct buf *ret_path)
{
	slice_path(unit->cgroup && unit->cgroup->slice ? unit->cgroup->slice : DEFAULT_SLICE, ret_path);
	buf_add(ret_path, "/");
	buf_add(ret_path, unit->name);
}

void cgroup_watch_path(const struct unit *unit, struct buf *ret_path)
{
	buf_add(ret_path, ROOT);
	cgroup_path(unit, ret_path);
	buf_add(ret_path, "/cgroup.events");
}

/* Makes the slices on the way to the leaf, with their controllers, where they are not there yet. */
static int make_slices(char *path)
{
	for (char *slash = strchr(path + sizeof(ROOT), '/'); slash; slash = strchr(slash + 1, '/')) {
		int r = 0;

		*slash = '\0';
		if (mkdir(path, 0755) == 0)
			enable_controllers(path + sizeof(ROOT) - 1);
		else if (errno != EEXIST)
			r = -errno;
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_create(const struct unit *unit, int *ret_fd)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	_cleanup_fd_ int fd = -1;
	int r;

	if (!available) {
		*ret_fd = -1;
		return 0;
	}
	buf_add(&b, ROOT);
	cgroup_path(unit, &b);
	if (b.overflow)
		return -ENAMETOOLONG;
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		if (errno != ENOENT)
			return -errno;
		r = make_slices(path);
		if (r < 0)
			return r;
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A leaf left frozen by somebody would swallow the new process. */
	(void)file_write(fd, "cgroup.freeze", "0");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int cgroup_open_place(const struct unit *unit, int fd, bool control, int *ret_fd)
{
	const char *name = control ? ".control" : unit->cgroup->delegate_subgroup;
	int place;

	/*
	 * Who has been delegated a cgroup may have made groups in it, and then no process can be in the
	 * leaf itself: control processes get a group of their own.
	 */
	if (!unit->cgroup->delegate || !name)
		return 0;
	if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	place = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return -errno;
	*ret_fd = place;
	return 1;
}

/* Children first. What a delegated service made below its leaf goes with it. */
static int remove_below(int at, const char *name, int depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *child;
	int r = depth < DEPTH_MAX ? directory_open(&d, at, name) : -ELOOP;

	if (r < 0)
		return r == -ENOENT || r == -ENODEV ? 0 : r;
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
	int r = 0;

	if (!available)
		return 0;
	buf_add(&b, ROOT);
	cgroup_path(unit, &b);
	/*
	 * EBUSY: somebody has made a group in it between our look and our rmdir. ENODEV: a group has gone
	 * while we looked into it, by another hand. Both are over at the next look, unless processes live there.
	 */
	for (int i = 0; i < REMOVE_TRIES; i++) {
		r = remove_below(AT_FDCWD, path, 0);
		if (r != -EBUSY && r != -ENODEV)
			break;
	}
	return r;
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

			if (str_to_u64(line, &pid) < 0 || pid > INT32_MAX)
				continue;
			if (process_kill((pid_t)pid, signal) == 0) {
				reached++;
				(void)process_kill((pid_t)pid, SIGCONT);
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

/* The first part of the path that is not a slice. */
static bool unit_part(struct str path, struct str *ret_part)
{
	while (str_split(&path, '/', ret_part))
		if (ret_part->n > 0 && !str_ends(*ret_part, ".slice"))
			return true;
	return false;
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
		static const char prefix[] = "0::/";
		struct str part;

		if (!str_starts(line, prefix))
			continue;
		line = (struct str){ line.p + sizeof(prefix) - 1, line.n - sizeof(prefix) + 1 };
		if (!unit_part(line, &part) || str_is(part, "init.scope"))
			return -ENOENT;
		/* A leaf that was removed meanwhile is shown as "NAME (deleted)". */
		if (str_ends(part, " (deleted)"))
			part.n -= sizeof(" (deleted)") - 1;
		buf_add_str(&name, part);
		return name.overflow ? -ENOENT : 0;
	}
	return -ENOENT;
}
