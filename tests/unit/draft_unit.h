// SPDX-License-Identifier: MIT OR Apache-2.0
/* A service whose settings a test may change between two steps of the state machine. */
#pragma once

#include "supervisor/unit.h"

static struct unit_draft draft;
static struct exec_command commands[EXEC_LIST_COUNT];
/* The unit is the draft itself, so that a test may change what it wants between two steps. */
static struct unit unit = {
	.name = "a.service",
	.settings = &draft.settings,
	.commands = commands,
	.kill = &draft.kill,
	.service = &draft.service,
};
static struct service_settings *const s = &draft.service;
static struct kill_settings *const k = &draft.kill;

static void set_command(enum exec_list list, const struct exec_command *command)
{
	unsigned i = 0;

	while (i < unit.command_count && commands[i].list != list)
		i++;
	if (i == unit.command_count && command)
		unit.command_count++;
	if (command)
		commands[i] = *command;
	else if (i < unit.command_count)
		commands[i] = commands[--unit.command_count];
	commands[i].list = command ? (uint8_t)list : commands[i].list;
}
