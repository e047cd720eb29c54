// SPDX-License-Identifier: MIT OR Apache-2.0
/* Users of a file system, by a walk over /proc: see mount_users.h. Runs in a child. */
#include "mount/mount_users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"
#include "mount/deadline.h"

struct question {
	const char *where;
	dev_t device;
};

static bool lies_on(int at, const char *name, dev_t device)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && st.st_dev == device;
}

/* What the process at @process (a directory of /proc) does with the device, or NULL. */
static const char *use_of(int process, dev_t device)
{
	_cleanup_directory_ struct directory fds = { .fd = -1 };
	const char *name;

	if (lies_on(process, "root", device))
		return "its root directory";
	if (lies_on(process, "cwd", device))
		return "its working directory";
	if (lies_on(process, "exe", device))
		return "its program";
	if (directory_open(&fds, process, "fd") < 0)
		return NULL;
	while (directory_next(&fds, &name) > 0)
		if (lies_on(fds.fd, name, device))
			return "an open file";
	return NULL;
}

static int users_child(void *argument)
{
	const struct question *q = argument;
	_cleanup_directory_ struct directory proc = { .fd = -1 };
	unsigned found = 0;
	const char *name;
	int r = directory_open(&proc, AT_FDCWD, "/proc");

	if (r < 0)
		return r;
	while (found < MOUNT_USERS_MAX && directory_next(&proc, &name) > 0) {
		_cleanup_fd_ int process = -1;
		char comm[32] = "?";
		const char *use;
		uint64_t pid;

		if (str_to_u64(str_from(name), &pid) < 0)
			continue;
		process = openat(proc.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		use = process < 0 ? NULL : use_of(process, q->device);
		if (!use)
			continue;
		(void)file_read(process, "comm", comm, sizeof(comm));
		log_warning("%s is used by process %s (" STR_FORMAT "): %s", q->where, name,
			    STR_ARGS(((struct str){ comm, strcspn(comm, "\n") })), use);
		found++;
	}
	return 0;
}

void mount_users_log(const char *where, dev_t device, uint64_t timeout_ns)
{
	struct question question = { where, device };
	int r = deadline_run(users_child, &question, timeout_ns);

	if (r < 0)
		log_warning("find out who uses %s: %s", where, deadline_error(r));
}
