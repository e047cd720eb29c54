// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which unit a process belongs to: its cgroup says so, and a process cannot lie about that. */
#pragma once

#include <sys/types.h>

#include "lib/str.h"
#include "logd/log_record_parse.h"

/**
 * unit_of_cgroup() - the unit in the text of /proc/PID/cgroup: the first part of the v2 path that is the name
 * of a unit with processes ("/system.slice/sshd.service/x"). Pure.
 * Return: the name, a part of @text, or an empty slice.
 */
struct str unit_of_cgroup(struct str text);

/** unit_of_process() - Return: the unit of @pid in @memory, empty if it has none or is gone. */
struct str unit_of_process(pid_t pid, char memory[static LOG_UNIT_SIZE]);

/** unit_in_message() - Return: "a.service" of "a.service: text", as PID 1 begins what it says about a unit; else empty. Pure. */
struct str unit_in_message(struct str text);

/** unit_name_is_valid() - Return: whether @name can be a unit's: it becomes a field of the log. Pure. */
bool unit_name_is_valid(struct str name);
