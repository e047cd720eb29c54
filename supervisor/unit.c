// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names, defaults and look-up of units: see unit.h. Pure. */
#include "supervisor/unit.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

unit_id unit_find(const struct unit_set *set, const char *name)
{
	for (unit_id id = 0; id < set->count; id++)
		if (strcmp(set->units[id].name, name) == 0)
			return id;
	return UNIT_NONE;
}

void unit_draft_begin(struct unit_draft *draft, const char *name, enum unit_type type)
{
	/* All of it, padding too: settings are compared as bytes. Its memory is not worth the time. */
	memset(draft, 0, offsetof(struct unit_draft, memory));
	draft->name = name;
	draft->type = type;
	draft->text = (struct text_arena){ .memory = draft->memory, .size = sizeof(draft->memory) };

	draft->settings.default_dependencies = true;
	draft->settings.start_limit_interval = 10 * NS_PER_S;
	draft->settings.start_limit_burst = 5;
	draft->settings.failure_action_exit_status = -1;
	draft->settings.success_action_exit_status = -1;
	draft->settings.job_timeout = CLOCK_TIME_MAX;
	draft->settings.job_running_timeout = CLOCK_TIME_MAX;

	draft->exec.flags = UINT64_C(1) << EXEC_FLAG_IGNORE_SIGPIPE |
			    UINT64_C(1) << EXEC_FLAG_SYSLOG_LEVEL_PREFIX;
	draft->exec.umask = 0022;
	draft->exec.stdio[0].target = STDIO_NULL;
	draft->exec.stdio[1].target = STDIO_JOURNAL;
	draft->exec.stdio[2].target = STDIO_INHERIT;
	draft->exec.syslog_facility = -1;
	draft->exec.syslog_level = -1;
	draft->exec.log_level_max = -1;
	for (size_t i = 0; i < EXEC_DIRECTORY_COUNT; i++)
		draft->exec.directory_modes[i] = 0755;
	draft->exec.timeout_clean = CLOCK_TIME_MAX;
	draft->exec.timer_slack = CLOCK_TIME_MAX;
	draft->exec.capability_bounding_set = UINT64_MAX;
	draft->exec.restrict_namespaces = UINT64_MAX;

	draft->kill.kill_mode = KILL_CONTROL_GROUP;
	draft->kill.send_sigkill = true;
	draft->kill.kill_signal = SIGTERM;
	draft->kill.final_kill_signal = SIGKILL;
	draft->kill.watchdog_signal = SIGABRT;

	draft->service.guess_main_pid = true;
	draft->service.restart_delay = 100 * NS_PER_MS;
	draft->service.restart_delay_max = CLOCK_TIME_MAX;
	draft->service.start_timeout = 90 * NS_PER_S;
	draft->service.stop_timeout = 90 * NS_PER_S;
	draft->service.abort_timeout = CLOCK_TIME_MAX;
	draft->service.runtime_max = CLOCK_TIME_MAX;
	draft->service.watchdog = CLOCK_TIME_MAX;
	draft->service.reload_signal = SIGHUP;
	draft->service.file_descriptor_store_preserve = PRESERVE_RESTART;

	draft->socket.backlog = UINT32_MAX;
	draft->socket.max_connections = 64;
	draft->socket.socket_mode = 0666;
	draft->socket.directory_mode = 0755;
	draft->socket.bind_ipv6_only = -1;
	draft->socket.priority = -1;
	draft->socket.mark = -1;
	draft->socket.ip_tos = -1;
	draft->socket.ip_ttl = -1;
	draft->socket.timeout = 90 * NS_PER_S;
	draft->socket.trigger_limit_interval = CLOCK_TIME_MAX;
	draft->socket.trigger_limit_burst = UINT32_MAX;
	draft->socket.poll_limit_interval = CLOCK_TIME_MAX;
	draft->socket.poll_limit_burst = UINT32_MAX;

	draft->timer.accuracy = 60 * NS_PER_S;
	draft->timer.remain_after_elapse = true;
}

const struct exec_command *unit_commands(const struct unit *unit, enum exec_list list)
{
	for (size_t i = 0; i < unit->command_count; i++)
		if (unit->commands[i].list == list)
			return &unit->commands[i];
	return NULL;
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
			all[at] = *c;
			all[at].list = (uint8_t)list;
			all[at].next = c->next ? &all[at + 1] : NULL;
			at++;
		}
	unit->commands = all;
	unit->command_count = (uint16_t)count;
	return 0;
}

static const struct exit_status_set *keep_statuses(const struct exit_status_set *set,
						   struct text_arena *arena)
{
	static const struct exit_status_set none;

	return memcmp(set, &none, sizeof(none)) == 0 ? NULL : text_intern(arena, set, sizeof(*set));
}

int unit_draft_keep(const struct unit_draft *draft, struct text_arena *arena, struct unit *unit)
{
	struct service_settings service = draft->service;
	struct exec_settings exec = draft->exec;
	struct unit kept = { .name = unit->name, .path = unit->path, .load = unit->load };
	bool has_exec = draft->type == UNIT_SERVICE || draft->type == UNIT_SOCKET;
	const void *own = NULL;

	kept.type = (uint8_t)draft->type;
	kept.description = draft->description ? draft->description : draft->name;
	kept.conditions = draft->conditions;
	kept.settings = text_intern(arena, &draft->settings, sizeof(draft->settings));
	if (exec.limits_set)
		exec.limits = text_intern(arena, draft->limits, sizeof(draft->limits));
	service.success_statuses = keep_statuses(&draft->success_statuses, arena);
	service.restart_prevent_statuses = keep_statuses(&draft->restart_prevent_statuses, arena);
	service.restart_force_statuses = keep_statuses(&draft->restart_force_statuses, arena);
	if (has_exec) {
		kept.exec = text_intern(arena, &exec, sizeof(exec));
		kept.kill = text_intern(arena, &draft->kill, sizeof(draft->kill));
		kept.cgroup = text_intern(arena, &draft->cgroup, sizeof(draft->cgroup));
	}
	switch (draft->type) {
	case UNIT_SERVICE:
		own = kept.service = text_intern(arena, &service, sizeof(service));
		break;
	case UNIT_SOCKET:
		own = kept.socket = text_intern(arena, &draft->socket, sizeof(draft->socket));
		break;
	case UNIT_TIMER:
		own = kept.timer = text_intern(arena, &draft->timer, sizeof(draft->timer));
		break;
	case UNIT_TARGET:
		own = kept.settings;
		break;
	}
	if (!own || !kept.settings || (exec.limits_set && !exec.limits) ||
	    (has_exec && (!kept.exec || !kept.kill || !kept.cgroup)))
		return -ENOSPC;
	if (keep_commands(draft, arena, &kept) < 0)
		return -ENOSPC;
	*unit = kept;
	return 0;
}

const char *unit_type_name(enum unit_type type)
{
	switch (type) {
	case UNIT_SERVICE:
		return "service";
	case UNIT_SOCKET:
		return "socket";
	case UNIT_TARGET:
		return "target";
	case UNIT_TIMER:
		return "timer";
	}
	return "?";
}

int unit_name_type(struct str name, enum unit_type *ret_type)
{
	static const char *const others[] = { ".mount", ".automount", ".swap",	".path",
					      ".slice", ".device",    ".scope" };
	static const struct {
		const char *suffix;
		enum unit_type type;
	} types[] = {
		{ ".service", UNIT_SERVICE },
		{ ".socket", UNIT_SOCKET },
		{ ".target", UNIT_TARGET },
		{ ".timer", UNIT_TIMER },
	};

	if (name.n == 0 || name.n >= UNIT_NAME_SIZE || name.p[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !(c != '\0' && strchr(":-_.\\@", c)))
			return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_ends(name, types[i].suffix)) {
			*ret_type = types[i].type;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (str_ends(name, others[i]))
			return -ENOTSUP;
	return -EINVAL;
}
