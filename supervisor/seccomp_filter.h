// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Filters of system calls (seccomp(2), libseccomp), as systemd.exec(5) has them: SystemCallFilter=,
 * SystemCallLog=, SystemCallArchitectures=. One filter for each architecture that the machine can run,
 * the native one last, so that a filter may refuse seccomp(2) itself. In the forked child only.
 */
#pragma once

#include <seccomp.h>
#include <stdbool.h>

#include "supervisor/exec_settings.h"

/* Called for each architecture to put rules into an empty filter. Return: 0, 1 (nothing to load), or -errno. */
typedef int seccomp_rules_fn(scmp_filter_ctx filter, uint32_t architecture, const void *context);

/**
 * seccomp_each_architecture() - makes and loads a filter for each.
 * @otherwise: what happens to a call without a rule
 * Return: 0, or -errno of the native one; that another cannot be loaded (its calls are off in the kernel) is no failure.
 */
int seccomp_each_architecture(uint32_t otherwise, seccomp_rules_fn *rules, const void *context);

/** seccomp_rule() - adds a rule without arguments; a call that the architecture lacks needs none. Return: 0 or -errno. */
int seccomp_rule(scmp_filter_ctx filter, uint32_t action, int number);

/** seccomp_filter_calls() - SystemCallFilter=, with @default and @basic-io in a list of what is allowed. Return: 0 or -errno. */
int seccomp_filter_calls(const struct exec_settings *exec);

/** seccomp_log_calls() - SystemCallLog=. Return: 0 or -errno. */
int seccomp_log_calls(const struct exec_settings *exec);

/** seccomp_filter_architectures() - SystemCallArchitectures=. Return: 0 or -errno (-EINVAL: a name that libseccomp does not know). */
int seccomp_filter_architectures(const struct exec_settings *exec);

/** seccomp_lets_drop_privileges() - Return: whether capabilities can be given up behind SystemCallFilter=. */
bool seccomp_lets_drop_privileges(const struct exec_settings *exec);
