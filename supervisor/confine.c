// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Giving up privileges before exec: see confine.h.
 *
 * Loading a filter wants CAP_SYS_ADMIN or no_new_privs, and the latter would switch off set-user-id
 * programs. So a process that becomes another user keeps CAP_SYS_ADMIN until all filters are in, where
 * the filters let it be given up afterwards; only where they do not is no_new_privs implied. As systemd.
 */
#include "supervisor/confine.h"

#include <errno.h>
#include <selinux/selinux.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "supervisor/child_error.h"
#include "supervisor/seccomp_filter.h"
#include "supervisor/seccomp_restrict.h"
#include "supervisor/user.h"

#define BIT(capability) (UINT64_C(1) << (capability))

void confine_implied(struct exec_settings *exec)
{
	uint64_t *set = &exec->capability_bounding_set;

	if (exec_has(exec, EXEC_FLAG_PRIVATE_DEVICES))
		*set &= ~(BIT(CAP_MKNOD) | BIT(CAP_SYS_RAWIO));
	if (exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_MODULES))
		*set &= ~BIT(CAP_SYS_MODULE);
	if (exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_LOGS))
		*set &= ~BIT(CAP_SYSLOG);
	if (exec_has(exec, EXEC_FLAG_PROTECT_CLOCK))
		*set &= ~(BIT(CAP_SYS_TIME) | BIT(CAP_WAKE_ALARM));
	if (!exec_has(exec, EXEC_FLAG_DYNAMIC_USER))
		return;
	/* Nothing may be left behind that belongs to a number that somebody else gets. */
	exec->flags |= BIT(EXEC_FLAG_PRIVATE_TMP) | BIT(EXEC_FLAG_NO_NEW_PRIVILEGES) |
		       BIT(EXEC_FLAG_RESTRICT_SUID_SGID);
	if (exec->protect_system == PROTECT_SYSTEM_NO)
		exec->protect_system = PROTECT_SYSTEM_STRICT;
	if (exec->protect_home == PROTECT_HOME_NO)
		exec->protect_home = PROTECT_HOME_READ_ONLY;
}

static int drop_bounding_set(uint64_t keep)
{
	for (cap_value_t c = 0; c < cap_max_bits() && c < 64; c++)
		if (!(keep >> c & 1) && cap_get_bound(c) > 0 && cap_drop_bound(c) < 0)
			return -errno;
	return 0;
}

/* Puts @set into, or takes it out of, the flags of the process's capabilities. */
static int change(uint64_t set, const cap_flag_t *flags, size_t count, cap_flag_value_t value)
{
	cap_t caps = cap_get_proc();
	int r = caps ? 0 : -errno;

	for (cap_value_t c = 0; r == 0 && c < cap_max_bits() && c < 64; c++)
		for (size_t i = 0; r == 0 && set >> c & 1 && i < count; i++)
			if (cap_set_flag(caps, flags[i], 1, &c, value) < 0)
				r = -errno;
	return r == 0 && cap_set_proc(caps) < 0 ? -errno : r;
}

/* Ambient capabilities must be inheritable first (capabilities(7)). */
static int raise_ambient(uint64_t set)
{
	static const cap_flag_t inheritable[] = { CAP_INHERITABLE };
	int r = change(set, inheritable, 1, CAP_SET);

	for (cap_value_t c = 0; r == 0 && c < 64; c++)
		if (set >> c & 1 && cap_set_ambient(c, CAP_SET) < 0)
			r = child_error(-errno, "ambient %d", c);
	return r;
}

int confine_capabilities(const struct exec_settings *exec)
{
	static const cap_flag_t inheritable[] = { CAP_INHERITABLE };
	int r = 0;

	if (exec->capability_bounding_set != UINT64_MAX) {
		/* What execve(2) may give must be gone from all sets but those that are still needed here. */
		r = change(~exec->capability_bounding_set, inheritable, 1, CAP_CLEAR);
		if (r == 0)
			r = drop_bounding_set(exec->capability_bounding_set);
	}
	if (r == 0 && exec->ambient_capabilities)
		r = raise_ambient(exec->ambient_capabilities);
	return r;
}

/* Whether filters are to be loaded by a user who cannot, but by what is kept for that. */
static bool keeps_for_filters(const struct exec_settings *exec, const struct identity *identity)
{
	return identity && identity->uid != USER_NONE && identity->uid != 0 &&
	       seccomp_wanted(exec) && seccomp_lets_drop_privileges(exec);
}

int confine_user(const struct exec_settings *exec, const struct identity *identity)
{
	static const cap_flag_t both[] = { CAP_PERMITTED, CAP_EFFECTIVE };
	static const cap_flag_t all[] = { CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE };
	uint64_t keep = exec->ambient_capabilities;
	int r;

	if (identity->uid == USER_NONE)
		return 0;
	if (identity->uid == 0)
		return setresuid(0, 0, 0) < 0 ? -errno : 0;
	/* Only what is named here is left; the rest is what the change of user takes away. */
	if (keeps_for_filters(exec, identity))
		keep |= BIT(CAP_SYS_ADMIN) | BIT(CAP_SETPCAP);
	if (exec->secure_bits)
		keep |= BIT(CAP_SETPCAP);
	if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return child_error(-errno, "%s", identity->name ? identity->name : "?");
	if (!keep)
		return 0;
	r = change(~(keep | exec->ambient_capabilities), all, 3, CAP_CLEAR);
	if (r == 0)
		r = change(keep, both, 2, CAP_SET);
	if (r == 0 && exec->ambient_capabilities)
		r = raise_ambient(exec->ambient_capabilities);
	return r == 0 && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ? -errno : r;
}

int confine_selinux(const struct exec_settings *exec)
{
	const char *context = exec->selinux_context;
	bool optional = context && context[0] == '-';

	if (!context || is_selinux_enabled() <= 0)
		return 0;
	context += optional ? 1 : 0;
	return setexeccon_raw(context) < 0 && !optional ? child_error(-errno, "%s", context) : 0;
}

int confine_secure_bits(const struct exec_settings *exec)
{
	/* Reading them needs nothing, setting them CAP_SETPCAP: not without need. */
	if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == (int)exec->secure_bits)
		return 0;
	return prctl(PR_SET_SECUREBITS, exec->secure_bits, 0, 0, 0) < 0 ? -errno : 0;
}

static bool may_load_filters(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

int confine_no_new_privileges(const struct exec_settings *exec)
{
	if (!exec_has(exec, EXEC_FLAG_NO_NEW_PRIVILEGES) &&
	    (!seccomp_wanted(exec) || may_load_filters()))
		return 0;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int confine_finish(const struct exec_settings *exec, const struct identity *identity)
{
	static const cap_flag_t all[] = { CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE };
	uint64_t borrowed = (BIT(CAP_SYS_ADMIN) | BIT(CAP_SETPCAP)) & ~exec->ambient_capabilities;
	int r = seccomp_log_calls(exec);

	if (r == 0)
		r = seccomp_filter_calls(exec);
	if (r == 0 && identity && identity->uid != USER_NONE && identity->uid != 0 &&
	    (keeps_for_filters(exec, identity) || exec->secure_bits))
		r = change(borrowed, all, 3, CAP_CLEAR);
	return r;
}
