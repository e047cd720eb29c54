// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The table of API mounts and its walk: see api_mounts.h. The order is the order of mounting, so a
 * mount point stands behind what it lies in.
 */
#include "mount/api_mounts.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/klog.h"
#include "lib/macros.h"
#include "mount/mount_one.h"

/* Not in <linux/magic.h>: ipc/mqueue.c. */
#define MQUEUE_MAGIC 0x19800202

enum {
	REQUIRED = 1,	  /* without it nothing works: a failure is the caller's error */
	MACHINE_ONLY = 2, /* belongs to the machine, not to a container */
	EARLY = 4,	  /* act 1 needs it too */
	MAKE = 8,	  /* the mount point lies on a file system of this table: make it */
};

struct api_mount {
	const char *where;
	const char *fs_type;
	const char *options;
	long magic; /* statfs(2) f_type, which tells that it is mounted already */
	unsigned flags;
};

/*
 * Nothing here may hold set-user-ID programs, and devices live in /dev alone. What a service may
 * write holds no programs either: on this system code comes from the verified root or runs in a
 * container, whose root file system is a mount of its own.
 *
 * debugfs and tracefs are left out: they show and change too much of the kernel. Who needs them
 * mounts them.
 */
static const struct api_mount api_mount_table[] = {
	{ "/proc", "proc", "nosuid,nodev,noexec", PROC_SUPER_MAGIC, REQUIRED | EARLY },
	{ "/sys", "sysfs", "nosuid,nodev,noexec", SYSFS_MAGIC, REQUIRED | EARLY },
	{ "/dev", "devtmpfs", "nosuid,noexec,mode=755", TMPFS_MAGIC, REQUIRED | EARLY },
	/* A fifth of the memory is ample, and a runaway writer leaves the rest. */
	{ "/run", "tmpfs", "nosuid,nodev,noexec,mode=755,size=20%", TMPFS_MAGIC, REQUIRED | EARLY },
	/* Group 5 is tty on Debian and nearly everywhere else; it lets write(1) reach terminals. */
	{ "/dev/pts", "devpts", "nosuid,noexec,mode=620,ptmxmode=666,gid=5", DEVPTS_SUPER_MAGIC, MAKE },
	{ "/dev/shm", "tmpfs", "nosuid,nodev,noexec,mode=1777", TMPFS_MAGIC, MAKE },
	{ "/dev/mqueue", "mqueue", "nosuid,nodev,noexec", MQUEUE_MAGIC, MAKE },
	{ "/dev/hugepages", "hugetlbfs", "nosuid,nodev,mode=755", HUGETLBFS_MAGIC, MAKE | MACHINE_ONLY },
	{ "/tmp", "tmpfs", "nosuid,nodev,noexec,mode=1777,size=50%", TMPFS_MAGIC, MACHINE_ONLY },
	{ "/sys/fs/cgroup", "cgroup2", "nosuid,nodev,noexec,nsdelegate,memory_recursiveprot",
	  CGROUP2_SUPER_MAGIC, REQUIRED },
	{ "/sys/kernel/security", "securityfs", "nosuid,nodev,noexec", SECURITYFS_MAGIC, MACHINE_ONLY },
	{ "/sys/fs/bpf", "bpf", "nosuid,nodev,noexec,mode=700", BPF_FS_MAGIC, MACHINE_ONLY },
	{ "/sys/fs/pstore", "pstore", "nosuid,nodev,noexec", PSTOREFS_MAGIC, MACHINE_ONLY },
	{ "/sys/firmware/efi/efivars", "efivarfs", "nosuid,nodev,noexec", EFIVARFS_MAGIC, MACHINE_ONLY },
};

static const struct {
	const char *where;
	const char *target;
} device_links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

/* Longest path of the table, its NUL and some room. */
#define PARENT_SIZE 64

/*
 * Mounted already means: of the right type, and another file system than the directory that it
 * lies in. The second half is for /dev/shm, a plain directory on a devtmpfs, which is a tmpfs too.
 */
static bool is_mounted(const struct api_mount *mount)
{
	char parent[PARENT_SIZE];
	struct buf b = BUF(parent);
	size_t slash = (size_t)(strrchr(mount->where, '/') - mount->where);
	struct stat here;
	struct stat above;
	struct statfs fs;

	buf_add_str(&b, (struct str){ mount->where, slash > 0 ? slash : 1 });
	return statfs(mount->where, &fs) == 0 && (long)fs.f_type == mount->magic &&
	       stat(mount->where, &here) == 0 && stat(parent, &above) == 0 &&
	       here.st_dev != above.st_dev;
}

/* What a kernel without the file system, or without its mount point, answers. */
static bool means_absent(int error)
{
	return error == -ENODEV || error == -ENOENT;
}

static int api_mount(const struct api_mount *mount, bool container)
{
	int r;

	if (is_mounted(mount))
		return 0;
	if ((mount->flags & MAKE) != 0 && mkdir(mount->where, 0755) < 0 && errno != EEXIST)
		r = -errno;
	else
		r = mount_one(mount->fs_type, mount->where, mount->fs_type, mount->options);
	/* The kernel's word for the same file system on the same place. */
	if (r == -EBUSY)
		r = 0;
	if (r == 0)
		return 0;
	if ((mount->flags & REQUIRED) != 0 && !container) {
		log_error("mount of %s on %s: %s", mount->fs_type, mount->where, error_name(r));
		return r;
	}
	if (means_absent(r))
		log_debug("no %s on %s: %s", mount->fs_type, mount->where, error_name(r));
	else
		log_warning("mount of %s on %s: %s", mount->fs_type, mount->where, error_name(r));
	return 0;
}

static void make_device_links(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(device_links); i++)
		if (symlink(device_links[i].target, device_links[i].where) < 0 && errno != EEXIST)
			log_warning("link %s: %s", device_links[i].where, error_name(errno));
}

int api_mounts_early(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(api_mount_table); i++) {
		int r;

		if ((api_mount_table[i].flags & EARLY) == 0)
			continue;
		/* An initramfs may come without directories. */
		if (mkdir(api_mount_table[i].where, 0755) < 0 && errno != EEXIST && errno != EROFS)
			log_warning("make %s: %s", api_mount_table[i].where, error_name(errno));
		r = api_mount(&api_mount_table[i], false);
		if (r < 0)
			return r;
	}
	return 0;
}

int api_mounts(bool container)
{
	for (size_t i = 0; i < ARRAY_SIZE(api_mount_table); i++) {
		int r;

		if (container && (api_mount_table[i].flags & MACHINE_ONLY) != 0)
			continue;
		r = api_mount(&api_mount_table[i], container);
		if (r < 0)
			return r;
	}
	make_device_links();
	if (!container && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		log_warning("make the mounts shared: %s", error_name(errno));
	return 0;
}
