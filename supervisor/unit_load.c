// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Finding and reading unit files: see unit_load.h. For each unit: its file (the first in the search
 * path; for name@instance the template), the drop-ins of NAME.d/ in order of their names, the links
 * in NAME.wants/ and NAME.requires/, the default dependencies. Names met on the way become stubs,
 * which are loaded in turn, until none is left.
 */
#include "supervisor/unit_load.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"

#define PATH_SIZE 512

const char *const unit_search_path[] = {
	"/etc/orlop/units",
	"/usr/lib/orlop/units",
	"/usr/lib/systemd/system",
	NULL,
};

static void report(const struct unit_loader *loader, const char *file, const char *reason)
{
	struct unit_problem p = { .file = file, .reason = reason };

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
	return set->count++;
}

/* foo@bar.service is described by foo@.service. Return: false if @name is no instance. */
static bool template_name(const char *name, char ret_template[static UNIT_NAME_SIZE])
{
	struct buf b = buf_init(ret_template, UNIT_NAME_SIZE);
	const char *at = strchr(name, '@');
	const char *dot = strrchr(name, '.');

	if (!at || !dot || dot <= at + 1)
		return false;
	buf_add_str(&b, (struct str){ name, (size_t)(at - name) + 1 });
	buf_add(&b, dot);
	return !b.overflow;
}

static int find_file(const struct unit_loader *loader, const char *name, char ret_path[static PATH_SIZE])
{
	for (const char *const *dir = loader->search_path; *dir; dir++) {
		struct buf b = buf_init(ret_path, PATH_SIZE);

		buf_printf(&b, "%s/%s", *dir, name);
		if (!b.overflow && faccessat(AT_FDCWD, ret_path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	}
	return -ENOENT;
}

/*
 * A unit file that is a link to another unit file makes its name an alias. Links are followed by name
 * through the search path, as in systemd; the depth is bounded.
 */
static int resolve_alias(const struct unit_loader *loader, const char *name,
			 char ret_name[static UNIT_NAME_SIZE])
{
	char path[PATH_SIZE];
	char target[PATH_SIZE];
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);

	buf_add(&b, name);
	for (int depth = 0; depth < 8; depth++) {
		enum unit_type type;
		const char *base;
		ssize_t n;

		if (find_file(loader, ret_name, path) < 0)
			return 0;
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return 0;
		target[n] = '\0';
		base = strrchr(target, '/');
		base = base ? base + 1 : target;
		if (strcmp(base, ret_name) == 0 || unit_name_type(str_from(base), &type) < 0)
			return 0;
		/* An instance may be a link to its own template: that is no alias. */
		if (strchr(base, '@') && strstr(base, "@."))
			return 0;
		buf_clear(&b);
		buf_add(&b, base);
	}
	return -ELOOP;
}

/* Reads one file into @draft. Return: 0, -errno of the file (reported), or -ENOSPC of the arena. */
static int apply_file(const struct unit_loader *loader, struct unit_set *set,
		      struct unit_draft *draft, const char *path)
{
	static char text[UNIT_FILE_MAX];
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));
	int r;

	if (n < 0) {
		report(loader, path, n == -EFBIG ? "is longer than 64 KiB" : error_name((int)n));
		return n == -ENOSPC ? -EIO : (int)n;
	}
	if (memchr(text, '\0', (size_t)n)) {
		report(loader, path, "holds a NUL byte: not a text file");
		return -EINVAL;
	}
	r = unit_table_apply(draft, &set->text, path, (struct str){ text, (size_t)n },
			     loader->problem, loader->context);
	return r == -ENOSPC ? r : 0;
}

static int load_drop_ins(const struct unit_loader *loader, struct unit_set *set,
			 struct unit_draft *draft, const char *name)
{
	/* A name in a stronger directory hides the same name in a weaker one; order is by name over all. */
	char previous[DIRECTORY_NAME_SIZE] = "";

	for (;;) {
		char best[DIRECTORY_NAME_SIZE] = "";
		char best_path[PATH_SIZE];
		int r;

		for (const char *const *dir = loader->search_path; *dir; dir++) {
			char path[PATH_SIZE];
			char found[DIRECTORY_NAME_SIZE];
			struct buf b = BUF(path);

			buf_printf(&b, "%s/%s.d", *dir, name);
			if (b.overflow ||
			    directory_next_sorted(AT_FDCWD, path, previous, ".conf", found) <= 0)
				continue;
			if (*best && strcmp(found, best) >= 0)
				continue;
			memcpy(best, found, sizeof(best));
			b = BUF(best_path);
			buf_printf(&b, "%s/%s", path, found);
		}
		if (!*best)
			return 0;
		r = apply_file(loader, set, draft, best_path);
		if (r == -ENOSPC)
			return r;
		memcpy(previous, best, sizeof(previous));
	}
}

/* The links in NAME.wants/ and NAME.requires/ count as lines in the file itself. */
static int load_links(const struct unit_loader *loader, struct unit_draft *draft, const char *suffix,
		      enum unit_dependency kind)
{
	for (const char *const *dir = loader->search_path; *dir; dir++) {
		char path[PATH_SIZE];
		char name[DIRECTORY_NAME_SIZE] = "";
		struct buf b = BUF(path);

		buf_printf(&b, "%s/%s.%s", *dir, draft->name, suffix);
		while (!b.overflow && directory_next_sorted(AT_FDCWD, path, name, "", name) > 0) {
			if (text_list_has(&draft->dependencies[kind], name))
				continue;
			if (text_list_add(&draft->text, &draft->dependencies[kind], str_from(name)) < 0)
				return -ENOSPC;
		}
	}
	return 0;
}

static int add_default(struct unit_draft *draft, enum unit_dependency kind, const char *name)
{
	if (text_list_has(&draft->dependencies[kind], name))
		return 0;
	return text_list_add(&draft->text, &draft->dependencies[kind], str_from(name));
}

/*
 * DefaultDependencies=yes (systemd.service(5), systemd.target(5)): services come after the basic
 * system, and all go before shutdown. What targets come after is said when all units are known.
 */
static int add_default_dependencies(struct unit_draft *draft)
{
	int r;

	if (!draft->settings.default_dependencies || strcmp(draft->name, "shutdown.target") == 0)
		return 0;
	r = add_default(draft, UNIT_CONFLICTS, "shutdown.target");
	if (r == 0)
		r = add_default(draft, UNIT_BEFORE, "shutdown.target");
	if (r < 0)
		return r;
	if (draft->type == UNIT_SERVICE) {
		r = add_default(draft, UNIT_REQUIRES, "sysinit.target");
		if (r == 0)
			r = add_default(draft, UNIT_AFTER, "sysinit.target");
		return r == 0 ? add_default(draft, UNIT_AFTER, "basic.target") : r;
	}
	return 0;
}

/* Everything that the files of a unit say, into @draft. Return: 0, -errno of its file, or -ENOSPC. */
static int read_files(const struct unit_loader *loader, struct unit_set *set,
		      struct unit_draft *draft, const char *path)
{
	char template[UNIT_NAME_SIZE];
	int r = apply_file(loader, set, draft, path);

	if (r == 0 && template_name(draft->name, template))
		r = load_drop_ins(loader, set, draft, template);
	if (r == 0)
		r = load_drop_ins(loader, set, draft, draft->name);
	if (r == 0)
		r = load_links(loader, draft, "wants", UNIT_WANTS);
	if (r == 0)
		r = load_links(loader, draft, "requires", UNIT_REQUIRES);
	if (r == 0)
		r = add_default_dependencies(draft);
	return r;
}

/* Fills @unit and leaves the names that it depends on in @draft. */
static int load_one(const struct unit_loader *loader, struct unit_set *set, struct unit *unit,
		    struct unit_draft *draft)
{
	char path[PATH_SIZE];
	char template[UNIT_NAME_SIZE];
	char target[PATH_SIZE];
	const char *why;
	ssize_t n;
	int r;

	unit_draft_begin(draft, unit->name, (enum unit_type)unit->type);
	unit->load = UNIT_NOT_FOUND;
	if (find_file(loader, unit->name, path) < 0 &&
	    (!template_name(unit->name, template) || find_file(loader, template, path) < 0))
		return unit_draft_keep(draft, &set->text, unit);
	unit->path = text_keep(&set->text, str_from(path));
	if (!unit->path)
		return -ENOSPC;
	n = readlink(path, target, sizeof(target));
	if (n == (ssize_t)strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)n) == 0) {
		unit->load = UNIT_MASKED;
		return unit_draft_keep(draft, &set->text, unit);
	}
	unit->load = UNIT_LOADED;
	r = read_files(loader, set, draft, path);
	if (r == -ENOSPC)
		return r;
	if (r < 0) {
		unit->load = UNIT_BAD;
		unit_draft_begin(draft, unit->name, (enum unit_type)unit->type);
		return unit_draft_keep(draft, &set->text, unit);
	}
	why = unit_table_finish(draft);
	if (why) {
		report(loader, unit->path, why);
		unit->load = UNIT_BAD;
	}
	return unit_draft_keep(draft, &set->text, unit);
}

/* Turns the names of one dependency kind into edges; names that are no units are reported. */
static int add_edges(const struct unit_loader *loader, struct unit_set *set, unit_id id,
		     const struct unit_draft *draft, int kind)
{
	const struct text_list *names = &draft->dependencies[kind];

	for (const char *name = text_list_next(names, NULL); name; name = text_list_next(names, name)) {
		char resolved[UNIT_NAME_SIZE];
		struct unit_edge edge = { .from = id, .kind = (uint8_t)kind };
		enum unit_type type;
		int r = unit_name_type(str_from(name), &type);

		/* Other packages' units name sockets, mounts and slices that this host does not have. */
		if (r == -ENOTSUP)
			continue;
		if (r < 0 || resolve_alias(loader, name, resolved) < 0) {
			struct unit_problem p = { .file = set->units[id].path,
						  .key = str_from(name),
						  .reason = r < 0 ? "is not the name of a unit"
								  : "is an alias that leads in a circle" };

			loader->problem(loader->context, &p);
			continue;
		}
		edge.to = unit_add(set, resolved);
		if (edge.to == UNIT_NONE || set->edge_count == UNIT_EDGE_MAX)
			return -ENOSPC;
		if (edge.to == id)
			continue;
		if (kind == UNIT_BEFORE)
			edge = (struct unit_edge){ .from = edge.to, .to = id, .kind = UNIT_AFTER };
		set->edges[set->edge_count++] = edge;
	}
	return 0;
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

/*
 * A target comes after what it pulls in (systemd.target(5)), if both have default dependencies and the other is not
 * itself ordered after the target: that would be a circle.
 */
static int order_targets(struct unit_set *set)
{
	uint32_t count = set->edge_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct unit_edge *edge = &set->edges[i];
		const struct unit *target = &set->units[edge->from];
		const struct unit *pulled = &set->units[edge->to];

		if (edge->kind > UNIT_BINDS_TO || target->type != UNIT_TARGET ||
		    !target->settings->default_dependencies || pulled->load != UNIT_LOADED ||
		    !pulled->settings->default_dependencies || comes_after(set, edge->to, edge->from))
			continue;
		if (set->edge_count == UNIT_EDGE_MAX)
			return -ENOSPC;
		set->edges[set->edge_count++] = (struct unit_edge){ .from = edge->from,
								    .to = edge->to,
								    .kind = UNIT_AFTER };
	}
	return 0;
}

int unit_load(const struct unit_loader *loader, struct unit_set *set, const char *name, unit_id *ret_id)
{
	static struct unit_draft draft;
	char resolved[UNIT_NAME_SIZE];
	unit_id id;

	set->count = 0;
	set->edge_count = 0;
	set->text = (struct text_arena){ .memory = set->memory, .size = sizeof(set->memory) };
	if (resolve_alias(loader, name, resolved) < 0)
		return -ELOOP;
	*ret_id = unit_add(set, resolved);
	if (*ret_id == UNIT_NONE)
		return -EINVAL;
	/* New units are added behind the last while their namers are loaded, so one walk sees them all. */
	for (id = 0; id < set->count; id++) {
		int r = load_one(loader, set, &set->units[id], &draft);

		for (int kind = 0; r == 0 && kind < UNIT_DEPENDENCY_COUNT; kind++)
			r = add_edges(loader, set, id, &draft, kind);
		if (r < 0)
			return r;
	}
	index_edges(set);
	if (order_targets(set) < 0)
		return -ENOSPC;
	index_edges(set);
	return 0;
}

int unit_load_more(const struct unit_loader *loader, struct unit_set *set, const char *name,
		   unit_id *ret_id)
{
	char resolved[UNIT_NAME_SIZE];
	unit_id id;

	if (resolve_alias(loader, name, resolved) < 0)
		return -ELOOP;
	id = unit_find(set, resolved);
	if (id == UNIT_NONE)
		return -ENOENT;
	*ret_id = id;
	return 0;
}
