// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Finds unit files and fills a unit set: the wanted unit, everything that it names, and so on.
 * Reads files; decides nothing about starting. Allocates nothing: what is only needed while units are
 * loaded is static, and its pages are given back afterwards.
 */
#pragma once

#include "supervisor/unit.h"
#include "supervisor/unit_table.h"

/* A unit file longer than this is refused; Debian's longest has 5 KiB. */
#define UNIT_FILE_MAX (64 * 1024)

struct unit_loader {
	const char *const *search_path; /* directories, strongest first, NULL-terminated */
	unit_problem_fn *problem;
	void *context;
	bool keep_missing; /* for unit_load_more(): a name without a file takes a place all the same */
	const struct unit_machine *machine; /* for specifiers; NULL: the machine is asked */
};

/* /etc/orlop/units, /usr/lib/orlop/units, /usr/lib/systemd/system. */
extern const char *const unit_search_path[];

/**
 * unit_load() - loads @name and all units that it depends on, directly or not, into an empty @set.
 * Links between units are followed, so an alias (default.target) comes out as the unit that it names.
 * Faults are reported through @loader; a unit that cannot be used is UNIT_BAD and the rest goes on.
 *
 * @ret_id: the unit itself
 * Return: 0; -EINVAL (no unit's name, or a template without an instance); -ELOOP (aliases in a circle);
 * -ENOSPC (more units, edges or text than the set holds).
 */
int unit_load(const struct unit_loader *loader, struct unit_set *set, const char *name, unit_id *ret_id);

/**
 * unit_load_more() - adds @name and what it depends on to a loaded @set: an instance for a connection,
 * or a unit that nothing named so far. The units that are there keep their ids, and what they say is not
 * read again; but one that was not found is looked for once more. New edges may lead to and from them, and
 * the indices of edges are made anew.
 *
 * @ret_id: the unit, also when it was there already
 * Return: as unit_load(); -ENOENT: there is no such unit; on failure @set is as it was.
 */
int unit_load_more(const struct unit_loader *loader, struct unit_set *set, const char *name,
		   unit_id *ret_id);
