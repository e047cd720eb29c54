// SPDX-License-Identifier: MIT OR Apache-2.0
/* Requests on the control socket: see control_parse.h. */
#include "init/control_parse.h"

#include "supervisor/unit_parse.h"

#define JOB_FLAGS (CONTROL_TAKES_UNIT | CONTROL_TAKES_NO_BLOCK | CONTROL_ROOT_ONLY)
#define POWER_FLAGS (CONTROL_TAKES_NOW | CONTROL_ROOT_ONLY)

const struct control_verb_info control_verbs[CONTROL_VERB_COUNT] = {
	[CONTROL_VERSION] = { "version", 0 },
	[CONTROL_LIST] = { "list", 0 },
	[CONTROL_STATUS] = { "status", CONTROL_TAKES_UNIT },
	[CONTROL_SUBSCRIBE] = { "subscribe", 0 },
	[CONTROL_WAIT] = { "wait", CONTROL_TAKES_UNIT },
	[CONTROL_START] = { "start", JOB_FLAGS },
	[CONTROL_STOP] = { "stop", JOB_FLAGS },
	[CONTROL_RESTART] = { "restart", JOB_FLAGS },
	[CONTROL_TRY_RESTART] = { "try-restart", JOB_FLAGS },
	[CONTROL_RELOAD] = { "reload", JOB_FLAGS },
	[CONTROL_RELOAD_OR_RESTART] = { "reload-or-restart", JOB_FLAGS },
	[CONTROL_TRY_RELOAD_OR_RESTART] = { "try-reload-or-restart", JOB_FLAGS },
	[CONTROL_KILL] = { "kill", CONTROL_TAKES_UNIT | CONTROL_TAKES_SIGNAL | CONTROL_ROOT_ONLY },
	[CONTROL_RESET_FAILED] = { "reset-failed",
				   CONTROL_TAKES_UNIT | CONTROL_UNIT_OPTIONAL | CONTROL_ROOT_ONLY },
	[CONTROL_RELOAD_UNITS] = { "reload-units", CONTROL_ROOT_ONLY },
	[CONTROL_REBOOT] = { "reboot", POWER_FLAGS },
	[CONTROL_POWEROFF] = { "poweroff", POWER_FLAGS },
	[CONTROL_HALT] = { "halt", POWER_FLAGS },
	[CONTROL_KEXEC] = { "kexec", POWER_FLAGS },
};

static const char *const error_names[CONTROL_ERROR_COUNT] = {
	[CONTROL_ERROR_SYNTAX] = "syntax",
	[CONTROL_ERROR_UNKNOWN_VERB] = "unknown-verb",
	[CONTROL_ERROR_TOO_LONG] = "too-long",
	[CONTROL_ERROR_BAD_UNIT] = "bad-unit",
	[CONTROL_ERROR_NO_SUCH_UNIT] = "no-such-unit",
	[CONTROL_ERROR_NOT_ALLOWED] = "not-allowed",
	[CONTROL_ERROR_BUSY] = "busy",
	[CONTROL_ERROR_REFUSED] = "refused",
	[CONTROL_ERROR_NOT_ACTIVE] = "not-active",
	[CONTROL_ERROR_NOT_SUPPORTED] = "not-supported",
	[CONTROL_ERROR_CYCLE] = "cycle",
	[CONTROL_ERROR_GOING_DOWN] = "going-down",
	[CONTROL_ERROR_BAD_FILES] = "bad-files",
	[CONTROL_ERROR_FAILED] = "failed",
};

const char *control_error_name(enum control_error error)
{
	return error_names[error];
}

/* The next word, and the one space behind it; two spaces make an empty word, which nothing accepts. */
static bool next_word(struct str *rest, struct str *ret_word)
{
	return str_split(rest, ' ', ret_word);
}

static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.n > 0 && s.p[s.n - 1] != ' ';
}

static int parse_unit(struct str word, struct control_request *request)
{
	enum unit_type type;

	if (word.n == 0)
		return CONTROL_ERROR_SYNTAX;
	if (unit_name_type(word, &type) < 0)
		return CONTROL_ERROR_BAD_UNIT;
	memcpy(request->unit, word.p, word.n);
	request->unit[word.n] = '\0';
	return 0;
}

static int parse_option(struct str word, unsigned flags, struct control_request *request)
{
	if (flags & CONTROL_TAKES_NO_BLOCK && str_is(word, "no-block"))
		request->no_block = true;
	else if (flags & CONTROL_TAKES_NOW && str_is(word, "now"))
		request->now = true;
	else if (flags & CONTROL_TAKES_SIGNAL && str_is(word, "all"))
		request->whom = CONTROL_WHOM_ALL;
	else if (flags & CONTROL_TAKES_SIGNAL && str_is(word, "main"))
		request->whom = CONTROL_WHOM_MAIN;
	else if (flags & CONTROL_TAKES_SIGNAL && str_is(word, "control"))
		request->whom = CONTROL_WHOM_CONTROL;
	else
		return CONTROL_ERROR_SYNTAX;
	return 0;
}

/* What stands behind the verb: the unit, the signal, at most one option. */
static int parse_words(struct str rest, struct control_request *request)
{
	unsigned flags = control_verbs[request->verb].flags;
	struct str word;

	if (flags & CONTROL_TAKES_UNIT) {
		int r;

		if (!next_word(&rest, &word))
			return flags & CONTROL_UNIT_OPTIONAL ? 0 : CONTROL_ERROR_SYNTAX;
		r = parse_unit(word, request);
		if (r != 0)
			return r;
	}
	if (flags & CONTROL_TAKES_SIGNAL) {
		if (!next_word(&rest, &word))
			return CONTROL_ERROR_SYNTAX;
		request->signal = unit_signal(word);
		if (request->signal <= 0)
			return CONTROL_ERROR_SYNTAX;
	}
	if (next_word(&rest, &word)) {
		int r = parse_option(word, flags, request);

		if (r != 0)
			return r;
	}
	return rest.n == 0 ? 0 : CONTROL_ERROR_SYNTAX;
}

int control_parse(struct str record, struct control_request *ret_request)
{
	struct control_request request = { 0 };
	struct str rest = record;
	struct str word;
	uint64_t tag;
	unsigned verb;
	int r;

	*ret_request = (struct control_request){ 0 };
	if (record.n > CONTROL_REQUEST_MAX)
		return CONTROL_ERROR_TOO_LONG;
	if (!next_word(&rest, &word) || str_to_u64(word, &tag) < 0 || tag > UINT32_MAX)
		return CONTROL_ERROR_SYNTAX;
	request.tag = ret_request->tag = (uint32_t)tag;
	if (!printable(record) || !next_word(&rest, &word) || word.n == 0)
		return CONTROL_ERROR_SYNTAX;
	for (verb = 0; verb < CONTROL_VERB_COUNT; verb++)
		if (str_is(word, control_verbs[verb].name))
			break;
	if (verb == CONTROL_VERB_COUNT)
		return CONTROL_ERROR_UNKNOWN_VERB;
	request.verb = verb;
	r = parse_words(rest, &request);
	if (r == 0)
		*ret_request = request;
	return r;
}
