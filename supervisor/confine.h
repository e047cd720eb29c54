// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a child gives up before it executes a service: capabilities (libcap), its user, the security
 * context (libselinux), no_new_privs and system calls (libseccomp), in the order in which each is still
 * allowed. Runs in the forked child only, where allocation is fine and nothing is cleaned up. Each
 * returns 0 or -errno, with child_error() where there is more to say.
 */
#pragma once

#include "supervisor/unit.h"

struct identity;

/**
 * confine_implied() - turns on what the unit's settings imply (systemd.exec(5)): DynamicUser= a read-only
 * system and home, PrivateDevices= and the Protect…= settings the loss of capabilities.
 */
void confine_implied(struct exec_settings *exec);

/** confine_capabilities() - CapabilityBoundingSet= and, for a process that stays root, AmbientCapabilities=. */
int confine_capabilities(const struct exec_settings *exec);

/**
 * confine_user() - becomes the user, with the ambient capabilities, and with those that the filters
 * need, which confine_finish() gives up.
 */
int confine_user(const struct exec_settings *exec, const struct identity *identity);

/** confine_selinux() - SELinuxContext= of the program to be executed. */
int confine_selinux(const struct exec_settings *exec);
/** confine_secure_bits() - SecureBits=. */
int confine_secure_bits(const struct exec_settings *exec);
/** confine_no_new_privileges() - NoNewPrivileges=, also where a filter needs it. */
int confine_no_new_privileges(const struct exec_settings *exec);

/** confine_finish() - the filter of system calls and, just before it, the last capabilities. */
int confine_finish(const struct exec_settings *exec, const struct identity *identity);
