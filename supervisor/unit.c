// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names, defaults and look-up of units: see unit.h. What is kept of a draft is unit_keep.c's. Pure. */
#include "supervisor/unit.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

/* djb2, which spreads names well that differ in a digit. */
static unsigned name_bucket(const char *name)
{
	unsigned hash = 5381;

	for (const char *p = name; *p; p++)
		hash = hash * 33 + (unsigned char)*p;
	return hash % UNIT_NAME_BUCKETS;
}

unit_id unit_find(const struct unit_set *set, const char *name)
{
	for (unit_id at = set->name_head[name_bucket(name)]; at != 0; at = set->name_next[at - 1])
		if (strcmp(set->units[at - 1].name, name) == 0)
			return (unit_id)(at - 1);
	for (unit_id id = set->named; id < set->count; id++)
		if (strcmp(set->units[id].name, name) == 0)
			return id;
	return UNIT_NONE;
}

void unit_index_names(struct unit_set *set)
{
	for (; set->named < set->count; set->named++) {
		unit_id *head = &set->name_head[name_bucket(set->units[set->named].name)];

		set->name_next[set->named] = *head;
		*head = (unit_id)(set->named + 1);
	}
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
	/* Where they go unless the unit says so hangs on standard input: unit_table_finish(). */
	draft->exec.stdio[0].target = STDIO_NULL;
	draft->exec.stdio[1].target = STDIO_INHERIT;
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
	static const char *const others[] = { ".mount", ".automount", ".swap", ".path",
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
