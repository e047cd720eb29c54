// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel's own file systems and the tmpfs ones that every Linux program expects, from one
 * const table: /proc, /sys, /dev, /dev/pts, /dev/shm, /run, /tmp, cgroup v2 and so on.
 * What is already mounted with the right type is left as it is, so both functions may be called
 * more than once, after act 1, after a kernel that mounted /dev itself, and in a container.
 *
 * Both log what failed, with the name of the mount.
 */
#pragma once

#include <stdbool.h>

/**
 * api_mounts_early() - what act 1 needs: /proc, /sys, /dev, /run. Return: 0, or -errno of the
 * first required mount that failed.
 */
int api_mounts_early(void);

/**
 * api_mounts() - everything, then the links in /dev (fd, stdin, stdout, stderr).
 * On a machine also makes the whole tree shared (mount_namespaces(7)), which kubelet and Docker
 * expect of a host; a tree that was moved with MS_MOVE has to be moved before that.
 * @container: leave out what belongs to the machine, and take mounts that are not allowed as warnings
 *
 * Return: 0 (an optional mount that fails is only logged), or -errno of the first required mount
 * that failed.
 */
int api_mounts(bool container);
