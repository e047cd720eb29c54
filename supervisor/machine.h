// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What unit files may ask about the machine that they are read on: the specifiers of
 * systemd.unit(5) that are not in the unit's name.
 */
#pragma once

/* The longest of each: HOST_NAME_MAX, sizes of UUIDs, and what os-release(5) says in practice. */
#define MACHINE_TEXT_SIZE 65

struct unit_machine {
	char architecture[16];			/* %a, as systemd names it: x86-64, arm64 */
	char boot_id[33];			/* %b */
	char machine_id[33];			/* %m */
	char host_name[MACHINE_TEXT_SIZE];	/* %H, %q; up to the first point: %l */
	char kernel_release[MACHINE_TEXT_SIZE]; /* %v */
	char image_id[MACHINE_TEXT_SIZE];	/* %M: IMAGE_ID= of os-release(5), and so on */
	char image_version[MACHINE_TEXT_SIZE];	/* %A */
	char build_id[MACHINE_TEXT_SIZE];	/* %B */
	char os_id[MACHINE_TEXT_SIZE];		/* %o */
	char os_version[MACHINE_TEXT_SIZE];	/* %w */
	char variant_id[MACHINE_TEXT_SIZE];	/* %W */
};

/**
 * machine_read() - asks the kernel and reads the files; what is missing is the empty text.
 * @root: a prefix for the files' paths, "" for the machine's own
 */
void machine_read(struct unit_machine *ret_machine, const char *root);

/** machine_architecture() - Return: this program's architecture as systemd names it ("x86-64", "arm64"). */
const char *machine_architecture(void);
