// SPDX-License-Identifier: MIT OR Apache-2.0
/* The verbs that tell the state of units in one word, for scripts: is-active, is-failed, show, version. */
#include <errno.h>
#include <stdlib.h>

#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/state.h"
#include "ctl/verbs.h"
#include "lib/clock.h"
#include "supervisor/unit.h"

/* ---- what others want to know of a unit, too ---- */

int unit_state_get(struct control_client *client, const char *word, struct unit_state **ret_unit)
{
	char name[UNIT_NAME_SIZE];
	struct buf b = BUF(name);
	struct reply reply;
	int r;

	if (unit_name_complete(word, &b) < 0)
		return -EINVAL;
	r = client_ask(client, &reply, "status %s", name);
	if (r < 0)
		return r;
	if (reply.kind == REPLY_ERROR)
		return -ENOENT;
	*ret_unit = unit_state_new(reply.body);
	return *ret_unit ? 0 : -ENOMEM;
}

static void json_moment(struct json *json, const char *name, uint64_t ns)
{
	if (ns == 0)
		json_null(json, name);
	else
		json_seconds(json, name, ns);
}

static void json_text(struct json *json, const char *name, const char *text)
{
	if (*text)
		json_string(json, name, text);
	else
		json_null(json, name);
}

void unit_state_json(struct json *json, const struct unit_state *unit, const struct unit_usage *usage)
{
	json_object(json, NULL);
	json_string(json, "unit", unit->name);
	json_string(json, "type", unit->type);
	json_text(json, "description", unit->description);
	json_string(json, "load", unit->load);
	json_string(json, "active", unit->active);
	json_string(json, "sub", unit->sub);
	json_text(json, "result", unit->result);
	json_text(json, "job", strcmp(unit->job, "none") == 0 ? "" : unit->job);
	json_text(json, "path", unit->path);
	json_text(json, "status", unit->status);
	json_moment(json, "since", unit->since);
	json_moment(json, "upSince", unit->up_since);
	if (unit->main_pid > 0)
		json_number(json, "mainPid", unit->main_pid);
	else
		json_null(json, "mainPid");
	json_text(json, "mainExit", unit->main_exit);
	json_number(json, "restarts", unit->restarts);
	json_text(json, "cgroup", unit->cgroup);
	if (usage && usage->known) {
		json_number(json, "memory", usage->memory);
		json_number(json, "memoryPeak", usage->memory_peak);
		json_seconds(json, "cpu", usage->cpu);
		json_number(json, "tasks", usage->tasks);
	}
}

/* ---- is-active, is-failed, is-system-running ---- */

/*
 * is-active: 0 if any is active, 4 if none is known, else 3. is-failed: 0 if any has failed, else 1. A unit
 * that PID 1 does not have is inactive, as for systemctl.
 */
int verb_is_active(const char *verb, const struct options *options, char *const words[], int count)
{
	bool want_failed = strcmp(verb, "is-failed") == 0;
	const char *wanted = want_failed ? "failed" : "active";
	struct control_client client;
	struct json json = json_to(stdout);
	int status = connect_or_say(&client);
	bool known = false;
	bool found = false;
	int r = 0;

	if (status != EXIT_OK)
		return status;
	if (count == 0)
		return client_close(&client), verb_is_running(verb, options, words, count);
	if (options->json)
		json_object(&json, NULL);
	for (int i = 0; r == 0 && i < count; i++) {
		struct unit_state *unit = NULL;
		const char *active = "inactive";

		r = unit_state_get(&client, words[i], &unit);
		if (r == 0) {
			active = unit->active;
			known = true;
		}
		if (r == -ENOENT || r == -EINVAL)
			r = 0;
		found = found || strcmp(active, wanted) == 0;
		if (options->json)
			json_string(&json, words[i], active);
		else if (r == 0 && !options->quiet)
			puts(active);
		free(unit);
	}
	if (options->json)
		json_end(&json, '}');
	client_close(&client);
	if (r < 0)
		return protocol_error(r);
	if (found)
		return EXIT_OK;
	return want_failed ? EXIT_FAILED : known ? EXIT_NOT_RUNNING : EXIT_NO_UNIT;
}

int verb_is_running(const char *verb, const struct options *options, char *const words[] _unused_,
		    int count _unused_)
{
	struct control_client client;
	struct system_state system;
	struct reply reply;
	bool good = false;
	int status = connect_or_say(&client);
	int r;

	if (status != EXIT_OK)
		return status;
	r = client_ask(&client, &reply, "version");
	if (r == 0) {
		system_state_read(reply.body, &system);
		good = str_is(system.state, strcmp(verb, "is-failed") == 0 ? "degraded" : "running");
		if (!options->quiet)
			printf(STR_FORMAT "\n", STR_ARGS(system.state));
	}
	client_close(&client);
	if (r < 0)
		return protocol_error(r);
	return good ? EXIT_OK : EXIT_FAILED;
}

/* ---- version ---- */

int verb_version(const char *verb _unused_, const struct options *options,
		 char *const words[] _unused_, int count _unused_)
{
	struct control_client client;
	struct system_state system = { 0 };
	struct reply reply;
	struct json json = json_to(stdout);
	bool there = client_open(&client) == 0 && client_ask(&client, &reply, "version") == 0;

	if (there)
		system_state_read(reply.body, &system);
	if (options->json) {
		json_object(&json, NULL);
		json_string(&json, "orlopctl", ORLOP_VERSION);
		if (there)
			json_str(&json, "orlop", system.version);
		else
			json_null(&json, "orlop");
		json_number(&json, "protocol", there ? system.protocol : CONTROL_PROTOCOL);
		json_end(&json, '}');
	} else {
		puts("orlopctl " ORLOP_VERSION);
		if (there)
			printf("orlop " STR_FORMAT " (PID 1, control protocol %llu)\n",
			       STR_ARGS(system.version), (unsigned long long)system.protocol);
	}
	client_close(&client);
	return EXIT_OK;
}

/* ---- show ---- */

struct property {
	const char *name;
	size_t offset; /* in struct unit_state */
	enum { PROPERTY_TEXT, PROPERTY_NUMBER, PROPERTY_MOMENT, PROPERTY_MONOTONIC } kind;
};

#define PROPERTY(name, field, kind)                            \
	{                                                      \
		name, offsetof(struct unit_state, field), kind \
	}

/* The names are systemctl's, so that scripts for it go on working. */
static const struct property properties[] = {
	PROPERTY("Id", name, PROPERTY_TEXT),
	PROPERTY("Description", description, PROPERTY_TEXT),
	PROPERTY("LoadState", load, PROPERTY_TEXT),
	PROPERTY("ActiveState", active, PROPERTY_TEXT),
	PROPERTY("SubState", sub, PROPERTY_TEXT),
	PROPERTY("Result", result, PROPERTY_TEXT),
	PROPERTY("FragmentPath", path, PROPERTY_TEXT),
	PROPERTY("MainPID", main_pid, PROPERTY_NUMBER),
	PROPERTY("ControlPID", control_pid, PROPERTY_NUMBER),
	PROPERTY("NRestarts", restarts, PROPERTY_NUMBER),
	PROPERTY("StatusText", status, PROPERTY_TEXT),
	PROPERTY("ControlGroup", cgroup, PROPERTY_TEXT),
	PROPERTY("StateChangeTimestamp", since, PROPERTY_MOMENT),
	PROPERTY("StateChangeTimestampMonotonic", since, PROPERTY_MONOTONIC),
	PROPERTY("ActiveEnterTimestamp", up_since, PROPERTY_MOMENT),
	PROPERTY("ActiveEnterTimestampMonotonic", up_since, PROPERTY_MONOTONIC),
	PROPERTY("InactiveExitTimestampMonotonic", start_began, PROPERTY_MONOTONIC),
};

static void property_value(const struct property *property, const struct unit_state *unit,
			   struct buf *value)
{
	const void *field = (const char *)unit + property->offset;
	uint64_t number = property->kind == PROPERTY_TEXT ? 0 : *(const uint64_t *)field;

	switch (property->kind) {
	case PROPERTY_TEXT:
		buf_add(value, *(const char *const *)field);
		return;
	case PROPERTY_NUMBER:
		buf_printf(value, "%llu", (unsigned long long)number);
		return;
	case PROPERTY_MOMENT:
		if (number > 0)
			format_moment(number, value);
		return;
	case PROPERTY_MONOTONIC:
		buf_printf(value, "%llu", (unsigned long long)(number / NS_PER_US));
		return;
	}
}

static void show_unit(const struct unit_state *unit, const struct options *options)
{
	struct json json = json_to(stdout);

	if (options->json)
		json_object(&json, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		char memory[CONTROL_RECORD_MAX];
		struct buf value = BUF(memory);

		if (options->properties && !list_has(options->properties, properties[i].name))
			continue;
		property_value(&properties[i], unit, &value);
		if (options->json)
			json_string(&json, properties[i].name, value.p);
		else if (options->value_only)
			puts(value.p);
		else
			printf("%s=%s\n", properties[i].name, value.p);
	}
	if (options->json)
		json_end(&json, '}');
}

/* What PID 1 does not have is shown as systemctl shows it: not found and inactive. */
static void show_missing(const char *word, const struct options *options)
{
	char name[UNIT_NAME_SIZE];
	struct buf b = BUF(name);
	const struct unit_state missing = {
		.name = name,
		.type = "",
		.load = "not-found",
		.active = "inactive",
		.sub = "dead",
		.job = "none",
		.result = "",
		.main_exit = "",
		.status = "",
		.cgroup = "",
		.path = "",
		.description = name,
	};

	if (unit_name_complete(word, &b) == 0)
		show_unit(&missing, options);
}

int verb_show(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	struct control_client client;
	int status = connect_or_say(&client);

	for (int i = 0; status == EXIT_OK && i < count; i++) {
		struct unit_state *unit = NULL;
		int r = unit_state_get(&client, words[i], &unit);

		if (i > 0 && !options->json)
			putchar('\n');
		if (r == 0)
			show_unit(unit, options);
		else if (r == -ENOENT)
			show_missing(words[i], options);
		else
			status = r == -EINVAL ? EXIT_USAGE : protocol_error(r);
		free(unit);
	}
	if (status == EXIT_OK && count == 0) {
		struct reply reply;
		int r = client_ask(&client, &reply, "version");

		if (r < 0)
			status = protocol_error(r);
		else
			printf(STR_FORMAT, STR_ARGS(reply.body));
	}
	client_close(&client);
	return status;
}
