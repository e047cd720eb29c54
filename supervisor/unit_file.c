// SPDX-License-Identifier: MIT OR Apache-2.0
/* Unit files, drop-ins and links in the search path: see unit_file.h. */
#include "supervisor/unit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Links from alias to alias; two are usual. */
#define ALIAS_DEPTH_MAX 8

/* foo@bar.service: where the instance begins and ends. Return: false for a name without "@". */
static bool split_instance(const char *name, struct str *ret_prefix, struct str *ret_instance,
			   const char **ret_suffix)
{
	const char *at = strchr(name, '@');
	const char *dot = strrchr(name, '.');

	if (!at || !dot || dot < at)
		return false;
	*ret_prefix = (struct str){ name, (size_t)(at - name) };
	*ret_instance = (struct str){ at + 1, (size_t)(dot - at) - 1 };
	*ret_suffix = dot;
	return true;
}

bool unit_is_template(const char *name)
{
	struct str prefix;
	struct str instance;
	const char *suffix;

	return split_instance(name, &prefix, &instance, &suffix) && instance.n == 0;
}

bool unit_template_name(const char *name, char ret_template[static UNIT_NAME_SIZE])
{
	struct buf b = buf_init(ret_template, UNIT_NAME_SIZE);
	struct str prefix;
	struct str instance;
	const char *suffix;

	if (!split_instance(name, &prefix, &instance, &suffix) || instance.n == 0)
		return false;
	buf_printf(&b, STR_FORMAT "@%s", STR_ARGS(prefix), suffix);
	return !b.overflow;
}

bool unit_instance_name(const char *template, const char *of, char ret_name[static UNIT_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);
	struct str prefix;
	struct str none;
	struct str other;
	struct str instance;
	const char *suffix;
	const char *other_suffix;

	if (!split_instance(of, &other, &instance, &other_suffix) || instance.n == 0 ||
	    !split_instance(template, &prefix, &none, &suffix))
		return false;
	buf_printf(&b, STR_FORMAT "@" STR_FORMAT "%s", STR_ARGS(prefix), STR_ARGS(instance), suffix);
	return !b.overflow;
}

static int find_exactly(const char *const *search_path, const char *name,
			char ret_path[static UNIT_PATH_SIZE])
{
	for (; *search_path; search_path++) {
		struct buf b = buf_init(ret_path, UNIT_PATH_SIZE);

		buf_printf(&b, "%s/%s", *search_path, name);
		if (!b.overflow && faccessat(AT_FDCWD, ret_path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	}
	return -ENOENT;
}

int unit_file_find(const char *const *search_path, const char *name,
		   char ret_path[static UNIT_PATH_SIZE])
{
	char template[UNIT_NAME_SIZE];

	if (find_exactly(search_path, name, ret_path) == 0)
		return 0;
	return unit_template_name(name, template) ? find_exactly(search_path, template, ret_path)
						  : -ENOENT;
}

static bool is_null_link(const char *path)
{
	char target[sizeof("/dev/null")];
	ssize_t n = readlink(path, target, sizeof(target));

	return n == (ssize_t)sizeof(target) - 1 && memcmp(target, "/dev/null", (size_t)n) == 0;
}

bool unit_file_is_mask(const char *path)
{
	struct stat st;

	return is_null_link(path) || (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0);
}

int unit_file_resolve(const char *const *search_path, const char *name,
		      char ret_name[static UNIT_NAME_SIZE])
{
	char path[UNIT_PATH_SIZE];
	char target[UNIT_PATH_SIZE];
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);

	buf_add(&b, name);
	for (int depth = 0; depth < ALIAS_DEPTH_MAX; depth++) {
		char instance[UNIT_NAME_SIZE];
		enum unit_type type;
		const char *base;
		ssize_t n;

		if (unit_file_find(search_path, ret_name, path) < 0)
			return 0;
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return 0;
		target[n] = '\0';
		base = strrchr(target, '/');
		base = base ? base + 1 : target;
		if (unit_name_type(str_from(base), &type) < 0)
			return 0;
		if (unit_is_template(base)) {
			if (!unit_instance_name(base, ret_name, instance))
				return 0;
			base = instance;
		}
		/* The same name elsewhere, or an instance that is a link to its own template. */
		if (strcmp(base, ret_name) == 0)
			return 0;
		buf_clear(&b);
		buf_add(&b, base);
	}
	return -ELOOP;
}

/* Where prefix @index of a name ends, from the longest: foo-bar-baz has "foo-bar-" and "foo-". 0: no more. */
static size_t prefix_end(struct str prefix, unsigned index)
{
	size_t end = prefix.n;

	/* A dash at the very end has nothing behind it to cut off. */
	while (end > 0 && prefix.p[end - 1] == '-')
		end--;
	for (;;) {
		while (end > 0 && prefix.p[end - 1] != '-')
			end--;
		if (end <= 1 || index == 0)
			return end <= 1 ? 0 : end;
		index--;
		while (end > 0 && prefix.p[end - 1] == '-')
			end--;
	}
}

/*
 * The names whose directories are a unit's too, from the most special: the unit, its template, and both of each prefix
 * that ends with a dash. Return: false past the last.
 */
static bool name_beside(const char *name, unsigned index, char ret_name[static UNIT_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, UNIT_NAME_SIZE);
	const char *dot = strrchr(name, '.');
	struct str prefix = { name, dot ? (size_t)(dot - name) : strlen(name) };
	struct str instance = { 0 };
	bool is_instance = split_instance(name, &prefix, &instance, &dot) && instance.n > 0;
	unsigned round = is_instance ? index / 2 : index;
	bool as_template = is_instance && index % 2 == 1;

	if (round > 0) {
		prefix.n = prefix_end(prefix, round - 1);
		if (prefix.n == 0)
			return false;
	}
	buf_add_str(&b, prefix);
	if (is_instance)
		buf_printf(&b, "@" STR_FORMAT, as_template ? 0 : (int)instance.n, instance.p);
	buf_add(&b, dot ? dot : "");
	return !b.overflow;
}

struct beside {
	const char *suffix;
	const char *after;
	char *file; /* the smallest so far, "" for none */
	char *path;
};

static void look_into(struct beside *best, const char *directory, const char *name, const char *kind)
{
	char path[UNIT_PATH_SIZE];
	char found[DIRECTORY_NAME_SIZE];
	struct buf b = BUF(path);

	buf_printf(&b, "%s/%s.%s", directory, name, kind);
	if (b.overflow || directory_next_sorted(AT_FDCWD, path, best->after, best->suffix, found) <= 0)
		return;
	if (*best->file && strcmp(found, best->file) >= 0)
		return;
	memcpy(best->file, found, sizeof(found));
	b = buf_init(best->path, UNIT_PATH_SIZE);
	buf_printf(&b, "%s/%s", path, found);
}

int unit_file_next_beside(const char *const *search_path, const char *name, const char *kind,
			  const char *suffix, const char *after,
			  char ret_file[static DIRECTORY_NAME_SIZE],
			  char ret_path[static UNIT_PATH_SIZE])
{
	char file[DIRECTORY_NAME_SIZE] = "";
	char path[UNIT_PATH_SIZE] = "";
	struct beside best = { .suffix = suffix, .after = after, .file = file, .path = path };
	const char *type = strrchr(name, '.');

	/* @ret_file may be @after, which is why the best is kept here until the end. */
	for (const char *const *directory = search_path; *directory; directory++) {
		char beside[UNIT_NAME_SIZE];

		for (unsigned i = 0; name_beside(name, i, beside); i++)
			look_into(&best, *directory, beside, kind);
	}
	for (const char *const *directory = search_path;
	     *directory && type && strcmp(kind, "d") == 0; directory++)
		look_into(&best, *directory, type + 1, kind);
	if (!*file)
		return 0;
	memcpy(ret_file, file, sizeof(file));
	memcpy(ret_path, path, sizeof(path));
	return 1;
}
