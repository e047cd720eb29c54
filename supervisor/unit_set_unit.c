// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Unit]: dependencies, conditions, job time-outs. See unit_directive.h. Pure. */
#include <errno.h>

#include "supervisor/condition.h"
#include "supervisor/unit_directive.h"

int set_units(struct directive_context *c, struct str value)
{
	struct text_list *list = FIELD(struct text_list, c);
	struct text_list longer = *list;
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);
	int r;

	/* As in systemd, an empty value does not clear dependencies. */
	while ((r = unit_next_raw_word(&value, &b)) > 0) {
		struct buf e = BUF(expanded);

		r = directive_expand(c, (struct str){ b.p, b.len }, &e);
		if (r == 0)
			r = text_list_add(&c->draft->text, &longer, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*list = longer;
	return 0;
}

static int check_path(struct directive_context *c _unused_, struct buf *word)
{
	return directive_path(word);
}

/* All mounts of the host are up when local-fs.target is: to come after it is all that is needed. */
int set_mounts_for(struct directive_context *c, struct str value)
{
	struct text_list *after = &c->draft->dependencies[UNIT_AFTER];
	struct text_list paths = { 0 };
	int r = directive_words(c, value, &paths, check_path);

	if (r < 0 || paths.count == 0 || text_list_has(after, "local-fs.target"))
		return r;
	return text_list_add(&c->draft->text, after, STR("local-fs.target"));
}

/* A list is built in the draft, and constant for everybody else. */
static struct condition **next_of(struct condition *condition)
{
	return (struct condition **)(uintptr_t)&condition->next;
}

/* An empty value of one kind forgets all conditions, but not the assertions, and the other way round. */
static void forget(struct unit_draft *draft, bool assertions)
{
	struct condition **link = &draft->conditions;

	while (*link)
		if ((*link)->assertion == assertions)
			*link = *next_of(*link);
		else
			link = next_of(*link);
}

static int add_condition(struct directive_context *c, struct str value, bool path)
{
	struct condition new = {
		.type = (uint8_t)c->directive->number,
		.assertion = c->directive->second,
	};
	struct condition **tail = &c->draft->conditions;
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct condition *kept;
	int r;

	if (value.n == 0) {
		forget(c->draft, new.assertion);
		return 0;
	}
	if (value.p[0] == '|') {
		new.trigger = true;
		value = str_trim((struct str){ value.p + 1, value.n - 1 });
	}
	if (value.n > 0 && value.p[0] == '!') {
		new.negate = true;
		value = str_trim((struct str){ value.p + 1, value.n - 1 });
	}
	r = directive_expand(c, value, &e);
	if (r == 0 && (e.len == 0 || (path && directive_path(&e) < 0)))
		r = -EINVAL;
	if (r == 0)
		c->reason = condition_check((enum condition_type) new.type, (struct str){ e.p, e.len });
	if (r == 0 && c->reason)
		r = -EINVAL;
	if (r == 0)
		r = directive_keep(c, e, &new.argument);
	if (r < 0)
		return r;
	kept = text_reserve(&c->draft->text, sizeof(*kept));
	if (!kept)
		return -ENOSPC;
	*kept = new;
	while (*tail)
		tail = next_of(*tail);
	*tail = kept;
	return 0;
}

int set_condition_path(struct directive_context *c, struct str value)
{
	return add_condition(c, value, true);
}

int set_condition_text(struct directive_context *c, struct str value)
{
	return add_condition(c, value, false);
}

int set_exit_status(struct directive_context *c, struct str value)
{
	int64_t status = -1;
	int r = value.n > 0 ? directive_between(value, 0, 255, &status) : 0;

	if (r == 0)
		*FIELD(int16_t, c) = (int16_t)status;
	return r;
}

int set_job_mode(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "replace", "isolate", NULL };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	c->draft->settings.on_failure_isolate = index == 1;
	return 0;
}

int set_job_mode_isolate(struct directive_context *c, struct str value)
{
	return unit_boolean(value, &c->draft->settings.on_failure_isolate);
}

static int not_zero(struct str value, uint64_t *ret_ns)
{
	uint64_t ns;
	int r = unit_time(value, &ns);

	if (r == 0)
		*ret_ns = ns == 0 ? CLOCK_TIME_MAX : ns;
	return r;
}

int set_job_timeout(struct directive_context *c, struct str value)
{
	struct unit_settings *settings = &c->draft->settings;
	int r = not_zero(value, &settings->job_timeout);

	/* JobRunningTimeoutSec= goes along with it, unless it was set itself. */
	if (r == 0 && !c->draft->job_running_timeout_set)
		settings->job_running_timeout = settings->job_timeout;
	return r;
}

int set_job_running_timeout(struct directive_context *c, struct str value)
{
	int r = not_zero(value, &c->draft->settings.job_running_timeout);

	if (r == 0)
		c->draft->job_running_timeout_set = true;
	return r;
}

/* Orlop keeps every unit that it has loaded, but what was made for a connection: manager_collect(). */
int set_collect_mode(struct directive_context *c _unused_, struct str value)
{
	static const char *const names[] = { "inactive", "inactive-or-failed", NULL };
	int index = directive_name_index(value, names);

	return index < 0 ? index : 0;
}
