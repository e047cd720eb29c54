// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The table of directives: see unit_table.h. Each row names the function that turns a value into
 * fields of struct unit_draft; a function changes nothing when it refuses a value. Pure.
 */
#include "supervisor/unit_table.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/capability.h>

/* An expanded value or word: as long as a line can be, and its specifiers. */
#define VALUE_MAX UNIT_LINE_MAX

struct directive;
typedef int directive_fn(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
			 struct str value);

struct directive {
	const char *section;
	const char *name;
	directive_fn *set;
	size_t offset;	   /* of the field, from the start of struct unit_draft */
	const void *names; /* for enums: a NULL-terminated list, in the order of the enum; the cgroup file */
	int number;	   /* dependency kind, exec list or resource */
	const char *expects;
};

#define FIELD(type, draft, d) ((type *)(void *)((char *)(draft) + (d)->offset))

static int expand(struct unit_draft *draft, struct str value, struct buf *b)
{
	return unit_specifiers(value, draft->name, b);
}

static int set_nothing(struct unit_draft *draft _unused_, struct text_arena *arena _unused_,
		       const struct directive *d _unused_, struct str value _unused_)
{
	return 0;
}

static int set_text(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
		    struct str value)
{
	char expanded[VALUE_MAX];
	struct buf b = BUF(expanded);
	const char *kept;
	int r = expand(draft, value, &b);

	if (r < 0)
		return r;
	kept = b.len > 0 ? text_intern_str(arena, (struct str){ b.p, b.len }) : NULL;
	if (b.len > 0 && !kept)
		return -ENOSPC;
	*FIELD(const char *, draft, d) = kept;
	return 0;
}

static int set_path(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
		    struct str value)
{
	if (value.n > 0 && value.p[0] != '/' && value.p[0] != '%')
		return -EINVAL;
	return set_text(draft, arena, d, value);
}

static int set_boolean(struct unit_draft *draft, struct text_arena *arena _unused_,
		       const struct directive *d, struct str value)
{
	return unit_boolean(value, FIELD(bool, draft, d));
}

static int set_time(struct unit_draft *draft, struct text_arena *arena _unused_, const struct directive *d,
		    struct str value)
{
	return unit_time(value, FIELD(uint64_t, draft, d));
}

static void put_flag(struct unit_draft *draft, enum exec_flag flag, bool on)
{
	uint64_t bit = UINT64_C(1) << flag;

	draft->exec.flags = on ? draft->exec.flags | bit : draft->exec.flags & ~bit;
}

static int set_flag(struct unit_draft *draft, struct text_arena *arena _unused_,
		    const struct directive *d, struct str value)
{
	bool on;
	int r = unit_boolean(value, &on);

	if (r == 0)
		put_flag(draft, (enum exec_flag)d->number, on);
	return r;
}

/* TimeoutStartSec= and TimeoutStopSec=: 0 means the same as infinity. */
static int set_timeout(struct unit_draft *draft, struct text_arena *arena _unused_,
		       const struct directive *d, struct str value)
{
	uint64_t ns;
	int r = unit_time(value, &ns);

	if (r < 0)
		return r;
	*FIELD(uint64_t, draft, d) = ns == 0 ? CLOCK_TIME_MAX : ns;
	return 0;
}

static int set_timeout_both(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
			    struct str value)
{
	int r = set_timeout(draft, arena, d, value);

	if (r == 0)
		draft->service.stop_timeout = draft->service.start_timeout;
	return r;
}

static int set_count(struct unit_draft *draft, struct text_arena *arena _unused_,
		     const struct directive *d, struct str value)
{
	uint64_t number;
	int r = str_to_u64(value, &number);

	if (r < 0)
		return r;
	if (number > UINT32_MAX)
		return -ERANGE;
	*FIELD(uint32_t, draft, d) = (uint32_t)number;
	return 0;
}

static int set_enum(struct unit_draft *draft, struct text_arena *arena _unused_, const struct directive *d,
		    struct str value)
{
	const char *const *names = d->names;

	for (int i = 0; names[i]; i++)
		if (str_is(value, names[i])) {
			*FIELD(int, draft, d) = i;
			return 0;
		}
	return -EINVAL;
}

static int set_signal(struct unit_draft *draft, struct text_arena *arena _unused_,
		      const struct directive *d, struct str value)
{
	int number = unit_signal(value);

	if (number < 0)
		return number;
	*FIELD(uint8_t, draft, d) = (uint8_t)number;
	return 0;
}

static int set_dependency(struct unit_draft *draft, struct text_arena *arena _unused_,
			  const struct directive *d, struct str value)
{
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct text_list list = draft->dependencies[d->number];
	struct buf b = BUF(word);
	int r;

	/* As in systemd, an empty value does not clear dependencies. */
	while ((r = unit_next_word(&value, &b)) > 0) {
		struct buf e = BUF(expanded);

		r = expand(draft, (struct str){ b.p, b.len }, &e);
		if (r == 0)
			r = text_list_add(&draft->text, &list, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	draft->dependencies[d->number] = list;
	return 0;
}

static unsigned exec_prefix(char c)
{
	switch (c) {
	case '-':
		return EXEC_IGNORE_FAILURE;
	case ':':
		return EXEC_NO_EXPANSION;
	case '+':
		return EXEC_FULLY_PRIVILEGED;
	case '!':
		return EXEC_KEEP_IDENTITY;
	default:
		return 0;
	}
}

/* One command: its words up to the end or a lone ";". @rest is moved behind it. */
static int parse_command(struct unit_draft *draft, struct text_arena *arena, struct str *rest,
			 struct exec_command *ret_command)
{
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);
	struct exec_command command = { 0 };
	bool own_argv0 = false;
	int r;

	*rest = str_trim(*rest);
	while (rest->n > 0 && (exec_prefix(rest->p[0]) || rest->p[0] == '@')) {
		if (rest->p[0] == '@')
			own_argv0 = true;
		else
			command.flags |= (uint8_t)exec_prefix(rest->p[0]);
		*rest = (struct str){ rest->p + 1, rest->n - 1 };
	}
	for (;;) {
		struct buf e = BUF(expanded);

		*rest = str_trim(*rest);
		if (command.path && (str_is(*rest, ";") || str_starts(*rest, "; "))) {
			*rest = (struct str){ rest->p + 1, rest->n - 1 };
			break;
		}
		if (str_is(*rest, "\\;") || str_starts(*rest, "\\; ")) {
			*rest = (struct str){ rest->p + 2, rest->n - 2 };
			r = text_list_add(arena, &command.arguments, STR(";"));
			if (r < 0)
				return r;
			continue;
		}
		r = unit_next_word(rest, &b);
		if (r <= 0)
			break;
		r = expand(draft, (struct str){ b.p, b.len }, &e);
		if (r < 0)
			return r;
		if (!command.path) {
			if (e.len == 0 || (e.p[0] != '/' && strchr(e.p, '/')))
				return -EINVAL;
			command.path = text_keep(arena, (struct str){ e.p, e.len });
			if (!command.path)
				return -ENOSPC;
			if (own_argv0)
				continue;
		}
		r = text_list_add(arena, &command.arguments, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!command.path || command.arguments.count == 0)
		return -EINVAL;
	*ret_command = command;
	return 0;
}

/* A list is built in the draft, and constant for everybody else. */
static struct exec_command **next_of(struct exec_command *command)
{
	return (struct exec_command **)(uintptr_t)&command->next;
}

static int set_exec(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
		    struct str value)
{
	struct exec_command **tail = &draft->commands[d->number];
	struct exec_command *first = NULL;
	struct exec_command **last = &first;

	if (value.n == 0) {
		*tail = NULL;
		return 0;
	}
	do {
		struct exec_command command;
		struct exec_command *kept;
		int r = parse_command(draft, arena, &value, &command);

		if (r < 0)
			return r;
		kept = text_reserve(&draft->text, sizeof(*kept));
		if (!kept)
			return -ENOSPC;
		*kept = command;
		*last = kept;
		last = next_of(kept);
		value = str_trim(value);
	} while (value.n > 0);

	while (*tail)
		tail = next_of(*tail);
	*tail = first;
	return 0;
}

static int set_environment(struct unit_draft *draft, struct text_arena *arena,
			   const struct directive *d _unused_, struct str value)
{
	struct text_list list = draft->exec.environment;
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);
	int r;

	if (value.n == 0) {
		draft->exec.environment = (struct text_list){ 0 };
		return 0;
	}
	while ((r = unit_next_word(&value, &b)) > 0) {
		struct buf e = BUF(expanded);
		const char *equals;

		r = expand(draft, (struct str){ b.p, b.len }, &e);
		equals = strchr(e.p, '=');
		if (r == 0 && (!equals || equals == e.p))
			r = -EINVAL;
		if (r == 0)
			r = text_list_add(arena, &list, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	draft->exec.environment = list;
	return 0;
}

static int set_statuses(struct unit_draft *draft, struct text_arena *arena _unused_,
			const struct directive *d, struct str value)
{
	struct exit_status_set set = *FIELD(struct exit_status_set, draft, d);
	struct str word;

	if (value.n == 0)
		set = (struct exit_status_set){ 0 };
	while (str_next_word(&value, &word)) {
		uint64_t code;
		int number;

		if (str_to_u64(word, &code) == 0) {
			if (code > 255)
				return -ERANGE;
			set.codes[code / 64] |= UINT64_C(1) << (code % 64);
			continue;
		}
		number = unit_signal(word);
		if (number <= 0)
			return -EINVAL;
		set.signals |= UINT64_C(1) << (number - 1);
	}
	*FIELD(struct exit_status_set, draft, d) = set;
	return 0;
}

static int set_limit(struct unit_draft *draft, struct text_arena *arena _unused_,
		     const struct directive *d, struct str value)
{
	int r = unit_limit(d->number, value, &draft->limits[d->number]);

	if (r == 0)
		draft->exec.limits_set |= 1U << d->number;
	return r;
}

static int set_number_between(struct str value, int64_t low, int64_t high, int *ret_number)
{
	int64_t number;
	int r = str_to_i64(value, &number);

	if (r < 0)
		return r;
	if (number < low || number > high)
		return -ERANGE;
	*ret_number = (int)number;
	return 0;
}

static int set_nice(struct unit_draft *draft, struct text_arena *arena _unused_,
		    const struct directive *d _unused_, struct str value)
{
	int nice;
	int r = set_number_between(value, -20, 19, &nice);

	if (r < 0)
		return r;
	draft->exec.nice = (int8_t)nice;
	draft->exec.nice_set = true;
	return 0;
}

static int set_oom_score(struct unit_draft *draft, struct text_arena *arena _unused_,
			 const struct directive *d _unused_, struct str value)
{
	int score;
	int r = set_number_between(value, -1000, 1000, &score);

	if (r < 0)
		return r;
	draft->exec.oom_score_adjust = (int16_t)score;
	draft->exec.oom_score_adjust_set = true;
	return 0;
}

static int set_umask(struct unit_draft *draft, struct text_arena *arena _unused_,
		     const struct directive *d _unused_, struct str value)
{
	uint32_t mask = 0;

	if (value.n == 0 || value.n > 4)
		return -EINVAL;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '7')
			return -EINVAL;
		mask = mask * 8 + (uint32_t)(value.p[i] - '0');
	}
	if (mask > 0777)
		return -ERANGE;
	draft->exec.umask = mask;
	return 0;
}

/* Puts FILE=VALUE in the place of an earlier line for @file; an empty @value takes that away. */
static int set_attribute(struct unit_draft *draft, struct text_arena *arena, const char *file,
			 const char *value)
{
	struct text_list before = draft->cgroup.attributes;
	struct text_list after = { 0 };
	char line[64];
	struct buf b = BUF(line);
	int r = 0;

	for (const char *item = text_list_next(&before, NULL); r == 0 && item;
	     item = text_list_next(&before, item))
		if (strncmp(item, file, strlen(file)) != 0 || item[strlen(file)] != '=')
			r = text_list_add(arena, &after, str_from(item));
	buf_printf(&b, "%s=%s", file, value);
	if (r == 0 && *value)
		r = text_list_add(arena, &after, (struct str){ b.p, b.len });
	if (r == 0)
		draft->cgroup.attributes = after;
	return r;
}

static int set_cgroup_amount(struct unit_draft *draft, struct text_arena *arena,
			     const struct directive *d, struct str value)
{
	char text[32];
	struct buf b = BUF(text);
	uint64_t amount;

	if (str_is(value, "infinity")) {
		buf_add(&b, "max");
	} else if (value.n > 0) {
		int r = unit_size(value, &amount);

		if (r < 0)
			return r;
		buf_printf(&b, "%llu", (unsigned long long)amount);
	}
	return set_attribute(draft, arena, d->names, text);
}

static int set_cpu_weight(struct unit_draft *draft, struct text_arena *arena,
			  const struct directive *d, struct str value)
{
	char text[32];
	struct buf b = BUF(text);
	int weight = 0;
	int r = set_number_between(value, 1, 10000, &weight);

	buf_printf(&b, "%d", weight);
	return r < 0 ? r : set_attribute(draft, arena, d->names, text);
}

static int set_capabilities(struct unit_draft *draft, struct text_arena *arena _unused_,
			    const struct directive *d, struct str value)
{
	bool invert = value.n > 0 && value.p[0] == '~';
	uint64_t *field = FIELD(uint64_t, draft, d);
	uint64_t mask = 0;
	struct str word;

	if (value.n == 0) {
		*field = 0;
		return 0;
	}
	if (invert)
		value = (struct str){ value.p + 1, value.n - 1 };
	while (str_next_word(&value, &word)) {
		char name[64];
		struct buf b = BUF(name);
		cap_value_t number;

		buf_add_str(&b, word);
		if (b.overflow || cap_from_name(name, &number) < 0 || number < 0 || number > 63)
			return -EINVAL;
		mask |= UINT64_C(1) << number;
	}
	if (invert)
		*field &= ~mask;
	else if (*field == UINT64_MAX)
		*field = mask;
	else
		*field |= mask;
	return 0;
}

static int set_stdio(struct unit_draft *draft, struct text_arena *arena, const struct directive *d,
		     struct str value)
{
	static const struct {
		const char *name;
		enum stdio_target target;
	} names[] = {
		{ "inherit", STDIO_INHERIT }, { "null", STDIO_NULL },
		{ "journal", STDIO_JOURNAL }, { "journal+console", STDIO_JOURNAL_CONSOLE },
		{ "kmsg", STDIO_KMSG },	      { "tty", STDIO_TTY },
	};
	bool input = d->offset == offsetof(struct unit_draft, exec.stdio[0]);

	(void)arena;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool source = names[i].target == STDIO_NULL || names[i].target == STDIO_TTY;

		if (!str_is(value, names[i].name) || (input && !source))
			continue;
		*FIELD(struct stdio_settings, draft, d) = (struct stdio_settings){ names[i].target, NULL, 0 };
		return 0;
	}
	return -EINVAL;
}

static int set_system_calls(struct unit_draft *draft, struct text_arena *arena,
			    const struct directive *d _unused_, struct str value)
{
	struct text_list list = draft->exec.system_call_filter;
	bool allows = value.n == 0 || value.p[0] != '~';
	struct str word;

	if (value.n == 0) {
		draft->exec.system_call_filter = (struct text_list){ 0 };
		return 0;
	}
	if (!allows)
		value = (struct str){ value.p + 1, value.n - 1 };
	/* systemd lets the first line decide the sense; a mixture is where people go wrong. */
	if (list.count > 0 && allows != exec_has(&draft->exec, EXEC_FLAG_SYSTEM_CALL_ALLOW))
		return -EINVAL;
	while (str_next_word(&value, &word)) {
		int r = word.p[0] == '@' ? -EINVAL : text_list_add(arena, &list, word);

		if (r < 0)
			return r;
	}
	draft->exec.system_call_filter = list;
	put_flag(draft, EXEC_FLAG_SYSTEM_CALL_ALLOW, allows);
	return 0;
}

static const char *const type_names[] = { "simple", "exec",	    "forking", "oneshot",
					  "notify", "notify-reload", "idle",    NULL };
static const char *const restart_names[] = { "no",	 "on-success",	"on-failure", "on-abnormal",
					     "on-abort", "on-watchdog", "always",     NULL };
static const char *const kill_mode_names[] = { "control-group", "mixed", "process", "none", NULL };
static const char *const notify_names[] = { "", "none", "main", "exec", "all", NULL };

#define U(field) offsetof(struct unit_draft, field)
#define S(field) offsetof(struct unit_draft, service.field)
#define E(field) offsetof(struct unit_draft, exec.field)
#define K(field) offsetof(struct unit_draft, kill.field)
#define C(field) offsetof(struct unit_draft, cgroup.field)
#define TIME_SPAN "a time span such as 90, 5min 20s or infinity"
#define YES_NO "yes or no"
#define UNIT_NAMES "names of units"
#define COMMAND "an absolute path or a program's name, and its arguments"
#define LIMIT(suffix)                                                            \
	{                                                                        \
		"Service", "Limit" #suffix, set_limit, 0, NULL, RLIMIT_##suffix, \
			"a limit, soft:hard or infinity"                         \
	}

static const struct directive table[] = {
	{ "Unit", "Description", set_text, U(description), NULL, 0, "text" },
	{ "Unit", "Documentation", set_nothing, 0, NULL, 0, "addresses" },
	{ "Unit", "Wants", set_dependency, 0, NULL, UNIT_WANTS, UNIT_NAMES },
	{ "Unit", "Requires", set_dependency, 0, NULL, UNIT_REQUIRES, UNIT_NAMES },
	{ "Unit", "BindsTo", set_dependency, 0, NULL, UNIT_BINDS_TO, UNIT_NAMES },
	{ "Unit", "PartOf", set_dependency, 0, NULL, UNIT_PART_OF, UNIT_NAMES },
	{ "Unit", "Conflicts", set_dependency, 0, NULL, UNIT_CONFLICTS, UNIT_NAMES },
	{ "Unit", "After", set_dependency, 0, NULL, UNIT_AFTER, UNIT_NAMES },
	{ "Unit", "Before", set_dependency, 0, NULL, UNIT_BEFORE, UNIT_NAMES },
	{ "Unit", "DefaultDependencies", set_boolean, U(settings.default_dependencies), NULL, 0, YES_NO },
	{ "Unit", "StartLimitIntervalSec", set_time, U(settings.start_limit_interval), NULL, 0, TIME_SPAN },
	{ "Unit", "StartLimitBurst", set_count, U(settings.start_limit_burst), NULL, 0, "a number" },

	{ "Service", "Type", set_enum, S(type), type_names, 0, "simple, exec, oneshot, notify or idle" },
	{ "Service", "ExecStartPre", set_exec, 0, NULL, EXEC_START_PRE, COMMAND },
	{ "Service", "ExecStart", set_exec, 0, NULL, EXEC_START, COMMAND },
	{ "Service", "ExecStartPost", set_exec, 0, NULL, EXEC_START_POST, COMMAND },
	{ "Service", "ExecStop", set_exec, 0, NULL, EXEC_STOP, COMMAND },
	{ "Service", "ExecStopPost", set_exec, 0, NULL, EXEC_STOP_POST, COMMAND },
	{ "Service", "RemainAfterExit", set_boolean, S(remain_after_exit), NULL, 0, YES_NO },
	{ "Service", "Restart", set_enum, S(restart), restart_names, 0,
	  "no, on-success, on-failure, on-abnormal, on-abort, on-watchdog or always" },
	{ "Service", "RestartSec", set_time, S(restart_delay), NULL, 0, TIME_SPAN },
	{ "Service", "RestartSteps", set_count, S(restart_steps), NULL, 0, "a number" },
	{ "Service", "RestartMaxDelaySec", set_time, S(restart_delay_max), NULL, 0, TIME_SPAN },
	{ "Service", "RestartPreventExitStatus", set_statuses, U(restart_prevent_statuses), NULL, 0,
	  "exit codes and signals" },
	{ "Service", "SuccessExitStatus", set_statuses, U(success_statuses), NULL, 0,
	  "exit codes and signals" },
	{ "Service", "TimeoutStartSec", set_timeout, S(start_timeout), NULL, 0, TIME_SPAN },
	{ "Service", "TimeoutStopSec", set_timeout, S(stop_timeout), NULL, 0, TIME_SPAN },
	{ "Service", "TimeoutSec", set_timeout_both, S(start_timeout), NULL, 0, TIME_SPAN },
	{ "Service", "NotifyAccess", set_enum, S(notify_access), notify_names, 0,
	  "none, main, exec or all" },
	{ "Service", "KillMode", set_enum, K(kill_mode), kill_mode_names, 0,
	  "control-group, mixed, process or none" },
	{ "Service", "KillSignal", set_signal, K(kill_signal), NULL, 0, "a signal such as SIGTERM" },
	{ "Service", "SendSIGKILL", set_boolean, K(send_sigkill), NULL, 0, YES_NO },

	{ "Service", "Environment", set_environment, 0, NULL, 0, "NAME=VALUE pairs" },
	{ "Service", "WorkingDirectory", set_path, E(working_directory), NULL, 0, "an absolute path" },
	{ "Service", "StandardInput", set_stdio, E(stdio[0]), NULL, 0, "null or tty" },
	{ "Service", "StandardOutput", set_stdio, E(stdio[1]), NULL, 0,
	  "inherit, null, journal, journal+console, kmsg or tty" },
	{ "Service", "StandardError", set_stdio, E(stdio[2]), NULL, 0,
	  "inherit, null, journal, journal+console, kmsg or tty" },
	{ "Service", "TTYPath", set_path, E(tty_path), NULL, 0, "a terminal's device node" },
	{ "Service", "UMask", set_umask, 0, NULL, 0, "an octal mode up to 0777" },
	{ "Service", "Nice", set_nice, 0, NULL, 0, "a number from -20 to 19" },
	{ "Service", "OOMScoreAdjust", set_oom_score, 0, NULL, 0, "a number from -1000 to 1000" },
	{ "Service", "NoNewPrivileges", set_flag, 0, NULL, EXEC_FLAG_NO_NEW_PRIVILEGES, YES_NO },
	{ "Service", "CapabilityBoundingSet", set_capabilities, E(capability_bounding_set), NULL, 0,
	  "names of capabilities" },
	{ "Service", "AmbientCapabilities", set_capabilities, E(ambient_capabilities), NULL, 0,
	  "names of capabilities" },
	{ "Service", "SystemCallFilter", set_system_calls, 0, NULL, 0,
	  "names of system calls (no @groups yet)" },
	{ "Service", "SELinuxContext", set_text, E(selinux_context), NULL, 0, "a security context" },
	LIMIT(CPU),
	LIMIT(FSIZE),
	LIMIT(DATA),
	LIMIT(STACK),
	LIMIT(CORE),
	LIMIT(RSS),
	LIMIT(NOFILE),
	LIMIT(AS),
	LIMIT(NPROC),
	LIMIT(MEMLOCK),
	LIMIT(LOCKS),
	LIMIT(SIGPENDING),
	LIMIT(MSGQUEUE),
	LIMIT(NICE),
	LIMIT(RTPRIO),
	LIMIT(RTTIME),

	{ "Service", "Delegate", set_boolean, C(delegate), NULL, 0, YES_NO },
	{ "Service", "MemoryMax", set_cgroup_amount, 0, "memory.max", 0,
	  "bytes, K M G T, or infinity" },
	{ "Service", "MemoryHigh", set_cgroup_amount, 0, "memory.high", 0,
	  "bytes, K M G T, or infinity" },
	{ "Service", "MemoryLow", set_cgroup_amount, 0, "memory.low", 0,
	  "bytes, K M G T, or infinity" },
	{ "Service", "MemoryMin", set_cgroup_amount, 0, "memory.min", 0,
	  "bytes, K M G T, or infinity" },
	{ "Service", "TasksMax", set_cgroup_amount, 0, "pids.max", 0, "a number or infinity" },
	{ "Service", "CPUWeight", set_cpu_weight, 0, "cpu.weight", 0, "a number from 1 to 10000" },

	/* What enabling a unit would do; at run time the links are what counts. */
	{ "Install", "WantedBy", set_nothing, 0, NULL, 0, UNIT_NAMES },
	{ "Install", "RequiredBy", set_nothing, 0, NULL, 0, UNIT_NAMES },
	{ "Install", "Alias", set_nothing, 0, NULL, 0, UNIT_NAMES },
	{ "Install", "Also", set_nothing, 0, NULL, 0, UNIT_NAMES },
	{ "Install", "DefaultInstance", set_nothing, 0, NULL, 0, "text" },
};

bool unit_table_next(size_t index, const char **ret_section, const char **ret_name)
{
	if (index >= ARRAY_SIZE(table))
		return false;
	*ret_section = table[index].section;
	*ret_name = table[index].name;
	return true;
}

/* Letters that must be changed to make one name the other (Levenshtein), for names up to 40 letters. */
static size_t name_distance(struct str a, const char *b)
{
	size_t row[41];
	size_t n = strlen(b);

	if (n > 40)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t change = diagonal + (a.p[i] != b[j]);
			size_t shift = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = change < shift ? change : shift;
		}
	}
	return row[n];
}

static const char *nearest(struct str section, struct str key)
{
	const char *best = NULL;
	size_t limit = key.n / 3 + 1;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t distance;

		if (!str_is(section, table[i].section))
			continue;
		distance = name_distance(key, table[i].name);
		if (distance <= limit) {
			limit = distance;
			best = table[i].name;
		}
	}
	return best;
}

static const struct directive *find(struct str section, struct str key)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_is(key, table[i].name) && str_is(section, table[i].section))
			return &table[i];
	return NULL;
}

static bool known_section(const struct unit_draft *draft, struct str section)
{
	return str_is(section, "Unit") || str_is(section, "Install") ||
	       (draft->type == UNIT_SERVICE && str_is(section, "Service"));
}

int unit_table_apply(struct unit_draft *draft, struct text_arena *arena, const char *file, struct str text,
		     unit_problem_fn *problem, void *context)
{
	struct unit_reader reader;
	struct unit_line line = { 0 };
	enum unit_read read;
	int faults = 0;

	unit_read_begin(&reader, text);
	while ((read = unit_read_next(&reader, &line)) != UNIT_READ_END) {
		struct unit_problem p = { .file = file, .line = line.number };
		const struct directive *d;
		int r;

		switch (read) {
		case UNIT_READ_END:
		case UNIT_READ_LINE:
			break;
		case UNIT_READ_NO_SECTION:
			p.reason = "stands before the first [Section]";
			break;
		case UNIT_READ_BAD_LINE:
			p.reason = "is neither a [Section], a KEY=VALUE nor a comment";
			break;
		case UNIT_READ_TOO_LONG:
			p.reason = "is longer than 4095 bytes with its continuations";
			break;
		}
		if (read == UNIT_READ_LINE) {
			p.key = line.key;
			p.value = line.value;
			/* X- is the field's sign for "not for the service manager". */
			if (str_starts(line.section, "X-") || str_starts(line.key, "X-"))
				continue;
			d = find(line.section, line.key);
			if (!known_section(draft, line.section)) {
				p.key = line.section;
				p.value = (struct str){ 0 };
				p.reason = "is a section that this unit type does not have";
			} else if (!d) {
				p.reason = "is a directive that Orlop does not support; ignored";
				p.hint = nearest(line.section, line.key);
			} else {
				r = d->set(draft, arena, d, line.value);
				if (r == -ENOSPC)
					return r;
				if (r == 0)
					continue;
				p.reason = d->expects;
			}
		}
		problem(context, &p);
		faults++;
	}
	return faults;
}

const char *unit_table_finish(struct unit_draft *draft)
{
	struct service_settings *s = &draft->service;
	const struct exec_command *start = draft->commands[EXEC_START];

	if (!draft->description)
		draft->description = draft->name;
	if (draft->type != UNIT_SERVICE)
		return NULL;
	if (!start && !(s->type == SERVICE_ONESHOT && s->remain_after_exit) &&
	    !draft->commands[EXEC_STOP])
		return "has no ExecStart=";
	if (start && start->next && s->type != SERVICE_ONESHOT)
		return "has more than one ExecStart=, which only Type=oneshot may have";
	if (s->type == SERVICE_ONESHOT) {
		if (s->restart == RESTART_ALWAYS || s->restart == RESTART_ON_SUCCESS)
			return "is Type=oneshot, for which Restart=always and on-success cannot work";
		if (s->start_timeout == 90 * NS_PER_S)
			s->start_timeout = CLOCK_TIME_MAX;
	}
	if (s->notify_access == NOTIFY_DEFAULT)
		s->notify_access = s->type == SERVICE_NOTIFY ? NOTIFY_MAIN : NOTIFY_NONE;
	if (draft->exec.stdio[2].target == STDIO_INHERIT)
		draft->exec.stdio[2] = draft->exec.stdio[1];
	return NULL;
}
