// SPDX-License-Identifier: MIT OR Apache-2.0
/* What orlopctl knows of a unit: what PID 1 says, and what its cgroup's files say. */
#pragma once

#include "ctl/control_client.h"
#include "ctl/json.h"

/* What the kernel does not say (a controller is off) is 0. */
struct unit_usage {
	bool known;	      /* it has a cgroup */
	uint64_t memory;      /* bytes */
	uint64_t memory_peak; /* bytes */
	uint64_t cpu;	      /* ns */
	uint64_t tasks;
};

/**
 * unit_state_get() - asks PID 1 for one unit; a word without a suffix is a service.
 * Return: 0; -ENOENT: PID 1 has no such unit; -EINVAL: no name of a unit (said); or another -errno.
 */
int unit_state_get(struct control_client *client, const char *word, struct unit_state **ret_unit);

/** unit_usage_read() - reads memory.current, cpu.stat and pids.current below /sys/fs/cgroup. */
void unit_usage_read(const struct unit_state *unit, struct unit_usage *ret_usage);

/** unit_state_json() - begins an object with all of it; the caller ends it. @usage: or NULL. */
void unit_state_json(struct json *json, const struct unit_state *unit, const struct unit_usage *usage);
