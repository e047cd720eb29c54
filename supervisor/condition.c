// SPDX-License-Identifier: MIT OR Apache-2.0
/* The logic of conditions, and those about paths: see condition.h. What the host is like is condition_host.c's. */
#include "supervisor/condition.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/condition_test.h"
#include "supervisor/unit_directive.h"
#include "supervisor/worker.h"

#define PATH_SIZE 512
/* Parts of a path with wildcards in them; each costs a directory's buffer on the stack. */
#define GLOB_DEPTH_MAX 4
/* Devices under a device: a LUKS volume on LVM on RAID. */
#define DEVICE_DEPTH_MAX 4
/* A disk that works answers in a fraction of it. */
#define ANSWER_TIMEOUT_MS 2000

int condition_path(const char *root, const char *path, struct buf *ret_path)
{
	buf_printf(ret_path, "%s%s", root, path);
	return ret_path->overflow ? -ENAMETOOLONG : 0;
}

ssize_t condition_read(const char *root, const char *path, char *text, size_t size)
{
	char full[PATH_SIZE];
	struct buf b = BUF(full);
	int r = condition_path(root, path, &b);

	return r < 0 ? r : file_read(AT_FDCWD, full, text, size);
}

bool condition_exists(const char *root, const char *path)
{
	char full[256];
	struct buf b = BUF(full);

	return condition_path(root, path, &b) == 0 && access(full, F_OK) == 0;
}

bool condition_first_line(const char *root, const char *path, char *text, size_t size,
			  struct str *ret_line)
{
	ssize_t n = condition_read(root, path, text, size);
	struct str rest = { text, n > 0 ? (size_t)n : 0 };

	return n > 0 && str_split(&rest, '\n', ret_line);
}

static int status_of(const char *argument, const char *root, int flags, struct stat *ret_status)
{
	char full[PATH_SIZE];
	struct buf b = BUF(full);
	int r = condition_path(root, argument, &b);

	if (r < 0)
		return r;
	return fstatat(AT_FDCWD, full, ret_status, flags) < 0 ? -errno : 0;
}

static int test_exists(const char *argument, const char *root)
{
	struct stat st;

	return status_of(argument, root, 0, &st) == 0;
}

/*
 * Whether anything matches the pattern @rest below the path in @path, which is left as it was. Names that begin
 * with a point must be named so (glob(7)).
 */
static int glob_below(struct buf *path, const char *rest, int depth)
{
	_cleanup_directory_ struct directory directory = { .fd = -1 };
	size_t length;
	const char *end;
	char pattern[DIRECTORY_NAME_SIZE];
	struct buf p = BUF(pattern);
	const char *name;
	int r = 0;

	/* Up to the first part with a wildcard there is nothing to look for. */
	for (;;) {
		rest += strspn(rest, "/");
		end = strchrnul(rest, '/');
		if (*rest == '\0')
			return faccessat(AT_FDCWD, path->p, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		if (strcspn(rest, "*?[\\") < (size_t)(end - rest))
			break;
		buf_add_char(path, '/');
		buf_add_str(path, (struct str){ rest, (size_t)(end - rest) });
		if (path->overflow)
			return -ENAMETOOLONG;
		rest = end;
	}
	buf_add_str(&p, (struct str){ rest, (size_t)(end - rest) });
	if (p.overflow || depth == GLOB_DEPTH_MAX)
		return -ENAMETOOLONG;
	if (directory_open(&directory, AT_FDCWD, path->len > 0 ? path->p : "/") < 0)
		return 0;
	length = path->len;
	while (r == 0 && directory_next(&directory, &name) > 0) {
		if (fnmatch(pattern, name, FNM_PERIOD) != 0)
			continue;
		buf_printf(path, "/%s", name);
		r = path->overflow ? -ENAMETOOLONG : glob_below(path, end, depth + 1);
		path->len = length;
		path->p[length] = '\0';
		path->overflow = false;
	}
	return r;
}

static int test_exists_glob(const char *argument, const char *root)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);

	buf_add(&b, root);
	return b.overflow ? -ENAMETOOLONG : glob_below(&b, argument, 0);
}

static int test_is_directory(const char *argument, const char *root)
{
	struct stat st;

	return status_of(argument, root, 0, &st) == 0 && S_ISDIR(st.st_mode);
}

static int test_is_symbolic_link(const char *argument, const char *root)
{
	struct stat st;

	return status_of(argument, root, AT_SYMLINK_NOFOLLOW, &st) == 0 && S_ISLNK(st.st_mode);
}

static int test_is_mount_point(const char *argument, const char *root)
{
	char full[PATH_SIZE];
	struct buf b = BUF(full);
	struct statx stx;

	if (condition_path(root, argument, &b) < 0 ||
	    statx(AT_FDCWD, full, AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0)
		return 0;
	return (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* As in systemd, only a file system that is known to be read-only is not writable. */
static int test_is_read_write(const char *argument, const char *root)
{
	char full[PATH_SIZE];
	struct buf b = BUF(full);
	struct statvfs st;

	if (condition_path(root, argument, &b) < 0 || statvfs(full, &st) < 0)
		return 1;
	return !(st.f_flag & ST_RDONLY) && !(access(full, W_OK) < 0 && errno == EROFS);
}

/* A device that dm-crypt made, or one all of whose devices below are. */
static int device_is_encrypted(const char *root, const char *directory, int depth)
{
	_cleanup_directory_ struct directory slaves = { .fd = -1 };
	char path[PATH_SIZE];
	char uuid[160];
	struct buf b = BUF(path);
	const char *name;
	int all = 0;

	buf_printf(&b, "%s/dm/uuid", directory);
	if (!b.overflow && condition_read(root, path, uuid, sizeof(uuid)) > 0 &&
	    str_starts(str_from(uuid), "CRYPT-"))
		return 1;
	b = BUF(path);
	buf_printf(&b, "%s%s/slaves", root, directory);
	if (b.overflow || depth == DEVICE_DEPTH_MAX || directory_open(&slaves, AT_FDCWD, path) < 0)
		return 0;
	while (directory_next(&slaves, &name) > 0) {
		b = BUF(path);
		buf_printf(&b, "%s/slaves/%s", directory, name);
		if (b.overflow || device_is_encrypted(root, path, depth + 1) <= 0)
			return 0;
		all = 1;
	}
	return all;
}

static int test_is_encrypted(const char *argument, const char *root)
{
	char directory[64];
	struct buf b = BUF(directory);
	struct stat st;
	int r = status_of(argument, root, 0, &st);

	if (r < 0)
		return r;
	buf_printf(&b, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	return device_is_encrypted(root, directory, 0);
}

static int test_directory_not_empty(const char *argument, const char *root)
{
	_cleanup_directory_ struct directory directory = { .fd = -1 };
	char full[PATH_SIZE];
	struct buf b = BUF(full);
	const char *name;

	if (condition_path(root, argument, &b) < 0 || directory_open(&directory, AT_FDCWD, full) < 0)
		return 0;
	return directory_next(&directory, &name) > 0;
}

static int test_file_not_empty(const char *argument, const char *root)
{
	struct stat st;

	return status_of(argument, root, 0, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static int test_file_is_executable(const char *argument, const char *root)
{
	struct stat st;

	return status_of(argument, root, 0, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
}

/* Whether /usr is newer than the last time that /etc or /var were brought up to it. */
static int test_needs_update(const char *argument, const char *root)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	struct stat usr;
	struct stat updated;

	if (!test_is_read_write(argument, root))
		return 0;
	buf_printf(&b, "%s/.updated", argument);
	if (b.overflow || status_of("/usr/", root, 0, &usr) < 0 ||
	    status_of(path, root, 0, &updated) < 0)
		return 1;
	if (usr.st_mtim.tv_sec != updated.st_mtim.tv_sec)
		return usr.st_mtim.tv_sec > updated.st_mtim.tv_sec;
	return usr.st_mtim.tv_nsec > updated.st_mtim.tv_nsec;
}

static condition_fn *const tests[CONDITION_TYPE_COUNT] = {
	[CONDITION_PATH_EXISTS] = test_exists,
	[CONDITION_PATH_EXISTS_GLOB] = test_exists_glob,
	[CONDITION_PATH_IS_DIRECTORY] = test_is_directory,
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = test_is_symbolic_link,
	[CONDITION_PATH_IS_MOUNT_POINT] = test_is_mount_point,
	[CONDITION_PATH_IS_READ_WRITE] = test_is_read_write,
	[CONDITION_PATH_IS_ENCRYPTED] = test_is_encrypted,
	[CONDITION_DIRECTORY_NOT_EMPTY] = test_directory_not_empty,
	[CONDITION_FILE_NOT_EMPTY] = test_file_not_empty,
	[CONDITION_FILE_IS_EXECUTABLE] = test_file_is_executable,
	[CONDITION_KERNEL_COMMAND_LINE] = test_kernel_command_line,
	[CONDITION_KERNEL_VERSION] = test_kernel_version,
	[CONDITION_KERNEL_MODULE_LOADED] = test_kernel_module,
	[CONDITION_ARCHITECTURE] = test_architecture,
	[CONDITION_VIRTUALIZATION] = test_virtualization,
	[CONDITION_FIRMWARE] = test_firmware,
	[CONDITION_HOST] = test_host,
	[CONDITION_SECURITY] = test_security,
	[CONDITION_CAPABILITY] = test_capability,
	[CONDITION_AC_POWER] = test_ac_power,
	[CONDITION_USER] = test_user,
	[CONDITION_GROUP] = test_group,
	[CONDITION_CONTROL_GROUP_CONTROLLER] = test_controllers,
	[CONDITION_MEMORY] = test_memory,
	[CONDITION_CPUS] = test_cpus,
	[CONDITION_CPU_FEATURE] = test_cpu_feature,
	[CONDITION_ENVIRONMENT] = test_environment,
	[CONDITION_FIRST_BOOT] = test_first_boot,
	[CONDITION_NEEDS_UPDATE] = test_needs_update,
	[CONDITION_OS_RELEASE] = test_os_release,
	[CONDITION_MEMORY_PRESSURE] = test_memory_pressure,
	[CONDITION_CPU_PRESSURE] = test_cpu_pressure,
	[CONDITION_IO_PRESSURE] = test_io_pressure,
};

/* Whether the file system that the condition asks about may be one that does not answer: none in memory, nor the root. */
static bool may_hang(const struct condition *c, const char *root)
{
	static const char *const prompt[] = { "/proc/", "/sys/", "/dev/", "/run/",
					      "/etc/",	"/usr/", "/tmp/" };

	if (*root || (c->type > CONDITION_FILE_IS_EXECUTABLE && c->type != CONDITION_NEEDS_UPDATE))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(prompt); i++)
		if (str_starts(str_from(c->argument), prompt[i]))
			return false;
	return true;
}

/* A child asks, and PID 1 waits for a moment only. */
static int ask_in_child(const struct condition *c, const char *root)
{
	struct worker worker = WORKER_NONE;
	struct pollfd answered = { .events = POLLIN };
	int answer;
	int r = worker_fork(NULL, 0, &worker);

	if (r < 0)
		return r;
	if (r == 1) {
		answer = tests[c->type](c->argument, root);
		(void)worker_send(&answer, sizeof(answer), NULL, 0);
		_exit(EXIT_SUCCESS);
	}
	answered.fd = worker.result_fd;
	if (poll(&answered, 1, ANSWER_TIMEOUT_MS) > 0)
		return worker_result(&worker, &answer, sizeof(answer), NULL) < 0 ? -EIO : answer;
	worker_abandon(&worker);
	log_warning("%s=%s: no answer from the file system within %d s; taken as not met",
		    condition_name(c), c->argument, ANSWER_TIMEOUT_MS / 1000);
	return -ETIMEDOUT;
}

static bool is_met(const struct condition *c, const char *root)
{
	int r = -EINVAL;

	if (c->type < CONDITION_TYPE_COUNT)
		r = may_hang(c, root) ? ask_in_child(c, root) : tests[c->type](c->argument, root);
	return r >= 0 && (r > 0) != c->negate;
}

/* Return: the one that is not met and decides, or NULL when all is well. */
static const struct condition *first_unmet(const struct condition *first, bool assertions,
					   const char *root)
{
	const struct condition *trigger = NULL;
	bool triggered = false;

	for (const struct condition *c = first; c; c = c->next) {
		bool met;

		if (c->assertion != assertions || (c->trigger && triggered))
			continue;
		met = is_met(c, root);
		if (c->trigger)
			triggered = met;
		else if (!met)
			return c;
		if (c->trigger)
			trigger = c;
	}
	return triggered ? NULL : trigger;
}

enum condition_result conditions_test(const struct condition *first, const char *root,
				      const struct condition **ret_which)
{
	const struct condition *which = first_unmet(first, false, root);

	if (which) {
		*ret_which = which;
		return CONDITION_UNMET;
	}
	which = first_unmet(first, true, root);
	if (which) {
		*ret_which = which;
		return ASSERTION_FAILED;
	}
	return CONDITIONS_MET;
}

const char *condition_name(const struct condition *condition)
{
	for (const struct directive *d = unit_directives; *d->name; d++)
		if ((d->kind == VALUE_CONDITION_PATH || d->kind == VALUE_CONDITION_TEXT) &&
		    d->number == condition->type && (d->second != 0) == condition->assertion)
			return d->name;
	return "?";
}
