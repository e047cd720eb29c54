// SPDX-License-Identifier: MIT OR Apache-2.0
/* Act 2: a machine out of a running kernel and a root, and then the steady loop. */
#pragma once

#include "init/boot.h"
#include "lib/macros.h"

/** act2_run() - sets the system up, starts the units, and never returns: it ends in act 3. */
_noreturn_ void act2_run(struct boot *boot);
