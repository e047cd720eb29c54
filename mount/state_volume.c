// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The state volume's way to /var: see state_volume.h. PID 1 decides; each look at the device and
 * each change to it is made by a child, and what a child finds out comes back in one shared page.
 */
#include "mount/state_volume.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"
#include "mount/deadline.h"
#include "mount/ext4_superblock_parse.h"
#include "mount/mount_one.h"

/* In the kernel's fs/ext4/ext4.h; no header for programs has it everywhere. */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

/* Generous: a slow network disk takes its time, and a large file system takes long to check. */
#define PROBE_TIMEOUT (30 * NS_PER_S)
#define MAKE_TIMEOUT (120 * NS_PER_S)
#define CHECK_TIMEOUT (1800 * NS_PER_S)
#define MOUNT_TIMEOUT (120 * NS_PER_S)
#define GROW_TIMEOUT (60 * NS_PER_S)

/* ext4 with a journal needs about this much to be of any use. */
#define DEVICE_MIN (UINT64_C(16) << 20)
/* This much of the device has to be zeros to count as empty; libblkid looks at the rest. */
#define EMPTY_SIZE (UINT64_C(1) << 20)
/*
 * Less than this is not worth growing for: the kernel cuts a last block group that is too small,
 * and would be asked at each boot.
 */
#define GROW_MIN (UINT64_C(16) << 20)
#define BLOCK_SIZE_NEW 4096

/*
 * noatime: reading should not write. nosuid, nodev: container images are unpacked here, and their
 * set-user-ID files and devices count only inside an overlay mount, which has flags of its own.
 * exec stays allowed because container programs run from here.
 */
#define MOUNT_OPTIONS "noatime,nosuid,nodev"

static const char marker[] = "orlop: this file system is being made; it holds nothing yet\n";

enum content {
	CONTENT_EMPTY,
	CONTENT_HALF_MADE,
	CONTENT_EXT4,
	CONTENT_FOREIGN,
};

/* Lives in a page that is shared with the children. */
struct volume {
	const char *device;
	const char *where;
	uint64_t device_size;
	enum content content;
	struct ext4_superblock superblock;
	char found[64];	  /* CONTENT_FOREIGN: what it is */
	uint64_t grow_to; /* blocks */
};

static uint64_t marker_offset(const struct volume *v)
{
	return v->device_size - STATE_VOLUME_MARGIN;
}

static int pread_all(int fd, void *data, size_t size, uint64_t offset)
{
	ssize_t n = pread(fd, data, size, (off_t)offset);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static int is_zero(int fd, uint64_t size)
{
	static uint8_t chunk[65536] _table_;

	for (uint64_t offset = 0; offset < size; offset += sizeof(chunk)) {
		int r = pread_all(fd, chunk, sizeof(chunk), offset);

		if (r < 0)
			return r;
		/* All bytes are zero if the first is, and each equals the one before it. */
		if (chunk[0] != 0 || memcmp(chunk, chunk + 1, sizeof(chunk) - 1) != 0)
			return 0;
	}
	return 1;
}

static void probe_free(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

/*
 * Signatures can stand anywhere, at the end too (RAID, GPT). Return: 1 if there is any, 0 if
 * none, or -errno.
 */
static int find_signature(int fd, char *ret_name, size_t size)
{
	_cleanup_(probe_free) blkid_probe probe = blkid_new_probe();
	struct buf name = buf_init(ret_name, size);
	const char *type;
	int r;

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) != 0 ||
	    blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_enable_partitions(probe, 1) != 0)
		return -ENOMEM;
	r = blkid_do_safeprobe(probe);
	if (r == 1)
		return 0;
	if (r == -1)
		return -EIO;
	if (r == 0 && (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0 ||
		       blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0))
		buf_add(&name, type);
	if (name.len == 0)
		buf_add(&name, "several signatures");
	return 1;
}

static int probe_unknown(struct volume *v, int fd)
{
	int r = find_signature(fd, v->found, sizeof(v->found));

	if (r == 0) {
		r = is_zero(fd, EMPTY_SIZE);
		if (r == 0)
			memcpy(v->found, "unknown data", sizeof("unknown data"));
		v->content = r == 1 ? CONTENT_EMPTY : CONTENT_FOREIGN;
		return r < 0 ? r : 0;
	}
	v->content = CONTENT_FOREIGN;
	return r < 0 ? r : 0;
}

/* The marker counts only where no file system reaches: inside one it would be somebody's data. */
static bool reaches_marker(const struct volume *v)
{
	return v->superblock.block_count * v->superblock.block_size > marker_offset(v);
}

static int probe_child(void *argument)
{
	struct volume *v = argument;
	_cleanup_fd_ int fd = open(v->device, O_RDONLY | O_CLOEXEC);
	uint8_t bytes[EXT4_SUPERBLOCK_SIZE];
	char text[sizeof(marker) - 1];
	bool is_ext4;
	int r;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &v->device_size) < 0)
		return -errno;
	if (v->device_size < DEVICE_MIN)
		return -ENOSPC;
	r = pread_all(fd, text, sizeof(text), marker_offset(v));
	if (r == 0)
		r = pread_all(fd, bytes, sizeof(bytes), EXT4_SUPERBLOCK_OFFSET);
	if (r < 0)
		return r;
	is_ext4 = ext4_superblock_parse(bytes, sizeof(bytes), &v->superblock) == 0;
	if (memcmp(text, marker, sizeof(text)) == 0 && !(is_ext4 && reaches_marker(v))) {
		v->content = CONTENT_HALF_MADE;
		return 0;
	}
	if (is_ext4) {
		v->content = CONTENT_EXT4;
		return 0;
	}
	return probe_unknown(v, fd);
}

static int marker_store(const struct volume *v, bool set)
{
	/* O_EXCL: the kernel refuses if anybody has it mounted or mapped. */
	_cleanup_fd_ int fd = open(v->device, O_WRONLY | O_EXCL | O_CLOEXEC);
	char sector[512] = { 0 };
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (set)
		memcpy(sector, marker, sizeof(marker) - 1);
	n = pwrite(fd, sector, sizeof(sector), (off_t)marker_offset(v));
	if (n < 0 || fsync(fd) < 0)
		return -errno;
	return n == (ssize_t)sizeof(sector) ? 0 : -EIO;
}

static int marker_set_child(void *argument)
{
	return marker_store(argument, true);
}

/* mke2fs has synced; this says that it has. */
static int marker_clear_child(void *argument)
{
	return marker_store(argument, false);
}

static int mount_child(void *argument)
{
	const struct volume *v = argument;

	return mount_one(v->device, v->where, "ext4", MOUNT_OPTIONS);
}

static int grow_child(void *argument)
{
	struct volume *v = argument;
	_cleanup_fd_ int fd = open(v->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || ioctl(fd, EXT4_IOC_RESIZE_FS, &v->grow_to) < 0 ? -errno : 0;
}

/* Runs a tool; what it printed goes to the log if it failed. */
static int run_tool(char *const argv[], uint64_t timeout_ns, int status_ok)
{
	char text[512];
	struct buf output = BUF(text);
	int r = deadline_exec(argv, timeout_ns, &output);

	if (r < 0)
		log_error("%s: %s%s", argv[0], deadline_error(r),
			  r == -ENOENT ? " (is the package e2fsprogs in the image?)" : "");
	else if (r > status_ok)
		log_error("%s ended with status %d: %s", argv[0], r, text);
	return r;
}

static int make(struct volume *v)
{
	uint64_t blocks = marker_offset(v) / BLOCK_SIZE_NEW;
	char size[32];
	char device[256];
	char *const argv[] = {
		"/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "orlop-state",
		/*
		 * Nobody but root writes here; a volume with errors is checked at the next boot,
		 * not written on.
		 */
		"-m", "0", "-e", "remount-ro",
		/* The device is zeros already; the kernel initialises the tables when it has time. */
		"-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", device, size, NULL
	};
	struct buf size_text = BUF(size);
	struct buf device_text = BUF(device);
	int r;

	buf_printf(&size_text, "%lluk", (unsigned long long)(blocks * (BLOCK_SIZE_NEW / 1024)));
	buf_add(&device_text, v->device);
	if (device_text.overflow)
		return -ENAMETOOLONG;
	r = deadline_run(marker_set_child, v, PROBE_TIMEOUT);
	if (r < 0) {
		log_error("state volume %s: write: %s", v->device, deadline_error(r));
		return r;
	}
	r = run_tool(argv, MAKE_TIMEOUT, 0);
	if (r != 0)
		return r < 0 ? r : -EIO;
	r = deadline_run(marker_clear_child, v, MAKE_TIMEOUT);
	if (r < 0)
		log_error("state volume %s: write: %s", v->device, deadline_error(r));
	return r;
}

/*
 * e2fsck(8): 0 nothing to do, 1 and 2 repaired, more is failure. Preening refuses what a person
 * should decide; there is no person here, and a repaired volume is worth more than a dead machine.
 */
static int check(struct volume *v, struct state_volume_report *report)
{
	char device[256];
	char *argv[] = { "/usr/sbin/e2fsck", "-p", device, NULL };
	struct buf device_text = BUF(device);
	int r;

	buf_add(&device_text, v->device);
	if (device_text.overflow)
		return -ENAMETOOLONG;
	r = run_tool(argv, CHECK_TIMEOUT, 3);
	if (r >= 4 && r < 8) {
		log_warning("state volume %s: errors that need a decision: repairing all of them",
			    v->device);
		argv[1] = "-y";
		r = run_tool(argv, CHECK_TIMEOUT, 3);
	}
	if (r < 0)
		return r;
	if (r >= 4)
		return -EUCLEAN;
	report->checked = true;
	report->repaired = r > 0;
	log_notice("state volume %s: checked%s", v->device, r > 0 ? " and repaired" : "");
	return 0;
}

/* A superblock that looks well can lie: what the kernel will not mount gets one check. */
static int mount_checked(struct volume *v, struct state_volume_report *report)
{
	int r = 0;

	if (v->content == CONTENT_EXT4 && ext4_needs_check(&v->superblock)) {
		r = check(v, report);
		if (r < 0)
			return r;
	}
	r = deadline_run(mount_child, v, MOUNT_TIMEOUT);
	if (!report->checked && (r == -EUCLEAN || r == -EBADMSG || r == -EINVAL)) {
		log_warning("state volume %s: mount: %s; checking it", v->device, deadline_error(r));
		r = check(v, report);
		if (r == 0)
			r = deadline_run(mount_child, v, MOUNT_TIMEOUT);
	}
	if (r < 0)
		log_error("mount %s on %s: %s", v->device, v->where, deadline_error(r));
	return r;
}

/* Failing to grow is no reason not to boot. */
static void grow(struct volume *v, struct state_volume_report *report)
{
	uint64_t size = v->superblock.block_count * v->superblock.block_size;
	int r;

	report->size = size;
	if (marker_offset(v) < size || marker_offset(v) - size < GROW_MIN)
		return;
	v->grow_to = marker_offset(v) / v->superblock.block_size;
	r = deadline_run(grow_child, v, GROW_TIMEOUT);
	if (r < 0) {
		log_warning("state volume %s: grow from %llu MiB: %s", v->device,
			    (unsigned long long)(size >> 20), deadline_error(r));
		return;
	}
	report->grown = true;
	report->size = v->grow_to * v->superblock.block_size;
	log_notice("state volume %s: grown from %llu MiB to %llu MiB", v->device,
		   (unsigned long long)(size >> 20), (unsigned long long)(report->size >> 20));
}

static int open_content(struct volume *v, struct state_volume_report *report)
{
	switch (v->content) {
	case CONTENT_EXT4:
		report->recovered = v->superblock.needs_recovery;
		if (report->recovered)
			log_notice("state volume %s: was not unmounted, its journal is replayed",
				   v->device);
		return 0;
	case CONTENT_FOREIGN:
		log_error("state volume %s: there is something else on it (%s), which Orlop does not touch; "
			  "empty the partition to have it used",
			  v->device, v->found);
		return -EMEDIUMTYPE;
	case CONTENT_HALF_MADE:
		log_notice("state volume %s: making it was cut short, starting again", v->device);
		break;
	case CONTENT_EMPTY:
		break;
	}
	report->created = true;
	report->size = marker_offset(v) / BLOCK_SIZE_NEW * BLOCK_SIZE_NEW;
	log_notice("state volume %s: empty, making a file system of %llu MiB", v->device,
		   (unsigned long long)(report->size >> 20));
	return make(v);
}

static int volume_mount(struct volume *v, struct state_volume_report *report)
{
	int r = deadline_run(probe_child, v, PROBE_TIMEOUT);

	if (r < 0) {
		log_error("state volume %s: %s", v->device, deadline_error(r));
		return r;
	}
	r = open_content(v, report);
	if (r < 0)
		return r;
	r = mount_checked(v, report);
	if (r == 0 && !report->created)
		grow(v, report);
	return r;
}

int state_volume_mount(const char *device, const char *where, struct state_volume_report *ret)
{
	struct state_volume_report report = { 0 };
	struct volume *v = mmap(NULL, sizeof(*v), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (v == MAP_FAILED)
		return -errno;
	*v = (struct volume){ .device = device, .where = where };
	r = volume_mount(v, &report);
	(void)munmap(v, sizeof(*v));
	if (r == 0)
		*ret = report;
	return r;
}
