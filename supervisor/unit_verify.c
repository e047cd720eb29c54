// SPDX-License-Identifier: MIT OR Apache-2.0
/* Checks of a unit set as a whole: see unit_verify.h. */
#include "supervisor/unit_verify.h"

#include "supervisor/graph.h"
#include "supervisor/unit_defaults.h"

struct verification {
	const struct unit_verifier *verifier;
	const struct unit_set *set;
	int problems;
};

static void tell(struct verification *v, const struct unit *unit, const char *key,
		 const char *value, const char *reason, const char *hint)
{
	struct unit_problem p = {
		.file = unit->path ? unit->path : unit->name,
		.key = str_from(key),
		.value = str_from(value),
		.reason = reason,
		.hint = hint,
	};

	v->verifier->problem(v->verifier->context, &p);
	v->problems++;
}

/* The directives whose other unit must be there, or nothing comes of them. */
static const char *demanding_directive(enum unit_dependency kind)
{
	switch (kind) {
	case UNIT_REQUIRES:
		return "Requires";
	case UNIT_BINDS_TO:
		return "BindsTo";
	case UNIT_REQUISITE:
		return "Requisite";
	case UNIT_UPHOLDS:
		return "Upholds";
	case UNIT_ON_FAILURE:
		return "OnFailure";
	case UNIT_ON_SUCCESS:
		return "OnSuccess";
	case UNIT_TRIGGERS:
		return "Unit";
	case UNIT_WANTS:
	case UNIT_PART_OF:
	case UNIT_CONFLICTS:
	case UNIT_AFTER:
	case UNIT_BEFORE:
	case UNIT_PROPAGATES_RELOAD_TO:
	case UNIT_PROPAGATES_STOP_TO:
	case UNIT_DEPENDENCY_COUNT:
		break;
	}
	return NULL;
}

static const char *load_fault(enum unit_load_state state)
{
	switch (state) {
	case UNIT_LOADED:
		break;
	case UNIT_STUB:
	case UNIT_NOT_FOUND:
		return "is a unit that there is not";
	case UNIT_MASKED:
		return "is masked";
	case UNIT_BAD:
		return "cannot be started, as its own file says why";
	}
	return NULL;
}

/* The nearest name of a unit that has a file. */
static const char *nearest_unit(const struct unit_set *set, const char *name)
{
	static const char *names[UNIT_MAX + 1];
	size_t count = 0;

	for (unit_id id = 0; id < set->count; id++)
		if (set->units[id].load == UNIT_LOADED)
			names[count++] = set->units[id].name;
	names[count] = NULL;
	/* The suffix is right, or it is another unit. */
	return unit_nearest_name(str_from(name), names, strcspn(name, ".") / 3);
}

static void verify_edges(struct verification *v, unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(v->set, id, &count);

	for (size_t i = 0; i < count; i++) {
		const struct unit *other = &v->set->units[edges[i].to];
		const char *directive = demanding_directive((enum unit_dependency)edges[i].kind);
		const char *fault = load_fault((enum unit_load_state)other->load);

		if (directive && fault)
			tell(v, &v->set->units[id], directive, other->name, fault,
			     other->load == UNIT_NOT_FOUND ? nearest_unit(v->set, other->name) : NULL);
	}
}

static void verify_programs(struct verification *v, const struct unit *unit)
{
	static const char *const service_names[EXEC_LIST_COUNT] = {
		[EXEC_CONDITION] = "ExecCondition", [EXEC_START_PRE] = "ExecStartPre",
		[EXEC_START] = "ExecStart",	    [EXEC_START_POST] = "ExecStartPost",
		[EXEC_RELOAD] = "ExecReload",	    [EXEC_STOP] = "ExecStop",
		[EXEC_STOP_POST] = "ExecStopPost",
	};

	/* Another root has other programs. */
	if (!v->verifier->executable || (unit->exec && unit->exec->root_directory))
		return;
	for (size_t i = 0; i < unit->command_count; i++) {
		const struct exec_command *c = &unit->commands[i];
		const char *key = unit->type == UNIT_SOCKET && c->list == EXEC_STOP
					  ? "ExecStopPre"
					  : service_names[c->list];

		if (!(c->flags & EXEC_IGNORE_FAILURE) &&
		    !v->verifier->executable(v->verifier->context, c->path))
			tell(v, unit, key, c->path, "is no program that there is in the image", NULL);
	}
}

static void verify_template(struct verification *v, const struct unit *unit)
{
	char name[UNIT_NAME_SIZE];

	if (unit->type != UNIT_SOCKET || !(unit->socket->flags >> SOCKET_FLAG_ACCEPT & 1) ||
	    !v->verifier->exists || unit_triggered_name(unit->name, NULL, true, name) < 0)
		return;
	if (!v->verifier->exists(v->verifier->context, name))
		tell(v, unit, "Accept", name, "is a template that there is not", NULL);
}

/* Circles among all that could be started together. One is told, as the rest often is the same. */
static void verify_order(struct verification *v)
{
	static uint8_t members[UNIT_MAX];
	unit_id cycle[GRAPH_CYCLE_MAX];
	char text[1024];
	struct buf b = BUF(text);
	size_t length;

	for (unit_id id = 0; id < v->set->count; id++)
		members[id] = v->set->units[id].load == UNIT_LOADED &&
			      strcmp(v->set->units[id].name, "shutdown.target") != 0;
	length = graph_find_cycle(v->set, members, cycle);
	if (length == 0)
		return;
	for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
		buf_printf(&b, "%s after ", v->set->units[cycle[i]].name);
	buf_add(&b, v->set->units[cycle[0]].name);
	tell(v, &v->set->units[cycle[0]], "After", text,
	     "is a circle: none of them could be the first", NULL);
}

int unit_verify(const struct unit_verifier *verifier, const struct unit_set *set)
{
	struct verification v = { .verifier = verifier, .set = set };

	for (unit_id id = 0; id < set->count; id++) {
		const struct unit *unit = &set->units[id];

		if (unit->load != UNIT_LOADED)
			continue;
		verify_edges(&v, id);
		verify_programs(&v, unit);
		verify_template(&v, unit);
	}
	verify_order(&v);
	return v.problems;
}
