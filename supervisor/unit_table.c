// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Lines of unit files to fields: see unit_table.h. The rows are unit_directives.c's; a function that
 * takes a value changes nothing when it refuses it. Pure.
 */
#include "supervisor/unit_table.h"

#include <errno.h>

#include "supervisor/unit_directive.h"

static const struct {
	const char *name;
	uint8_t section;
	uint8_t type; /* of the units that have it, or all */
} sections[] = {
	{ "Unit", IN_UNIT, UINT8_MAX },	      { "Service", IN_SERVICE, UNIT_SERVICE },
	{ "Socket", IN_SOCKET, UNIT_SOCKET }, { "Timer", IN_TIMER, UNIT_TIMER },
	{ "Install", IN_INSTALL, UINT8_MAX },
};

bool unit_table_next(size_t index, struct unit_table_entry *ret_entry)
{
	const struct directive *d = &unit_directives[index];

	if (*d->name == '\0')
		return false;
	ret_entry->name = d->name;
	ret_entry->expects = unit_directive_kinds[d->kind].expects;
	ret_entry->section = "Processes";
	for (size_t i = ARRAY_SIZE(sections); i-- > 0;)
		if (d->sections & sections[i].section && d->sections != IN_PROCESSES)
			ret_entry->section = sections[i].name;
	return true;
}

/* Letters that must be changed to make one name the other (Levenshtein), for names up to 40 letters. */
static size_t name_distance(struct str a, const char *b)
{
	size_t row[41];
	size_t n = strlen(b);

	if (n > 40)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t change = diagonal + (a.p[i] != b[j]);
			size_t shift = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = change < shift ? change : shift;
		}
	}
	return row[n];
}

const char *unit_nearest_name(struct str name, const char *const *candidates, size_t limit)
{
	const char *best = NULL;

	for (; *candidates; candidates++) {
		size_t distance = name_distance(name, *candidates);

		if (distance <= limit) {
			limit = distance;
			best = *candidates;
		}
	}
	return best;
}

static const char *nearest(uint8_t section, struct str key)
{
	const char *best = NULL;
	size_t limit = key.n / 3 + 1;

	for (const struct directive *d = unit_directives; *d->name; d++) {
		size_t distance;

		if (!(d->sections & section))
			continue;
		distance = name_distance(key, d->name);
		if (distance <= limit) {
			limit = distance;
			best = d->name;
		}
	}
	return best;
}

static const struct directive *find(uint8_t section, struct str key)
{
	for (const struct directive *d = unit_directives; *d->name; d++)
		if (d->sections & section && str_is(key, d->name))
			return d;
	return NULL;
}

/* Return: the section's bit, or 0 for one that this type of unit does not have. */
static uint8_t section_of(const struct unit_draft *draft, struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (str_is(name, sections[i].name) &&
		    (sections[i].type == UINT8_MAX || sections[i].type == draft->type))
			return sections[i].section;
	return 0;
}

static const char *read_fault(enum unit_read read)
{
	switch (read) {
	case UNIT_READ_END:
	case UNIT_READ_LINE:
		break;
	case UNIT_READ_NO_SECTION:
		return "stands before the first [Section]";
	case UNIT_READ_BAD_LINE:
		return "is neither a [Section], a KEY=VALUE nor a comment";
	case UNIT_READ_TOO_LONG:
		return "is longer than 4095 bytes with its continuations";
	}
	return NULL;
}

/* Return: 1 for a fault, which is described in @problem; 0; or -ENOSPC. */
static int apply_line(struct unit_draft *draft, const struct unit_line *line, struct unit_problem *problem)
{
	struct directive_context c = { .draft = draft };
	uint8_t section;
	int r;

	/* X- is the field's sign for "not for the service manager". */
	if (str_starts(line->section, "X-") || str_starts(line->key, "X-"))
		return 0;
	problem->key = line->key;
	problem->value = line->value;
	section = section_of(draft, line->section);
	if (!section) {
		problem->key = line->section;
		problem->value = (struct str){ 0 };
		problem->reason = "is a section that this unit type does not have";
		return 1;
	}
	c.directive = find(section, line->key);
	if (!c.directive) {
		problem->reason = "is a directive that Orlop does not support; ignored";
		problem->hint = nearest(section, line->key);
		return 1;
	}
	r = unit_directive_kinds[c.directive->kind].set(&c, line->value);
	if (r == 0 || r == -ENOSPC)
		return r;
	problem->reason = c.reason ? c.reason : unit_directive_kinds[c.directive->kind].expects;
	return 1;
}

int unit_table_apply(struct unit_draft *draft, const char *file, struct str text,
		     unit_problem_fn *problem, void *context)
{
	struct unit_reader reader;
	struct unit_line line = { 0 };
	enum unit_read read;
	int faults = 0;

	unit_read_begin(&reader, text);
	while ((read = unit_read_next(&reader, &line)) != UNIT_READ_END) {
		struct unit_problem p = { .file = file, .line = line.number, .reason = read_fault(read) };

		if (read == UNIT_READ_LINE) {
			int r = apply_line(draft, &line, &p);

			if (r < 0)
				return r;
			if (r == 0)
				continue;
		}
		problem(context, &p);
		faults++;
	}
	return faults;
}
