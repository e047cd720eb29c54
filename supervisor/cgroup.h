// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The cgroup v2 tree (Documentation/admin-guide/cgroup-v2.rst) as Orlop lays it out:
 *
 *   /sys/fs/cgroup/init.scope            PID 1 alone, so that no inner node has processes
 *   /sys/fs/cgroup/system.slice/UNIT     one leaf for each service, or in the slice that Slice= names:
 *                                        a-b.slice is /a.slice/a-b.slice
 *
 * Where there is no cgroup v2 to write to (a container without delegation) cgroup_setup() says so,
 * and services run without: killed by process group, and what escapes that is not found.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervisor/unit.h"

/** cgroup_setup() - makes the tree and moves PID 1 into its leaf. Return: 0, or -errno: no tree can be used. */
int cgroup_setup(void);

/** cgroup_available() - Return: whether cgroup_setup() succeeded. */
bool cgroup_available(void);

/**
 * cgroup_create() - makes the leaf of @unit, thawed, and the slices above it. Its limits are set by the
 * first process in it (cgroup_settings.h).
 * @ret_fd: its directory, owned by the caller; -1 where there are no cgroups
 * Return: 0 or -errno.
 */
int cgroup_create(const struct unit *unit, int *ret_fd);

/**
 * cgroup_open_place() - where a process of a delegated unit is born: DelegateSubgroup= or, for a
 * @control process, ".control".
 * @fd: the unit's leaf
 * @ret_fd: owned by the caller
 * Return: 1 with a descriptor; 0: in the leaf itself; or -errno.
 */
int cgroup_open_place(const struct unit *unit, int fd, bool control, int *ret_fd);

/** cgroup_remove() - removes the leaf and what is below it. Return: 0 (also if it is gone) or -EBUSY: processes are in it. */
int cgroup_remove(const struct unit *unit);

/** cgroup_populated() - Return: whether any process is in the leaf @fd or below. */
bool cgroup_populated(int fd);

/** cgroup_kill() - thaws the leaf and sends SIGKILL to all in it, at once (cgroup.kill, Linux 5.14). Return: 0 or -errno. */
int cgroup_kill(int fd);

/** cgroup_signal() - sends @signal, then SIGCONT, to each process in the leaf and below. Return: processes reached or -errno. */
int cgroup_signal(int fd, int signal);

/** cgroup_oom_kills() - Return: the leaf's count of processes killed for lack of memory (memory.events). */
uint64_t cgroup_oom_kills(int fd);

/** cgroup_path() - appends the path of @unit's leaf below /sys/fs/cgroup, with a leading slash. */
void cgroup_path(const struct unit *unit, struct buf *ret_path);

/**
 * cgroup_of_process() - the unit name that a process belongs to, from /proc/PID/cgroup.
 * Works for a zombie too, until it is reaped.
 * Return: 0; -ENOENT: in no unit's leaf; -ESRCH: no such process.
 */
int cgroup_of_process(pid_t pid, char ret_name[static UNIT_NAME_SIZE]);

/** cgroup_watch_path() - the file to watch for the leaf becoming empty (cgroup.events). */
void cgroup_watch_path(const struct unit *unit, struct buf *ret_path);
