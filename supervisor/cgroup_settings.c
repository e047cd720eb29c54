// SPDX-License-Identifier: MIT OR Apache-2.0
/* Filling in a cgroup: see cgroup_settings.h. */
#include "supervisor/cgroup_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/child_error.h"
#include "supervisor/device_policy.h"
#include "supervisor/user.h"

#define LINE_SIZE 256

/* Hundredths of a percent: systemd takes two digits behind the point. */
static int parse_percent(struct str value, uint64_t *ret_permyriad)
{
	struct str whole;
	uint64_t number;
	uint64_t fraction = 0;

	value.n--;
	(void)str_split(&value, '.', &whole);
	if (str_to_u64(whole, &number) < 0 || number > 100 || value.n > 2 ||
	    (value.n > 0 && str_to_u64(value, &fraction) < 0))
		return -EINVAL;
	number = number * 100 + (value.n == 1 ? fraction * 10 : fraction);
	if (number > 10000)
		return -EINVAL;
	*ret_permyriad = number;
	return 0;
}

int cgroup_percent(struct str file, struct str value, const struct cgroup_totals *totals,
		   struct buf *ret_value)
{
	uint64_t total = str_starts(file, "pids.") ? totals->tasks : totals->memory;
	uint64_t part;

	if (!str_ends(value, "%")) {
		buf_add_str(ret_value, value);
		return ret_value->overflow ? -EINVAL : 0;
	}
	if (parse_percent(value, &part) < 0)
		return -EINVAL;
	buf_printf(ret_value, "%llu", (unsigned long long)((unsigned __int128)total * part / 10000));
	return ret_value->overflow ? -EINVAL : 0;
}

static uint64_t number_in(const char *path, uint64_t otherwise)
{
	char text[64];
	uint64_t number;
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));

	if (n <= 0 || str_to_u64(str_trim((struct str){ text, (size_t)n - 1 }), &number) < 0)
		return otherwise;
	return number;
}

/* The machine's, or what the cgroup of a container leaves of it. */
static struct cgroup_totals read_totals(void)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	uint64_t threads = number_in("/proc/sys/kernel/threads-max", UINT64_MAX);
	struct cgroup_totals totals = {
		.memory = pages * (uint64_t)sysconf(_SC_PAGESIZE),
		.tasks = number_in("/proc/sys/kernel/pid_max", 32768),
	};
	uint64_t limit = number_in("/sys/fs/cgroup/memory.max", totals.memory);

	totals.memory = limit < totals.memory ? limit : totals.memory;
	totals.tasks = threads < totals.tasks ? threads : totals.tasks;
	limit = number_in("/sys/fs/cgroup/pids.max", totals.tasks);
	totals.tasks = limit < totals.tasks ? limit : totals.tasks;
	return totals;
}

/* @item is FILE=VALUE. */
static void set_attribute(const struct unit *unit, int fd, const char *item)
{
	char file[64];
	char value[LINE_SIZE];
	struct buf f = BUF(file);
	struct buf v = BUF(value);
	struct str rest = str_from(item);
	struct str name;
	struct cgroup_totals totals = { 0 };
	int r;

	(void)str_split(&rest, '=', &name);
	buf_add_str(&f, name);
	if (str_ends(rest, "%"))
		totals = read_totals();
	r = f.overflow ? -EINVAL : cgroup_percent(name, rest, &totals, &v);
	if (r == 0)
		r = file_write(fd, file, value);
	if (r < 0)
		log_warning("%s: %s: %s (is the controller in the kernel?)", unit->name, item,
			    error_name(r));
}

/* ---- devices ---- */

/* The disk that a partition is of, or the only one below a mapped device: that is what schedules. */
static dev_t underlying(dev_t device)
{
	/* Encryption on LVM on a partition is three steps; more is a loop. */
	for (int depth = 0; depth < 8; depth++) {
		_cleanup_directory_ struct directory d = { .fd = -1 };
		char path[128];
		char below[64 + DIRECTORY_NAME_SIZE];
		char text[32];
		struct buf b = BUF(path);
		struct str rest;
		struct str part;
		uint64_t number[2];
		const char *name;
		ssize_t n;

		buf_printf(&b, "/sys/dev/block/%u:%u/partition", major(device), minor(device));
		if (access(path, F_OK) == 0) {
			buf_clear(&b);
			buf_printf(&b, "/sys/dev/block/%u:%u/../dev", major(device), minor(device));
		} else {
			struct buf c = BUF(below);

			buf_clear(&b);
			buf_printf(&b, "/sys/dev/block/%u:%u/slaves", major(device), minor(device));
			if (directory_open(&d, AT_FDCWD, path) < 0 || directory_next(&d, &name) <= 0)
				return device;
			buf_add(&c, name);
			if (directory_next(&d, &name) > 0)
				return device;
			buf_printf(&b, "/%s/dev", below);
		}
		n = b.overflow ? -1 : file_read(AT_FDCWD, path, text, sizeof(text));
		rest = str_trim((struct str){ text, n > 0 ? (size_t)n - 1 : 0 });
		if (!str_split(&rest, ':', &part) || str_to_u64(part, &number[0]) < 0 ||
		    str_to_u64(rest, &number[1]) < 0)
			return device;
		device = makedev((unsigned)number[0], (unsigned)number[1]);
	}
	return device;
}

/* @item is FILE=PATH VALUE: a device node, or any file, then the device of its file system is meant. */
static void set_io_device(const struct unit *unit, int fd, const char *item)
{
	char file[64];
	char path[4096];
	char line[LINE_SIZE];
	struct buf f = BUF(file);
	struct buf p = BUF(path);
	struct buf l = BUF(line);
	struct str rest = str_from(item);
	struct str part;
	struct stat st;
	dev_t device;
	int r = 0;

	(void)str_split(&rest, '=', &part);
	buf_add_str(&f, part);
	if (!str_next_word(&rest, &part))
		return;
	buf_add_str(&p, part);
	if (f.overflow || p.overflow)
		r = -ENAMETOOLONG;
	else if (stat(path, &st) < 0)
		r = -errno;
	else if (S_ISBLK(st.st_mode))
		r = 0;
	else if (major(st.st_dev) == 0)
		r = -ENODEV;
	if (r == 0) {
		device = underlying(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
		rest = str_trim(rest);
		buf_printf(&l, "%u:%u " STR_FORMAT, major(device), minor(device), STR_ARGS(rest));
		r = l.overflow ? -E2BIG : file_write(fd, file, line);
	}
	if (r < 0)
		log_warning("%s: %s: %s", unit->name, item, error_name(r));
}

/* ---- delegation ---- */

/* What a user needs to make and fill groups below (cgroup v2, "Delegation Containment"). */
static int give_to(int directory, const struct identity *identity)
{
	static const struct {
		const char *name;
		bool needed;
	} files[] = {
		{ "cgroup.procs", true },    { "cgroup.subtree_control", true },
		{ "cgroup.threads", false }, { "memory.oom.group", false },
		{ "memory.reclaim", false },
	};

	if (fchown(directory, identity->uid, identity->gid) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (fchownat(directory, files[i].name, identity->uid, identity->gid, 0) < 0 &&
		    files[i].needed)
			return -errno;
	return 0;
}

static int delegate(const struct unit *unit, const struct identity *identity, int fd)
{
	const char *subgroup = unit->cgroup->delegate_subgroup;
	int r;

	if (identity->uid == USER_NONE || identity->uid == 0)
		return 0;
	r = give_to(fd, identity);
	if (r == 0 && subgroup) {
		_cleanup_fd_ int below = openat(fd, subgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (below >= 0)
			r = give_to(below, identity);
	}
	return r < 0 ? child_error(r, "delegation of the cgroup") : 0;
}

int cgroup_settings_apply(const struct unit *unit, const struct exec_settings *exec,
			  const struct identity *identity, int fd)
{
	const struct cgroup_settings *s = unit->cgroup;
	const struct text_list *list = &s->attributes;
	int r;

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		set_attribute(unit, fd, item);
	list = &s->io_device;
	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		set_io_device(unit, fd, item);
	if (s->oom_policy == OOM_POLICY_KILL)
		(void)file_write(fd, "memory.oom.group", "1");
	if (device_policy_wanted(s, exec)) {
		r = device_policy_apply(s, exec, fd);
		if (r < 0)
			log_warning("%s: DevicePolicy= has no effect: %s", unit->name, error_name(r));
	}
	return s->delegate ? delegate(unit, identity, fd) : 0;
}
