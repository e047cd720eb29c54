// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the acts know about this boot. One object, static in main.c, filled on the way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "init/cmdline_parse.h"
#include "lib/str.h"

/* A phase may say in a few words what it did or found. */
#define BOOT_NOTE_SIZE 160

struct boot {
	bool container;	       /* PID 1 of a PID namespace, not of the machine */
	bool initramfs;	       /* running from the initramfs: act 1 */
	uint64_t began;	       /* clock_now() at the start of main() */
	uint64_t kernel_ended; /* when PID 1 first ran: in act 1, or now without one */
	char *line; /* the kernel's command line, in a container our own arguments; CMDLINE_SIZE bytes */
	struct cmdline cmdline;
	int uevent_fd;	    /* -1 until it is open */
	char root_path[64]; /* act 1: the device to mount */
	char note_text[BOOT_NOTE_SIZE];
	struct buf note;
};
