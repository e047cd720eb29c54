// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlopctl status: everything about a unit that a person looks for first, or the whole machine as a
 * tree of slices and targets. Exit status by the LSB: 0 running, 3 not running, 4 no such unit.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/json.h"
#include "ctl/logs.h"
#include "ctl/output.h"
#include "ctl/state.h"
#include "ctl/verbs.h"
#include "lib/clock.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/unit.h"

/* Lines of log below a unit unless -n says otherwise (as systemctl). */
#define LOG_LINES 10
/* Processes that are listed; a unit with more says how many there are. */
#define PROCESSES_SHOWN 20
/* Cgroups of a unit that delegates, below each other. */
#define CGROUP_DEPTH_MAX 8

/* ---- the processes of a unit ---- */

static void command_of(uint64_t pid, struct buf *text)
{
	char path[64];
	char line[512];
	struct buf b = BUF(path);
	ssize_t n;

	buf_printf(&b, "/proc/%llu/cmdline", (unsigned long long)pid);
	n = file_read(AT_FDCWD, path, line, sizeof(line));
	if (n == -EFBIG)
		n = (ssize_t)sizeof(line) - 1;
	while (n > 0 && line[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		line[i] = line[i] == '\0' ? ' ' : line[i];
	buf_add_escaped(text, (struct str){ line, n > 0 ? (size_t)n : 0 });
}

static void read_processes(const char *path, uint64_t *pids, size_t *count, unsigned depth)
{
	_cleanup_directory_ struct directory directory = { .fd = -1 };
	char procs[1024];
	char line[32];
	const char *name;
	FILE *file;

	if (snprintf(procs, sizeof(procs), "%s/cgroup.procs", path) >= (int)sizeof(procs))
		return;
	file = fopen(procs, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (*count < PROCESSES_SHOWN)
			pids[*count] = strtoull(line, NULL, 10);
		++*count;
	}
	if (file)
		(void)fclose(file);
	if (depth == CGROUP_DEPTH_MAX || directory_open(&directory, AT_FDCWD, path) < 0)
		return;
	while (directory_next(&directory, &name) > 0) {
		char below[1024];

		if (snprintf(below, sizeof(below), "%s/%s", path, name) < (int)sizeof(below) &&
		    strncmp(name, "cgroup.", 7) != 0 && !strchr("0123456789", *name) &&
		    faccessat(directory.fd, name, X_OK, 0) == 0)
			read_processes(below, pids, count, depth + 1);
	}
}

static void show_processes(const struct unit_state *unit)
{
	uint64_t pids[PROCESSES_SHOWN];
	char path[1024];
	size_t count = 0;
	size_t shown;

	if (!*unit->cgroup ||
	    snprintf(path, sizeof(path), "/sys/fs/cgroup%s", unit->cgroup) >= (int)sizeof(path))
		return;
	read_processes(path, pids, &count, 0);
	if (count == 0)
		return;
	printf("     CGroup: %s\n", unit->cgroup);
	shown = count < PROCESSES_SHOWN ? count : PROCESSES_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		char memory[600];
		struct buf command = BUF(memory);

		command_of(pids[i], &command);
		printf("             %s%llu %s\n", i + 1 == count ? "\u2514\u2500" : "\u251c\u2500",
		       (unsigned long long)pids[i], command.p);
	}
	if (count > shown)
		printf("             \u2514\u2500and %zu more\n", count - shown);
}

/* ---- one unit ---- */

static void show_active(const struct unit_state *unit)
{
	enum colour c = state_colour(unit->active);
	char text[160];
	struct buf b = BUF(text);

	printf("     Active: %s%s%s (%s)", colour(c), unit->active, colour(COLOUR_NONE), unit->sub);
	if (*unit->result && strcmp(unit->result, "success") != 0)
		printf(" (result: %s)", unit->result);
	if (unit->since > 0) {
		uint64_t now = clock_now();

		format_moment(unit->since, &b);
		buf_add(&b, "; ");
		format_span(now > unit->since ? now - unit->since : 0, &b);
		printf(" since %s ago", text);
	}
	putchar('\n');
	if (strcmp(unit->job, "none") != 0)
		printf("        Job: %s\n", unit->job);
}

/* "exited 1", "killed 9": with the signal's name. */
static void show_exit(const struct unit_state *unit)
{
	struct str rest = str_from(unit->main_exit);
	struct str how;
	uint64_t number;

	if (!str_next_word(&rest, &how) || str_to_u64(str_trim(rest), &number) < 0)
		return;
	if (str_is(how, "killed") && number < NSIG && sigabbrev_np((int)number))
		printf("  Main Exit: killed by SIG%s\n", sigabbrev_np((int)number));
	else
		printf("  Main Exit: " STR_FORMAT ", status %llu\n", STR_ARGS(how),
		       (unsigned long long)number);
}

static void show_usage(const struct unit_state *unit)
{
	struct unit_usage usage;
	char text[64];
	struct buf b = BUF(text);

	unit_usage_read(unit, &usage);
	if (!usage.known)
		return;
	if (usage.tasks > 0)
		printf("      Tasks: %llu\n", (unsigned long long)usage.tasks);
	if (usage.memory > 0) {
		format_size(usage.memory, &b);
		if (usage.memory_peak > 0) {
			buf_add(&b, " (peak ");
			format_size(usage.memory_peak, &b);
			buf_add_char(&b, ')');
		}
		printf("     Memory: %s\n", text);
	}
	buf_clear(&b);
	format_span(usage.cpu, &b);
	printf("        CPU: %s\n", text);
}

static void show_line(void *context, struct str line)
{
	bool *any = context;

	if (!*any)
		putchar('\n');
	*any = true;
	printf(STR_FORMAT "\n", STR_ARGS(line));
}

static void show_unit(const struct unit_state *unit, unsigned lines)
{
	static const char *const dots[] = { "\u25cb", "\u25cf", "\u00d7" };
	bool failed = strcmp(unit->active, "failed") == 0;
	bool any = false;

	printf("%s%s%s %s%s%s\n", colour(state_colour(unit->active)),
	       dots[failed ? 2 : strcmp(unit->active, "inactive") != 0], colour(COLOUR_NONE),
	       unit->name, strcmp(unit->description, unit->name) != 0 ? " - " : "",
	       strcmp(unit->description, unit->name) != 0 ? unit->description : "");
	printf("     Loaded: %s%s%s%s\n", unit->load, *unit->path ? " (" : "", unit->path,
	       *unit->path ? ")" : "");
	show_active(unit);
	if (unit->main_pid > 0) {
		char memory[256];
		struct buf command = BUF(memory);
		char path[64];
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/%llu/comm",
			       (unsigned long long)unit->main_pid);
		n = file_read(AT_FDCWD, path, memory, sizeof(memory));
		command.len = n > 0 ? (size_t)n - (memory[n - 1] == '\n') : 0;
		printf("   Main PID: %llu%s%.*s%s\n", (unsigned long long)unit->main_pid,
		       command.len ? " (" : "", (int)command.len, memory, command.len ? ")" : "");
	} else {
		show_exit(unit);
	}
	if (unit->control_pid > 0)
		printf("Control PID: %llu\n", (unsigned long long)unit->control_pid);
	if (*unit->status)
		printf("     Status: \"%s\"\n", unit->status);
	if (unit->restarts > 0)
		printf("   Restarts: %llu\n", (unsigned long long)unit->restarts);
	show_usage(unit);
	show_processes(unit);
	if (lines > 0)
		(void)logs_tail(unit->name, lines, show_line, &any);
}

/* ---- the whole machine ---- */

static int by_cgroup(const void *a, const void *b)
{
	const struct unit_state *const *left = a;
	const struct unit_state *const *right = b;
	int r = strcmp((*left)->cgroup, (*right)->cgroup);

	return r != 0 ? r : strcmp((*left)->name, (*right)->name);
}

/* Where a unit stands in the tree: its slice, or the type of what has no cgroup. */
static void group_of(const struct unit_state *unit, struct buf *group)
{
	const char *slash = strrchr(unit->cgroup, '/');

	buf_clear(group);
	if (slash)
		buf_add_str(group, (struct str){ unit->cgroup + 1,
						 slash > unit->cgroup ? (size_t)(slash - unit->cgroup) - 1
								      : 0 });
	else
		buf_printf(group, "%ss", unit->type);
}

static bool is_quiet(const struct unit_state *unit)
{
	return strcmp(unit->active, "inactive") == 0 && strcmp(unit->job, "none") == 0;
}

static void tree_row(struct table *table, const struct unit_state *unit, bool last)
{
	char name[UNIT_NAME_SIZE + 16];
	char since[64] = "";
	char pid[24] = "";
	char memory[24] = "";
	char cpu[32] = "";
	struct unit_usage usage;
	struct buf b = BUF(name);
	uint64_t now = clock_now();

	buf_printf(&b, "%s%s", last ? "\u2514\u2500" : "\u251c\u2500", unit->name);
	unit_usage_read(unit, &usage);
	b = BUF(pid);
	if (unit->main_pid > 0)
		buf_printf(&b, "%llu", (unsigned long long)unit->main_pid);
	b = BUF(memory);
	if (usage.memory > 0)
		format_size(usage.memory, &b);
	b = BUF(cpu);
	if (usage.known)
		format_span(usage.cpu, &b);
	b = BUF(since);
	if (unit->since > 0 && now > unit->since)
		format_span(now - unit->since, &b);
	table_row(table, state_colour(unit->active),
		  (const char *[]){ name, unit->active, unit->sub, since, pid, memory, cpu });
}

static void show_tree(struct unit_state **units, size_t count, bool all, bool full)
{
	struct table table = { .columns = 7 };
	char previous[1024] = "";

	qsort(units, count, sizeof(*units), by_cgroup);
	table_row(&table, COLOUR_NONE,
		  (const char *[]){ "UNIT", "ACTIVE", "SUB", "FOR", "PID", "MEMORY", "CPU" });
	for (size_t i = 0; i < count; i++) {
		char memory[1024];
		struct buf group = BUF(memory);
		bool last = true;

		if (is_quiet(units[i]) && !all)
			continue;
		group_of(units[i], &group);
		if (strcmp(memory, previous) != 0)
			table_row(&table, COLOUR_NONE,
				  (const char *[]){ memory, "", "", "", "", "", "" });
		memcpy(previous, memory, sizeof(previous));
		for (size_t j = i + 1; last && j < count; j++) {
			group_of(units[j], &group);
			if (strcmp(memory, previous) != 0)
				break;
			last = is_quiet(units[j]) && !all;
		}
		tree_row(&table, units[i], last);
	}
	table_print(&table, true, full);
	table_free(&table);
}

static void show_system(const struct system_state *system)
{
	char host[256] = "";
	char text[64];
	struct buf b = BUF(text);
	bool well = str_is(system->state, "running");

	(void)gethostname(host, sizeof(host) - 1);
	printf("%s\u25cf%s %s\n", colour(well ? COLOUR_GREEN : COLOUR_RED), colour(COLOUR_NONE), host);
	printf("      State: %s" STR_FORMAT "%s\n", colour(well ? COLOUR_GREEN : COLOUR_YELLOW),
	       STR_ARGS(system->state), colour(COLOUR_NONE));
	printf("      Units: %llu loaded, %llu failed, %llu jobs\n", (unsigned long long)system->units,
	       (unsigned long long)system->failed, (unsigned long long)system->jobs);
	format_span(clock_now() - system->began, &b);
	printf("         Up: %s", text);
	buf_clear(&b);
	format_span(system->up - system->began, &b);
	printf(system->up > 0 ? " (the boot took %s)\n\n" : "\n\n", text);
}

static void system_json(struct json *json, const struct system_state *system)
{
	json_str(json, "state", system->state);
	json_str(json, "version", system->version);
	json_boolean(json, "container", system->container);
	json_number(json, "unitCount", system->units);
	json_number(json, "failed", system->failed);
	json_number(json, "jobs", system->jobs);
	json_seconds(json, "now", clock_now());
	json_seconds(json, "began", system->began);
	if (system->up > 0)
		json_seconds(json, "up", system->up);
	else
		json_null(json, "up");
}

static int show_all(struct control_client *client, const struct options *options)
{
	/* The system record lies in the client's memory, which the list uses again. */
	static char body[CONTROL_RECORD_MAX];
	struct buf b = BUF(body);
	struct json json = json_to(stdout);
	struct unit_state **units;
	struct system_state system;
	struct reply reply;
	size_t count;
	int r = client_ask(client, &reply, "version");

	if (r == 0) {
		buf_add_str(&b, reply.body);
		r = client_list(client, &units, &count);
	}
	if (r < 0)
		return protocol_error(r);
	system_state_read((struct str){ body, b.len }, &system);
	if (!options->json) {
		show_system(&system);
		show_tree(units, count, options->all, options->full);
	} else {
		json_object(&json, NULL);
		system_json(&json, &system);
		json_array(&json, "units");
		for (size_t i = 0; i < count; i++) {
			struct unit_usage usage;

			unit_usage_read(units[i], &usage);
			unit_state_json(&json, units[i], &usage);
			json_end(&json, '}');
		}
		json_end(&json, ']');
		json_end(&json, '}');
	}
	unit_states_free(units, count);
	return EXIT_OK;
}

/* ---- the verb ---- */

static void collect_line(void *context, struct str line)
{
	json_str(context, NULL, line);
}

static void unit_json(struct json *json, const struct unit_state *unit, unsigned lines)
{
	struct unit_usage usage;

	unit_usage_read(unit, &usage);
	unit_state_json(json, unit, &usage);
	json_array(json, "log");
	if (lines > 0)
		(void)logs_tail(unit->name, lines, collect_line, json);
	json_end(json, ']');
	json_end(json, '}');
}

static int status_of(const struct unit_state *unit)
{
	if (strcmp(unit->load, "not-found") == 0 && strcmp(unit->active, "inactive") == 0)
		return EXIT_NO_UNIT;
	return strcmp(unit->active, "active") == 0 || strcmp(unit->active, "reloading") == 0
		       ? EXIT_OK
		       : EXIT_NOT_RUNNING;
}

int verb_status(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	struct control_client client;
	struct json json = json_to(stdout);
	uint64_t lines = LOG_LINES;
	int status = EXIT_OK;

	if (options->lines && (str_to_u64(str_from(options->lines), &lines) < 0 || lines > UINT32_MAX)) {
		complain("--lines=%s: that is no number", options->lines);
		return EXIT_USAGE;
	}
	status = connect_or_say(&client);
	if (status != EXIT_OK)
		return status;
	if (count == 0)
		status = show_all(&client, options);
	else if (options->json)
		json_array(&json, NULL);
	for (int i = 0; i < count; i++) {
		struct unit_state *unit = NULL;
		int r = unit_state_get(&client, words[i], &unit);
		int this = r == 0 ? status_of(unit) : EXIT_NO_UNIT;

		if (r == -ENOENT)
			complain("%s: no such unit is loaded", words[i]);
		else if (r < 0 && r != -EINVAL)
			this = protocol_error(r);
		else if (r == 0 && options->json)
			unit_json(&json, unit, (unsigned)lines);
		else if (r == 0) {
			printf("%s", i > 0 ? "\n" : "");
			show_unit(unit, (unsigned)lines);
		}
		free(unit);
		status = this > status ? this : status;
	}
	if (count > 0 && options->json)
		json_end(&json, ']');
	client_close(&client);
	return status;
}
