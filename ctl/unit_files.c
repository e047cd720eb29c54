// SPDX-License-Identifier: MIT OR Apache-2.0
/* Unit files where they lie: see unit_files.h. And the verbs cat and list-unit-files. */
#include "ctl/unit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/install.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/verbs.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/unit_load.h"

int unit_directories_init(struct unit_directories *directories, const char *root)
{
	char factory[FILE_PATH_SIZE];
	struct buf b = BUF(factory);
	bool has_factory;

	buf_printf(&b, "%s/usr/share/factory/etc", root ? root : "");
	has_factory = root && access(factory, F_OK) == 0;
	for (size_t i = 0; i < UNIT_DIRECTORIES && unit_search_path[i]; i++) {
		bool etc = str_starts(str_from(unit_search_path[i]), "/etc/");

		b = BUF(directories->outside[i]);
		buf_printf(&b, "%s%s%s", root ? root : "",
			   etc && has_factory ? "/usr/share/factory" : "", unit_search_path[i]);
		if (b.overflow)
			return -ENAMETOOLONG;
		directories->inside[i] = unit_search_path[i];
		directories->search_path[i] = directories->outside[i];
	}
	directories->search_path[UNIT_DIRECTORIES] = NULL;
	return 0;
}

bool unit_template_of(const char *name, char ret_template[static UNIT_NAME_SIZE])
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

static bool find_exact(const struct unit_directories *directories, const char *name,
		       char ret_path[static FILE_PATH_SIZE], unsigned *ret_directory)
{
	for (unsigned i = 0; i < UNIT_DIRECTORIES; i++) {
		struct buf b = buf_init(ret_path, FILE_PATH_SIZE);

		buf_printf(&b, "%s/%s", directories->outside[i], name);
		if (b.overflow || faccessat(AT_FDCWD, ret_path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		*ret_directory = i;
		return true;
	}
	return false;
}

int unit_files_find(const struct unit_directories *directories, const char *name,
		    char ret_path[static FILE_PATH_SIZE], unsigned *ret_directory)
{
	char template[UNIT_NAME_SIZE];

	if (find_exact(directories, name, ret_path, ret_directory))
		return 0;
	if (unit_template_of(name, template) &&
	    find_exact(directories, template, ret_path, ret_directory))
		return 0;
	return -ENOENT;
}

bool unit_file_masked(const char *path)
{
	char target[FILE_PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	return n > 0 && str_is((struct str){ target, (size_t)n }, "/dev/null");
}

/* Drop-ins of NAME.d/ in the order of their names; a stronger directory hides a name of a weaker one. */
static int drop_ins(const struct unit_directories *directories, const char *name,
		    int (*part)(void *context, const char *path), void *context)
{
	char previous[DIRECTORY_NAME_SIZE] = "";
	int r = 0;

	while (r == 0) {
		char best[DIRECTORY_NAME_SIZE] = "";
		char best_path[FILE_PATH_SIZE + DIRECTORY_NAME_SIZE];

		for (unsigned i = 0; i < UNIT_DIRECTORIES; i++) {
			char path[FILE_PATH_SIZE];
			char found[DIRECTORY_NAME_SIZE];
			struct buf b = BUF(path);

			buf_printf(&b, "%s/%s.d", directories->outside[i], name);
			if (b.overflow ||
			    directory_next_sorted(AT_FDCWD, path, previous, ".conf", found) <= 0 ||
			    (*best && strcmp(found, best) >= 0))
				continue;
			memcpy(best, found, sizeof(best));
			(void)snprintf(best_path, sizeof(best_path), "%s/%s", path, found);
		}
		if (!*best)
			return 0;
		r = part(context, best_path);
		memcpy(previous, best, sizeof(previous));
	}
	return r;
}

int unit_file_parts(const struct unit_directories *directories, const char *name,
		    int (*part)(void *context, const char *path), void *context)
{
	char path[FILE_PATH_SIZE];
	char template[UNIT_NAME_SIZE];
	unsigned directory;
	int r = unit_files_find(directories, name, path, &directory);

	if (r == 0)
		r = part(context, path);
	if (r == 0 && unit_template_of(name, template))
		r = drop_ins(directories, template, part, context);
	return r == 0 ? drop_ins(directories, name, part, context) : r;
}

static int by_text(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

int unit_file_names(const struct unit_directories *directories, char ***ret_names, size_t *ret_count)
{
	char **names = NULL;
	size_t count = 0;
	size_t kept = 0;

	for (unsigned i = 0; i < UNIT_DIRECTORIES; i++) {
		_cleanup_directory_ struct directory directory = { .fd = -1 };
		const char *name;

		if (directory_open(&directory, AT_FDCWD, directories->outside[i]) < 0)
			continue;
		while (directory_next(&directory, &name) > 0) {
			enum unit_type type;
			char **more;

			if (unit_name_type(str_from(name), &type) < 0)
				continue;
			more = realloc(names, (count + 1) * sizeof(*names));
			if (!more)
				abort();
			names = more;
			names[count] = strdup(name);
			if (!names[count++])
				abort();
		}
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && strcmp(names[i], names[kept - 1]) == 0)
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	*ret_names = names;
	*ret_count = kept;
	return 0;
}

/* ---- cat ---- */

static int print_file(void *context, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *const *first = context;
	char buffer[4096];
	char last = '\n';
	ssize_t n;

	if (fd < 0) {
		complain("%s: %s", path, error_name(errno));
		return EXIT_FAILED;
	}
	printf("%s%s# %s%s\n", *first, colour(COLOUR_GREY), path, colour(COLOUR_NONE));
	*(const char **)context = "\n";
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		(void)fwrite(buffer, 1, (size_t)n, stdout);
		last = buffer[n - 1];
	}
	if (last != '\n')
		putchar('\n');
	return n < 0 ? EXIT_FAILED : EXIT_OK;
}

int verb_cat(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	struct unit_directories directories;
	const char *separator = "";
	int status = EXIT_OK;

	if (unit_directories_init(&directories, options->root) < 0)
		return EXIT_FAILED;
	for (int i = 0; i < count; i++) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);
		int r = unit_name_complete(words[i], &b);

		if (r == 0)
			r = unit_file_parts(&directories, name, print_file, &separator);
		if (r == -ENOENT)
			complain("%s: no file in /etc/orlop/units, /usr/lib/orlop/units or "
				 "/usr/lib/systemd/system",
				 name);
		if (r != 0)
			status = EXIT_FAILED;
	}
	return status;
}

/* ---- list-unit-files ---- */

int verb_list_files(const char *verb _unused_, const struct options *options, char *const words[],
		    int count)
{
	struct unit_directories directories;
	struct table table = { .columns = 3 };
	struct json json = json_to(stdout);
	char **names;
	size_t name_count;

	if (unit_directories_init(&directories, options->root) < 0 ||
	    unit_file_names(&directories, &names, &name_count) < 0)
		return EXIT_FAILED;
	if (options->json)
		json_array(&json, NULL);
	else if (!options->no_legend)
		table_row(&table, COLOUR_NONE, (const char *[]){ "UNIT FILE", "STATE", "PATH" });
	for (size_t i = 0; i < name_count; i++) {
		enum unit_type type = UNIT_SERVICE;
		char path[FILE_PATH_SIZE] = "";
		unsigned directory;
		const char *state = install_state_name(install_state(&directories, names[i]));
		bool shown = count == 0;

		for (int j = 0; j < count; j++)
			shown = shown || fnmatch(words[j], names[i], 0) == 0;
		(void)unit_name_type(str_from(names[i]), &type);
		(void)unit_files_find(&directories, names[i], path, &directory);
		if (!shown || (options->types && !list_has(options->types, unit_type_name(type))) ||
		    (options->states && !list_has(options->states, state))) {
			free(names[i]);
			continue;
		}
		if (options->json) {
			json_object(&json, NULL);
			json_string(&json, "unitFile", names[i]);
			json_string(&json, "state", state);
			json_string(&json, "path", path);
			json_end(&json, '}');
		} else {
			table_row(&table, COLOUR_NONE, (const char *[]){ names[i], state, path });
		}
		free(names[i]);
	}
	free(names);
	if (options->json)
		json_end(&json, ']');
	else
		table_print(&table, !options->no_legend, options->full);
	table_free(&table);
	return EXIT_OK;
}
