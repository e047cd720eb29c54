// SPDX-License-Identifier: MIT OR Apache-2.0
/* One kernel uevent: see uevent_parse.h. Pure: the result points into the message. */
#include "init/uevent_parse.h"

#include <errno.h>
#include <stddef.h>

static const char *const actions[] = {
	[UEVENT_ADD] = "add",	[UEVENT_REMOVE] = "remove", [UEVENT_CHANGE] = "change",
	[UEVENT_MOVE] = "move", [UEVENT_ONLINE] = "online", [UEVENT_OFFLINE] = "offline",
	[UEVENT_BIND] = "bind", [UEVENT_UNBIND] = "unbind",
};

/* The keys that are kept as text, and where. */
static const struct {
	const char *name;
	size_t offset;
} text_keys[] = {
	{ "SUBSYSTEM", offsetof(struct uevent, subsystem) },
	{ "DEVNAME", offsetof(struct uevent, devname) },
	{ "DEVTYPE", offsetof(struct uevent, devtype) },
	{ "MODALIAS", offsetof(struct uevent, modalias) },
	{ "PARTNAME", offsetof(struct uevent, partname) },
	{ "PARTUUID", offsetof(struct uevent, partuuid) },
	{ "DM_VERITY_ERR_BLOCK_NR", offsetof(struct uevent, verity_error) },
};

static int parse_action(struct str name, enum uevent_action *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (str_is(name, actions[i])) {
			*ret = (enum uevent_action)i;
			return 0;
		}
	}
	return -EBADMSG;
}

/* Returns -EBADMSG where a key says other than the header. */
static int store(struct uevent *event, struct str header_action, struct str key, struct str value)
{
	if (str_is(key, "ACTION"))
		return str_equal(value, header_action) ? 0 : -EBADMSG;
	if (str_is(key, "DEVPATH"))
		return str_equal(value, event->devpath) ? 0 : -EBADMSG;
	if (str_is(key, "SEQNUM"))
		return str_to_u64(value, &event->seqnum) < 0 ? -EBADMSG : 0;
	if (str_is(key, "DISKSEQ"))
		return str_to_u64(value, &event->diskseq) < 0 ? -EBADMSG : 0;
	for (size_t i = 0; i < ARRAY_SIZE(text_keys); i++) {
		if (str_is(key, text_keys[i].name)) {
			*(struct str *)(void *)((char *)event + text_keys[i].offset) = value;
			break;
		}
	}
	return 0;
}

int uevent_parse(struct str message, struct uevent *ret)
{
	struct uevent event = { 0 };
	struct str header;
	struct str action;
	struct str field;

	/* Every string, the last one too, ends with a NUL: a message without was cut short. */
	if (message.n == 0 || message.p[message.n - 1] != '\0' || !str_split(&message, '\0', &header))
		return -EBADMSG;
	if (!str_split(&header, '@', &action) || parse_action(action, &event.action) < 0)
		return -EBADMSG;
	event.devpath = header;
	if (!str_starts(event.devpath, "/"))
		return -EBADMSG;
	while (str_split(&message, '\0', &field)) {
		struct str value = field;
		struct str key;

		/* A field without '=' leaves nothing in @value, but so does "KEY=". */
		if (!memchr(field.p, '=', field.n) || !str_split(&value, '=', &key) || key.n == 0)
			return -EBADMSG;
		if (store(&event, action, key, value) < 0)
			return -EBADMSG;
	}
	*ret = event;
	return 0;
}
