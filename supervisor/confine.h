// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a child gives up before it executes a service: capabilities (libcap), no_new_privs, the
 * security context (libselinux) and system calls (libseccomp), in the order in which each is still
 * allowed. Runs in the forked child only, where allocation is fine and nothing is cleaned up.
 */
#pragma once

#include "supervisor/unit.h"

enum confine_stage {
	CONFINE_CAPABILITIES,
	CONFINE_SELINUX,
	CONFINE_NO_NEW_PRIVILEGES,
	CONFINE_SYSTEM_CALLS,
};

/**
 * confine() - applies all of it to the calling process.
 * @ret_stage: set to the stage that failed
 * Return: 0 or -errno (-EINVAL: a system call that libseccomp does not know).
 */
int confine(const struct exec_settings *settings, enum confine_stage *ret_stage);
