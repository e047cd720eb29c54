// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One uevent as the kernel broadcasts it: "ACTION@DEVPATH", a NUL, then "KEY=VALUE" strings, each
 * with its NUL (lib/kobject_uevent.c). Pure: the result points into the message.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

enum uevent_action {
	UEVENT_ADD,
	UEVENT_REMOVE,
	UEVENT_CHANGE,
	UEVENT_MOVE,
	UEVENT_ONLINE,
	UEVENT_OFFLINE,
	UEVENT_BIND,
	UEVENT_UNBIND,
};

/* What the event did not carry is empty (n == 0) or 0. */
struct uevent {
	enum uevent_action action;
	struct str devpath;   /* below /sys, from "/devices" on */
	struct str subsystem; /* "block", "virtio", "pci", … */
	struct str devname;   /* below /dev: "vda2" */
	struct str devtype;   /* "disk", "partition" */
	struct str modalias;
	struct str partname;	 /* GPT's name of a partition */
	struct str partuuid;	 /* since Linux 6.10 */
	struct str verity_error; /* DM_VERITY_ERR_BLOCK_NR: "TYPE,BLOCK" of a corrupt block */
	uint64_t seqnum;
	uint64_t diskseq;
};

/**
 * uevent_parse() - reads one message.
 * Keys that are not in struct uevent are skipped; of a key that comes twice the last one counts.
 * Return: 0, or -EBADMSG: not a kernel uevent (udev's own messages start with "libudev"), ACTION@DEVPATH
 * malformed or at odds with the keys, an unknown action, or a last string without NUL.
 */
int uevent_parse(struct str message, struct uevent *ret);
