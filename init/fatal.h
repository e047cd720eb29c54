// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The one place where a boot is given up. Says why, on kmsg and the console, waits so that it can be read,
 * and reboots (orlop.fatal= says otherwise): the boot loader counts the attempt, so a bad image is
 * fallen back from instead of being tried for ever.
 */
#pragma once

#include "init/cmdline_parse.h"
#include "lib/macros.h"

/* How long the message stands before a reboot when panic= on the command line does not say. */
#define FATAL_DELAY_S 10

/** fatal_configure() - what fatal() does in the end. Before it is called: reboot, and not in a container. */
void fatal_configure(enum cmdline_fatal action, bool container);

/**
 * fatal() - gives up. panic=N of the kernel's command line sets the seconds before the reboot; a negative N
 * means at once, and so it does for the kernel's own panics.
 */
_noreturn_ void fatal(const char *format, ...) _printf_(1, 2);

/**
 * fatal_catch_faults() - makes SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS and SIGTRAP of PID 1 itself end in the same way,
 * on a stack of their own and without touching what may be broken.
 */
void fatal_catch_faults(void);
