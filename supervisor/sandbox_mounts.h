// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A mount namespace for a service: makes it, and mounts what the table (mount_table.h) says, with the
 * kernel's mount API by descriptors. In the forked child only.
 */
#pragma once

#include "supervisor/mount_table.h"

/**
 * sandbox_mounts() - enters a mount namespace and applies the table made from @inputs. With RootDirectory= the process ends
 * up with that as its root.
 * @propagation: MS_SHARED, MS_SLAVE or MS_PRIVATE; 0: shared, as the host's mounts shall still arrive
 * @no_suid: all mounts ignore set-user-id bits
 * Return: 0 or -errno with child_error().
 */
int sandbox_mounts(const struct mount_table_inputs *inputs, unsigned long propagation, bool no_suid);
