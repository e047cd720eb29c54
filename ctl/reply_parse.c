// SPDX-License-Identifier: MIT OR Apache-2.0
/* Replies on the control socket: see reply_parse.h. */
#include "ctl/reply_parse.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *word;
	enum reply_kind kind;
} kinds[] = {
	{ "ok", REPLY_OK },	    { "unit", REPLY_UNIT },
	{ "system", REPLY_SYSTEM }, { "reloaded", REPLY_RELOADED },
	{ "done", REPLY_DONE },	    { "error", REPLY_ERROR },
};

int reply_parse(struct str record, struct reply *ret_reply)
{
	struct reply reply = { 0 };
	struct str line;
	struct str word;
	uint64_t tag;

	if ((record.n > 0 && memchr(record.p, '\0', record.n)) ||
	    !str_split(&record, '\n', &line) || !str_split(&line, ' ', &word) ||
	    str_to_u64(word, &tag) < 0 || tag > UINT32_MAX || !str_split(&line, ' ', &word))
		return -EBADMSG;
	reply.tag = (uint32_t)tag;
	reply.body = record;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!str_is(word, kinds[i].word))
			continue;
		reply.kind = kinds[i].kind;
		if (reply.kind == REPLY_DONE || reply.kind == REPLY_ERROR)
			if (!str_split(&line, ' ', &reply.word))
				return -EBADMSG;
		reply.text = line;
		*ret_reply = reply;
		return 0;
	}
	return -EBADMSG;
}

bool reply_next(struct str *body, struct str *ret_key, struct str *ret_value)
{
	struct str line;

	while (str_split(body, '\n', &line)) {
		const char *equals = line.n > 0 ? memchr(line.p, '=', line.n) : NULL;

		if (!equals)
			continue;
		*ret_key = (struct str){ line.p, (size_t)(equals - line.p) };
		*ret_value = (struct str){ equals + 1, line.n - ret_key->n - 1 };
		return true;
	}
	return false;
}

void reply_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		uint8_t byte;

		if (from[0] == '\\' && from[1] == 'x' && from[2] && from[3] &&
		    hex_decode((struct str){ from + 2, 2 }, &byte, 1) == 1 && byte != 0) {
			*to = (char)byte;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

#define TEXT(key, field)                                      \
	{                                                     \
		key, offsetof(struct unit_state, field), true \
	}
#define NUMBER(key, field)                                     \
	{                                                      \
		key, offsetof(struct unit_state, field), false \
	}

static const struct {
	const char *key;
	size_t offset;
	bool text;
} unit_fields[] = {
	TEXT("name", name),
	TEXT("type", type),
	TEXT("load", load),
	TEXT("active", active),
	TEXT("sub", sub),
	TEXT("job", job),
	TEXT("result", result),
	TEXT("main-exit", main_exit),
	TEXT("status", status),
	TEXT("cgroup", cgroup),
	TEXT("path", path),
	TEXT("description", description),
	NUMBER("since", since),
	NUMBER("start-began", start_began),
	NUMBER("up-since", up_since),
	NUMBER("main-pid", main_pid),
	NUMBER("control-pid", control_pid),
	NUMBER("restarts", restarts),
};

struct unit_state *unit_state_new(struct str body)
{
	struct unit_state *unit = calloc(1, sizeof(*unit) + body.n + 1);
	struct str key;
	struct str value;
	char *at;

	if (!unit)
		return NULL;
	at = unit->memory; /* which is empty to begin with */
	for (size_t i = 0; i < ARRAY_SIZE(unit_fields); i++)
		if (unit_fields[i].text)
			*(const char **)(void *)((char *)unit + unit_fields[i].offset) = at;
	at++;
	while (reply_next(&body, &key, &value))
		for (size_t i = 0; i < ARRAY_SIZE(unit_fields); i++) {
			void *field = (char *)unit + unit_fields[i].offset;

			if (!str_is(key, unit_fields[i].key))
				continue;
			if (!unit_fields[i].text) {
				(void)str_to_u64(value, field);
				continue;
			}
			/* A value and its NUL take no more than its line did. */
			memcpy(at, value.p, value.n);
			at[value.n] = '\0';
			if (unit_fields[i].offset != offsetof(struct unit_state, name))
				reply_unescape(at);
			*(const char **)field = at;
			at += value.n + 1;
		}
	return unit;
}

void system_state_read(struct str body, struct system_state *ret_system)
{
	struct system_state system = { 0 };
	const struct {
		const char *key;
		uint64_t *number;
		struct str *text;
	} fields[] = {
		{ "protocol", &system.protocol, NULL },
		{ "version", NULL, &system.version },
		{ "state", NULL, &system.state },
		{ "power", NULL, &system.power },
		{ "units", &system.units, NULL },
		{ "failed", &system.failed, NULL },
		{ "jobs", &system.jobs, NULL },
		{ "began", &system.began, NULL },
		{ "kernel-ended", &system.kernel_ended, NULL },
		{ "up", &system.up, NULL },
	};
	struct str key;
	struct str value;

	while (reply_next(&body, &key, &value)) {
		if (str_is(key, "container"))
			system.container = str_is(value, "yes");
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
			if (!str_is(key, fields[i].key))
				continue;
			if (fields[i].number)
				(void)str_to_u64(value, fields[i].number);
			else
				*fields[i].text = value;
		}
	}
	*ret_system = system;
}
