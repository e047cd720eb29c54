// SPDX-License-Identifier: MIT OR Apache-2.0
/* Implicit and default dependencies: see unit_defaults.h. */
#include "supervisor/unit_defaults.h"

#include <errno.h>

struct default_dependency {
	uint8_t type; /* enum unit_type */
	uint8_t kind; /* enum unit_dependency */
	const char *name;
};

/* DefaultDependencies=yes. */
static const struct default_dependency defaults[] = {
	{ UNIT_SERVICE, UNIT_REQUIRES, "sysinit.target" },
	{ UNIT_SERVICE, UNIT_AFTER, "sysinit.target" },
	{ UNIT_SERVICE, UNIT_AFTER, "basic.target" },
	{ UNIT_SOCKET, UNIT_REQUIRES, "sysinit.target" },
	{ UNIT_SOCKET, UNIT_AFTER, "sysinit.target" },
	{ UNIT_SOCKET, UNIT_BEFORE, "sockets.target" },
	{ UNIT_TIMER, UNIT_REQUIRES, "sysinit.target" },
	{ UNIT_TIMER, UNIT_AFTER, "sysinit.target" },
	{ UNIT_TIMER, UNIT_BEFORE, "timers.target" },
};

/* A timer that goes by the wall clock waits until that is right. */
static const struct default_dependency calendar_defaults[] = {
	{ UNIT_TIMER, UNIT_AFTER, "time-set.target" },
	{ UNIT_TIMER, UNIT_AFTER, "time-sync.target" },
};

static int add(struct unit_draft *draft, enum unit_dependency kind, const char *name)
{
	if (text_list_has(&draft->dependencies[kind], name))
		return 0;
	return text_list_add(&draft->text, &draft->dependencies[kind], str_from(name));
}

static int add_rows(struct unit_draft *draft, const struct default_dependency *rows, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (rows[i].type == draft->type)
			r = add(draft, (enum unit_dependency)rows[i].kind, rows[i].name);
	return r;
}

int unit_triggered_name(const char *name, const char *configured, bool accept,
			char ret_name[static UNIT_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);
	const char *dot = strrchr(name, '.');

	if (configured)
		buf_add(&b, configured);
	else
		buf_printf(&b, "%.*s%s.service", dot ? (int)(dot - name) : 0, name, accept ? "@" : "");
	return b.overflow ? -ENOSPC : 0;
}

/* A socket or timer is there before what it starts. */
static int add_triggered(struct unit_draft *draft)
{
	bool socket = draft->type == UNIT_SOCKET;
	const char *configured = socket ? draft->socket.service : draft->timer.unit;
	char name[UNIT_NAME_SIZE];
	int r;

	/* The instances of an Accept=yes socket are not known before their connections. */
	if (socket && draft->socket.flags >> SOCKET_FLAG_ACCEPT & 1)
		return 0;
	r = unit_triggered_name(draft->name, configured, false, name);
	if (r == 0)
		r = add(draft, UNIT_TRIGGERS, name);
	return r == 0 ? add(draft, UNIT_BEFORE, name) : r;
}

static bool has_calendar(const struct unit_draft *draft)
{
	for (const struct timer_value *v = draft->timer.values; v; v = v->next)
		if (v->base == TIMER_ON_CALENDAR)
			return true;
	return false;
}

int unit_defaults_add(struct unit_draft *draft)
{
	int r = 0;

	if (draft->type == UNIT_SOCKET || draft->type == UNIT_TIMER)
		r = add_triggered(draft);
	if (r < 0 || !draft->settings.default_dependencies || strcmp(draft->name, "shutdown.target") == 0)
		return r;
	r = add_rows(draft, defaults, ARRAY_SIZE(defaults));
	if (r == 0 && draft->type == UNIT_TIMER && has_calendar(draft))
		r = add_rows(draft, calendar_defaults, ARRAY_SIZE(calendar_defaults));
	if (r == 0)
		r = add(draft, UNIT_CONFLICTS, "shutdown.target");
	if (r == 0)
		r = add(draft, UNIT_BEFORE, "shutdown.target");
	return r;
}
