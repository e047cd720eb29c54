// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The unit that a boot is for (orlop.critical=, orlop.boot_timeout=; hc-28). A machine on which it does not come up in
 * time is no use to anybody, so it reboots, and a boot loader that counts attempts falls back to the other image. But not
 * for ever: after CRITICAL_ATTEMPTS boots in a row it stays up as it is, for somebody to look at.
 *
 * The count is a file on the state volume: raised before the units start, so that a panic or a hang counts as well,
 * and removed when the unit is up.
 */
#pragma once

#include <stdint.h>

#include "init/boot.h"
#include "supervisor/unit.h"

#define CRITICAL_ATTEMPTS 3

/**
 * critical_count() - a phase: counts this boot as an attempt.
 * Return: 0; PHASE_SKIPPED when no unit is critical; or -errno: this boot is taken for the first.
 */
int critical_count(struct boot *boot);

/** critical_begin() - the units start. */
void critical_begin(const struct boot *boot);

/** critical_unit_up() - tells that @unit has come up, whichever it is. */
void critical_unit_up(const struct unit *unit);

/** critical_forget() - the machine goes down, and nothing is waited for any more. */
void critical_forget(void);

/** critical_deadline() - Return: when critical_expire() has something to do, or CLOCK_TIME_MAX. */
uint64_t critical_deadline(void);

/** critical_expire() - gives up if the deadline has passed; then it does not return, unless there were too many attempts. */
void critical_expire(uint64_t now);
