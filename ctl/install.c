// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The links that enable a unit: see install.h. All of them are made in the strongest directory and
 * point to the unit's file by the path that it has on the machine. The last component of a link is
 * what counts for PID 1, where it points to only for people and for aliases.
 */
#include "ctl/install.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/output.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/unit_load.h"

/* Also= of Also= of ... */
#define ALSO_DEPTH_MAX 16

static const char *const link_suffixes[] = { ".wants", ".requires", ".upholds" };

/* ---- reading ---- */

struct reading {
	const char *unit;
	struct install *install;
};

static int read_part(void *context, const char *path)
{
	static char text[UNIT_FILE_MAX];
	const struct reading *reading = context;
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	return install_parse((struct str){ text, (size_t)n }, reading->unit, reading->install);
}

int install_read(const struct unit_directories *directories, const char *unit, struct install *ret_install)
{
	struct reading reading = { .unit = unit, .install = ret_install };

	memset(ret_install, 0, sizeof(*ret_install));
	return unit_file_parts(directories, unit, read_part, &reading);
}

/* ---- walking over links ---- */

struct walk {
	const char *directory; /* outside */
	const char *unit;
	/* Return: whether the walk goes on. */
	bool (*found)(struct walk *walk, const char *link);
	void *context;
};

/* A link of this name counts for @unit: the same, or for a template one of its instances. */
static bool names_unit(const char *name, const char *unit)
{
	char template[UNIT_NAME_SIZE];

	return strcmp(name, unit) == 0 ||
	       (unit_template_of(name, template) && strcmp(template, unit) == 0);
}

static bool is_link_directory(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(link_suffixes); i++)
		if (str_ends(str_from(name), link_suffixes[i]))
			return true;
	return false;
}

static bool walk_directory(struct walk *walk, const char *name)
{
	_cleanup_directory_ struct directory directory = { .fd = -1 };
	char path[FILE_PATH_SIZE];
	const char *entry;
	struct buf b = BUF(path);

	buf_printf(&b, "%s/%s", walk->directory, name);
	if (b.overflow || directory_open(&directory, AT_FDCWD, path) < 0)
		return true;
	while (directory_next(&directory, &entry) > 0) {
		char link[FILE_PATH_SIZE];

		if (!names_unit(entry, walk->unit))
			continue;
		b = BUF(link);
		buf_printf(&b, "%s/%s", path, entry);
		if (!b.overflow && !walk->found(walk, link))
			return false;
	}
	return true;
}

/* An alias: a link of another name whose target is called as the unit. */
static bool is_alias_of(const char *path, const char *name, const char *unit)
{
	char target[FILE_PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *base;

	if (n <= 0 || strcmp(name, unit) == 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	return strcmp(base ? base + 1 : target, unit) == 0;
}

/* All links that enable the unit in one directory. */
static void walk_links(struct walk *walk)
{
	_cleanup_directory_ struct directory directory = { .fd = -1 };
	const char *entry;

	if (directory_open(&directory, AT_FDCWD, walk->directory) < 0)
		return;
	while (directory_next(&directory, &entry) > 0) {
		char path[FILE_PATH_SIZE];
		struct buf b = BUF(path);

		if (is_link_directory(entry)) {
			if (!walk_directory(walk, entry))
				return;
			continue;
		}
		buf_printf(&b, "%s/%s", walk->directory, entry);
		if (!b.overflow && is_alias_of(path, entry, walk->unit) && !walk->found(walk, path))
			return;
	}
}

/* ---- the state ---- */

static bool note_found(struct walk *walk, const char *link _unused_)
{
	*(bool *)walk->context = true;
	return false;
}

static bool is_enabled(const struct unit_directories *directories, const char *unit)
{
	bool found = false;

	for (unsigned i = 0; i < UNIT_DIRECTORIES && !found; i++) {
		struct walk walk = {
			.directory = directories->outside[i],
			.unit = unit,
			.found = note_found,
			.context = &found,
		};

		walk_links(&walk);
	}
	return found;
}

static bool is_alias(const char *path, const char *unit)
{
	char target[FILE_PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *base;

	if (n <= 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	return strcmp(base ? base + 1 : target, unit) != 0 && !strchr(base ? base + 1 : target, '@');
}

enum install_state install_state(const struct unit_directories *directories, const char *unit)
{
	struct install install;
	char path[FILE_PATH_SIZE];
	unsigned directory;

	if (unit_files_find(directories, unit, path, &directory) < 0)
		return INSTALL_NOT_FOUND;
	if (unit_file_masked(path))
		return INSTALL_MASKED;
	if (is_alias(path, unit))
		return INSTALL_ALIAS;
	if (is_enabled(directories, unit))
		return INSTALL_ENABLED;
	if (install_read(directories, unit, &install) < 0)
		return INSTALL_STATIC;
	if (*install.wanted_by || *install.required_by || *install.upheld_by || *install.alias)
		return INSTALL_DISABLED;
	return *install.also ? INSTALL_INDIRECT : INSTALL_STATIC;
}

const char *install_state_name(enum install_state state)
{
	switch (state) {
	case INSTALL_NOT_FOUND:
		return "not-found";
	case INSTALL_MASKED:
		return "masked";
	case INSTALL_ALIAS:
		return "alias";
	case INSTALL_ENABLED:
		return "enabled";
	case INSTALL_INDIRECT:
		return "indirect";
	case INSTALL_DISABLED:
		return "disabled";
	case INSTALL_STATIC:
		return "static";
	}
	return "?";
}

/* ---- making links ---- */

static int make_link(struct installer *installer, const char *link, const char *target)
{
	char present[FILE_PATH_SIZE];
	char parent[FILE_PATH_SIZE];
	struct buf b = BUF(parent);
	ssize_t n = readlink(link, present, sizeof(present) - 1);
	int r;

	if (n >= 0 && str_is((struct str){ present, (size_t)n }, target))
		return 0;
	if (n >= 0 && installer->force && unlink(link) < 0)
		return -errno;
	buf_add_str(&b, (struct str){ link, (size_t)(strrchr(link, '/') - link) });
	r = make_directories(parent, 0755);
	if (r < 0)
		return r;
	if (symlink(target, link) < 0)
		return -errno;
	installer->report(installer->context, "made", link, target);
	return 0;
}

static int link_as(struct installer *installer, const char *relative, const char *target)
{
	char link[FILE_PATH_SIZE];
	struct buf b = BUF(link);
	int r;

	buf_printf(&b, "%s/%s", installer->directories.outside[0], relative);
	r = b.overflow ? -ENAMETOOLONG : make_link(installer, link, target);
	if (r == -EEXIST)
		complain("%s is there already and is something else; --force replaces a link", link);
	else if (r < 0)
		complain("%s: %s", link, error_name(r));
	return r;
}

/* The links of one list: DIR/OTHER.wants/UNIT and the like. */
static int link_list(struct installer *installer, const char *list, const char *suffix,
		     const char *unit, const char *target)
{
	int count = 0;

	for (const char *other = install_next(list, NULL); other; other = install_next(list, other)) {
		char relative[2 * UNIT_NAME_SIZE + 16];
		struct buf b = BUF(relative);
		enum unit_type type;
		int r;

		if (unit_name_type(str_from(other), &type) == -EINVAL) {
			complain("%s: [Install] names \"%s\", which is no unit", unit, other);
			return -EINVAL;
		}
		if (suffix)
			buf_printf(&b, "%s%s/%s", other, suffix, unit);
		else
			buf_add(&b, other);
		/* An alias of its own name says nothing. */
		if (!suffix && strcmp(other, unit) == 0)
			continue;
		r = link_as(installer, relative, target);
		if (r < 0)
			return r;
		count++;
	}
	return count;
}

/* What is linked: the unit, or for a template the instance of DefaultInstance=. */
static int linked_name(const char *unit, const struct install *install, struct buf *name)
{
	const char *at = strchr(unit, '@');

	if (!at || at[1] != '.') {
		buf_add(name, unit);
		return 0;
	}
	if (!*install->default_instance) {
		complain("%s is a template: name an instance of it (NAME@INSTANCE%s)", unit, at + 1);
		return -EDESTADDRREQ;
	}
	buf_add_str(name, (struct str){ unit, (size_t)(at - unit) + 1 });
	buf_printf(name, "%s%s", install->default_instance, at + 1);
	return name->overflow ? -ENAMETOOLONG : 0;
}

/* The path that the unit's file has on the machine. */
static int find_target(const struct installer *installer, const char *unit,
		       char target[static FILE_PATH_SIZE])
{
	char path[FILE_PATH_SIZE];
	struct buf b = buf_init(target, FILE_PATH_SIZE);
	unsigned directory;

	if (unit_files_find(&installer->directories, unit, path, &directory) < 0) {
		complain("%s: there is no such unit file", unit);
		return -ENOENT;
	}
	if (unit_file_masked(path)) {
		complain("%s is masked", unit);
		return -ERFKILL;
	}
	buf_printf(&b, "%s%s", installer->directories.inside[directory], strrchr(path, '/'));
	return b.overflow ? -ENAMETOOLONG : 0;
}

static int enable(struct installer *installer, const char *unit, unsigned depth);

static int enable_also(struct installer *installer, const char *also, const char *unit, unsigned depth)
{
	int count = 0;

	for (const char *other = install_next(also, NULL); other; other = install_next(also, other)) {
		int r = strcmp(other, unit) == 0 ? 0 : enable(installer, other, depth + 1);

		if (r < 0)
			return r;
		count += r;
	}
	return count;
}

static int enable(struct installer *installer, const char *unit, unsigned depth)
{
	struct install install;
	char target[FILE_PATH_SIZE];
	char name[UNIT_NAME_SIZE];
	struct buf b = BUF(name);
	const struct {
		const char *list;
		const char *suffix;
	} lists[] = {
		{ install.wanted_by, ".wants" },
		{ install.required_by, ".requires" },
		{ install.upheld_by, ".upholds" },
		{ install.alias, NULL },
	};
	int count = 0;
	int r = find_target(installer, unit, target);

	if (r < 0 || depth > ALSO_DEPTH_MAX)
		return r;
	r = install_read(&installer->directories, unit, &install);
	if (r == 0 && (*install.wanted_by || *install.required_by || *install.upheld_by))
		r = linked_name(unit, &install, &b);
	else
		buf_add(&b, unit);
	/* The lists again, with the specifiers of the instance. */
	if (r == 0 && strcmp(name, unit) != 0)
		r = install_read(&installer->directories, name, &install);
	if (r < 0 && r != -EDESTADDRREQ)
		complain("%s: [Install]: %s", unit, error_name(r));
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(lists); i++) {
		r = link_list(installer, lists[i].list, lists[i].suffix, name, target);
		count += r > 0 ? r : 0;
	}
	if (r >= 0)
		r = enable_also(installer, install.also, unit, depth);
	return r < 0 ? r : count + r;
}

int install_enable(struct installer *installer, const char *unit)
{
	return enable(installer, unit, 0);
}

/* ---- removing them ---- */

struct removal {
	struct installer *installer;
	int count;
	int error;
};

static bool remove_link(struct walk *walk, const char *link)
{
	struct removal *removal = walk->context;
	struct stat st;

	if (lstat(link, &st) < 0 || !S_ISLNK(st.st_mode))
		return true;
	if (unlink(link) < 0) {
		removal->error = -errno;
		complain("%s: %s", link, error_name(errno));
		return false;
	}
	removal->count++;
	removal->installer->report(removal->installer->context, "removed", link, NULL);
	return true;
}

static int disable(struct installer *installer, const char *unit, unsigned depth)
{
	struct removal removal = { .installer = installer };
	struct walk walk = {
		.directory = installer->directories.outside[0],
		.unit = unit,
		.found = remove_link,
		.context = &removal,
	};
	struct install install;

	walk_links(&walk);
	if (removal.error < 0)
		return removal.error;
	/* Also= of what has no file any more cannot be known. */
	if (depth == ALSO_DEPTH_MAX || install_read(&installer->directories, unit, &install) < 0)
		return removal.count;
	for (const char *other = install_next(install.also, NULL); other;
	     other = install_next(install.also, other)) {
		int r = strcmp(other, unit) == 0 ? 0 : disable(installer, other, depth + 1);

		if (r < 0)
			return r;
		removal.count += r;
	}
	return removal.count;
}

int install_disable(struct installer *installer, const char *unit)
{
	return disable(installer, unit, 0);
}

int install_mask(struct installer *installer, const char *unit)
{
	return link_as(installer, unit, "/dev/null");
}

int install_unmask(struct installer *installer, const char *unit)
{
	char path[FILE_PATH_SIZE];
	struct buf b = BUF(path);

	buf_printf(&b, "%s/%s", installer->directories.outside[0], unit);
	if (b.overflow || !unit_file_masked(path))
		return 0;
	if (unlink(path) < 0) {
		complain("%s: %s", path, error_name(errno));
		return -errno;
	}
	installer->report(installer->context, "removed", path, NULL);
	return 1;
}
