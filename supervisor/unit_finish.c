// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The last word on a unit, when all its files are read: defaults that hang on other settings, what
 * settings imply (systemd.exec(5)), and combinations that cannot work (systemd.service(5),
 * systemd.socket(5), systemd.timer(5)). Pure.
 */
#include <sys/capability.h>

#include "supervisor/unit_directive.h"
#include "supervisor/unit_table.h"

#define BIT(number) (UINT64_C(1) << (number))
/* cpu.max: the kernel's default period, and what systemd lets it be. */
#define CPU_PERIOD_DEFAULT (100 * NS_PER_MS)
#define CPU_PERIOD_MIN NS_PER_MS
#define CPU_PERIOD_MAX NS_PER_S
/* The kernel refuses a quota that is shorter. */
#define CPU_QUOTA_MIN NS_PER_MS

static const char too_much[] = "says more than a unit may say";

static bool has(const struct unit_draft *draft, enum exec_flag flag)
{
	return exec_has(&draft->exec, flag);
}

/* Streams that go both ways are taken over by what is not said; all else is logged (systemd.exec(5)). */
static void finish_stdio(struct unit_draft *draft)
{
	struct stdio_settings *stdio = draft->exec.stdio;

	if (!draft->standard_input_set && stdio[0].size > 0)
		stdio[0].target = STDIO_DATA;
	if (stdio[1].target == STDIO_INHERIT) {
		switch (stdio[0].target) {
		case STDIO_TTY:
		case STDIO_TTY_FORCE:
		case STDIO_TTY_FAIL:
			stdio[1].target = STDIO_TTY;
			break;
		case STDIO_SOCKET:
			stdio[1].target = STDIO_SOCKET;
			break;
		case STDIO_FD:
			stdio[1] = stdio[0];
			break;
		case STDIO_INHERIT:
		case STDIO_NULL:
		case STDIO_JOURNAL:
		case STDIO_JOURNAL_CONSOLE:
		case STDIO_KMSG:
		case STDIO_KMSG_CONSOLE:
		case STDIO_FILE:
		case STDIO_APPEND:
		case STDIO_TRUNCATE:
		case STDIO_DATA:
			stdio[1].target = STDIO_JOURNAL;
			break;
		}
	}
	if (stdio[2].target == STDIO_INHERIT)
		stdio[2] = stdio[1];
}

/* What one setting brings along (systemd.exec(5)). */
static bool finish_sandbox(struct unit_draft *draft)
{
	struct exec_settings *exec = &draft->exec;
	struct cgroup_settings *cgroup = &draft->cgroup;

	if (has(draft, EXEC_FLAG_DYNAMIC_USER)) {
		directive_flag(draft, EXEC_FLAG_PRIVATE_TMP, true);
		directive_flag(draft, EXEC_FLAG_NO_NEW_PRIVILEGES, true);
		directive_flag(draft, EXEC_FLAG_RESTRICT_SUID_SGID, true);
		exec->protect_system = PROTECT_SYSTEM_STRICT;
		if (exec->protect_home == PROTECT_HOME_NO)
			exec->protect_home = PROTECT_HOME_READ_ONLY;
	}
	if (has(draft, EXEC_FLAG_PRIVATE_DEVICES)) {
		exec->capability_bounding_set &= ~(BIT(CAP_MKNOD) | BIT(CAP_SYS_RAWIO));
		if (cgroup->device_policy == DEVICE_POLICY_AUTO)
			cgroup->device_policy = DEVICE_POLICY_CLOSED;
	}
	if (has(draft, EXEC_FLAG_PROTECT_KERNEL_MODULES))
		exec->capability_bounding_set &= ~BIT(CAP_SYS_MODULE);
	if (has(draft, EXEC_FLAG_PROTECT_KERNEL_LOGS))
		exec->capability_bounding_set &= ~BIT(CAP_SYSLOG);
	if (has(draft, EXEC_FLAG_PROTECT_CLOCK)) {
		exec->capability_bounding_set &= ~(BIT(CAP_SYS_TIME) | BIT(CAP_WAKE_ALARM));
		if (text_list_add(&draft->text, &cgroup->device_allow, STR("char-rtc r")) < 0)
			return false;
	}
	return true;
}

/* CPUQuota= and CPUQuotaPeriodSec= together are cpu.max; CPUAffinity= is one list. */
static bool finish_cpu(struct unit_draft *draft)
{
	size_t bits = sizeof(draft->cpu_affinity) * 8;
	uint64_t period = draft->cpu_quota_period ? draft->cpu_quota_period : CPU_PERIOD_DEFAULT;
	char text[256];
	struct buf b = BUF(text);
	uint64_t shortest;

	if (draft->cpu_quota > 0) {
		/* A small share needs a long period. */
		shortest = CPU_QUOTA_MIN * NS_PER_S / draft->cpu_quota;
		period = period > shortest ? period : shortest;
		period = period < CPU_PERIOD_MIN   ? CPU_PERIOD_MIN
			 : period > CPU_PERIOD_MAX ? CPU_PERIOD_MAX
						   : period;
		buf_printf(&b, "%llu %llu",
			   (unsigned long long)((__uint128_t)draft->cpu_quota * period / NS_PER_S /
						NS_PER_US),
			   (unsigned long long)(period / NS_PER_US));
		if (directive_attribute(draft, "cpu.max", text) < 0)
			return false;
	}
	buf_clear(&b);
	unit_cpu_list_format(draft->cpu_affinity, bits, &b);
	if (b.overflow)
		return false;
	draft->exec.cpu_affinity = NULL;
	if (b.len == 0)
		return true;
	draft->exec.cpu_affinity = text_keep(&draft->text, (struct str){ b.p, b.len });
	return draft->exec.cpu_affinity != NULL;
}

/* PermissionsStartOnly=: all commands but the main ones as if they had a "+". */
static void finish_permissions(struct unit_draft *draft)
{
	for (size_t list = 0; draft->permissions_start_only && list < EXEC_LIST_COUNT; list++) {
		struct exec_command *command = list == EXEC_START ? NULL : draft->commands[list];

		for (; command; command = (struct exec_command *)(uintptr_t)command->next)
			command->flags |= EXEC_FULLY_PRIVILEGED;
	}
}

static const char *check_service(const struct unit_draft *draft)
{
	const struct service_settings *s = &draft->service;
	const struct exec_command *start = draft->commands[EXEC_START];
	bool oneshot = s->type == SERVICE_ONESHOT;
	bool acts = draft->settings.success_action != ACTION_NONE;

	if (!start && !draft->commands[EXEC_STOP] && !acts)
		return "has no ExecStart=";
	if (!start && !oneshot)
		return "has no ExecStart=, which only Type=oneshot may lack";
	if (!start && !s->remain_after_exit && !acts)
		return "has no ExecStart= and no RemainAfterExit=yes, so there is nothing to it";
	if (start && start->next && !oneshot)
		return "has more than one ExecStart=, which only Type=oneshot may have";
	if (oneshot && (s->restart == RESTART_ALWAYS || s->restart == RESTART_ON_SUCCESS))
		return "is Type=oneshot, for which Restart=always and on-success cannot work";
	if (oneshot && s->exit_type == EXIT_TYPE_CGROUP)
		return "is Type=oneshot, for which ExitType=cgroup cannot work";
	return NULL;
}

static const char *finish_service(struct unit_draft *draft)
{
	struct service_settings *s = &draft->service;
	const char *why;

	/* A service that never starts anything, and does not say what it is. */
	if (!draft->type_set && !draft->commands[EXEC_START])
		s->type = SERVICE_ONESHOT;
	finish_permissions(draft);
	why = check_service(draft);
	if (why)
		return why;
	if (s->type == SERVICE_ONESHOT && !draft->start_timeout_set)
		s->start_timeout = CLOCK_TIME_MAX;
	/* Who has something to tell is listened to. */
	if (s->notify_access == NOTIFY_DEFAULT || s->notify_access == NOTIFY_NONE) {
		bool tells = s->type == SERVICE_NOTIFY || s->type == SERVICE_NOTIFY_RELOAD ||
			     s->watchdog != CLOCK_TIME_MAX || s->file_descriptor_store_max > 0;

		s->notify_access = tells ? NOTIFY_MAIN : NOTIFY_NONE;
	}
	if (draft->cgroup.oom_policy == OOM_POLICY_DEFAULT)
		draft->cgroup.oom_policy = draft->cgroup.delegate ? OOM_POLICY_CONTINUE
								  : OOM_POLICY_STOP;
	return NULL;
}

/* What may have connections: AF_UNIX and IP streams, and sequenced packets. */
static const char *finish_socket(struct unit_draft *draft)
{
	struct socket_settings *s = &draft->socket;
	bool accept = s->flags >> SOCKET_FLAG_ACCEPT & 1;

	if (!s->listen)
		return "has no Listen...= line";
	for (const struct socket_listen *l = s->listen; accept && l; l = l->next)
		if (l->kind != SOCKET_STREAM && l->kind != SOCKET_SEQPACKET)
			return "is Accept=yes, which only sockets with connections can be";
	if (accept && s->service)
		return "is Accept=yes and has a Service=: each connection gets an instance of the template";
	if (accept && s->max_connections == 0)
		return "is Accept=yes with MaxConnections=0, so there is nothing to it";
	if (s->symlinks.count > 0) {
		size_t paths = 0;

		for (const struct socket_listen *l = s->listen; l; l = l->next)
			paths += l->address[0] == '/' && l->kind != SOCKET_MESSAGE_QUEUE;
		if (paths != 1)
			return "has Symlinks=, for which just one Listen...= may be a path";
	}
	return NULL;
}

static const char *finish_timer(const struct unit_draft *draft)
{
	const struct timer_settings *t = &draft->timer;

	if (!t->values && !t->on_clock_change && !t->on_timezone_change)
		return "has no On...= line, so it would never elapse";
	if (t->wake_system)
		return "has WakeSystem=yes, which cannot be kept: Orlop never lets the machine sleep";
	if (t->on_timezone_change)
		return "has OnTimezoneChange=yes, which cannot be kept: Orlop lives in UTC";
	return NULL;
}

const char *unit_table_finish(struct unit_draft *draft)
{
	if (!draft->description)
		draft->description = draft->name;
	finish_stdio(draft);
	if (!finish_sandbox(draft) || !finish_cpu(draft))
		return too_much;
	switch (draft->type) {
	case UNIT_SERVICE:
		return finish_service(draft);
	case UNIT_SOCKET:
		return finish_socket(draft);
	case UNIT_TIMER:
		return finish_timer(draft);
	case UNIT_TARGET:
		break;
	}
	return NULL;
}
