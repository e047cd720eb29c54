// SPDX-License-Identifier: MIT OR Apache-2.0
/* Filters of single system calls and of their arguments: see seccomp_restrict.h. */
#include "supervisor/seccomp_restrict.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "supervisor/address_families.h"
#include "supervisor/child_error.h"
#include "supervisor/seccomp_filter.h"
#include "supervisor/syscall_groups.h"

#define REFUSE SCMP_ACT_ERRNO(EPERM)

/* The kinds of namespaces that clone(2) and unshare(2) make. */
static const uint64_t namespace_flags[] = {
	CLONE_NEWCGROUP, CLONE_NEWIPC,	CLONE_NEWNET, CLONE_NEWNS,
	CLONE_NEWPID,	 CLONE_NEWUSER, CLONE_NEWUTS, CLONE_NEWTIME,
};

/* Refuses @number where argument @argument, masked, has that value. A call that the architecture lacks needs no rule. */
static int refuse_masked(scmp_filter_ctx filter, int number, unsigned argument, uint64_t mask,
			 uint64_t value)
{
	const struct scmp_arg_cmp compare = {
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};
	int r = seccomp_rule_add_exact_array(filter, REFUSE, number, 1, &compare);

	return r == -EDOM ? 0 : r;
}

static int refuse_compared(scmp_filter_ctx filter, uint32_t action, int number, unsigned argument,
			   enum scmp_compare op, uint64_t value)
{
	const struct scmp_arg_cmp compare = { .arg = argument, .op = op, .datum_a = value };
	int r = seccomp_rule_add_exact_array(filter, action, number, 1, &compare);

	return r == -EDOM ? 0 : r;
}

/* ---- RestrictAddressFamilies= ---- */

struct families {
	bool in[ADDRESS_FAMILY_MAX];
	bool allowed;
};

static int families_allow(scmp_filter_ctx filter, const struct families *families)
{
	const uint32_t action = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	unsigned first = 0;
	unsigned last = 0;
	int r;

	for (unsigned i = 1; i < ADDRESS_FAMILY_MAX; i++)
		if (families->in[i]) {
			first = first ? first : i;
			last = i;
		}
	if (first == 0)
		return seccomp_rule(filter, action, SCMP_SYS(socket));
	/* A filter cannot say "none of these", so the gaps are refused one by one. */
	r = refuse_compared(filter, action, SCMP_SYS(socket), 0, SCMP_CMP_LT, first);
	if (r == 0)
		r = refuse_compared(filter, action, SCMP_SYS(socket), 0, SCMP_CMP_GT, last);
	for (unsigned i = first; r == 0 && i <= last; i++)
		if (!families->in[i])
			r = refuse_compared(filter, action, SCMP_SYS(socket), 0, SCMP_CMP_EQ, i);
	return r;
}

static int families_rules(scmp_filter_ctx filter, uint32_t architecture, const void *context)
{
	const struct families *families = context;
	int r = 0;

	/* There socketcall(2) does it all behind a pointer, which a filter cannot follow. */
	if (architecture == SCMP_ARCH_X86)
		return 1;
	if (families->allowed)
		return families_allow(filter, families);
	for (unsigned i = 0; r == 0 && i < ADDRESS_FAMILY_MAX; i++)
		if (families->in[i])
			r = refuse_compared(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
					    0, SCMP_CMP_EQ, i);
	return r;
}

int seccomp_restrict_families(const struct exec_settings *exec)
{
	const struct text_list *list = &exec->restrict_address_families;
	struct families families = { .allowed = exec_has(exec, EXEC_FLAG_ADDRESS_FAMILIES_ALLOW) };

	if (!exec_has(exec, EXEC_FLAG_ADDRESS_FAMILIES_SET) || (!families.allowed && list->count == 0))
		return 0;
	for (const char *name = text_list_next(list, NULL); name; name = text_list_next(list, name)) {
		int family = address_family(str_from(name));

		if (family < 0)
			return child_error(family, "address family %s", name);
		families.in[family] = true;
	}
	return seccomp_each_architecture(SCMP_ACT_ALLOW, families_rules, &families);
}

/* ---- one function for each of the others ---- */

/* The kinds that may be made are in exec->restrict_namespaces. */
static int namespaces_rules(scmp_filter_ctx filter, uint32_t architecture _unused_, const void *context)
{
	const struct exec_settings *exec = context;
	bool none = true;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(namespace_flags); i++)
		none = none && !(exec->restrict_namespaces & namespace_flags[i]);
	/* Its flags are behind a pointer. With ENOSYS the C library falls back to clone(2). */
	r = seccomp_rule(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
	if (r == 0 && none)
		r = seccomp_rule(filter, REFUSE, SCMP_SYS(setns));
	else if (r == 0)
		r = refuse_compared(filter, REFUSE, SCMP_SYS(setns), 1, SCMP_CMP_EQ, 0);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(namespace_flags); i++) {
		uint64_t flag = namespace_flags[i];

		if (exec->restrict_namespaces & flag)
			continue;
		r = refuse_masked(filter, SCMP_SYS(unshare), 0, flag, flag);
		/* With clone(2) that bit belongs to the signal at exit: a time namespace cannot be made so. */
		if (r == 0 && flag != CLONE_NEWTIME)
			r = refuse_masked(filter, SCMP_SYS(clone), 0, flag, flag);
		if (r == 0 && !none)
			r = refuse_masked(filter, SCMP_SYS(setns), 1, flag, flag);
	}
	return r;
}

static int realtime_rules(scmp_filter_ctx filter, uint32_t architecture _unused_,
			  const void *context _unused_)
{
	static const int real_time[] = { SCHED_FIFO, SCHED_RR, 4 /* unused, and not to be used */ };
	int r = refuse_compared(filter, REFUSE, SCMP_SYS(sched_setscheduler), 1, SCMP_CMP_GT,
				SCHED_IDLE);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(real_time); i++)
		r = refuse_compared(filter, REFUSE, SCMP_SYS(sched_setscheduler), 1, SCMP_CMP_EQ,
				    (uint64_t)real_time[i]);
	return r;
}

/* Where each call that takes a mode for a new or existing file has it. */
static int suid_sgid_rules(scmp_filter_ctx filter, uint32_t architecture _unused_,
			   const void *context _unused_)
{
	static const struct {
		const char *name;
		unsigned mode;
	} calls[] = {
		{ "chmod", 1 },	    { "fchmod", 1 },  { "fchmodat", 2 },
		{ "fchmodat2", 2 }, { "mkdir", 1 },   { "mkdirat", 2 },
		{ "mknod", 1 },	    { "mknodat", 2 }, { "creat", 1 },
	};
	static const uint64_t bits[] = { S_ISUID, S_ISGID };
	int r = 0;

	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(bits); k++) {
		const struct scmp_arg_cmp open_at[] = {
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT),
			SCMP_A3(SCMP_CMP_MASKED_EQ, bits[k], bits[k]),
		};
		const struct scmp_arg_cmp open_path[] = {
			SCMP_A1(SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT),
			SCMP_A2(SCMP_CMP_MASKED_EQ, bits[k], bits[k]),
		};

		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++) {
			int number = seccomp_syscall_resolve_name(calls[i].name);

			if (number != __NR_SCMP_ERROR)
				r = refuse_masked(filter, number, calls[i].mode, bits[k], bits[k]);
		}
		if (r == 0)
			r = seccomp_rule_add_exact_array(filter, REFUSE, SCMP_SYS(open), 2, open_path);
		if (r == -EDOM)
			r = 0;
		if (r == 0)
			r = seccomp_rule_add_exact_array(filter, REFUSE, SCMP_SYS(openat), 2, open_at);
	}
	/* Its mode is behind a pointer: the C library falls back to openat(2). */
	return r == 0 ? seccomp_rule(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2)) : r;
}

static int memory_rules(scmp_filter_ctx filter, uint32_t architecture, const void *context _unused_)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;
	bool old = architecture == SCMP_ARCH_X86;
	bool second = old || architecture == SCMP_ARCH_ARM;
	int r = refuse_masked(filter, second ? SCMP_SYS(mmap2) : SCMP_SYS(mmap), 2, both, both);

	/* x86's old mmap() has its arguments behind a pointer. */
	if (r == 0 && old)
		r = seccomp_rule(filter, REFUSE, SCMP_SYS(mmap));
	if (r == 0)
		r = refuse_masked(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, PROT_EXEC);
	if (r == 0)
		r = refuse_masked(filter, SCMP_SYS(pkey_mprotect), 2, PROT_EXEC, PROT_EXEC);
	if (r == 0 && !old)
		r = refuse_masked(filter, SCMP_SYS(shmat), 2, SHM_EXEC, SHM_EXEC);
	return r;
}

/* Only the personality that the process has, and asking for it. */
static int personality_rules(scmp_filter_ctx filter, uint32_t architecture _unused_, const void *context)
{
	const unsigned long *current = context;

	return refuse_compared(filter, REFUSE, SCMP_SYS(personality), 0, SCMP_CMP_NE, *current);
}

static int lock_personality(void)
{
	int now = personality(0xffffffff);
	unsigned long current = (now & PER_MASK) == PER_LINUX32 ? PER_LINUX32 : PER_LINUX;

	return seccomp_each_architecture(SCMP_ACT_ALLOW, personality_rules, &current);
}

/* All that is named in @context, a list as groups have it. */
static int named_rules(scmp_filter_ctx filter, uint32_t architecture _unused_, const void *context)
{
	struct str rest = *(const struct str *)context;
	struct str name;
	int r = 0;

	while (r == 0 && str_next_word(&rest, &name)) {
		char text[64];
		struct buf b = BUF(text);
		int number;

		buf_add_str(&b, name);
		number = b.overflow ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(text);
		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule(filter, REFUSE, number);
	}
	return r;
}

/* ---- which of them ---- */

/* Directives that refuse a fixed set of calls. */
static const struct {
	enum exec_flag flag;
	const char *directive;
	const char *calls; /* or one group */
} fixed[] = {
	{ EXEC_FLAG_PROTECT_KERNEL_TUNABLES, "ProtectKernelTunables=", "_sysctl" },
	{ EXEC_FLAG_PROTECT_KERNEL_MODULES, "ProtectKernelModules=", "@module" },
	{ EXEC_FLAG_PROTECT_KERNEL_LOGS, "ProtectKernelLogs=", "syslog" },
	{ EXEC_FLAG_PROTECT_CLOCK, "ProtectClock=", "@clock" },
	{ EXEC_FLAG_PRIVATE_DEVICES, "PrivateDevices=", "@raw-io" },
	{ EXEC_FLAG_PROTECT_HOSTNAME, "ProtectHostname=", "sethostname setdomainname" },
};

/* Directives with rules of their own. */
static const struct {
	enum exec_flag flag;
	const char *directive;
	seccomp_rules_fn *rules;
} own[] = {
	{ EXEC_FLAG_MEMORY_DENY_WRITE_EXECUTE, "MemoryDenyWriteExecute=", memory_rules },
	{ EXEC_FLAG_RESTRICT_REALTIME, "RestrictRealtime=", realtime_rules },
	{ EXEC_FLAG_RESTRICT_SUID_SGID, "RestrictSUIDSGID=", suid_sgid_rules },
};

static bool restricts_namespaces(const struct exec_settings *exec)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespace_flags); i++)
		if (!(exec->restrict_namespaces & namespace_flags[i]))
			return true;
	return false;
}

int seccomp_restrict(const struct exec_settings *exec)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (!exec_has(exec, own[i].flag))
			continue;
		r = seccomp_each_architecture(SCMP_ACT_ALLOW, own[i].rules, NULL);
		if (r < 0)
			return child_error(r, "%s", own[i].directive);
	}
	if (restricts_namespaces(exec)) {
		r = seccomp_each_architecture(SCMP_ACT_ALLOW, namespaces_rules, exec);
		if (r < 0)
			return child_error(r, "RestrictNamespaces=");
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		struct str calls = str_from(fixed[i].calls);

		if (!exec_has(exec, fixed[i].flag))
			continue;
		(void)syscall_group_find(calls, &calls);
		r = seccomp_each_architecture(SCMP_ACT_ALLOW, named_rules, &calls);
		if (r < 0)
			return child_error(r, "%s", fixed[i].directive);
	}
	r = seccomp_filter_architectures(exec);
	if (r < 0)
		return child_error(r, "SystemCallArchitectures=");
	r = exec_has(exec, EXEC_FLAG_LOCK_PERSONALITY) ? lock_personality() : 0;
	return r < 0 ? child_error(r, "LockPersonality=") : 0;
}

bool seccomp_wanted(const struct exec_settings *exec)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (exec_has(exec, fixed[i].flag))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (exec_has(exec, own[i].flag))
			return true;
	return exec_has(exec, EXEC_FLAG_LOCK_PERSONALITY) || restricts_namespaces(exec) ||
	       exec_has(exec, EXEC_FLAG_ADDRESS_FAMILIES_SET) ||
	       exec_has(exec, EXEC_FLAG_SYSTEM_CALL_ALLOW) || exec->system_call_filter.count > 0 ||
	       exec->system_call_log.count > 0 || exec->system_call_architectures.count > 0;
}
