// SPDX-License-Identifier: MIT OR Apache-2.0
/* Act 1: from the initramfs to the verified root. */
#pragma once

#include "init/boot.h"
#include "lib/macros.h"

/** act1_run() - finds, verifies and mounts the root and executes the init on it. Whatever fails ends in fatal(). */
_noreturn_ void act1_run(struct boot *boot);
