// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any text is a unit file with faults; whatever it sets lies in the arena and is terminated. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/unit_defaults.h"
#include "supervisor/unit_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_problem(void *context, const struct unit_problem *p)
{
	assert(p->reason);
	assert(p->line > 0);
	++*(int *)context;
}

static struct unit_draft draft;
static _Alignas(max_align_t) char memory[1024 * 1024];
static const char *const names[] = { "web@data-x.service", "web-a.socket", "a.timer", "a.target" };

static void assert_text(const struct text_arena *arena, const char *text)
{
	assert(text >= arena->memory && text < arena->memory + arena->used);
	assert(memchr(text, '\0', (size_t)(arena->memory + arena->used - text)));
}

static void assert_list(const struct text_arena *arena, const struct text_list *list)
{
	unsigned count = 0;

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item)) {
		assert_text(arena, item);
		count++;
	}
	assert(count == list->count);
}

static void assert_kept(const struct text_arena *arena, const struct unit *unit)
{
	assert(unit->settings && unit->description);
	for (int list = 0; list < EXEC_LIST_COUNT; list++)
		for (const struct exec_command *c = unit_commands(unit, list); c; c = c->next) {
			assert_text(arena, c->path);
			assert(c->list == list && c->arguments.count > 0);
			assert_list(arena, &c->arguments);
		}
	for (const struct condition *c = unit->conditions; c; c = c->next) {
		assert_text(arena, c->argument);
		assert(c->type < CONDITION_TYPE_COUNT);
	}
	if (unit->type == UNIT_SERVICE || unit->type == UNIT_SOCKET) {
		assert(unit->exec && unit->kill && unit->cgroup);
		assert_list(arena, &unit->exec->environment);
		assert_list(arena, &unit->exec->system_call_filter);
		assert_list(arena, &unit->cgroup->attributes);
		assert(unit->exec->umask <= 0777);
		assert(unit->exec->nice >= -20 && unit->exec->nice <= 19);
		assert(unit->kill->kill_signal > 0 && unit->kill->kill_signal <= 64);
	}
	if (unit->type == UNIT_SOCKET)
		for (const struct socket_listen *l = unit->socket->listen; l; l = l->next)
			assert_text(arena, l->address);
	if (unit->type == UNIT_TIMER)
		for (const struct timer_value *v = unit->timer->values; v; v = v->next)
			assert((v->base == TIMER_ON_CALENDAR) == (v->calendar != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_arena arena = { .memory = memory, .size = sizeof(memory) };
	struct str text = { (const char *)data, size };

	/* unit_load() refuses files with NUL bytes as a whole. */
	if (size > 0 && memchr(data, '\0', size))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct unit unit = { .name = names[i] };
		enum unit_type type;
		int problems = 0;
		int r;

		assert(unit_name_type(str_from(names[i]), &type) == 0);
		unit_draft_begin(&draft, names[i], type);
		draft.path = "/units/a";
		r = unit_table_apply(&draft, "FILE", text, on_problem, &problems);
		assert(r < 0 || r == problems);
		assert(draft.text.used <= draft.text.size);
		for (int kind = 0; kind < UNIT_DEPENDENCY_COUNT; kind++)
			assert_list(&draft.text, &draft.dependencies[kind]);
		(void)unit_table_finish(&draft);
		assert(draft.description);
		(void)unit_defaults_add(&draft);
		if (unit_draft_keep(&draft, &arena, &unit) == 0)
			assert_kept(&arena, &unit);
	}
	return 0;
}
