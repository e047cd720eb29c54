// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Service]: commands, exit statuses and time-outs. See unit_directive.h. Pure. */
#include <errno.h>

#include "supervisor/unit_directive.h"

int set_service_type(struct directive_context *c, struct str value)
{
	const char *const *names = unit_directive_kinds[VALUE_SERVICE_TYPE].data;
	int index = directive_name_index(value, names);

	if (str_is(value, "dbus")) {
		c->reason = "cannot work: Orlop has no message bus (say Type=notify or exec in a drop-in)";
		return -EINVAL;
	}
	if (index < 0)
		return index;
	c->draft->service.type = (enum service_type)index;
	c->draft->type_set = true;
	return 0;
}

int set_restart_mode(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "normal", "direct", NULL };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	c->draft->service.restart_direct = index == 1;
	return 0;
}

struct prefixes {
	uint8_t flags; /* enum exec_flags */
	bool own_argv0;
	bool ambient_magic; /* !!: means nothing where the kernel has ambient capabilities */
};

/*
 * One prefix of a command. Only one of + ! !! may stand there, and none twice (systemd.service(5),
 * "Command lines"). Return: whether @sign is one.
 */
static bool take_prefix(struct prefixes *p, char sign)
{
	bool privileged = p->flags & (EXEC_FULLY_PRIVILEGED | EXEC_KEEP_IDENTITY) || p->ambient_magic;

	if (sign == '-' && !(p->flags & EXEC_IGNORE_FAILURE)) {
		p->flags |= EXEC_IGNORE_FAILURE;
	} else if (sign == '@' && !p->own_argv0) {
		p->own_argv0 = true;
	} else if (sign == ':' && !(p->flags & EXEC_NO_EXPANSION)) {
		p->flags |= EXEC_NO_EXPANSION;
	} else if (sign == '+' && !privileged) {
		p->flags |= EXEC_FULLY_PRIVILEGED;
	} else if (sign == '!' && !privileged) {
		p->flags |= EXEC_KEEP_IDENTITY;
	} else if (sign == '!' && p->flags & EXEC_KEEP_IDENTITY) {
		p->flags &= (uint8_t)~EXEC_KEEP_IDENTITY;
		p->ambient_magic = true;
	} else {
		return false;
	}
	return true;
}

static struct str behind(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

/* The program: absolute, or a name that is looked for in the search path of programs. */
static int take_program(struct directive_context *c, struct buf *path, const char **ret_path)
{
	if (path->len == 0 || path->p[path->len - 1] == '/')
		return -EINVAL;
	if (path->p[0] == '/' ? directive_path(path) < 0 : strchr(path->p, '/') != NULL)
		return -EINVAL;
	return directive_keep(c, *path, ret_path);
}

/* The words of a command up to the end or a lone ";". @rest is moved behind it. */
static int take_words(struct directive_context *c, struct str *rest, bool own_argv0,
		      struct exec_command *command)
{
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);

	for (;;) {
		struct buf e = BUF(expanded);
		int r;

		*rest = str_trim(*rest);
		if (command->path && (str_is(*rest, ";") || str_starts(*rest, "; "))) {
			*rest = behind(*rest, 1);
			return 0;
		}
		if (command->path && (str_is(*rest, "\\;") || str_starts(*rest, "\\; "))) {
			*rest = behind(*rest, 2);
			buf_add_char(&e, ';');
		} else {
			r = unit_next_word(rest, &b);
			if (r > 0)
				r = directive_expand(c, (struct str){ b.p, b.len }, &e);
			else if (r == 0)
				return 0;
			if (r < 0)
				return r;
		}
		if (!command->path) {
			r = take_program(c, &e, &command->path);
			if (r < 0)
				return r;
			if (own_argv0)
				continue;
		}
		r = text_list_add(&c->draft->text, &command->arguments, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
}

static int take_command(struct directive_context *c, struct str *rest, struct exec_command *ret_command)
{
	struct exec_command command = { .list = (uint8_t)c->directive->number };
	struct prefixes prefixes = { 0 };
	int r;

	*rest = str_trim(*rest);
	while (rest->n > 0 && take_prefix(&prefixes, rest->p[0]))
		*rest = behind(*rest, 1);
	command.flags = prefixes.flags;
	r = take_words(c, rest, prefixes.own_argv0, &command);
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

int set_command(struct directive_context *c, struct str value)
{
	struct exec_command **tail = &c->draft->commands[c->directive->number];
	struct exec_command *first = NULL;
	struct exec_command **last = &first;

	if (value.n == 0) {
		*tail = NULL;
		return 0;
	}
	do {
		struct exec_command command;
		struct exec_command *kept;
		int r = take_command(c, &value, &command);

		if (r < 0)
			return r;
		kept = text_reserve(&c->draft->text, sizeof(*kept));
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

/* systemd.exec(5), "Process Exit Codes": libc's, LSB's, sysexits' and systemd's own. */
static const struct {
	char name[24];
	uint8_t code;
} exit_names[] = {
	{ "SUCCESS", 0 },
	{ "FAILURE", 1 },
	{ "INVALIDARGUMENT", 2 },
	{ "NOTIMPLEMENTED", 3 },
	{ "NOPERMISSION", 4 },
	{ "NOTINSTALLED", 5 },
	{ "NOTCONFIGURED", 6 },
	{ "NOTRUNNING", 7 },
	{ "USAGE", 64 },
	{ "DATAERR", 65 },
	{ "NOINPUT", 66 },
	{ "NOUSER", 67 },
	{ "NOHOST", 68 },
	{ "UNAVAILABLE", 69 },
	{ "SOFTWARE", 70 },
	{ "OSERR", 71 },
	{ "OSFILE", 72 },
	{ "CANTCREAT", 73 },
	{ "IOERR", 74 },
	{ "TEMPFAIL", 75 },
	{ "PROTOCOL", 76 },
	{ "NOPERM", 77 },
	{ "CONFIG", 78 },
	{ "CHDIR", 200 },
	{ "NICE", 201 },
	{ "FDS", 202 },
	{ "EXEC", 203 },
	{ "MEMORY", 204 },
	{ "LIMITS", 205 },
	{ "OOM_ADJUST", 206 },
	{ "SIGNAL_MASK", 207 },
	{ "STDIN", 208 },
	{ "STDOUT", 209 },
	{ "CHROOT", 210 },
	{ "IOPRIO", 211 },
	{ "TIMERSLACK", 212 },
	{ "SECUREBITS", 213 },
	{ "SETSCHEDULER", 214 },
	{ "CPUAFFINITY", 215 },
	{ "GROUP", 216 },
	{ "USER", 217 },
	{ "CAPABILITIES", 218 },
	{ "CGROUP", 219 },
	{ "SETSID", 220 },
	{ "CONFIRM", 221 },
	{ "STDERR", 222 },
	{ "PAM", 224 },
	{ "NETWORK", 225 },
	{ "NAMESPACE", 226 },
	{ "NO_NEW_PRIVILEGES", 227 },
	{ "SECCOMP", 228 },
	{ "SELINUX_CONTEXT", 229 },
	{ "PERSONALITY", 230 },
	{ "APPARMOR_PROFILE", 231 },
	{ "ADDRESS_FAMILIES", 232 },
	{ "RUNTIME_DIRECTORY", 233 },
	{ "CHOWN", 235 },
	{ "SMACK_PROCESS_LABEL", 236 },
	{ "KEYRING", 237 },
	{ "STATE_DIRECTORY", 238 },
	{ "CACHE_DIRECTORY", 239 },
	{ "LOGS_DIRECTORY", 240 },
	{ "CONFIGURATION_DIRECTORY", 241 },
	{ "NUMA_POLICY", 242 },
	{ "CREDENTIALS", 243 },
	{ "BPF", 245 },
};

static int exit_code(struct str word)
{
	uint64_t code;
	int r = str_to_u64(word, &code);

	if (r == 0)
		return code <= 255 ? (int)code : -ERANGE;
	if (r == -ERANGE)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(exit_names); i++)
		if (word.n == strnlen(exit_names[i].name, sizeof(exit_names[i].name)) &&
		    memcmp(word.p, exit_names[i].name, word.n) == 0)
			return exit_names[i].code;
	return -EINVAL;
}

int set_statuses(struct directive_context *c, struct str value)
{
	struct exit_status_set set = *FIELD(struct exit_status_set, c);
	struct str word;

	if (value.n == 0)
		set = (struct exit_status_set){ 0 };
	while (str_next_word(&value, &word)) {
		int number = exit_code(word);

		if (number >= 0) {
			set.codes[number / 64] |= UINT64_C(1) << (number % 64);
			continue;
		}
		if (number == -ERANGE)
			return number;
		number = unit_signal(word);
		if (number <= 0)
			return -EINVAL;
		set.signals |= UINT64_C(1) << (number - 1);
	}
	*FIELD(struct exit_status_set, c) = set;
	return 0;
}

static int not_zero(struct str value, uint64_t *ret_ns)
{
	uint64_t ns;
	int r = unit_time(value, &ns);

	if (r == 0)
		*ret_ns = ns == 0 ? CLOCK_TIME_MAX : ns;
	return r;
}

int set_start_timeout(struct directive_context *c, struct str value)
{
	int r = not_zero(value, &c->draft->service.start_timeout);

	if (r == 0)
		c->draft->start_timeout_set = true;
	return r;
}

int set_both_timeouts(struct directive_context *c, struct str value)
{
	int r = set_start_timeout(c, value);

	if (r == 0)
		c->draft->service.stop_timeout = c->draft->service.start_timeout;
	return r;
}

int set_abort_timeout(struct directive_context *c, struct str value)
{
	if (value.n > 0)
		return unit_time(value, &c->draft->service.abort_timeout);
	c->draft->service.abort_timeout = CLOCK_TIME_MAX;
	return 0;
}

int set_timeout_failure(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "terminate", "abort", "kill", NULL };
	struct service_settings *service = &c->draft->service;
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	if (c->directive->number == 0) {
		service->start_failure_aborts = index == 1;
		service->start_failure_kills = index == 2;
	} else {
		service->stop_failure_aborts = index == 1;
		service->stop_failure_kills = index == 2;
	}
	return 0;
}

int set_watchdog(struct directive_context *c, struct str value)
{
	return not_zero(value, &c->draft->service.watchdog);
}

int set_pid_file(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	char path[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct buf b = BUF(path);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0) {
		buf_printf(&b, "%s%s", e.p[0] == '/' ? "" : "/run/", e.p);
		r = b.overflow ? -EINVAL : directive_path(&b);
		if (r == 0)
			r = directive_keep(c, b, &kept);
	}
	if (r == 0)
		c->draft->service.pid_file = kept;
	return r;
}

static int check_socket(struct directive_context *c _unused_, struct buf *word)
{
	enum unit_type type;
	int r = unit_name_type((struct str){ word->p, word->len }, &type);

	return r == 0 && type == UNIT_SOCKET ? 0 : -EINVAL;
}

/* The service wants the sockets and comes after them (systemd.service(5)). */
int set_service_sockets(struct directive_context *c, struct str value)
{
	static const enum unit_dependency kinds[] = { UNIT_WANTS, UNIT_AFTER };
	struct text_list *lists = c->draft->dependencies;
	struct text_list sockets = { 0 };
	int r = directive_words(c, value, &sockets, check_socket);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		const char *name = text_list_next(&sockets, NULL);

		for (; r == 0 && name; name = text_list_next(&sockets, name))
			r = text_list_add(&c->draft->text, &lists[kinds[i]], str_from(name));
	}
	return r;
}
