// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any text is a unit file with faults; whatever it sets lies in the arena and is terminated. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/unit_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(max_align_t) char memory[256 * 1024];

static void on_problem(void *context, const struct unit_problem *p)
{
	assert(p->reason);
	assert(p->line > 0);
	++*(int *)context;
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_arena arena = { .memory = memory, .size = sizeof(memory) };
	static struct unit_draft draft;
	struct unit unit = { .name = "web@data-x.service" };
	int problems = 0;
	int r;

	/* unit_load() refuses files with NUL bytes as a whole. */
	if (size > 0 && memchr(data, '\0', size))
		return 0;
	unit_draft_begin(&draft, "web@data-x.service", UNIT_SERVICE);
	r = unit_table_apply(&draft, &arena, "FILE", (struct str){ (const char *)data, size }, on_problem,
			     &problems);
	assert(r < 0 || r == problems);
	assert(arena.used <= arena.size);
	for (int kind = 0; kind < UNIT_DEPENDENCY_COUNT; kind++)
		assert_list(&draft.text, &draft.dependencies[kind]);
	assert_list(&arena, &draft.exec.environment);
	for (int list = 0; list < EXEC_LIST_COUNT; list++)
		for (const struct exec_command *c = draft.commands[list]; c; c = c->next) {
			assert_text(&arena, c->path);
			assert(c->arguments.count > 0);
			assert_list(&arena, &c->arguments);
		}
	assert(draft.exec.umask <= 0777);
	assert(draft.exec.nice >= -20 && draft.exec.nice <= 19);
	assert(draft.kill.kill_signal > 0 && draft.kill.kill_signal <= 64);
	(void)unit_table_finish(&draft);
	assert(draft.description);
	if (unit_draft_keep(&draft, &arena, &unit) == 0)
		assert(unit.settings && unit.exec && unit.kill && unit.cgroup && unit.service);
	return 0;
}
