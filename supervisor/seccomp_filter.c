// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SystemCallFilter= and its relatives: see seccomp_filter.h. A list is turned into one verdict a system
 * call, by number, in the order in which it was written; the rules come from that table.
 */
#include "supervisor/seccomp_filter.h"

#include <errno.h>

#include "supervisor/child_error.h"
#include "supervisor/syscall_groups.h"

/* Verdicts other than an errno. */
#define UNLISTED (-2)
#define LISTED (-1) /* with the action of the list */
#define KILL 4096   /* beyond every errno */
/*
 * A machine has some 470 system calls and libseccomp gives numbers below zero to those that only
 * others have: a table of what was named, not one by number.
 */
#define CALLS_MAX 2048

struct call {
	int number;
	int verdict;
};

struct call_list {
	struct call calls[CALLS_MAX];
	size_t count;
	bool allows;
};

static const uint32_t architectures[] = {
#if defined(__x86_64__)
	SCMP_ARCH_X86,
	SCMP_ARCH_X32,
	SCMP_ARCH_X86_64,
#elif defined(__aarch64__)
	SCMP_ARCH_ARM,
	SCMP_ARCH_AARCH64,
#else
#error "which architectures does this machine run?"
#endif
};

int seccomp_rule(scmp_filter_ctx filter, uint32_t action, int number)
{
	int r = seccomp_rule_add_exact(filter, action, number, 0);

	/* EDOM: not on this architecture. EACCES: the same as what happens anyway. EEXIST: there already. */
	return r == -EDOM || r == -EACCES || r == -EEXIST ? 0 : r;
}

/* A filter for that architecture alone, with no_new_privs left to the caller. */
static int filter_new(uint32_t architecture, uint32_t otherwise, scmp_filter_ctx *ret_filter)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int r = filter ? 0 : -ENOMEM;

	if (r == 0 && architecture != seccomp_arch_native()) {
		r = seccomp_arch_remove(filter, seccomp_arch_native());
		if (r == 0)
			r = seccomp_arch_add(filter, architecture);
	}
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		*ret_filter = filter;
	return r;
}

int seccomp_each_architecture(uint32_t otherwise, seccomp_rules_fn *rules, const void *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++) {
		bool native = architectures[i] == seccomp_arch_native();
		scmp_filter_ctx filter;
		int r = filter_new(architectures[i], otherwise, &filter);

		if (r == 0)
			r = rules(filter, architectures[i], context);
		if (r == 0)
			r = seccomp_load(filter);
		/* EPERM and EACCES: no_new_privs was needed, and is for every architecture. */
		if (r < 0 && (native || r == -EPERM || r == -EACCES))
			return r;
	}
	return 0;
}

/* ---- lists ---- */

static int list_set(struct call_list *list, int number, int verdict)
{
	size_t i = 0;

	while (i < list->count && list->calls[i].number != number)
		i++;
	if (i == CALLS_MAX)
		return -E2BIG;
	if (i == list->count)
		list->count++;
	list->calls[i] = (struct call){ number, verdict };
	return 0;
}

static int list_verdict(const struct call_list *list, int number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->calls[i].number == number)
			return list->calls[i].verdict;
	return UNLISTED;
}

/* One system call or all of a group. What nobody knows here is passed over, as in systemd. */
static int list_add(struct call_list *list, struct str name, int verdict)
{
	char text[64];
	struct buf b = BUF(text);
	struct str members;
	struct str member;
	int r = 0;

	if (syscall_group_find(name, &members)) {
		while (r == 0 && str_next_word(&members, &member))
			r = list_add(list, member, verdict);
		return r;
	}
	buf_add_str(&b, name);
	if (!b.overflow) {
		int number = seccomp_syscall_resolve_name(text);

		if (number != __NR_SCMP_ERROR)
			return list_set(list, number, verdict);
	}
	return 0;
}

/* The errno behind the colon. Return: a verdict. */
static int parse_verdict(struct str text)
{
	char name[32];
	struct buf b = BUF(name);
	uint64_t number;

	if (text.n == 0)
		return LISTED;
	if (str_is(text, "kill"))
		return KILL;
	if (str_to_u64(text, &number) == 0)
		return number < KILL ? (int)number : -EINVAL;
	buf_add_str(&b, text);
	for (int e = 1; !b.overflow && e < 200; e++) {
		const char *known = strerrorname_np(e);

		if (known && strcmp(known, name) == 0)
			return e;
	}
	return -EINVAL;
}

/* "NAME", "@GROUP", each with ":ERRNO"; "~" before it: the other sense than that of the list. */
static int list_add_item(struct call_list *list, const char *item)
{
	bool other = item[0] == '~';
	struct str rest = str_from(item + (other ? 1 : 0));
	struct str name;
	int verdict;
	int r;

	(void)str_split(&rest, ':', &name);
	verdict = parse_verdict(rest);
	if (verdict < LISTED)
		return child_error(-EINVAL, "system call filter %s", item);
	/* In a list of what is allowed the other sense takes away, or refuses with an errno of its own. */
	if (other && !(list->allows && verdict != LISTED))
		verdict = UNLISTED;
	r = list_add(list, name, verdict);
	return r < 0 ? child_error(r, "system call filter %s", item) : 0;
}

static int list_fill(struct call_list *list, const struct text_list *items, bool allows)
{
	int r = 0;

	list->count = 0;
	list->allows = allows;
	if (allows)
		r = list_add(list, STR("@default"), LISTED);
	for (const char *item = text_list_next(items, NULL); r == 0 && item;
	     item = text_list_next(items, item))
		r = list_add_item(list, item);
	return r;
}

struct list_rules {
	const struct call_list *list;
	uint32_t action;
};

static int add_list_rules(scmp_filter_ctx filter, uint32_t architecture _unused_, const void *context)
{
	const struct list_rules *rules = context;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->list->count; i++) {
		const struct call *call = &rules->list->calls[i];

		if (call->verdict == UNLISTED)
			continue;
		r = seccomp_rule(filter,
				 call->verdict == LISTED ? rules->action
				 : call->verdict == KILL ? SCMP_ACT_KILL_PROCESS
							 : SCMP_ACT_ERRNO((uint16_t)call->verdict),
				 call->number);
	}
	return r;
}

/* Big, and used by one process once: not on the stack. */
static struct call_list scratch _table_;

int seccomp_filter_calls(const struct exec_settings *exec)
{
	bool allows = exec_has(exec, EXEC_FLAG_SYSTEM_CALL_ALLOW);
	uint32_t refuse = exec->system_call_error_number > 0
				  ? SCMP_ACT_ERRNO((uint16_t)exec->system_call_error_number)
				  : SCMP_ACT_KILL_PROCESS;
	struct list_rules rules = { &scratch, allows ? SCMP_ACT_ALLOW : refuse };
	int r;

	if (exec->system_call_filter.count == 0 && !allows)
		return 0;
	r = list_fill(&scratch, &exec->system_call_filter, allows);
	/* As in systemd: what is written between the filter and execve(2), a failure that is, needs write(2). */
	if (r == 0)
		r = list_add(&scratch, STR("@basic-io"), allows ? LISTED : UNLISTED);
	if (r == 0)
		r = seccomp_each_architecture(allows ? refuse : SCMP_ACT_ALLOW, add_list_rules, &rules);
	return r;
}

int seccomp_log_calls(const struct exec_settings *exec)
{
	bool lists = exec_has(exec, EXEC_FLAG_SYSTEM_CALL_LOG_ALLOW);
	struct list_rules rules = { &scratch, lists ? SCMP_ACT_LOG : SCMP_ACT_ALLOW };
	int r;

	if (exec->system_call_log.count == 0)
		return 0;
	r = list_fill(&scratch, &exec->system_call_log, false);
	if (r == 0)
		r = seccomp_each_architecture(lists ? SCMP_ACT_ALLOW : SCMP_ACT_LOG, add_list_rules,
					      &rules);
	/* A kernel before 4.14 cannot: nothing is lost but the lines in the log. */
	return r == -EINVAL || r == -EOPNOTSUPP ? 0 : r;
}

bool seccomp_lets_drop_privileges(const struct exec_settings *exec)
{
	static const char *const needed[] = { "capget", "capset", "prctl" };
	bool allows = exec_has(exec, EXEC_FLAG_SYSTEM_CALL_ALLOW);

	if (exec->system_call_filter.count == 0 && !allows)
		return true;
	if (list_fill(&scratch, &exec->system_call_filter, allows) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int verdict = list_verdict(&scratch, seccomp_syscall_resolve_name(needed[i]));

		if (allows ? verdict != LISTED : verdict != UNLISTED)
			return false;
	}
	return true;
}

/*
 * A filter without rules: calls of the architectures that are in it pass, all others kill. The native one
 * is always in it, as execve(2) follows.
 */
int seccomp_filter_architectures(const struct exec_settings *exec)
{
	const struct text_list *list = &exec->system_call_architectures;
	scmp_filter_ctx filter;
	int r;

	if (list->count == 0)
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	r = filter ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) : -ENOMEM;
	for (const char *name = text_list_next(list, NULL); r == 0 && name;
	     name = text_list_next(list, name)) {
		uint32_t token = strcmp(name, "native") == 0 ? SCMP_ARCH_NATIVE
							     : seccomp_arch_resolve_name(name);

		if (token == 0 && strcmp(name, "native") != 0)
			return child_error(-EINVAL, "architecture %s", name);
		r = seccomp_arch_add(filter, token);
		/* EDOM: of another byte order than this machine, which never runs it. */
		if (r == -EEXIST || r == -EDOM)
			r = 0;
	}
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	return r == 0 ? seccomp_load(filter) : r;
}
