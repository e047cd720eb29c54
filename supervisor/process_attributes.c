// SPDX-License-Identifier: MIT OR Apache-2.0
/* Scheduling, limits and other attributes of a process: see process_attributes.h. */
#include "supervisor/process_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ioprio.h>
#include <linux/keyctl.h>

#include "lib/fd.h"
#include "lib/signals.h"
#include "supervisor/child_error.h"
#include "supervisor/user.h"

/* systemd's DefaultLimitNOFILE=: select(2) in old programs breaks above 1024. */
#define NOFILE_SOFT 1024
#define NOFILE_HARD 524288

int attributes_signals(const struct exec_settings *exec)
{
	return signals_release(exec_has(exec, EXEC_FLAG_IGNORE_SIGPIPE) ? SIGPIPE : 0);
}

int attributes_oom(const struct exec_settings *exec)
{
	char text[16];
	struct buf b = BUF(text);
	int r;

	buf_add_number(&b, exec->oom_score_adjust_set ? exec->oom_score_adjust : 0);
	r = file_write(AT_FDCWD, "/proc/self/oom_score_adj", text);
	/* Without CAP_SYS_RESOURCE it cannot be lowered: a container, and as in systemd no reason to fail. */
	return r == -EACCES || r == -EPERM ? 0 : r;
}

int attributes_nice(const struct exec_settings *exec)
{
	return exec->nice_set && setpriority(PRIO_PROCESS, 0, exec->nice) < 0 ? -errno : 0;
}

int attributes_scheduler(const struct exec_settings *exec)
{
	struct sched_param param = { .sched_priority = exec->cpu_scheduling_priority };
	int policy = exec->cpu_scheduling_policy;

	if (exec_has(exec, EXEC_FLAG_CPU_RESET_ON_FORK))
		policy |= SCHED_RESET_ON_FORK;
	else if (!exec->cpu_scheduling_set)
		return 0;
	return sched_setscheduler(0, policy, &param) < 0 ? -errno : 0;
}

/* "0-3,8": the list is checked when the unit is read, so it only has to be walked here. */
int attributes_cpu_affinity(const struct exec_settings *exec)
{
	struct str rest = str_from(exec->cpu_affinity ? exec->cpu_affinity : "");
	struct str range;
	cpu_set_t set;

	if (!exec->cpu_affinity)
		return 0;
	CPU_ZERO(&set);
	while (str_split(&rest, ',', &range)) {
		struct str first;
		uint64_t low;
		uint64_t high;

		range = str_trim(range);
		if (range.n == 0)
			continue;
		(void)str_split(&range, '-', &first);
		if (str_to_u64(first, &low) < 0 ||
		    str_to_u64(range.n > 0 ? range : first, &high) < 0 || high >= CPU_SETSIZE)
			return child_error(-EINVAL, "processors %s", exec->cpu_affinity);
		for (; low <= high; low++)
			CPU_SET((size_t)low, &set);
	}
	return sched_setaffinity(0, sizeof(set), &set) < 0
		       ? child_error(-errno, "processors %s", exec->cpu_affinity)
		       : 0;
}

int attributes_io_priority(const struct exec_settings *exec)
{
	int value = IOPRIO_PRIO_VALUE(exec->io_scheduling_class, exec->io_scheduling_priority);

	if (!exec->io_scheduling_set)
		return 0;
	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0 ? -errno : 0;
}

int attributes_timer_slack(const struct exec_settings *exec)
{
	if (exec->timer_slack == CLOCK_TIME_MAX)
		return 0;
	return prctl(PR_SET_TIMERSLACK, exec->timer_slack, 0, 0, 0) < 0 ? -errno : 0;
}

int attributes_personality(const struct exec_settings *exec)
{
	static const struct {
		const char *name;
		unsigned long value;
	} names[] = {
#if defined(__x86_64__)
		{ "x86-64", PER_LINUX },
		{ "x86", PER_LINUX32 },
#elif defined(__aarch64__)
		{ "arm64", PER_LINUX },
		{ "arm", PER_LINUX32 },
#endif
	};

	if (!exec->personality)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(exec->personality, names[i].name) == 0)
			return personality(names[i].value) < 0 ? -errno : 0;
	return child_error(-EINVAL, "%s on this machine", exec->personality);
}

static long keyring(int operation, unsigned long a, unsigned long b, unsigned long c)
{
	return syscall(SYS_keyctl, operation, a, b, c, 0);
}

/* The kernel has no keyrings, or we may not: both are how containers run, and no reason to fail. */
static int keyring_error(void)
{
	return errno == ENOSYS || errno == EPERM || errno == EACCES || errno == EDQUOT ? 0 : -errno;
}

int attributes_keyring(const struct exec_settings *exec, const struct identity *identity)
{
	const char *mode = exec->keyring_mode;
	long ring;

	if (mode && strcmp(mode, "inherit") == 0)
		return 0;
	ring = keyring(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);
	if (ring < 0)
		return keyring_error();
	/* With "shared" the user's own keyring can be reached from it. */
	if (mode && strcmp(mode, "shared") == 0 &&
	    keyring(KEYCTL_LINK, (unsigned long)KEY_SPEC_USER_KEYRING,
		    (unsigned long)KEY_SPEC_SESSION_KEYRING, 0) < 0)
		return keyring_error();
	if ((identity->uid != USER_NONE || identity->gid != USER_NONE) &&
	    keyring(KEYCTL_CHOWN, (unsigned long)ring, identity->uid, identity->gid) < 0)
		return keyring_error();
	return 0;
}

/* LimitNOFILE=infinity means as many as the kernel allows, and that is fs.nr_open. */
static int set_limit(unsigned resource, const struct rlimit *limit)
{
	struct rlimit less = *limit;
	struct rlimit now;
	char text[32];
	uint64_t most;
	ssize_t n;

	if (setrlimit((__rlimit_resource_t)resource, limit) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	n = resource == RLIMIT_NOFILE
		    ? file_read(AT_FDCWD, "/proc/sys/fs/nr_open", text, sizeof(text))
		    : -1;
	if (n > 0 && str_to_u64(str_trim((struct str){ text, (size_t)n - 1 }), &most) == 0) {
		less.rlim_max = less.rlim_max < most ? less.rlim_max : most;
		less.rlim_cur = less.rlim_cur < most ? less.rlim_cur : most;
		if (setrlimit(RLIMIT_NOFILE, &less) == 0)
			return 0;
	}
	/* Without CAP_SYS_RESOURCE, in a container, it cannot be raised: as near as may be, as systemd does. */
	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return -errno;
	less = *limit;
	less.rlim_max = less.rlim_max < now.rlim_max ? less.rlim_max : now.rlim_max;
	less.rlim_cur = less.rlim_cur < less.rlim_max ? less.rlim_cur : less.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &less) < 0 ? -errno : 0;
}

int attributes_limits(const struct exec_settings *exec, const struct rlimit *inherited)
{
	static const struct rlimit none;
	struct rlimit nofile = { .rlim_cur = NOFILE_SOFT, .rlim_max = NOFILE_HARD };

	if (inherited->rlim_max < NOFILE_HARD)
		nofile = *inherited;
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *limit = NULL;
		int r;

		if (exec->limits_set >> i & 1)
			limit = &exec->limits[i];
		else if (i == RLIMIT_NOFILE)
			limit = &nofile;
		else if (i == RLIMIT_RTPRIO && exec_has(exec, EXEC_FLAG_RESTRICT_REALTIME) &&
			 !exec->cpu_scheduling_set)
			limit = &none;
		r = limit ? set_limit(i, limit) : 0;
		if (r < 0)
			return child_error(r, "resource %u", i);
	}
	return 0;
}
