// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which mounts stay at shutdown: see teardown_table.h. Pure, two tables. */
#include "mount/teardown_table.h"

#include <string.h>

#include "lib/macros.h"

/*
 * File systems that are windows into the kernel: nothing to write back, so nothing to unmount
 * with care.
 */
static const char *const kernel_fs_types[] = {
	"autofs", "binfmt_misc", "bpf",	       "cgroup",    "cgroup2", "configfs",  "debugfs",
	"devpts", "devtmpfs",	 "efivarfs",   "fusectl",   "mqueue",  "hugetlbfs", "proc",
	"pstore", "rpc_pipefs",	 "securityfs", "selinuxfs", "sysfs",   "tracefs",
};

/* Trees of the system's own kernel file systems, and of the tmpfs ones in them. */
static const char *const kernel_trees[] = { "/dev", "/proc", "/sys" };

/* The system's own tmpfs mounts. What is mounted inside them goes. */
static const char *const kept_tmpfs[] = { "/etc", "/run", "/tmp" };

static bool is_kernel_fs(struct str type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_fs_types); i++)
		if (str_is(type, kernel_fs_types[i]))
			return true;
	return false;
}

static bool in_kernel_tree(const char *where)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_trees); i++) {
		size_t n = strlen(kernel_trees[i]);

		if (strncmp(where, kernel_trees[i], n) == 0 && (where[n] == '/' || where[n] == '\0'))
			return true;
	}
	return false;
}

static bool is_kept_tmpfs(const char *where)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept_tmpfs); i++)
		if (strcmp(where, kept_tmpfs[i]) == 0)
			return true;
	return false;
}

enum teardown_action teardown_action(const struct mountinfo *mount, const char *where)
{
	bool kernel_fs = is_kernel_fs(mount->fs_type);
	bool tmpfs = str_is(mount->fs_type, "tmpfs");

	if (strcmp(where, "/") == 0)
		return TEARDOWN_KEEP;
	if (in_kernel_tree(where) && (kernel_fs || tmpfs))
		return TEARDOWN_KEEP;
	if (is_kept_tmpfs(where) && tmpfs)
		return TEARDOWN_KEEP;
	return kernel_fs ? TEARDOWN_DETACH : TEARDOWN_UNMOUNT;
}

bool teardown_wants_read_only(const struct mountinfo *mount)
{
	/*
	 * Major number 0 is what file systems without a device get; btrfs has it too, with a
	 * device as its source.
	 */
	bool device = mount->major != 0 || str_is(mount->fs_type, "btrfs");

	return device && mountinfo_has_option(mount->super_options, "rw");
}
