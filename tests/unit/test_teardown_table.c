// SPDX-License-Identifier: MIT OR Apache-2.0
/* mount/teardown_table: what stays, what goes, what goes without waiting (hc-82). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "mount/teardown_table.h"

static void test_actions(void **test_state _unused_)
{
	static const struct {
		const char *where;
		const char *fs_type;
		enum teardown_action action;
	} cases[] = {
		{ "/", "erofs", TEARDOWN_KEEP },
		{ "/", "ext4", TEARDOWN_KEEP },
		{ "/proc", "proc", TEARDOWN_KEEP },
		{ "/proc/sys/fs/binfmt_misc", "binfmt_misc", TEARDOWN_KEEP },
		{ "/sys", "sysfs", TEARDOWN_KEEP },
		{ "/sys/fs/cgroup", "cgroup2", TEARDOWN_KEEP },
		{ "/dev", "devtmpfs", TEARDOWN_KEEP },
		{ "/dev/shm", "tmpfs", TEARDOWN_KEEP },
		{ "/run", "tmpfs", TEARDOWN_KEEP },
		{ "/etc", "tmpfs", TEARDOWN_KEEP },
		{ "/tmp", "tmpfs", TEARDOWN_KEEP },
		/* Data under the same names, and names that only begin like them. */
		{ "/etc", "ext4", TEARDOWN_UNMOUNT },
		{ "/dev/disk", "ext4", TEARDOWN_UNMOUNT },
		{ "/device", "tmpfs", TEARDOWN_UNMOUNT },
		{ "/run/secrets", "tmpfs", TEARDOWN_UNMOUNT },
		{ "/run/netns/pod", "nsfs", TEARDOWN_UNMOUNT },
		{ "/var", "ext4", TEARDOWN_UNMOUNT },
		{ "/var/lib/containerd/rootfs", "overlay", TEARDOWN_UNMOUNT },
		{ "/mnt", "nfs4", TEARDOWN_UNMOUNT },
		{ "/mnt", "fuse.sshfs", TEARDOWN_UNMOUNT },
		/* A container's own. */
		{ "/run/c/rootfs/proc", "proc", TEARDOWN_DETACH },
		{ "/run/c/rootfs/sys", "sysfs", TEARDOWN_DETACH },
		{ "/run/c/rootfs/sys/fs/cgroup", "cgroup2", TEARDOWN_DETACH },
		{ "/run/c/rootfs/dev/pts", "devpts", TEARDOWN_DETACH },
		{ "/run/c/rootfs/dev/mqueue", "mqueue", TEARDOWN_DETACH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mountinfo m = { .fs_type = str_from(cases[i].fs_type) };

		if (teardown_action(&m, cases[i].where) != cases[i].action)
			fail_msg("%s (%s): %d", cases[i].where, cases[i].fs_type,
				 (int)teardown_action(&m, cases[i].where));
	}
}

static void test_read_only(void **test_state _unused_)
{
	static const struct {
		unsigned major;
		const char *fs_type;
		const char *super_options;
		bool wanted;
	} cases[] = {
		{ 254, "ext4", "rw,errors=remount-ro", true },
		{ 254, "ext4", "ro,errors=remount-ro", false },
		{ 0, "tmpfs", "rw", false },
		{ 0, "overlay", "rw,lowerdir=/a", false },
		{ 0, "nfs4", "rw", false },
		{ 0, "btrfs", "rw,space_cache", true },
		{ 252, "erofs", "ro", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mountinfo m = {
			.major = cases[i].major,
			.fs_type = str_from(cases[i].fs_type),
			.super_options = str_from(cases[i].super_options),
		};

		assert_int_equal(teardown_wants_read_only(&m), cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
