// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which of several policy files a kernel can read. Pure. */
#pragma once

#include "lib/str.h"

/**
 * selinux_policy_version() - the N of a file name "policy.N".
 * Return: N, from 1 to 999; or -EINVAL for any other name.
 */
int selinux_policy_version(struct str name);

/**
 * selinux_policy_choose() - the better of two candidates.
 * @best: the version chosen so far, 0 for none
 * @candidate: a version from selinux_policy_version(), or negative
 * @kernel_max: the newest format that the kernel reads (selinuxfs policyvers)
 * Return: @candidate if it is newer than @best and not too new, else @best.
 */
int selinux_policy_choose(int best, int candidate, int kernel_max);
