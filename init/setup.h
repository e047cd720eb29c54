// SPDX-License-Identifier: MIT OR Apache-2.0
/* The small steps of a boot that make a running kernel a machine with a name. Each is a phase (phase.h). */
#pragma once

#include "init/boot.h"

/** setup_log() - opens kmsg, reads the command line and logs what is wrong with it. A malformed root hash is fatal. */
int setup_log(struct boot *boot);

/** setup_clock() - sets the clock forward to the image's epoch where it is before that. Never back. */
int setup_clock(struct boot *boot);

/** setup_identity() - the machine-id (machine-id(5)), kept on the state volume, and the host name. */
int setup_identity(struct boot *boot);

/** setup_random() - credits the seed of the last boot, after a new one is safely on the disk (random(4)). */
int setup_random(struct boot *boot);

/** setup_random_save() - writes a new seed for the next boot. Runs in a child: it may block. Return: 0 or -errno. */
int setup_random_save(void);

/** setup_sysctl() - applies sysctl.d(5) files: /etc over /usr/lib, in order of their names. */
int setup_sysctl(struct boot *boot);

/** setup_loopback() - sets the interface lo up. */
int setup_loopback(struct boot *boot);
