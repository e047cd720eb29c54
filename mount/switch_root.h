// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the initramfs to the real root. The initramfs (rootfs) can be neither unmounted nor given
 * to pivot_root(2), so the new root is moved over it
 * (Documentation/filesystems/ramfs-rootfs-initramfs.rst).
 */
#pragma once

/**
 * switch_root() - makes @new_root the root directory of this process and empties the old root.
 *
 * Moves /dev, /proc, /sys and /run into the new root as far as they are mounts, moves the new root
 * to /, changes root and working directory, and then deletes the files of the old root, which are
 * memory: only on a ramfs or tmpfs, and never across the boundary of a file system. The running
 * program may lie on
 * the old root; its memory is freed at the next execve(2). If @new_root is the root already, it
 * does nothing.
 * @new_root: an absolute path, a mount point, with the four directories in it
 *
 * Logs what failed. A file of the old root that cannot be deleted is only logged.
 * Return: 0; -EINVAL (@new_root is no mount point); or -errno of the step that failed.
 */
int switch_root(const char *new_root);
