// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The record of a boot, /run/orlop/boot (orlop(8), FILES), as numbers. Pure. Lines that nobody can
 * read are passed over, as a later Orlop may write others.
 */
#pragma once

#include <stdint.h>

#include "lib/str.h"

/* Every unit that can be loaded, and the phases. */
#define BOOT_ENTRIES_MAX 2304
/* Services that the boot waited for, one after the other. */
#define BOOT_CHAIN_MAX 16

enum boot_kind {
	BOOT_KERNEL,
	BOOT_INITRAMFS, /* phases of act 1 */
	BOOT_SYSTEM,	/* phases of act 2 */
	BOOT_UNIT,
};

struct boot_entry {
	struct str name; /* without "initramfs." */
	enum boot_kind kind;
	uint64_t start; /* ns, from the beginning of the boot */
	uint64_t end;
	bool failed;
	bool critical;
};

struct boot_link {
	struct str name;
	uint64_t start;
	uint64_t end;
};

struct boot_record {
	struct boot_entry entries[BOOT_ENTRIES_MAX]; /* by start */
	size_t count;
	struct boot_link chain[BOOT_CHAIN_MAX]; /* the first first */
	size_t chain_count;
	uint64_t kernel_end;
	uint64_t initramfs_end; /* 0: there was none */
	uint64_t system_end;
	uint64_t up; /* 0: it is not up yet */
};

/** boot_parse() - @text must stay in place. What was skipped is left out, and so is what came after "up". */
void boot_parse(struct str text, struct boot_record *ret_record);
