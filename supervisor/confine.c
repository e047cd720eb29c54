// SPDX-License-Identifier: MIT OR Apache-2.0
/* Giving up privileges before exec: see confine.h. */
#include "supervisor/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <selinux/selinux.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static int drop_bounding_set(uint64_t keep)
{
	for (cap_value_t c = 0; c < cap_max_bits() && c < 64; c++)
		if (!(keep >> c & 1) && cap_drop_bound(c) < 0)
			return -errno;
	return 0;
}

/* Ambient capabilities must be inheritable first (capabilities(7)). */
static int raise_ambient(uint64_t set)
{
	cap_t caps = cap_get_proc();
	int r = caps ? 0 : -errno;

	for (cap_value_t c = 0; r == 0 && c < 64; c++)
		if (set >> c & 1 && cap_set_flag(caps, CAP_INHERITABLE, 1, &c, CAP_SET) < 0)
			r = -errno;
	if (r == 0 && cap_set_proc(caps) < 0)
		r = -errno;
	for (cap_value_t c = 0; r == 0 && c < 64; c++)
		if (set >> c & 1 && cap_set_ambient(c, CAP_SET) < 0)
			r = -errno;
	return r;
}

static int filter_system_calls(const struct exec_settings *s)
{
	/* As systemd: a call that is not allowed kills the process with SIGSYS, which names it in the log. */
	uint32_t refuse = SCMP_ACT_KILL_PROCESS;
	/* What exec itself and the way out need, and systemd's @default always holds. */
	static const char *const always[] = { "execve", "exit", "exit_group", "rt_sigreturn",
					      "restart_syscall" };
	bool denies = !exec_has(s, EXEC_FLAG_SYSTEM_CALL_ALLOW);
	scmp_filter_ctx filter = seccomp_init(denies ? SCMP_ACT_ALLOW : refuse);
	uint32_t action = denies ? refuse : SCMP_ACT_ALLOW;
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && !denies && i < ARRAY_SIZE(always); i++)
		r = seccomp_rule_add(filter, action, seccomp_syscall_resolve_name(always[i]), 0);
	for (const char *name = text_list_next(&s->system_call_filter, NULL); r == 0 && name;
	     name = text_list_next(&s->system_call_filter, name)) {
		int number = seccomp_syscall_resolve_name(name);

		if (number == __NR_SCMP_ERROR)
			return -EINVAL;
		r = seccomp_rule_add(filter, action, number, 0);
		if (r == -EEXIST)
			r = 0;
	}
	return r < 0 ? r : seccomp_load(filter);
}

int confine(const struct exec_settings *settings, enum confine_stage *ret_stage)
{
	int r = 0;

	*ret_stage = CONFINE_SELINUX;
	if (settings->selinux_context && setexeccon_raw(settings->selinux_context) < 0)
		return -errno;
	*ret_stage = CONFINE_CAPABILITIES;
	if (settings->capability_bounding_set != UINT64_MAX)
		r = drop_bounding_set(settings->capability_bounding_set);
	if (r == 0 && settings->ambient_capabilities)
		r = raise_ambient(settings->ambient_capabilities);
	if (r < 0)
		return r;
	*ret_stage = CONFINE_NO_NEW_PRIVILEGES;
	if (exec_has(settings, EXEC_FLAG_NO_NEW_PRIVILEGES) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*ret_stage = CONFINE_SYSTEM_CALLS;
	if (settings->system_call_filter.count > 0)
		return filter_system_calls(settings);
	return 0;
}
