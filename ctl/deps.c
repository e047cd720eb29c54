// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlopctl deps: what a unit needs, from the unit files as PID 1 would read them: a tree, JSON, or a
 * picture. On the running machine the picture shows the states of the units as well.
 */
#include <errno.h>
#include <stdlib.h>

#include "ctl/deps_picture.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/svg.h"
#include "ctl/unit_files.h"
#include "ctl/verbs.h"
#include "lib/klog.h"
#include "supervisor/graph.h"
#include "supervisor/unit_load.h"

/* Deeper trees are cut. */
#define DEPTH_MAX 64

static struct unit_set set;

static void ignore_problem(void *context _unused_, const struct unit_problem *problem _unused_)
{
}

static const char *kind_name(enum unit_dependency kind)
{
	static const char *const names[UNIT_DEPENDENCY_COUNT] = {
		[UNIT_WANTS] = "wants",
		[UNIT_REQUIRES] = "requires",
		[UNIT_BINDS_TO] = "bindsTo",
		[UNIT_REQUISITE] = "requisite",
		[UNIT_UPHOLDS] = "upholds",
		[UNIT_PART_OF] = "partOf",
		[UNIT_CONFLICTS] = "conflicts",
		[UNIT_AFTER] = "after",
		[UNIT_BEFORE] = "before",
		[UNIT_ON_FAILURE] = "onFailure",
		[UNIT_ON_SUCCESS] = "onSuccess",
		[UNIT_PROPAGATES_RELOAD_TO] = "propagatesReloadTo",
		[UNIT_PROPAGATES_STOP_TO] = "propagatesStopTo",
		[UNIT_TRIGGERS] = "triggers",
	};

	return names[kind];
}

static bool pulls(const struct unit_edge *edge)
{
	return edge->kind == UNIT_WANTS || edge->kind == UNIT_REQUIRES || edge->kind == UNIT_BINDS_TO ||
	       edge->kind == UNIT_REQUISITE || edge->kind == UNIT_UPHOLDS;
}

/* ---- states of the running machine ---- */

/* By unit_id; NULL: not known. */
static const char *states[UNIT_MAX];

static const char *known_state(const char *active)
{
	static const char *const names[] = { "active",	   "inactive",	   "failed",
					     "activating", "deactivating", "reloading" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(active, names[i]) == 0)
			return names[i];
	return NULL;
}

static void ask_states(void)
{
	struct control_client client;
	struct unit_state **units;
	size_t count;

	if (client_open(&client) < 0)
		return;
	if (client_list(&client, &units, &count) == 0) {
		for (size_t i = 0; i < count; i++) {
			unit_id id = unit_find(&set, units[i]->name);

			if (id != UNIT_NONE)
				states[id] = known_state(units[i]->active);
		}
		unit_states_free(units, count);
	}
	client_close(&client);
}

/* ---- the tree ---- */

static bool already(const struct unit_edge *edges, size_t count, size_t index)
{
	for (size_t i = 0; i < index && i < count; i++)
		if (pulls(&edges[i]) && edges[i].to == edges[index].to)
			return true;
	return false;
}

static void print_name(unit_id id, const char *note)
{
	const struct unit *unit = &set.units[id];
	const char *load = unit->load == UNIT_NOT_FOUND ? " (not found)"
			   : unit->load == UNIT_MASKED	? " (masked)"
			   : unit->load == UNIT_BAD	? " (faulty)"
							: "";

	if (states[id])
		printf("%s%s%s ", colour(state_colour(states[id])),
		       strcmp(states[id], "inactive") == 0 ? "\u25cb" : "\u25cf", colour(COLOUR_NONE));
	printf("%s%s%s%s%s\n", unit->name, *load ? colour(COLOUR_GREY) : "", load,
	       *load ? colour(COLOUR_NONE) : "", note);
}

/* @seen: units whose own needs stand above already. */
static void print_tree(unit_id id, const char *indent, unsigned depth, uint8_t *seen)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(&set, id, &count);
	size_t last = count;

	for (size_t i = 0; i < count; i++)
		if (pulls(&edges[i]) && !already(edges, count, i))
			last = i;
	for (size_t i = 0; i < count && depth < DEPTH_MAX; i++) {
		char below[4 * DEPTH_MAX + 16];
		size_t other_count;
		bool again = seen[edges[i].to];

		if (!pulls(&edges[i]) || already(edges, count, i))
			continue;
		(void)graph_edges(&set, edges[i].to, &other_count);
		printf("%s%s", indent, i == last ? "\u2514\u2500" : "\u251c\u2500");
		print_name(edges[i].to, again && other_count > 0 ? " \u2191" : "");
		if (again)
			continue;
		seen[edges[i].to] = 1;
		(void)snprintf(below, sizeof(below), "%s%s", indent, i == last ? "  " : "\u2502 ");
		print_tree(edges[i].to, below, depth + 1, seen);
	}
}

/* ---- JSON ---- */

static void print_json(const uint8_t *members)
{
	struct json json = json_to(stdout);

	json_object(&json, NULL);
	json_array(&json, "units");
	for (unit_id id = 0; id < set.count; id++) {
		const struct unit *unit = &set.units[id];

		if (!members[id])
			continue;
		json_object(&json, NULL);
		json_string(&json, "unit", unit->name);
		json_string(&json, "description", unit->description);
		json_boolean(&json, "found", unit->load != UNIT_NOT_FOUND);
		if (states[id])
			json_string(&json, "active", states[id]);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_array(&json, "edges");
	for (uint32_t i = 0; i < set.edge_count; i++) {
		const struct unit_edge *edge = &set.edges[i];

		if (!members[edge->from] || !members[edge->to])
			continue;
		json_object(&json, NULL);
		json_string(&json, "from", set.units[edge->from].name);
		json_string(&json, "kind", kind_name((enum unit_dependency)edge->kind));
		json_string(&json, "to", set.units[edge->to].name);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_end(&json, '}');
}

/* ---- the verb ---- */

static int load(const struct options *options, const char *word, unit_id *ret_id)
{
	static struct unit_directories directories;
	struct unit_loader loader = { .search_path = directories.search_path, .problem = ignore_problem };
	char name[UNIT_NAME_SIZE];
	struct buf b = BUF(name);
	int r;

	if (unit_name_complete(word, &b) < 0 || unit_directories_init(&directories, options->root) < 0)
		return EXIT_USAGE;
	r = unit_load(&loader, &set, name, ret_id);
	if (r < 0) {
		complain("%s: %s", name, error_name(r));
		return EXIT_FAILED;
	}
	if (set.units[*ret_id].load == UNIT_NOT_FOUND) {
		complain("%s: there is no such unit", name);
		return EXIT_NOT_INSTALLED;
	}
	return EXIT_OK;
}

static int draw(const char *path, const uint8_t *members, unit_id id)
{
	FILE *out = svg_open(path);
	int r;

	if (!out)
		return EXIT_FAILED;
	r = deps_picture(out, &set, id, members, states);
	if (r < 0)
		complain("%s", error_name(r));
	return svg_close(out, path) < 0 || r < 0 ? EXIT_FAILED : EXIT_OK;
}

int verb_deps(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	static uint8_t members[UNIT_MAX];
	unit_id id;
	int status;

	if (count > 1) {
		complain("deps: one unit at a time");
		return EXIT_USAGE;
	}
	status = load(options, count == 1 ? words[0] : "default.target", &id);
	if (status != EXIT_OK)
		return status;
	graph_pulled_in(&set, id, false, members);
	if (!options->root)
		ask_states();
	if (options->svg)
		return draw(options->svg, members, id);
	if (options->json) {
		print_json(members);
		return EXIT_OK;
	}
	print_name(id, "");
	memset(members, 0, sizeof(members));
	members[id] = 1;
	print_tree(id, "", 0, members);
	return EXIT_OK;
}
