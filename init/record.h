// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The record of a boot, /run/orlop/boot: one line for each phase and each unit,
 *
 *   NAME START END RESULT
 *
 * with CLOCK_BOOTTIME nanoseconds in decimal and "ok", "skipped" or "failed" as the result. Names
 * have no spaces; phases of act 1 begin with "initramfs.", units are named as they are. The lines "critical",
 * with a unit as their result, are what the boot waited for, one after the other. Until
 * /run is there lines wait in static memory. A full /run costs the record, never the boot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RECORD_DIRECTORY "/run/orlop"
#define RECORD_PATH RECORD_DIRECTORY "/boot"

/* Lines that wait for /run; act 1 and act 2 have a dozen phases each. */
#define RECORD_WAITING_MAX 48

/** record_open() - opens (and makes) the file and writes what waited. Return: 0 or -errno. */
int record_open(void);

/** record_close() - closes the file; lines wait again. */
void record_close(void);

/** record_add() - adds one line. @name and @result are cut at 63 bytes. */
void record_add(const char *name, uint64_t start, uint64_t end, const char *result);

/** record_kernel_ended() - Return: the end of the "kernel" line that act 1 left in the file, or 0. */
uint64_t record_kernel_ended(void);
