// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Timer]: when it elapses and what it starts. See unit_directive.h. Pure. */
#include <errno.h>

#include "supervisor/calendar_parse.h"
#include "supervisor/unit_directive.h"

static const struct timer_value **next_of(const struct timer_value *value)
{
	return (const struct timer_value **)(uintptr_t)&value->next;
}

/* An empty value of any On…= line forgets all of them. */
static int add_value(struct directive_context *c, struct timer_value value)
{
	const struct timer_value **tail = &c->draft->timer.values;
	struct timer_value *kept = text_reserve(&c->draft->text, sizeof(*kept));

	if (!kept)
		return -ENOSPC;
	*kept = value;
	while (*tail)
		tail = next_of(*tail);
	*tail = kept;
	return 0;
}

int set_timer(struct directive_context *c, struct str value)
{
	struct timer_value new = { .base = (enum timer_base)c->directive->number };
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	int r;

	if (value.n == 0) {
		c->draft->timer.values = NULL;
		return 0;
	}
	r = directive_expand(c, value, &e);
	if (r == 0)
		r = unit_time((struct str){ e.p, e.len }, &new.span);
	return r < 0 ? r : add_value(c, new);
}

int set_calendar(struct directive_context *c, struct str value)
{
	struct timer_value new = { .base = TIMER_ON_CALENDAR };
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct calendar calendar;
	struct calendar *kept;
	int r;

	if (value.n == 0) {
		c->draft->timer.values = NULL;
		return 0;
	}
	r = directive_expand(c, value, &e);
	if (r == 0)
		r = calendar_parse((struct str){ e.p, e.len }, &calendar);
	if (r < 0)
		return r;
	kept = text_reserve(&c->draft->text, sizeof(*kept));
	if (!kept)
		return -ENOSPC;
	*kept = calendar;
	new.calendar = kept;
	return add_value(c, new);
}

int set_timer_unit(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	enum unit_type type;
	int r = directive_expand(c, value, &e);

	if (r == 0)
		r = unit_name_type((struct str){ e.p, e.len }, &type);
	if (r == 0 && type == UNIT_TIMER)
		r = -EINVAL;
	if (r < 0)
		return r;
	return directive_keep(c, e, &c->draft->timer.unit);
}
