// SPDX-License-Identifier: MIT OR Apache-2.0
/* orlopctl list: the units that PID 1 has, as a table or as JSON. */
#include <fnmatch.h>
#include <stdlib.h>

#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/state.h"
#include "ctl/verbs.h"
#include "supervisor/unit.h"

static bool matches(const struct unit_state *unit, char *const patterns[], int count)
{
	for (int i = 0; i < count; i++) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);

		buf_add(&b, patterns[i]);
		if (fnmatch(name, unit->name, 0) == 0)
			return true;
		buf_add(&b, ".service");
		if (!b.overflow && fnmatch(name, unit->name, 0) == 0)
			return true;
	}
	return count == 0;
}

static bool in_use(const struct unit_state *unit)
{
	return strcmp(unit->active, "inactive") != 0 || strcmp(unit->job, "none") != 0;
}

static bool is_shown(const struct unit_state *unit, const struct options *options,
		     char *const patterns[], int count)
{
	if (!matches(unit, patterns, count))
		return false;
	if (options->types && !list_has(options->types, unit->type))
		return false;
	if (options->failed)
		return strcmp(unit->active, "failed") == 0;
	if (options->states)
		return list_has(options->states, unit->active) ||
		       list_has(options->states, unit->sub) || list_has(options->states, unit->load);
	return options->all || count > 0 || in_use(unit);
}

static int by_name(const void *a, const void *b)
{
	const struct unit_state *const *left = a;
	const struct unit_state *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void add_row(struct table *table, const struct unit_state *unit)
{
	char pid[24] = "";
	char memory[24] = "";
	struct buf b = BUF(pid);
	struct unit_usage usage;

	unit_usage_read(unit, &usage);
	if (unit->main_pid > 0)
		buf_printf(&b, "%llu", (unsigned long long)unit->main_pid);
	b = BUF(memory);
	if (usage.memory > 0)
		format_size(usage.memory, &b);
	table_row(table, state_colour(unit->active),
		  (const char *[]){ unit->name, unit->load, unit->active, unit->sub, pid, memory,
				    unit->description });
}

static void list_table(struct unit_state *const *units, size_t count, const struct options *options,
		       char *const patterns[], int pattern_count)
{
	struct table table = { .columns = 7 };
	size_t shown = 0;

	if (!options->no_legend)
		table_row(&table, COLOUR_NONE,
			  (const char *[]){ "UNIT", "LOAD", "ACTIVE", "SUB", "PID", "MEMORY",
					    "DESCRIPTION" });
	for (size_t i = 0; i < count; i++)
		if (is_shown(units[i], options, patterns, pattern_count)) {
			add_row(&table, units[i]);
			shown++;
		}
	table_print(&table, !options->no_legend, options->full);
	table_free(&table);
	if (!options->no_legend)
		printf("\n%zu of %zu loaded units%s.\n", shown, count,
		       options->all || pattern_count > 0 ? "" : "; --all shows all of them");
}

int verb_list(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	struct control_client client;
	struct unit_state **units;
	size_t unit_count;
	struct json json = json_to(stdout);
	int status = connect_or_say(&client);
	int r;

	if (status != EXIT_OK)
		return status;
	r = client_list(&client, &units, &unit_count);
	client_close(&client);
	if (r < 0)
		return protocol_error(r);
	qsort(units, unit_count, sizeof(*units), by_name);
	if (options->json) {
		json_array(&json, NULL);
		for (size_t i = 0; i < unit_count; i++) {
			struct unit_usage usage;

			if (!is_shown(units[i], options, words, count))
				continue;
			unit_usage_read(units[i], &usage);
			unit_state_json(&json, units[i], &usage);
			json_end(&json, '}');
		}
		json_end(&json, ']');
	} else {
		list_table(units, unit_count, options, words, count);
	}
	unit_states_free(units, unit_count);
	return EXIT_OK;
}
