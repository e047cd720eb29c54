// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Replies on the control socket, orlop-control(7), as their reader sees them. Pure. The other end is
 * PID 1, but whatever it sends, parsing it stays inside the record.
 */
#pragma once

#include <stdint.h>

#include "lib/control_protocol.h"
#include "lib/str.h"

enum reply_kind {
	REPLY_OK,
	REPLY_UNIT,
	REPLY_SYSTEM,
	REPLY_RELOADED,
	REPLY_DONE,
	REPLY_ERROR,
};

/* Points into the record. */
struct reply {
	uint32_t tag;
	enum reply_kind kind;
	struct str word; /* the RESULT of done, the CODE of error */
	struct str text; /* of an error, for people */
	struct str body; /* lines KEY=VALUE */
};

/** reply_parse() - Return: 0, or -EBADMSG. */
int reply_parse(struct str record, struct reply *ret_reply);

/** reply_next() - the next KEY=VALUE of a body. Return: false at the end. */
bool reply_next(struct str *body, struct str *ret_key, struct str *ret_value);

/** reply_unescape() - turns \xNN back into bytes, in place. @text ends with a NUL, and does so afterwards. */
void reply_unescape(char *text);

/*
 * A unit's record. The texts lie behind the struct in the same piece of memory, one free() for all;
 * what the record does not have is "" or 0.
 */
struct unit_state {
	const char *name;
	const char *type;
	const char *load;
	const char *active;
	const char *sub;
	const char *job;
	const char *result;
	const char *main_exit;
	const char *status;
	const char *cgroup;
	const char *path;
	const char *description;
	uint64_t since;	      /* when it came into its state, ns of CLOCK_BOOTTIME */
	uint64_t start_began; /* its last start */
	uint64_t up_since;
	uint64_t main_pid;
	uint64_t control_pid;
	uint64_t restarts;
	char memory[];
};

/** unit_state_new() - Return: the unit that @body tells of, to be freed; NULL without memory. */
struct unit_state *unit_state_new(struct str body);

/* The system record; texts point into the body that it was made of and have no NUL. */
struct system_state {
	struct str version;
	struct str state;
	struct str power;
	bool container;
	uint64_t protocol;
	uint64_t units;
	uint64_t failed;
	uint64_t jobs;
	uint64_t began; /* where its time begins: 0, in a container when that did */
	uint64_t kernel_ended;
	uint64_t up;
};

void system_state_read(struct str body, struct system_state *ret_system);
