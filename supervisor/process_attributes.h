// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a process inherits and what is set before it executes: signals, OOM score, nice level,
 * scheduling, processors, I/O priority, timer slack, personality, session keyring, resource limits.
 * In the forked child only. Each returns 0 or -errno, with child_error() where there is more to say.
 */
#pragma once

#include <sys/resource.h>

#include "supervisor/exec_settings.h"

struct identity;

/** attributes_signals() - all signals to their default, an empty mask; SIGPIPE ignored with IgnoreSIGPIPE=. */
int attributes_signals(const struct exec_settings *exec);

/** attributes_oom() - PID 1's own -1000 is not inherited: without a setting a service has 0. */
int attributes_oom(const struct exec_settings *exec);

int attributes_nice(const struct exec_settings *exec);
int attributes_scheduler(const struct exec_settings *exec);
int attributes_cpu_affinity(const struct exec_settings *exec);
int attributes_io_priority(const struct exec_settings *exec);
int attributes_timer_slack(const struct exec_settings *exec);

/** attributes_personality() - Personality=. -EINVAL: an architecture that this machine does not run. */
int attributes_personality(const struct exec_settings *exec);

/** attributes_keyring() - KeyringMode=: a session keyring of its own, owned by the user, unless "inherit". */
int attributes_keyring(const struct exec_settings *exec, const struct identity *identity);

/**
 * attributes_limits() - Limit…=.
 * @inherited: RLIMIT_NOFILE as PID 1 was given it, before it raised its own
 */
int attributes_limits(const struct exec_settings *exec, const struct rlimit *inherited);
