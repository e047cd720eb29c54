// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Swap, loop and device-mapper devices, taken away one by one: see detach.h. What exists is read
 * from /sys and /proc, which does not block; the ioctls run in children.
 */
#include "mount/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"
#include "mount/deadline.h"
#include "mount/mountinfo_parse.h"

/* The root's own device, what that lies on, and so on: dm-verity on a partition is three. */
#define ROOT_DEVICES_MAX 16
#define SYSFS_PATH_SIZE 320
/* A backing file's or a mapping's name, for the log; longer ones are cut. */
#define DETAIL_SIZE 256
/* /proc/swaps: a line for each area, and nobody has more than a few. */
#define SWAPS_SIZE 8192

struct root_devices {
	dev_t devices[ROOT_DEVICES_MAX];
	size_t count;
};

/* One of the two kinds that stand in /sys/class/block. */
struct kind {
	const char *prefix;	 /* of the name in /sys/class/block */
	const char *detail_file; /* there while the device is in use; says what it is */
	int (*detach)(void *argument);
	const char *title;
};

struct device {
	char name[DIRECTORY_NAME_SIZE];
	char detail[DETAIL_SIZE];
	dev_t number;
};

static int parse_device_number(const char *text, size_t length, dev_t *ret)
{
	struct str rest = str_trim((struct str){ text, strcspn(text, "\n") });
	struct str major_text;
	uint64_t major_number;
	uint64_t minor_number;

	if (length == 0 || !str_split(&rest, ':', &major_text) ||
	    str_to_u64(major_text, &major_number) < 0 || str_to_u64(rest, &minor_number) < 0 ||
	    major_number > UINT_MAX || minor_number > UINT_MAX)
		return -EBADMSG;
	*ret = makedev((unsigned)major_number, (unsigned)minor_number);
	return 0;
}

static int device_number(int at, const char *path, dev_t *ret)
{
	char text[32];
	ssize_t n = file_read(at, path, text, sizeof(text));

	return n < 0 ? (int)n : parse_device_number(text, (size_t)n, ret);
}

static void root_devices_add(struct root_devices *root, dev_t device)
{
	for (size_t i = 0; i < root->count; i++)
		if (root->devices[i] == device)
			return;
	if (root->count < ROOT_DEVICES_MAX)
		root->devices[root->count++] = device;
}

static bool root_devices_contain(const struct root_devices *root, dev_t device)
{
	for (size_t i = 0; i < root->count; i++)
		if (root->devices[i] == device)
			return true;
	return false;
}

/* Adds what @device lies on: the slaves of a mapping, the whole disk of a partition. */
static void root_devices_add_below(struct root_devices *root, dev_t device)
{
	_cleanup_directory_ struct directory slaves = { .fd = -1 };
	_cleanup_fd_ int here = -1;
	char path[SYSFS_PATH_SIZE];
	struct buf b = BUF(path);
	const char *name;
	dev_t below;

	buf_printf(&b, "/sys/dev/block/%u:%u", major(device), minor(device));
	here = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return;
	if (faccessat(here, "partition", F_OK, 0) == 0 && device_number(here, "../dev", &below) == 0)
		root_devices_add(root, below);
	if (directory_open(&slaves, here, "slaves") < 0)
		return;
	while (directory_next(&slaves, &name) > 0) {
		buf_clear(&b);
		buf_printf(&b, "%s/dev", name);
		if (!b.overflow && device_number(slaves.fd, path, &below) == 0)
			root_devices_add(root, below);
	}
}

static void root_devices_find(struct root_devices *ret)
{
	struct root_devices root = { 0 };
	struct stat st;

	if (stat("/", &st) == 0)
		root_devices_add(&root, st.st_dev);
	for (size_t i = 0; i < root.count; i++)
		root_devices_add_below(&root, root.devices[i]);
	*ret = root;
}

/* Whether /sys/class/block/@name is a device in use, of the kind and not the root's. */
static bool device_read(int class, const char *name, const struct kind *kind,
			const struct root_devices *root, struct device *ret)
{
	char path[SYSFS_PATH_SIZE];
	char detail[PATH_MAX];
	struct buf b = BUF(path);
	size_t length;
	ssize_t n;

	if (!str_starts(str_from(name), kind->prefix))
		return false;
	buf_printf(&b, "%s/%s", name, kind->detail_file);
	n = b.overflow ? -1 : file_read(class, path, detail, sizeof(detail));
	if (n < 0)
		return false;
	length = strcspn(detail, "\n");
	buf_clear(&b);
	buf_printf(&b, "%s/dev", name);
	if (device_number(class, path, &ret->number) < 0 || root_devices_contain(root, ret->number))
		return false;
	b = BUF(ret->name);
	buf_add(&b, name);
	b = BUF(ret->detail);
	buf_add_str(&b, (struct str){ detail, length < DETAIL_SIZE ? length : DETAIL_SIZE - 1 });
	return true;
}

static int device_count(const struct kind *kind, const struct root_devices *root)
{
	_cleanup_directory_ struct directory class = { .fd = -1 };
	struct device device;
	const char *name;
	int count = 0;

	if (directory_open(&class, AT_FDCWD, "/sys/class/block") < 0)
		return 0;
	while (directory_next(&class, &name) > 0)
		if (device_read(class.fd, name, kind, root, &device))
			count++;
	return count;
}

static void device_detach(const struct kind *kind, struct device *device, uint64_t timeout_ns,
			  bool last_try)
{
	int r = deadline_run(kind->detach, device, timeout_ns);

	if (r < 0 && (last_try || r == -ETIMEDOUT))
		log_warning("detach %s %s (%s): %s", kind->title, device->name, device->detail,
			    deadline_error(r));
}

static int detach_devices(const struct kind *kind, uint64_t timeout_ns, bool last_try, bool *ret_progress)
{
	_cleanup_directory_ struct directory class = { .fd = -1 };
	struct root_devices root;
	struct device device;
	const char *name;
	int before;
	int after;

	root_devices_find(&root);
	before = device_count(kind, &root);
	if (before == 0 || directory_open(&class, AT_FDCWD, "/sys/class/block") < 0)
		return before;
	while (directory_next(&class, &name) > 0)
		if (device_read(class.fd, name, kind, &root, &device))
			device_detach(kind, &device, timeout_ns, last_try);
	after = device_count(kind, &root);
	if (after < before)
		*ret_progress = true;
	if (after > 0 && last_try)
		log_warning("%s devices that are still in use: %d", kind->title, after);
	return after;
}

static int device_open(const char *name)
{
	char path[SYSFS_PATH_SIZE];
	struct buf b = BUF(path);
	int fd;

	buf_printf(&b, "/dev/%s", name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * While anybody else has it open, LOOP_CLR_FD only marks it to go when that ends, and says yes (hc-83).
 * The sync before it is for a backing file whose file system is about to be unmounted.
 */
static int loop_detach_child(void *argument)
{
	const struct device *device = argument;
	_cleanup_fd_ int fd = device_open(device->name);

	if (fd < 0)
		return fd == -ENXIO || fd == -ENOENT ? 0 : fd;
	(void)fsync(fd);
	return ioctl(fd, LOOP_CLR_FD, 0) < 0 && errno != ENXIO ? -errno : 0;
}

static void dm_request(struct dm_ioctl *request, const struct device *device)
{
	*request = (struct dm_ioctl){
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(*request),
		.data_start = sizeof(*request),
		.dev = device->number,
	};
}

/*
 * The status comes first: fsync(2) on a mapping that is suspended or has no table waits for ever
 * (hc-83), and a mapping that can be removed should have its data on the disk before.
 */
static int dm_detach_child(void *argument)
{
	const struct device *device = argument;
	_cleanup_fd_ int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	struct dm_ioctl request;

	if (control < 0)
		return -errno;
	dm_request(&request, device);
	if (ioctl(control, DM_DEV_STATUS, &request) < 0)
		return errno == ENXIO ? 0 : -errno;
	if ((request.flags & DM_ACTIVE_PRESENT_FLAG) != 0 && (request.flags & DM_SUSPEND_FLAG) == 0) {
		_cleanup_fd_ int fd = device_open(device->name);

		if (fd >= 0)
			(void)fsync(fd);
	}
	dm_request(&request, device);
	return ioctl(control, DM_DEV_REMOVE, &request) < 0 && errno != ENXIO ? -errno : 0;
}

static const struct kind kind_loop = { "loop", "loop/backing_file", loop_detach_child, "loop" };
static const struct kind kind_dm = { "dm-", "dm/name", dm_detach_child, "device-mapper" };

int detach_loop(uint64_t timeout_ns, bool last_try, bool *ret_progress)
{
	return detach_devices(&kind_loop, timeout_ns, last_try, ret_progress);
}

int detach_dm(uint64_t timeout_ns, bool last_try, bool *ret_progress)
{
	return detach_devices(&kind_dm, timeout_ns, last_try, ret_progress);
}

static int swap_detach_child(void *argument)
{
	return swapoff(argument) < 0 && errno != EINVAL ? -errno : 0;
}

/*
 * The lines of /proc/swaps behind its heading. @detach: also switch each off.
 * Return: how many there are.
 */
static int swap_walk(bool detach, uint64_t timeout_ns, bool last_try)
{
	char text[SWAPS_SIZE];
	ssize_t n = file_read(AT_FDCWD, "/proc/swaps", text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str line;
	int count = 0;

	(void)str_split(&rest, '\n', &line);
	while (str_split(&rest, '\n', &line)) {
		char path[PATH_MAX];
		struct str field;
		int r;

		if (!str_next_word(&line, &field))
			continue;
		count++;
		if (!detach || mountinfo_unescape(field, path, sizeof(path)) < 0)
			continue;
		r = deadline_run(swap_detach_child, path, timeout_ns);
		if (r < 0 && (last_try || r == -ETIMEDOUT))
			log_warning("switch off swap on %s: %s", path, deadline_error(r));
	}
	return count;
}

int detach_swap(uint64_t timeout_ns, bool last_try, bool *ret_progress)
{
	int before = swap_walk(true, timeout_ns, last_try);
	int after = before > 0 ? swap_walk(false, 0, false) : 0;

	if (after < before)
		*ret_progress = true;
	return after;
}
