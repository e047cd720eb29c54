// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is kept of a unit once its files are read: see unit_draft_keep() in unit.h. Every text, list
 * and object goes into the set's arena once, so that two units that say the same share all of it. For
 * that the bytes of equal objects have to be equal, padding too. Pure.
 */
#include <errno.h>
#include <stddef.h>

#include "supervisor/calendar_parse.h"
#include "supervisor/unit.h"

/* Where pointers to text are in a draft. */
static const uint16_t texts[] = {
#define D(field) offsetof(struct unit_draft, field)
	D(description),
	D(exec.user),
	D(exec.group),
	D(exec.working_directory),
	D(exec.root_directory),
	D(exec.tty_path),
	D(exec.syslog_identifier),
	D(exec.cpu_affinity),
	D(exec.personality),
	D(exec.keyring_mode),
	D(exec.selinux_context),
	D(cgroup.slice),
	D(cgroup.delegate_subgroup),
	D(service.pid_file),
	D(socket.socket_user),
	D(socket.socket_group),
	D(socket.bind_to_device),
	D(socket.file_descriptor_name),
	D(socket.service),
	D(socket.tcp_congestion),
	D(timer.unit),
};

/* Where lists are. */
static const uint16_t lists[] = {
	D(exec.supplementary_groups),
	D(exec.environment),
	D(exec.environment_files),
	D(exec.pass_environment),
	D(exec.unset_environment),
	D(exec.directories[EXEC_DIRECTORY_RUNTIME]),
	D(exec.directories[EXEC_DIRECTORY_STATE]),
	D(exec.directories[EXEC_DIRECTORY_CACHE]),
	D(exec.directories[EXEC_DIRECTORY_LOGS]),
	D(exec.directories[EXEC_DIRECTORY_CONFIGURATION]),
	D(exec.system_call_filter),
	D(exec.system_call_log),
	D(exec.system_call_architectures),
	D(exec.restrict_address_families),
	D(exec.read_write_paths),
	D(exec.read_only_paths),
	D(exec.inaccessible_paths),
	D(exec.exec_paths),
	D(exec.no_exec_paths),
	D(exec.bind_paths),
	D(exec.bind_read_only_paths),
	D(exec.temporary_file_system),
	D(exec.load_credential),
	D(exec.set_credential),
	D(cgroup.delegate_controllers),
	D(cgroup.device_allow),
	D(cgroup.attributes),
	D(cgroup.io_device),
	D(socket.symlinks),
#undef D
};

static void *field_at(struct unit_draft *draft, uint16_t offset)
{
	return (char *)draft + offset;
}

static int keep_text(struct text_arena *arena, const char **text)
{
	if (!*text)
		return 0;
	*text = text_intern_str(arena, str_from(*text));
	return *text ? 0 : -ENOSPC;
}

static int keep_list(struct text_arena *arena, struct text_list *list)
{
	struct text_list old = *list;

	memset(list, 0, sizeof(*list));
	if (old.count == 0)
		return 0;
	list->first = text_intern(arena, old.first, old.size);
	list->size = old.size;
	list->count = old.count;
	return list->first ? 0 : -ENOSPC;
}

static int keep_stdio(struct text_arena *arena, struct stdio_settings *stdio)
{
	struct stdio_settings old = *stdio;

	memset(stdio, 0, sizeof(*stdio));
	stdio->target = old.target;
	/* Bytes for a standard input that goes elsewhere are nobody's. */
	if (!old.argument || (old.size > 0 && old.target != STDIO_DATA))
		return 0;
	stdio->size = old.size;
	stdio->argument = old.size > 0 ? text_intern(arena, old.argument, old.size)
				       : text_intern_str(arena, str_from(old.argument));
	return stdio->argument ? 0 : -ENOSPC;
}

/* What the fields of the settings point to. */
static int keep_values(struct unit_draft *draft, struct text_arena *arena)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = keep_text(arena, field_at(draft, texts[i]));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = keep_list(arena, field_at(draft, lists[i]));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(draft->exec.stdio); i++)
		r = keep_stdio(arena, &draft->exec.stdio[i]);
	return r;
}

/* The commands of all lists, in one array. */
static int keep_commands(const struct unit_draft *draft, struct text_arena *arena, struct unit *unit)
{
	struct exec_command *all;
	size_t count = 0;
	size_t at = 0;

	for (size_t list = 0; list < EXEC_LIST_COUNT; list++)
		for (const struct exec_command *c = draft->commands[list]; c; c = c->next)
			count++;
	if (count == 0)
		return 0;
	all = count <= UINT16_MAX ? text_reserve(arena, count * sizeof(*all)) : NULL;
	if (!all)
		return -ENOSPC;
	for (size_t list = 0; list < EXEC_LIST_COUNT; list++)
		for (const struct exec_command *c = draft->commands[list]; c; c = c->next) {
			struct exec_command *kept = &all[at];

			*kept = *c;
			kept->list = (uint8_t)list;
			kept->next = c->next ? &all[at + 1] : NULL;
			at++;
			if (keep_list(arena, &kept->arguments) < 0)
				return -ENOSPC;
			/* The program mostly is its own first argument. */
			kept->path = strcmp(c->path, kept->arguments.first) == 0
					     ? kept->arguments.first
					     : text_intern_str(arena, str_from(c->path));
			if (!kept->path)
				return -ENOSPC;
		}
	unit->commands = all;
	unit->command_count = (uint16_t)count;
	return 0;
}

static int keep_statuses(const struct exit_status_set *set, struct text_arena *arena,
			 const struct exit_status_set **ret_kept)
{
	static const struct exit_status_set none;
	bool empty = memcmp(set, &none, sizeof(none)) == 0;

	*ret_kept = empty ? NULL : text_intern(arena, set, sizeof(*set));
	return empty || *ret_kept ? 0 : -ENOSPC;
}

/*
 * The chains are kept from their ends, so that two of them share what they end with. Recursion would
 * be as deep as the chain is long; the draft's own links are turned round instead.
 */
static int keep_conditions(struct unit_draft *draft, struct text_arena *arena,
			   const struct condition **ret_first)
{
	const struct condition *reversed = NULL;
	const struct condition *kept = NULL;
	struct condition *next;

	for (struct condition *c = draft->conditions; c; c = next) {
		next = (struct condition *)(uintptr_t)c->next;
		c->next = reversed;
		reversed = c;
	}
	for (; reversed; reversed = reversed->next) {
		struct condition new;

		memset(&new, 0, sizeof(new));
		new.next = kept;
		new.argument = text_intern_str(arena, str_from(reversed->argument));
		new.type = reversed->type;
		new.assertion = reversed->assertion;
		new.trigger = reversed->trigger;
		new.negate = reversed->negate;
		kept = new.argument ? text_intern(arena, &new, sizeof(new)) : NULL;
		if (!kept)
			return -ENOSPC;
	}
	draft->conditions = NULL;
	*ret_first = kept;
	return 0;
}

static int keep_listen(struct text_arena *arena, const struct socket_listen **first)
{
	const struct socket_listen *reversed = NULL;
	const struct socket_listen *kept = NULL;
	struct socket_listen *next;

	for (struct socket_listen *l = (struct socket_listen *)(uintptr_t)*first; l; l = next) {
		next = (struct socket_listen *)(uintptr_t)l->next;
		l->next = reversed;
		reversed = l;
	}
	for (; reversed; reversed = reversed->next) {
		struct socket_listen new;

		memset(&new, 0, sizeof(new));
		new.next = kept;
		new.kind = reversed->kind;
		new.address = text_intern_str(arena, str_from(reversed->address));
		kept = new.address ? text_intern(arena, &new, sizeof(new)) : NULL;
		if (!kept)
			return -ENOSPC;
	}
	*first = kept;
	return 0;
}

/* Only as many parts of seconds as there are. */
static const struct calendar *keep_calendar(const struct calendar *calendar, struct text_arena *arena)
{
	return text_intern(arena, calendar,
			   offsetof(struct calendar, seconds) +
				   calendar->seconds_count * sizeof(calendar->seconds[0]));
}

static int keep_timer_values(struct text_arena *arena, const struct timer_value **first)
{
	const struct timer_value *reversed = NULL;
	const struct timer_value *kept = NULL;
	struct timer_value *next;

	for (struct timer_value *v = (struct timer_value *)(uintptr_t)*first; v; v = next) {
		next = (struct timer_value *)(uintptr_t)v->next;
		v->next = reversed;
		reversed = v;
	}
	for (; reversed; reversed = reversed->next) {
		struct timer_value new;

		memset(&new, 0, sizeof(new));
		new.next = kept;
		new.base = reversed->base;
		new.span = reversed->span;
		if (reversed->calendar) {
			new.calendar = keep_calendar(reversed->calendar, arena);
			if (!new.calendar)
				return -ENOSPC;
		}
		kept = text_intern(arena, &new, sizeof(new));
		if (!kept)
			return -ENOSPC;
	}
	*first = kept;
	return 0;
}

/* The settings of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). */
static int keep_processes(struct unit_draft *draft, struct text_arena *arena, struct unit *unit)
{
	if (draft->exec.limits_set) {
		draft->exec.limits = text_intern(arena, draft->limits, sizeof(draft->limits));
		if (!draft->exec.limits)
			return -ENOSPC;
	}
	unit->exec = text_intern(arena, &draft->exec, sizeof(draft->exec));
	unit->kill = text_intern(arena, &draft->kill, sizeof(draft->kill));
	unit->cgroup = text_intern(arena, &draft->cgroup, sizeof(draft->cgroup));
	return unit->exec && unit->kill && unit->cgroup ? 0 : -ENOSPC;
}

static int keep_service(struct unit_draft *draft, struct text_arena *arena, struct unit *unit)
{
	struct service_settings *service = &draft->service;
	int r = keep_statuses(&draft->success_statuses, arena, &service->success_statuses);

	if (r == 0)
		r = keep_statuses(&draft->restart_prevent_statuses, arena,
				  &service->restart_prevent_statuses);
	if (r == 0)
		r = keep_statuses(&draft->restart_force_statuses, arena,
				  &service->restart_force_statuses);
	if (r < 0)
		return r;
	unit->service = text_intern(arena, service, sizeof(*service));
	return unit->service ? 0 : -ENOSPC;
}

int unit_draft_keep(struct unit_draft *draft, struct text_arena *arena, struct unit *unit)
{
	struct unit kept = { .name = unit->name, .path = unit->path, .load = unit->load };
	int r;

	kept.type = (uint8_t)draft->type;
	r = keep_values(draft, arena);
	if (r == 0)
		r = keep_conditions(draft, arena, &kept.conditions);
	if (r == 0)
		r = keep_commands(draft, arena, &kept);
	if (r < 0)
		return r;
	kept.description = draft->description ? draft->description : kept.name;
	kept.settings = text_intern(arena, &draft->settings, sizeof(draft->settings));
	if (!kept.settings)
		return -ENOSPC;
	switch (draft->type) {
	case UNIT_SERVICE:
		r = keep_service(draft, arena, &kept);
		break;
	case UNIT_SOCKET:
		r = keep_listen(arena, &draft->socket.listen);
		kept.socket = text_intern(arena, &draft->socket, sizeof(draft->socket));
		if (!kept.socket)
			r = -ENOSPC;
		break;
	case UNIT_TIMER:
		r = keep_timer_values(arena, &draft->timer.values);
		kept.timer = text_intern(arena, &draft->timer, sizeof(draft->timer));
		if (!kept.timer)
			r = -ENOSPC;
		break;
	case UNIT_TARGET:
		break;
	}
	if (r == 0 && (draft->type == UNIT_SERVICE || draft->type == UNIT_SOCKET))
		r = keep_processes(draft, arena, &kept);
	if (r == 0)
		*unit = kept;
	return r;
}
