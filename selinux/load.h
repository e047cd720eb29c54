// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Loading the SELinux policy, once, early in act 2. The policy lies on the verified root as
 * /usr/lib/orlop/selinux/policy.N, N being the version of its format.
 */
#pragma once

#include <stdbool.h>

#define SELINUX_POLICY_DIRECTORY "/usr/lib/orlop/selinux"

enum selinux_result {
	SELINUX_LOADED = 0,
	SELINUX_ABSENT = 1, /* the kernel has no SELinux, or does not use it (see lsm= on the command line) */
	SELINUX_NO_POLICY = 2, /* the image has no policy, or none that this kernel can read */
};

/**
 * selinux_load() - mounts selinuxfs, loads the newest policy that the kernel can read, and sets the mode.
 *
 * The file is read into memory completely before it goes to the kernel in one write(2): a bad
 * block on the verified root is then an error from read(2), where a mapped file would be SIGBUS in
 * PID 1 (hc-63). On failure nothing is loaded; the caller decides what that means (hc-64).
 * @enforcing: the mode that is wanted afterwards
 * @ret_enforcing: the mode that the kernel is in afterwards; only stored with SELINUX_LOADED
 *
 * Return: an enum selinux_result, or -errno of the step that failed (logged).
 */
int selinux_load(bool enforcing, bool *ret_enforcing);
