// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the file on the verified root to a policy in the kernel: see load.h. The bytes of the policy
 * live in a mapping of their own, only as long as the load takes; PID 1's heap never sees them.
 */
#include "selinux/load.h"

#include <errno.h>
#include <fcntl.h>
#include <selinux/selinux.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/str.h"
#include "selinux/policy_name_parse.h"

#define SELINUXFS "/sys/fs/selinux"
/* Debian's whole policy is 2 MiB, ours far less; a file larger than this is none. */
#define POLICY_SIZE_MAX (64 << 20)

struct policy {
	void *data;
	size_t size;
};

static void policy_free(struct policy *policy)
{
	if (policy->data)
		(void)munmap(policy->data, policy->size);
	policy->data = NULL;
}

/*
 * The mount point is made by the kernel, only while SELinux is in use. Return: 0, SELINUX_ABSENT
 * or -errno.
 */
static int selinuxfs_mount(void)
{
	if (mount("selinuxfs", SELINUXFS, "selinuxfs", MS_NOSUID | MS_NOEXEC, NULL) < 0) {
		if (errno == ENODEV || errno == ENOENT)
			return SELINUX_ABSENT;
		if (errno != EBUSY)
			return -errno;
	}
	/* The library looked for it when the program started, and found nothing. */
	set_selinuxmnt(SELINUXFS);
	return 0;
}

/* Return: the version to load, 0 if none fits, or -errno. */
static int policy_find(int kernel_max)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *name;
	int best = 0;
	int r = directory_open(&d, AT_FDCWD, SELINUX_POLICY_DIRECTORY);

	if (r == -ENOENT)
		return 0;
	while (r >= 0 && (r = directory_next(&d, &name)) > 0)
		best = selinux_policy_choose(best, selinux_policy_version(str_from(name)), kernel_max);
	return r < 0 ? r : best;
}

static int read_exactly(int fd, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int policy_read(const char *path, struct policy *ret)
{
	_cleanup_(policy_free) struct policy policy = { 0 };
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0)
		return -ENODATA;
	if (st.st_size > POLICY_SIZE_MAX)
		return -EFBIG;
	policy.size = (size_t)st.st_size;
	policy.data = mmap(NULL, policy.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (policy.data == MAP_FAILED) {
		policy.data = NULL;
		return -errno;
	}
	r = read_exactly(fd, policy.data, policy.size);
	if (r < 0)
		return r;
	*ret = policy;
	policy.data = NULL;
	return 0;
}

/*
 * Not by libselinux's security_load_policy(): that takes any write(2) that did not fail for a
 * success, and its object file needs all of libsepol. The kernel takes a policy in one piece.
 */
static int policy_write(const struct policy *policy)
{
	_cleanup_fd_ int fd = open(SELINUXFS "/load", O_RDWR | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, policy->data, policy->size);
	if (n < 0)
		return -errno;
	return (size_t)n == policy->size ? 0 : -EIO;
}

static int policy_load(int version)
{
	_cleanup_(policy_free) struct policy policy = { 0 };
	char path[sizeof(SELINUX_POLICY_DIRECTORY "/policy.") + 10];
	struct buf b = BUF(path);
	int r;

	buf_printf(&b, SELINUX_POLICY_DIRECTORY "/policy.%d", version);
	r = policy_read(path, &policy);
	if (r < 0) {
		log_error("read %s: %s", path, error_name(r));
		return r;
	}
	r = policy_write(&policy);
	if (r < 0) {
		log_error("load %s: %s", path, error_name(r));
		return r;
	}
	log_info("SELinux: loaded %s, %zu bytes", path, policy.size);
	return 0;
}

/*
 * checkreqprot is 0 on every kernel of the last years, where it is still there at all; 1 would let a
 * program map writable memory as executable by asking for less than it gets.
 */
static int mode_set(bool enforcing, bool *ret_enforcing)
{
	char text[8];
	int mode;

	if (file_read(AT_FDCWD, SELINUXFS "/checkreqprot", text, sizeof(text)) > 0 && text[0] == '1') {
		int r = file_write(AT_FDCWD, SELINUXFS "/checkreqprot", "0");

		if (r < 0)
			log_warning("SELinux: switch off checkreqprot: %s", error_name(r));
	}
	mode = security_getenforce();
	if (mode < 0 || (mode != (int)enforcing && security_setenforce(enforcing) < 0)) {
		int r = errno != 0 ? -errno : -EIO;

		log_error("SELinux: set the mode: %s", error_name(r));
		return r;
	}
	*ret_enforcing = enforcing;
	return 0;
}

int selinux_load(bool enforcing, bool *ret_enforcing)
{
	int kernel_max;
	int version;
	int r = selinuxfs_mount();

	if (r < 0)
		log_error("mount selinuxfs on " SELINUXFS ": %s", error_name(r));
	if (r != 0)
		return r;
	kernel_max = security_policyvers();
	if (kernel_max < 0) {
		r = -errno;
		log_error("SELinux: read policyvers: %s", error_name(r));
		return r;
	}
	version = policy_find(kernel_max);
	if (version < 0) {
		log_error("read " SELINUX_POLICY_DIRECTORY ": %s", error_name(version));
		return version;
	}
	if (version == 0) {
		log_info("SELinux: no policy in " SELINUX_POLICY_DIRECTORY
			 " that this kernel reads (up to %d)",
			 kernel_max);
		return SELINUX_NO_POLICY;
	}
	r = policy_load(version);
	return r < 0 ? r : mode_set(enforcing, ret_enforcing);
}
