// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One mount, the way mount(8) does it, through libmount: a single string of options as fstab(5) has
 * them, "nosuid,nodev,mode=755", which the library splits into what the kernel takes as flags and
 * what the file system takes. No helper programs, no mtab.
 *
 * libmount allocates, so this is for boot and for children. It costs about 25,000 instructions a
 * mount over the bare system call, a third of a millisecond for the whole boot on a slow machine.
 */
#pragma once

/**
 * mount_one() - mounts @source on @where.
 * @options: comma-separated, "" for none
 * Return: 0; -ENOMEM; or -errno of mount(2).
 */
int mount_one(const char *source, const char *where, const char *fs_type, const char *options);
