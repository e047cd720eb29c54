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

/**
 * signals_release() - the same, by two system calls instead of 64, in a child that was made with CLONE_CLEAR_SIGHAND by a process
 * that called signals_reset(0) when it began: then no signal is ignored, and none has a handler.
 */
int signals_release(int ignored);
