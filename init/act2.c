// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Act 2: see act2.h. A walk over the table at the end of this file; then the units are loaded and the
 * loop takes over. What the state volume cannot give (it is missing, or holds something else) a
 * tmpfs gives for this boot, with a warning, so that the machine comes up and can be looked at.
 */
#include "init/act2.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/coldplug.h"
#include "init/critical.h"
#include "init/fatal.h"
#include "init/loop.h"
#include "init/phase.h"
#include "init/record.h"
#include "init/setup.h"
#include "init/uevent.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/api_mounts.h"
#include "mount/deadline.h"
#include "mount/etc_tree.h"
#include "mount/mount_one.h"
#include "mount/state_volume.h"
#include "mount/tree_copy.h"
#include "selinux/load.h"
#include "supervisor/cgroup.h"
#include "supervisor/manager.h"
#include "verity/gpt_find.h"
#include "verity/verity_open.h"

/* The /var partition of the Discoverable Partitions Specification. */
#define STATE_PARTITION_TYPE "4d21b016-b534-45c2-a9fb-5c16e091fd2d"
#define VAR_FACTORY "/usr/share/factory/var"
#define VERITY_NAME "root"
#define FIRST_BOOT_PATH RECORD_DIRECTORY "/first-boot"

static int phase_api_mounts(struct boot *boot)
{
	return api_mounts(boot->container);
}

static int phase_record(struct boot *boot)
{
	uint64_t ended = record_kernel_ended();
	int r = record_open();

	/* Without act 1 the kernel mounted the root by itself, and ended when we began. */
	if (ended > 0)
		boot->kernel_ended = ended;
	else if (r == 0 && !boot->container)
		record_add("kernel", 0, boot->kernel_ended, "ok");
	if (r < 0)
		log_error(RECORD_PATH ": %s", error_name(r));
	return r;
}

static int phase_root(struct boot *boot)
{
	bool corrupt = false;
	int r = verity_status(VERITY_NAME, &corrupt);

	if (r < 0) {
		log_warning("the root is NOT verified: it was mounted without dm-verity");
		return 0;
	}
	if (corrupt)
		log_error("dm-verity has found corrupt blocks on the root");
	buf_add(&boot->note, corrupt ? "verified, CORRUPT" : "verified");
	return 0;
}

static int phase_selinux(struct boot *boot)
{
	bool enforcing = false;
	int r = selinux_load(boot->cmdline.enforcing, &enforcing);

	switch (r) {
	case SELINUX_ABSENT:
		return PHASE_SKIPPED;
	case SELINUX_NO_POLICY:
		log_warning("the kernel has SELinux, but the image has no policy for it");
		return PHASE_SKIPPED;
	case SELINUX_LOADED:
		buf_add(&boot->note, enforcing ? "enforcing" : "permissive");
		return 0;
	default:
		/* Without its policy an enforcing system must not come up. */
		if (boot->cmdline.enforcing)
			fatal("the SELinux policy cannot be loaded: %s", error_name(r));
		return r;
	}
}

static int phase_cgroups(struct boot *boot)
{
	int r = cgroup_setup();

	if (r < 0 && boot->container) {
		log_warning("no cgroup v2 to write to (%s): services run without", error_name(r));
		return PHASE_SKIPPED;
	}
	if (r < 0)
		log_error("/sys/fs/cgroup: %s", error_name(r));
	return r;
}

static int phase_etc(struct boot *boot _unused_)
{
	int r = etc_mount();

	return r == ETC_NO_FACTORY ? PHASE_SKIPPED : r;
}

static int phase_oom(struct boot *boot _unused_)
{
	/* The kernel never kills PID 1, but its children between fork and exec are not PID 1. */
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
}

static int fill_var(void *argument _unused_)
{
	struct stat st;

	if (stat(VAR_FACTORY, &st) < 0)
		return 0;
	return tree_copy(VAR_FACTORY, "/var", TREE_COPY_MISSING);
}

static void describe_state(struct boot *boot, const struct gpt_partition *partition,
			   const struct state_volume_report *report)
{
	buf_printf(&boot->note, "%s %llu MiB%s%s%s%s", partition->device,
		   (unsigned long long)(report->size >> 20), report->created ? ", made" : "",
		   report->recovered ? ", journal recovered" : "",
		   report->repaired ? ", repaired" : "", report->grown ? ", grown" : "");
}

static int mount_state(struct boot *boot)
{
	struct state_volume_report report = { 0 };
	struct gpt_partition partition;
	char disk[GPT_DEVICE_SIZE];
	struct stat root;
	int r;

	if (stat("/", &root) < 0)
		return -errno;
	r = gpt_disk_of(root.st_dev, disk);
	if (r == 0)
		r = gpt_find_by_type(disk, STATE_PARTITION_TYPE, &partition);
	if (r < 0) {
		log_error("no state partition beside the root: %s", error_name(r));
		return r;
	}
	r = state_volume_mount(partition.device, "/var", &report);
	if (r < 0)
		return r;
	describe_state(boot, &partition, &report);
	/* For ConditionFirstBoot=. */
	if (report.created)
		(void)file_replace(FIRST_BOOT_PATH, "", 0, 0644, false);
	return 0;
}

static int phase_state(struct boot *boot)
{
	int r = mount_state(boot);

	if (r < 0) {
		log_warning("no state volume: /var is a tmpfs and forgets everything at the next boot");
		r = mount_one("tmpfs", "/var", "tmpfs", "nosuid,nodev,mode=755,size=50%");
		if (r < 0) {
			log_error("/var: %s", error_name(r));
			return r;
		}
		buf_add(&boot->note, "tmpfs");
	}
	r = deadline_run(fill_var, NULL, 60 * NS_PER_S);
	if (r < 0)
		log_warning("cannot fill /var from " VAR_FACTORY ": %s", error_name(r));
	return 0;
}

static int phase_devices(struct boot *boot)
{
	/* Opened first, looked at second: nothing that comes in between is missed. */
	boot->uevent_fd = uevent_open(UEVENT_QUEUE_SIZE);
	if (boot->uevent_fd < 0) {
		log_error("uevent socket: %s", error_name(boot->uevent_fd));
		return boot->uevent_fd;
	}
	return coldplug_start(boot);
}

static int phase_units(struct boot *boot)
{
	int r = loop_init(boot);

	if (r == 0)
		r = manager_load(boot->cmdline.unit, NULL);
	if (r < 0)
		log_error("%s: %s", boot->cmdline.unit,
			  r == -ENOENT ? "no such unit in /etc/orlop/units, /usr/lib/orlop/units or "
					 "/usr/lib/systemd/system"
				       : error_name(r));
	return r;
}

static const struct phase phases[] = {
	{ "api-mounts", phase_api_mounts, PHASE_REQUIRED, 2000 },
	{ "log", setup_log, PHASE_REQUIRED, 1000 },
	{ "record", phase_record, 0, 1000 },
	{ "root", phase_root, PHASE_MACHINE, 1000 },
	{ "selinux", phase_selinux, PHASE_MACHINE, 5000 },
	{ "oom", phase_oom, PHASE_MACHINE, 1000 },
	{ "cgroups", phase_cgroups, PHASE_REQUIRED, 1000 },
	{ "etc", phase_etc, PHASE_REQUIRED | PHASE_MACHINE, 2000 },
	{ "clock", setup_clock, PHASE_MACHINE, 1000 },
	{ "state", phase_state, PHASE_REQUIRED | PHASE_MACHINE, 60000 },
	{ "attempt", critical_count, PHASE_MACHINE, 5000 },
	{ "random", setup_random, PHASE_MACHINE, 5000 },
	{ "identity", setup_identity, 0, 1000 },
	{ "sysctl", setup_sysctl, PHASE_MACHINE, 1000 },
	{ "loopback", setup_loopback, 0, 1000 },
	{ "devices", phase_devices, PHASE_MACHINE, 1000 },
	{ "units", phase_units, PHASE_REQUIRED, 2000 },
};

void act2_run(struct boot *boot)
{
	phase_walk("", phases, ARRAY_SIZE(phases), boot);
	/* The libraries have done their part; from here on nothing allocates. */
	(void)malloc_trim(0);
	loop_run();
}
