// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): "PRIORITY,NUMBER,MICROSECONDS,FLAGS[,...];TEXT\n",
 * then lines " KEY=VALUE" that are of no use here. And the denials of SELinux, which are long, made readable.
 * Pure.
 */
#pragma once

#include "lib/str.h"

/* The kernel's CONSOLE_EXT_LOG_MAX, the longest record that a read(2) gives. */
#define KMSG_SIZE_MAX 8192

struct kmsg_record {
	unsigned priority; /* facility times 8 plus severity; facility 0 is the kernel itself */
	uint64_t number;
	uint64_t time;	       /* ns since the kernel started, without suspends */
	struct str identifier; /* "orlop" of "orlop: text" from user space; empty for the kernel */
	struct str text;       /* escaped, as log_unescape() takes it */
};

/** kmsg_parse() - reads one record. Return: 0 or -EINVAL. */
int kmsg_parse(struct str data, struct kmsg_record *ret_record);

/** audit_message: "audit(SECONDS.MILLISECONDS:SERIAL): TEXT", from the netlink socket or behind "audit: type=N ". */
struct audit_message {
	uint64_t wall_time; /* microseconds since 1970 */
	uint64_t serial;    /* of the event; its records share it */
	struct str text;
};

/** audit_parse() - reads what follows the type. Return: 0 or -EINVAL. */
int audit_parse(struct str data, struct audit_message *ret_message);

/* The type of an access vector message (linux/audit.h, AUDIT_AVC), the one that is told in words. */
#define AUDIT_TYPE_AVC 1400

/**
 * audit_add_denial() - appends a denial as a sentence:
 * "SELinux denied read, open to cat[12] on file "shadow" (system_u:... -> system_u:...)".
 * Return: false if the text is no denial; nothing is appended then.
 */
bool audit_add_denial(struct buf *b, struct str text);
