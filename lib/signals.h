// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a child does about signals before it executes something. */
#pragma once

/**
 * signals_reset() - all signals do what they do by default, and none is blocked: execve(2) keeps ignored
 * signals ignored and the mask as it is. Safe in a forked child.
 * @ignored: one that is to be ignored, or 0
 * Return: 0 or -errno.
 */
int signals_reset(int ignored);
