// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The system calls that a daemon of ours may make (seccomp(2)), as a list of numbers. A filter by libseccomp takes tens of
 * millions of instructions to build, and a daemon that starts before anything else has no time for that.
 */
#pragma once

#include <stddef.h>

/* A jump of BPF reaches over so many. */
#define SYSCALL_FILTER_MAX 200

/**
 * syscall_filter_allow() - from now on this process and its children may make the @count system calls @numbers (SYS_read, ...)
 * and no other: those fail with EPERM. Calls of another architecture than the program's end the process.
 * Needs no_new_privs. There is no way back.
 * Return: 0; -E2BIG; or -errno of seccomp(2) (-ENOSYS, -EINVAL: a kernel without).
 */
int syscall_filter_allow(const int *numbers, size_t count);
