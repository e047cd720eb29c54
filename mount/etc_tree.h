// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * /etc is a tmpfs that is the same after every boot: a copy of the image's factory tree. It is
 * filled before it is attached (fsopen(2), fsmount(2), move_mount(2)), so nobody ever sees half of it.
 */
#pragma once

/* Where the image keeps what /etc is filled from. */
#define ETC_FACTORY "/usr/share/factory/etc"

/* What etc_mount() returns if the image has no factory tree: nothing was mounted. */
#define ETC_NO_FACTORY 1

/**
 * etc_mount() - mounts the tmpfs on /etc (mode 755, nosuid, nodev, noexec). Logs what failed.
 * Return: 0, ETC_NO_FACTORY or -errno.
 */
int etc_mount(void);
