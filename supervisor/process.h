// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals to processes: by pidfd where there is one, and never by a pid that means more than one. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/** process_open() - Return: a pidfd of @pid, or -errno (-ESRCH: no such process; -EINVAL: no pid of one). */
int process_open(pid_t pid);

/** process_alive() - Return: whether the process of @pidfd has not ended (a zombie has). */
bool process_alive(int pidfd);

/** process_signal() - Return: 0 or -errno. */
int process_signal(int pidfd, int signal);

/**
 * process_kill() - for a process of which there is only a pid, from a cgroup's list.
 * 0, 1 and negative numbers mean a group, PID 1 or everybody to kill(2): they are refused (hc-5).
 * Return: 0 or -errno (-EINVAL: refused).
 */
int process_kill(pid_t pid, int signal);

/** process_kill_group() - the same for the process group that @leader leads. */
int process_kill_group(pid_t leader, int signal);

/** process_parent() - Return: the parent's pid, from /proc/PID/stat, or -errno. */
pid_t process_parent(pid_t pid);
