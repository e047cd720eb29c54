// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Requests on the control socket, orlop-control(7): one record of text in, a struct out. Pure: whoever
 * may connect may send any bytes.
 *
 *   TAG VERB [WORD...]
 *
 * with single spaces between words of printable ASCII.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/control_protocol.h"
#include "lib/str.h"
#include "supervisor/unit.h"

enum control_verb {
	CONTROL_VERSION,
	CONTROL_LIST,
	CONTROL_STATUS,
	CONTROL_SUBSCRIBE,
	CONTROL_WAIT,
	CONTROL_START,
	CONTROL_STOP,
	CONTROL_RESTART,
	CONTROL_TRY_RESTART,
	CONTROL_RELOAD,
	CONTROL_RELOAD_OR_RESTART,
	CONTROL_TRY_RELOAD_OR_RESTART,
	CONTROL_KILL,
	CONTROL_RESET_FAILED,
	CONTROL_RELOAD_UNITS,
	CONTROL_REBOOT,
	CONTROL_POWEROFF,
	CONTROL_HALT,
	CONTROL_KEXEC,
	CONTROL_VERB_COUNT,
};

/* Which processes of a unit "kill" is for. */
enum control_whom {
	CONTROL_WHOM_ALL,
	CONTROL_WHOM_MAIN,
	CONTROL_WHOM_CONTROL,
};

/* Why a request was refused: the CODE of an error record. */
enum control_error {
	CONTROL_ERROR_SYNTAX = 1,
	CONTROL_ERROR_UNKNOWN_VERB,
	CONTROL_ERROR_TOO_LONG,
	CONTROL_ERROR_BAD_UNIT,
	CONTROL_ERROR_NO_SUCH_UNIT,
	CONTROL_ERROR_NOT_ALLOWED,
	CONTROL_ERROR_BUSY,
	CONTROL_ERROR_REFUSED,
	CONTROL_ERROR_NOT_ACTIVE,
	CONTROL_ERROR_NOT_SUPPORTED,
	CONTROL_ERROR_CYCLE,
	CONTROL_ERROR_GOING_DOWN,
	CONTROL_ERROR_BAD_FILES,
	CONTROL_ERROR_FAILED,
	CONTROL_ERROR_COUNT,
};

struct control_request {
	uint32_t tag;
	enum control_verb verb;
	char unit[UNIT_NAME_SIZE]; /* "": none was named */
	int signal;
	enum control_whom whom;
	bool no_block; /* answer when the job is there, not when it is over */
	bool now;      /* go down without stopping anything */
};

/* A row of the table of verbs, which the man page is checked against. */
struct control_verb_info {
	const char *name;
	unsigned flags; /* enum control_verb_flags */
};

enum control_verb_flags {
	CONTROL_TAKES_UNIT = 1 << 0,
	CONTROL_UNIT_OPTIONAL = 1 << 1,
	CONTROL_TAKES_NO_BLOCK = 1 << 2,
	CONTROL_TAKES_SIGNAL = 1 << 3,
	CONTROL_TAKES_NOW = 1 << 4,
	CONTROL_ROOT_ONLY = 1 << 5,
};

extern const struct control_verb_info control_verbs[CONTROL_VERB_COUNT];

/** control_error_name() - Return: the CODE, such as "no-such-unit". */
const char *control_error_name(enum control_error error);

/**
 * control_parse() - parses one request.
 * @ret_request: on an error only its tag is set, to what could be read (0: nothing)
 * Return: 0 or a positive enum control_error.
 */
int control_parse(struct str record, struct control_request *ret_request);
