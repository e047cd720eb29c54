// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values that many directives have: text, paths, yes and no, times, numbers, lists. See unit_directive.h. Pure. */
#include <errno.h>

#include "supervisor/unit_directive.h"

int directive_expand(struct directive_context *c, struct str value, struct buf *ret_text)
{
	const struct unit_place place = {
		.name = c->draft->name,
		.path = c->draft->path,
		.machine = c->draft->machine,
	};
	int r = unit_specifiers(value, &place, ret_text);

	if (r == -EINVAL)
		c->reason = "holds a % specifier that Orlop does not know (a percent sign is %%)";
	return r;
}

int directive_keep(struct directive_context *c, struct buf text, const char **ret_text)
{
	const char *kept = text_keep(&c->draft->text, (struct str){ text.p, text.len });

	if (!kept)
		return -ENOSPC;
	*ret_text = kept;
	return 0;
}

int directive_words(struct directive_context *c, struct str value, struct text_list *list,
		    directive_word_fn *check)
{
	struct text_list longer = *list;
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);
	int r;

	if (value.n == 0) {
		*list = (struct text_list){ 0 };
		return 0;
	}
	while ((r = unit_next_word(&value, &b)) > 0) {
		struct buf e = BUF(expanded);

		r = directive_expand(c, (struct str){ b.p, b.len }, &e);
		if (r == 0 && check)
			r = check(c, &e);
		if (r == 0 && e.len > 0)
			r = text_list_add(&c->draft->text, &longer, (struct str){ e.p, e.len });
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*list = longer;
	return 0;
}

int directive_path(struct buf *path)
{
	struct str rest = { path->p, path->len };
	struct str part;
	size_t length = 0;

	if (path->len == 0 || path->p[0] != '/')
		return -EINVAL;
	/* Parts only move towards the front. */
	while (str_split(&rest, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, ".."))
			return -EINVAL;
		path->p[length++] = '/';
		memmove(path->p + length, part.p, part.n);
		length += part.n;
	}
	if (length == 0)
		length = 1;
	path->p[length] = '\0';
	path->len = length;
	return 0;
}

int directive_between(struct str value, int64_t low, int64_t high, int64_t *ret_number)
{
	int64_t number;
	int r = str_to_i64(value, &number);

	if (r < 0)
		return r;
	if (number < low || number > high)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int directive_mode(struct str value, uint32_t limit, uint32_t *ret_mode)
{
	uint32_t mode = 0;

	if (value.n == 0 || value.n > 5)
		return -EINVAL;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '7')
			return -EINVAL;
		mode = mode * 8 + (uint32_t)(value.p[i] - '0');
	}
	if (mode > limit)
		return -ERANGE;
	*ret_mode = mode;
	return 0;
}

int directive_name_index(struct str word, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (str_is(word, names[i]))
			return i;
	return -EINVAL;
}

void directive_flag(struct unit_draft *draft, enum exec_flag flag, bool on)
{
	uint64_t bit = UINT64_C(1) << flag;

	draft->exec.flags = on ? draft->exec.flags | bit : draft->exec.flags & ~bit;
}

int set_nothing(struct directive_context *c _unused_, struct str value _unused_)
{
	return 0;
}

int set_text(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0)
		r = directive_keep(c, e, &kept);
	if (r == 0)
		*FIELD(const char *, c) = kept;
	return r;
}

int set_path(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0) {
		r = directive_path(&e);
		if (r == 0)
			r = directive_keep(c, e, &kept);
	}
	if (r == 0)
		*FIELD(const char *, c) = kept;
	return r;
}

int set_word_list(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), NULL);
}

int set_boolean(struct directive_context *c, struct str value)
{
	return unit_boolean(value, FIELD(bool, c));
}

int set_boolean_no_effect(struct directive_context *c _unused_, struct str value)
{
	bool on;

	return unit_boolean(value, &on);
}

int set_time(struct directive_context *c, struct str value)
{
	return unit_time(value, FIELD(uint64_t, c));
}

int set_time_not_zero(struct directive_context *c, struct str value)
{
	uint64_t ns;
	int r = unit_time(value, &ns);

	/* For historical reasons 0 means the same as infinity here (systemd.service(5)). */
	if (r == 0)
		*FIELD(uint64_t, c) = ns == 0 ? CLOCK_TIME_MAX : ns;
	return r;
}

int set_count(struct directive_context *c, struct str value)
{
	int64_t number;
	int r = directive_between(value, 0, UINT32_MAX, &number);

	if (r == 0)
		*FIELD(uint32_t, c) = (uint32_t)number;
	return r;
}

int set_number(struct directive_context *c, struct str value)
{
	int high = c->directive->second < 0 ? INT32_MAX : c->directive->second;
	int64_t number;
	int r = directive_between(value, c->directive->number, high, &number);

	if (r == 0)
		*FIELD(int, c) = (int)number;
	return r;
}

int set_priority(struct directive_context *c, struct str value)
{
	int64_t number;
	int r = directive_between(value, 0, INT8_MAX, &number);

	if (r == 0)
		*FIELD(int8_t, c) = (int8_t)number;
	return r;
}

int set_mode(struct directive_context *c, struct str value)
{
	uint32_t mode;
	int r = directive_mode(value, (uint32_t)c->directive->number, &mode);

	if (r == 0)
		*FIELD(uint16_t, c) = (uint16_t)mode;
	return r;
}

int set_umask(struct directive_context *c, struct str value)
{
	return directive_mode(value, 0777, FIELD(uint32_t, c));
}

int set_size(struct directive_context *c, struct str value)
{
	return unit_size(value, 1024, FIELD(uint64_t, c));
}

int set_signal(struct directive_context *c, struct str value)
{
	int number = unit_signal(value);

	if (number < 0)
		return number;
	*FIELD(uint8_t, c) = (uint8_t)number;
	return 0;
}

int set_signal_or_none(struct directive_context *c, struct str value)
{
	if (value.n > 0)
		return set_signal(c, value);
	*FIELD(uint8_t, c) = 0;
	return 0;
}

int set_enum(struct directive_context *c, struct str value)
{
	const char *const *names = unit_directive_kinds[c->directive->kind].data;
	int index = value.n > 0 ? directive_name_index(value, names) : -EINVAL;
	bool on;

	/* What begins with no and yes is a boolean with further values. */
	if (index < 0 && strcmp(names[0], "no") == 0 && strcmp(names[1], "yes") == 0 &&
	    unit_boolean(value, &on) == 0)
		index = on;
	if (index < 0)
		return index;
	*FIELD(int, c) = index;
	return 0;
}

int set_exec_flag(struct directive_context *c, struct str value)
{
	bool on;
	int r = unit_boolean(value, &on);

	if (r == 0)
		directive_flag(c->draft, (enum exec_flag)c->directive->number, on);
	return r;
}

int set_socket_flag(struct directive_context *c, struct str value)
{
	uint32_t bit = UINT32_C(1) << c->directive->number;
	uint32_t *flags = &c->draft->socket.flags;
	bool on;
	int r = unit_boolean(value, &on);

	if (r == 0)
		*flags = on ? *flags | bit : *flags & ~bit;
	return r;
}
