// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a unit says about its cgroup (systemd.resource-control(5)): limits, I/O by device, devices,
 * delegation. Written by the child into the leaf that it was born in, as root and before anything of the
 * service runs: what needs a look at file systems must not hold up PID 1.
 */
#pragma once

#include "supervisor/unit.h"

struct identity;

/** What percentages are of. */
struct cgroup_totals {
	uint64_t memory; /* bytes */
	uint64_t tasks;
};

/**
 * cgroup_percent() - a value such as "12.5%" of @file as the number that the kernel's file takes; pure.
 * Other values are copied as they are.
 * Return: 0, or -EINVAL: a percentage that cannot be meant.
 */
int cgroup_percent(struct str file, struct str value, const struct cgroup_totals *totals,
		   struct buf *ret_value);

/**
 * cgroup_settings_apply() - writes them all.
 * @fd: the leaf
 * A limit that the kernel refuses is logged and does not fail the service, as in systemd.
 * Return: 0, or -errno with child_error() of a delegation that failed.
 */
int cgroup_settings_apply(const struct unit *unit, const struct exec_settings *exec,
			  const struct identity *identity, int fd);
