// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reading unit files: see unit_load.h. For each unit: its file (the first in the search path; for
 * name@instance the template), its drop-ins, the links in .wants/ and their like, the default
 * dependencies. Names met on the way become stubs, which are loaded in turn, until none is left.
 */
#include "supervisor/unit_load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
#include "supervisor/machine.h"
#include "supervisor/unit_defaults.h"
#include "supervisor/unit_file.h"

const char *const unit_search_path[] = {
	"/etc/orlop/units",
	"/usr/lib/orlop/units",
	"/usr/lib/systemd/system",
	NULL,
};

/* What is only needed while units are loaded. */
static struct {
	struct unit_draft draft;
	struct unit_machine machine;
	char file[UNIT_FILE_MAX];
} work _table_;

static void report(const struct unit_loader *loader, const char *file, struct str key, const char *reason)
{
	struct unit_problem p = { .file = file, .key = key, .reason = reason };

	loader->problem(loader->context, &p);
}

static unit_id unit_add(struct unit_set *set, const char *name)
{
	unit_id id = unit_find(set, name);
	enum unit_type type;
	const char *kept;

	if (id != UNIT_NONE)
		return id;
	if (set->count == UNIT_MAX || unit_name_type(str_from(name), &type) < 0)
		return UNIT_NONE;
	kept = text_keep(&set->text, str_from(name));
	if (!kept)
		return UNIT_NONE;
	set->units[set->count] = (struct unit){ .name = kept, .description = kept };
	set->units[set->count].type = (uint8_t)type;
	set->count++;
	unit_index_names(set);
	return (unit_id)(set->count - 1);
}

/* Reads one file into @draft. Return: 0, or -errno of the file or of a full draft (reported). */
static int apply_file(const struct unit_loader *loader, struct unit_draft *draft, const char *path)
{
	ssize_t n = file_read(AT_FDCWD, path, work.file, sizeof(work.file));
	int r;

	if (n < 0) {
		report(loader, path, (struct str){ 0 },
		       n == -EFBIG ? "is longer than 64 KiB" : error_name((int)n));
		return (int)n;
	}
	if (memchr(work.file, '\0', (size_t)n)) {
		report(loader, path, (struct str){ 0 }, "holds a NUL byte: not a text file");
		return -EINVAL;
	}
	r = unit_table_apply(draft, path, (struct str){ work.file, (size_t)n }, loader->problem,
			     loader->context);
	if (r < 0)
		report(loader, path, (struct str){ 0 }, "says more than a unit may say");
	return r < 0 ? r : 0;
}

/* A drop-in that cannot be read is reported and does not count; the unit goes on without it. */
static int load_drop_ins(const struct unit_loader *loader, struct unit_draft *draft)
{
	char file[DIRECTORY_NAME_SIZE] = "";
	char path[UNIT_PATH_SIZE];

	while (unit_file_next_beside(loader->search_path, draft->name, "d", ".conf", file, file, path)) {
		int r = unit_file_is_mask(path) ? 0 : apply_file(loader, draft, path);

		if (r == -ENOSPC)
			return r;
	}
	return 0;
}

/* The links in NAME.wants/ and its like count as lines in the file itself. */
static int load_links(const struct unit_loader *loader, struct unit_draft *draft,
		      const char *directory, enum unit_dependency kind)
{
	char file[DIRECTORY_NAME_SIZE] = "";
	char path[UNIT_PATH_SIZE];

	while (unit_file_next_beside(loader->search_path, draft->name, directory, "", file, file, path)) {
		char instance[UNIT_NAME_SIZE];
		const char *name = file;

		if (unit_file_is_mask(path) && readlink(path, instance, sizeof(instance)) > 0)
			continue;
		if (unit_is_template(name) && unit_instance_name(name, draft->name, instance))
			name = instance;
		if (text_list_has(&draft->dependencies[kind], name))
			continue;
		if (text_list_add(&draft->text, &draft->dependencies[kind], str_from(name)) < 0)
			return -ENOSPC;
	}
	return 0;
}

/* Everything that the files of a unit say, into @draft. Return: 0, or -errno (reported). */
static int read_files(const struct unit_loader *loader, struct unit_draft *draft, const char *path)
{
	int r = apply_file(loader, draft, path);

	if (r < 0)
		return r;
	r = load_drop_ins(loader, draft);
	if (r == 0)
		r = load_links(loader, draft, "wants", UNIT_WANTS);
	if (r == 0)
		r = load_links(loader, draft, "requires", UNIT_REQUIRES);
	if (r == 0)
		r = load_links(loader, draft, "upholds", UNIT_UPHOLDS);
	return r;
}

static void begin_draft(const struct unit_loader *loader, const struct unit *unit)
{
	unit_draft_begin(&work.draft, unit->name, (enum unit_type)unit->type);
	work.draft.path = unit->path;
	work.draft.machine = loader->machine ? loader->machine : &work.machine;
}

/* Fills @unit and leaves the names that it depends on in the draft. Return: 0, or -ENOSPC of the set. */
static int load_one(const struct unit_loader *loader, struct unit_set *set, struct unit *unit)
{
	struct unit_draft *draft = &work.draft;
	char path[UNIT_PATH_SIZE];
	const char *why;

	unit->load = UNIT_NOT_FOUND;
	begin_draft(loader, unit);
	if (unit_file_find(loader->search_path, unit->name, path) < 0)
		return unit_draft_keep(draft, &set->text, unit);
	unit->path = text_keep(&set->text, str_from(path));
	if (!unit->path)
		return -ENOSPC;
	draft->path = unit->path;
	if (unit_file_is_mask(path)) {
		unit->load = UNIT_MASKED;
		return unit_draft_keep(draft, &set->text, unit);
	}
	unit->load = UNIT_LOADED;
	if (read_files(loader, draft, path) < 0) {
		unit->load = UNIT_BAD;
		begin_draft(loader, unit);
		return unit_draft_keep(draft, &set->text, unit);
	}
	why = unit_table_finish(draft);
	if (!why && unit_defaults_add(draft) < 0)
		why = "says more than a unit may say";
	if (why) {
		report(loader, unit->path, (struct str){ 0 }, why);
		unit->load = UNIT_BAD;
	}
	return unit_draft_keep(draft, &set->text, unit);
}

static bool edge_known(const struct unit_set *set, uint32_t first, struct unit_edge edge)
{
	for (uint32_t i = first; i < set->edge_count; i++)
		if (set->edges[i].from == edge.from && set->edges[i].to == edge.to &&
		    set->edges[i].kind == edge.kind)
			return true;
	return false;
}

/* Which way round the names of a list are edges. */
enum direction {
	FORWARD,
	BACKWARD,
};

/* The id that @name stands for, which may be an alias. Return: 0, 1 if there is none, or -ENOSPC. */
static int unit_named(const struct unit_loader *loader, struct unit_set *set, const char *name,
		      const char *file, bool only_order, unit_id *ret_id)
{
	char resolved[UNIT_NAME_SIZE];
	enum unit_type type;
	const char *reason = NULL;
	unit_id id = unit_find(set, name);
	int r = id != UNIT_NONE ? 0 : unit_name_type(str_from(name), &type);

	/* Other packages' units name mounts, devices and slices that this host does not have. */
	if (r == -ENOTSUP)
		return 1;
	if (r < 0) {
		reason = "is not the name of a unit";
	} else if (id == UNIT_NONE && unit_is_template(name)) {
		/* There is nothing to come before or after; only a demand is a mistake. */
		if (only_order)
			return 1;
		reason = "is a template, which is no unit without an instance";
	} else if (id == UNIT_NONE && unit_file_resolve(loader->search_path, name, resolved) < 0) {
		reason = "is an alias that leads in a circle";
	}
	if (reason) {
		report(loader, file, str_from(name), reason);
		return 1;
	}
	if (id == UNIT_NONE)
		id = unit_add(set, resolved);
	if (id == UNIT_NONE)
		return -ENOSPC;
	*ret_id = id;
	return 0;
}

/* Turns a list of names into edges of one kind from or to unit @id; names that are no units are reported. */
static int add_edges(const struct unit_loader *loader, struct unit_set *set, unit_id id,
		     const struct text_list *names, enum unit_dependency kind, enum direction direction)
{
	const char *file = set->units[id].path;
	bool only_order = kind == UNIT_AFTER || kind == UNIT_CONFLICTS;
	uint32_t first = set->edge_count;

	for (const char *name = text_list_next(names, NULL); name; name = text_list_next(names, name)) {
		struct unit_edge edge = { .kind = (uint8_t)kind };
		unit_id other;
		int r = unit_named(loader, set, name, file, only_order, &other);

		if (r < 0)
			return r;
		if (r > 0 || other == id)
			continue;
		edge.from = direction == FORWARD ? id : other;
		edge.to = direction == FORWARD ? other : id;
		if (edge_known(set, first, edge))
			continue;
		if (set->edge_count == UNIT_EDGE_MAX)
			return -ENOSPC;
		set->edges[set->edge_count++] = edge;
	}
	return 0;
}

static int add_all_edges(const struct unit_loader *loader, struct unit_set *set, unit_id id)
{
	const struct unit_draft *draft = &work.draft;
	int r = 0;

	for (int kind = 0; r == 0 && kind < UNIT_DEPENDENCY_COUNT; kind++)
		r = kind == UNIT_BEFORE ? add_edges(loader, set, id, &draft->dependencies[kind],
						    UNIT_AFTER, BACKWARD)
					: add_edges(loader, set, id, &draft->dependencies[kind],
						    (enum unit_dependency)kind, FORWARD);
	if (r == 0)
		r = add_edges(loader, set, id, &draft->reload_propagated_from,
			      UNIT_PROPAGATES_RELOAD_TO, BACKWARD);
	if (r == 0)
		r = add_edges(loader, set, id, &draft->stop_propagated_from,
			      UNIT_PROPAGATES_STOP_TO, BACKWARD);
	return r;
}

/* Counting sort of @from into @to by one end, with the index of where each unit's edges begin. */
static void sort_edges(const struct unit_edge *from, struct unit_edge *to, uint32_t count,
		       unit_id units, uint32_t *first, bool by_end)
{
	memset(first, 0, (units + 1U) * sizeof(*first));
	for (uint32_t i = 0; i < count; i++)
		first[(by_end ? from[i].to : from[i].from) + 1]++;
	for (unit_id id = 0; id < units; id++)
		first[id + 1] += first[id];
	for (uint32_t i = 0; i < count; i++)
		to[first[by_end ? from[i].to : from[i].from]++] = from[i];
	/* Each start has moved to the next unit's: shift them back. */
	memmove(first + 1, first, units * sizeof(*first));
	first[0] = 0;
}

static void index_edges(struct unit_set *set)
{
	sort_edges(set->edges, set->reverse, set->edge_count, set->count, set->first_reverse, true);
	/* The first copy is sorted from the second, as sorting cannot be done in place. */
	sort_edges(set->reverse, set->edges, set->edge_count, set->count, set->first_edge, false);
}

static bool comes_after(const struct unit_set *set, unit_id id, unit_id other)
{
	for (uint32_t i = set->first_edge[id]; i < set->first_edge[id + 1]; i++)
		if (set->edges[i].kind == UNIT_AFTER && set->edges[i].to == other)
			return true;
	return false;
}

static bool pulls_in(const struct unit_edge *edge)
{
	return edge->kind == UNIT_WANTS || edge->kind == UNIT_REQUIRES || edge->kind == UNIT_BINDS_TO ||
	       edge->kind == UNIT_REQUISITE || edge->kind == UNIT_UPHOLDS;
}

/*
 * A target comes after what it pulls in (systemd.target(5)), if both have default dependencies and the other is not
 * itself ordered after the target: that would be a circle.
 */
static void order_targets(struct unit_set *set)
{
	uint32_t count = set->edge_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct unit_edge *edge = &set->edges[i];
		const struct unit *target = &set->units[edge->from];
		const struct unit *pulled = &set->units[edge->to];
		struct unit_edge order = { .from = edge->from, .to = edge->to, .kind = UNIT_AFTER };

		if (!pulls_in(edge) || target->type != UNIT_TARGET || target->load != UNIT_LOADED ||
		    !target->settings->default_dependencies || pulled->load != UNIT_LOADED ||
		    !pulled->settings->default_dependencies || comes_after(set, edge->to, edge->from) ||
		    comes_after(set, edge->from, edge->to) || edge_known(set, count, order))
			continue;
		set->edges[set->edge_count++] = order;
	}
}

/* Whether order_targets() could need more edges than there are: known before any edge is moved. */
static bool targets_fit(const struct unit_set *set)
{
	uint32_t needed = set->edge_count;

	for (uint32_t i = 0; i < set->edge_count; i++)
		needed += set->units[set->edges[i].from].type == UNIT_TARGET &&
			  pulls_in(&set->edges[i]);
	return needed <= UNIT_EDGE_MAX;
}

/*
 * Loads the units from @first on, and @again if that is one, and what they name: new units are added behind the last
 * while their namers are loaded, so one walk sees them all.
 */
static int load_from(const struct unit_loader *loader, struct unit_set *set, unit_id first, unit_id again)
{
	int r = 0;

	if (!loader->machine)
		machine_read(&work.machine, "");
	if (again != UNIT_NONE) {
		r = load_one(loader, set, &set->units[again]);
		if (r == 0)
			r = add_all_edges(loader, set, again);
	}
	for (unit_id id = first; r == 0 && id < set->count; id++) {
		r = load_one(loader, set, &set->units[id]);
		if (r == 0)
			r = add_all_edges(loader, set, id);
	}
	if (r == 0 && !targets_fit(set))
		r = -ENOSPC;
	if (r == 0) {
		index_edges(set);
		order_targets(set);
		index_edges(set);
	}
	pages_give_back(&work, sizeof(work));
	return r;
}

/* The unit that @name, which may be an alias, stands for. */
static int resolve(const struct unit_loader *loader, const char *name,
		   char ret_name[static UNIT_NAME_SIZE])
{
	enum unit_type type;

	if (unit_name_type(str_from(name), &type) < 0 || unit_is_template(name))
		return -EINVAL;
	return unit_file_resolve(loader->search_path, name, ret_name);
}

int unit_load(const struct unit_loader *loader, struct unit_set *set, const char *name, unit_id *ret_id)
{
	char resolved[UNIT_NAME_SIZE];
	unit_id id;
	int r;

	set->count = 0;
	set->named = 0;
	set->edge_count = 0;
	memset(set->name_head, 0, sizeof(set->name_head));
	set->text = (struct text_arena){ .memory = set->memory, .size = sizeof(set->memory) };
	r = resolve(loader, name, resolved);
	if (r < 0)
		return r;
	id = unit_add(set, resolved);
	if (id == UNIT_NONE)
		return -ENOSPC;
	r = load_from(loader, set, id, UNIT_NONE);
	if (r == 0)
		*ret_id = id;
	return r;
}

/* Takes back what was added behind the first @count units. */
static void forget_from(struct unit_set *set, unit_id count)
{
	for (size_t i = 0; i < UNIT_NAME_BUCKETS; i++)
		while (set->name_head[i] > count)
			set->name_head[i] = set->name_next[set->name_head[i] - 1];
	set->count = count;
	set->named = count;
}

int unit_load_more(const struct unit_loader *loader, struct unit_set *set, const char *name,
		   unit_id *ret_id)
{
	/* What a failure goes back to; until all is well, edges are only added behind the last. */
	struct text_arena text = set->text;
	unit_id count = set->count;
	uint32_t edges = set->edge_count;
	struct unit missing = { 0 };
	char resolved[UNIT_NAME_SIZE];
	unit_id again = UNIT_NONE;
	unit_id id;
	int r = resolve(loader, name, resolved);

	if (r < 0)
		return r;
	id = unit_find(set, resolved);
	if (id != UNIT_NONE && set->units[id].load != UNIT_NOT_FOUND) {
		*ret_id = id;
		return 0;
	}
	if (id != UNIT_NONE) {
		again = id;
		missing = set->units[id];
	} else {
		id = unit_add(set, resolved);
	}
	r = id == UNIT_NONE ? -ENOSPC : load_from(loader, set, count, again);
	/* A name that stands for nothing takes no place, however often it is asked for. */
	if (r == 0 && set->units[id].load == UNIT_NOT_FOUND && !loader->keep_missing)
		r = -ENOENT;
	if (r == 0) {
		*ret_id = id;
		return 0;
	}
	if (again != UNIT_NONE)
		set->units[again] = missing;
	forget_from(set, count);
	set->edge_count = edges;
	set->text = text;
	return r;
}
