// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * DevicePolicy= and DeviceAllow= (systemd.resource-control(5)): which device nodes the processes of a
 * cgroup may open and make. cgroup v2 has no file for that: a BPF program decides
 * (BPF_PROG_TYPE_CGROUP_DEVICE), written here instruction by instruction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "supervisor/exec_settings.h"

/* Rules of one unit: a dozen nodes and groups, with room for globs over /proc/devices. */
#define DEVICE_RULE_MAX 256
/* Instructions of the longest program: eight a rule, and a beginning and an end. */
#define DEVICE_PROGRAM_MAX (8 * DEVICE_RULE_MAX + 16)

#define DEVICE_ANY UINT32_MAX

struct device_rule {
	bool block;
	uint32_t major;
	uint32_t minor;	 /* DEVICE_ANY: all of that major number */
	uint32_t access; /* BPF_DEVCG_ACC_… */
};

struct bpf_insn;

/** device_program() - assembles the program for @rules; pure. Return: instructions, or -E2BIG. */
int device_program(const struct device_rule *rules, size_t count, struct bpf_insn *program, size_t size);

/** device_access() - "rwm" and parts of it as a mask. Return: the mask, or -EINVAL. */
int device_access(struct str text);

/**
 * device_group() - adds a rule for each line of /proc/devices that "char-GLOB" or "block-GLOB" means; pure.
 * @devices: the text of /proc/devices
 * Return: rules added, or -E2BIG.
 */
int device_group(struct str group, struct str devices, uint32_t access, struct device_rule *rules,
		 size_t *count);

/** device_policy_wanted() - Return: whether the unit limits devices at all. */
bool device_policy_wanted(const struct cgroup_settings *cgroup, const struct exec_settings *exec);

/**
 * device_policy_apply() - puts the unit's program on the cgroup @fd, in the place of an earlier one of ours.
 * Programs of those it is delegated to can be added below.
 * Return: 0 or -errno (-EPERM, -ENOSYS: not in this container or kernel).
 */
int device_policy_apply(const struct cgroup_settings *cgroup, const struct exec_settings *exec, int fd);
