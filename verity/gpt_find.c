// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Finding partitions: see gpt_find.h. Disks and their partitions come from /sys/class/block, what the table
 * says of them from libblkid; a partition counts once both know it and its device node is there.
 */
#include "verity/gpt_find.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"

#define CLASS_BLOCK "/sys/class/block"
/* Bytes of a sector in sysfs and in libblkid, whatever the disk's own are. */
#define SECTOR_SIZE 512
/* A device-mapper device over one over one …: more is a mistake. */
#define STACK_DEPTH_MAX 8

static void probe_cleanup(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

/* What is looked for: one of the two is set. */
struct wanted {
	const char *uuid;
	const char *type;
};

static int read_number(int directory, const char *path, uint64_t *ret)
{
	char text[32];
	ssize_t n = file_read(directory, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	return str_to_u64(str_trim((struct str){ text, n > 0 ? (size_t)n - 1 : 0 }), ret);
}

static int device_path(const char *name, char ret_path[static GPT_DEVICE_SIZE])
{
	struct buf b = buf_init(ret_path, GPT_DEVICE_SIZE);

	buf_printf(&b, "/dev/%s", name);
	return b.overflow ? -ENAMETOOLONG : 0;
}

/* sysfs writes '!' where a device's name has '/'. No such disk carries a root; they are left alone. */
static bool is_block_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

/* The kernel's name of partition @number of @disk: "vda2", "nvme0n1p2". */
static int partition_path(const char *disk, unsigned number, char ret_path[static GPT_DEVICE_SIZE])
{
	struct buf b = buf_init(ret_path, GPT_DEVICE_SIZE);
	size_t length = strlen(disk);
	bool digit = length > 0 && disk[length - 1] >= '0' && disk[length - 1] <= '9';

	buf_printf(&b, "/dev/%s%s%u", disk, digit ? "p" : "", number);
	if (b.overflow)
		return -ENAMETOOLONG;
	return is_block_device(ret_path) ? 0 : -ENOENT;
}

static int take(blkid_partition partition, const char *disk, struct gpt_partition *ret)
{
	const char *uuid = blkid_partition_get_uuid(partition);
	const char *type = blkid_partition_get_type_string(partition);
	int number = blkid_partition_get_partno(partition);
	struct gpt_partition found = {
		.number = (unsigned)number,
		.size = (uint64_t)blkid_partition_get_size(partition) * SECTOR_SIZE,
	};
	struct buf b = BUF(found.uuid);
	int r = partition_path(disk, found.number, found.device);

	if (r == 0)
		r = device_path(disk, found.disk);
	if (r < 0)
		return r;
	buf_add(&b, uuid ? uuid : "");
	b = BUF(found.type);
	buf_add(&b, type ? type : "");
	*ret = found;
	return 0;
}

static bool matches(blkid_partition partition, const struct wanted *wanted)
{
	const char *uuid = blkid_partition_get_uuid(partition);
	const char *type = blkid_partition_get_type_string(partition);

	if (wanted->uuid)
		return uuid && strcasecmp(uuid, wanted->uuid) == 0;
	return type && strcasecmp(type, wanted->type) == 0;
}

/* Reads the GPT of the disk @disk ("vda"). -ENOENT also when it has none. */
static int search_disk(const char *disk, const struct wanted *wanted, struct gpt_partition *ret)
{
	static char gpt[] = "gpt";
	char *only[] = { gpt, NULL };
	_cleanup_(probe_cleanup) blkid_probe probe = NULL;
	_cleanup_fd_ int fd = -1;
	char path[GPT_DEVICE_SIZE];
	blkid_partlist list;
	int r = device_path(disk, path);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	probe = blkid_new_probe();
	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, 0, 0) < 0 ||
	    blkid_probe_enable_superblocks(probe, 0) < 0 || blkid_probe_enable_partitions(probe, 1) < 0 ||
	    blkid_probe_filter_partitions_type(probe, BLKID_FLTR_ONLYIN, only) < 0)
		return -EIO;
	list = blkid_probe_get_partitions(probe);
	if (!list)
		return -ENOENT;
	for (int i = 0; i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition partition = blkid_partlist_get_partition(list, i);

		if (partition && matches(partition, wanted))
			return take(partition, disk, ret);
	}
	return -ENOENT;
}

/* A whole disk with something in it: no partition, no empty loop device or card reader. */
static bool is_disk(int class, const char *name)
{
	_cleanup_fd_ int device = openat(class, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t sectors;

	return device >= 0 && faccessat(device, "partition", F_OK, 0) < 0 &&
	       read_number(device, "size", &sectors) == 0 && sectors > 0;
}

int gpt_find_by_uuid(const char *uuid, struct gpt_partition *ret)
{
	_cleanup_directory_ struct directory class = { .fd = -1 };
	struct wanted wanted = { .uuid = uuid };
	const char *name;
	int r = directory_open(&class, AT_FDCWD, CLASS_BLOCK);

	/* No block device at all is the same as none with this UUID. */
	if (r < 0)
		return r;
	while ((r = directory_next(&class, &name)) > 0) {
		/* A disk that cannot be read now may be the wrong one, or send another event once it can. */
		if (is_disk(class.fd, name) && search_disk(name, &wanted, ret) == 0)
			return 0;
	}
	return r < 0 ? r : -ENOENT;
}

int gpt_find_by_type(const char *disk, const char *type, struct gpt_partition *ret)
{
	struct wanted wanted = { .type = type };

	if (!str_starts(str_from(disk), "/dev/"))
		return -EINVAL;
	return search_disk(disk + strlen("/dev/"), &wanted, ret);
}

/* What the block device @device (open in sysfs) is stacked on: the first entry of slaves/. */
static int first_slave(int device, char ret_name[static DIRECTORY_NAME_SIZE])
{
	int r = directory_next_sorted(device, "slaves", "", "", ret_name);

	if (r == -ENOENT)
		return 0;
	return r;
}

int gpt_disk_of(dev_t device, char ret_disk[static GPT_DEVICE_SIZE])
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	char real[PATH_MAX];
	char slave[DIRECTORY_NAME_SIZE];
	char disk[GPT_DEVICE_SIZE];
	struct buf b = BUF(path);
	char *name;
	int r;

	buf_printf(&b, "/sys/dev/block/%u:%u", major(device), minor(device));
	for (int depth = 0; depth < STACK_DEPTH_MAX; depth++) {
		fd_close(fd);
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? -ENODEV : -errno;
		r = first_slave(fd, slave);
		if (r < 0)
			return r;
		if (r > 0) {
			b = BUF(path);
			buf_printf(&b, CLASS_BLOCK "/%s", slave);
			continue;
		}
		/* A partition's directory lies in its disk's: …/block/vda/vda2. */
		if (!realpath(path, real))
			return -errno;
		name = strrchr(real, '/');
		if (faccessat(fd, "partition", F_OK, 0) == 0) {
			*name = '\0';
			name = strrchr(real, '/');
		}
		if (!name)
			return -ENODEV;
		r = device_path(name + 1, disk);
		if (r == 0)
			memcpy(ret_disk, disk, sizeof(disk));
		return r;
	}
	return -ELOOP;
}
