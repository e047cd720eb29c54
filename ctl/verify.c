// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlopctl verify: what PID 1 would say of unit files, without a machine: lines that it does not
 * understand, units that are required and missing, programs that are not there, circles. Made for the
 * build of an image, where a fault must end the build: exit status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/unit_files.h"
#include "ctl/verbs.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/graph.h"
#include "supervisor/unit_load.h"

static struct unit_set set;

struct verification {
	const struct options *options;
	struct unit_directories directories;
	const char *search_path[UNIT_DIRECTORIES + 2];
	int root_fd;
	const char *only; /* a FILE's directory: what is elsewhere is not ours to judge; NULL: all */
	struct json json;
	char **said; /* the same fault is met once for each unit that pulls the file in */
	size_t said_count;
	size_t unit_count;
};

/* ---- saying it ---- */

static bool is_new(struct verification *v, const char *text)
{
	char **more;

	for (size_t i = 0; i < v->said_count; i++)
		if (strcmp(v->said[i], text) == 0)
			return false;
	more = realloc(v->said, (v->said_count + 1) * sizeof(*more));
	if (!more)
		abort();
	v->said = more;
	v->said[v->said_count] = strdup(text);
	if (!v->said[v->said_count++])
		abort();
	return true;
}

static void on_problem(void *context, const struct unit_problem *p)
{
	struct verification *v = context;
	char text[2048];
	struct buf b = BUF(text);

	if (v->only && !(p->file && str_starts(str_from(p->file), v->only)))
		return;
	buf_add(&b, p->file ? p->file : "unit");
	if (p->line > 0)
		buf_printf(&b, ":%u", p->line);
	buf_add(&b, ": ");
	if (p->key.n > 0)
		buf_printf(&b, STR_FORMAT "%s", (int)(p->key.n < 200 ? p->key.n : 200), p->key.p,
			   p->line > 0 ? "=" : "");
	if (p->value.n > 0)
		buf_printf(&b, STR_FORMAT, (int)(p->value.n < 500 ? p->value.n : 500), p->value.p);
	if (p->key.n > 0)
		buf_add(&b, ": ");
	buf_add(&b, p->reason);
	if (p->hint)
		buf_printf(&b, " (did you mean %s=?)", p->hint);
	if (!is_new(v, text))
		return;
	if (!v->options->json) {
		puts(text);
		return;
	}
	json_object(&v->json, NULL);
	json_string(&v->json, "file", p->file ? p->file : "");
	json_number(&v->json, "line", p->line);
	json_str(&v->json, "directive", p->key);
	json_str(&v->json, "value", p->value);
	json_string(&v->json, "reason", p->reason);
	if (p->hint)
		json_string(&v->json, "hint", p->hint);
	else
		json_null(&v->json, "hint");
	json_end(&v->json, '}');
}

static void say(struct verification *v, const struct unit *unit, const char *key, const char *value,
		const char *reason)
{
	struct unit_problem problem = {
		.file = unit->path ? unit->path : unit->name,
		.key = str_from(key),
		.value = str_from(value),
		.reason = reason,
	};

	on_problem(v, &problem);
}

/* ---- what is looked at ---- */

/* A path of the machine, with the links of its root directory as that machine sees them. */
static int look_up(const struct verification *v, const char *path, struct stat *ret_stat)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	_cleanup_fd_ int fd = (int)syscall(SYS_openat2, v->root_fd, path, &how, sizeof(how));

	if (fd < 0)
		return -errno;
	return fstat(fd, ret_stat) < 0 ? -errno : 0;
}

static void check_commands(struct verification *v, const struct unit *unit)
{
	for (size_t i = 0; i < unit->command_count; i++) {
		const struct exec_command *command = &unit->commands[i];
		struct stat st;
		int r;

		/* What lies in another root, or may fail, is no fault. */
		if (command->flags & EXEC_IGNORE_FAILURE || unit->exec->root_directory ||
		    command->path[0] != '/')
			continue;
		r = look_up(v, command->path, &st);
		if (r < 0)
			say(v, unit, command->path, "", error_name(r));
		else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			say(v, unit, command->path, "", "is no program");
	}
}

static void check_requirements(struct verification *v, unit_id id)
{
	static const char *const kinds[UNIT_DEPENDENCY_COUNT] = {
		[UNIT_REQUIRES] = "Requires",
		[UNIT_BINDS_TO] = "BindsTo",
		[UNIT_REQUISITE] = "Requisite",
	};
	size_t count;
	const struct unit_edge *edges = graph_edges(&set, id, &count);

	for (size_t i = 0; i < count; i++) {
		const struct unit *other = &set.units[edges[i].to];
		const char *reason = other->load == UNIT_NOT_FOUND ? "there is no such unit"
				     : other->load == UNIT_MASKED  ? "that is masked"
				     : other->load == UNIT_BAD	   ? "that cannot be used"
								   : NULL;

		if (!kinds[edges[i].kind] || !reason)
			continue;
		/* A single file on a machine without our units: its default dependency is no fault of it. */
		if (!v->options->root && strcmp(other->name, "sysinit.target") == 0)
			continue;
		say(v, &set.units[id], kinds[edges[i].kind], other->name, reason);
	}
}

static void check_cycle(struct verification *v)
{
	static uint8_t members[UNIT_MAX];
	unit_id cycle[GRAPH_CYCLE_MAX];
	char text[2048];
	struct buf b = BUF(text);
	size_t length;

	for (unit_id id = 0; id < set.count; id++)
		members[id] = set.units[id].load == UNIT_LOADED;
	length = graph_find_cycle(&set, members, cycle);
	if (length == 0)
		return;
	for (size_t i = 0; i < length && i < GRAPH_CYCLE_MAX; i++)
		buf_printf(&b, "%s after ", set.units[cycle[i]].name);
	buf_add(&b, length > GRAPH_CYCLE_MAX ? "..." : set.units[cycle[0]].name);
	say(v, &set.units[cycle[0]], "After", text, "units wait for each other in a circle");
}

static int verify_unit(struct verification *v, const char *name)
{
	struct unit_loader loader = {
		.search_path = v->search_path,
		.problem = on_problem,
		.context = v,
	};
	unit_id id;
	int r = unit_load(&loader, &set, name, &id);

	if (r < 0) {
		complain("%s: %s", name,
			 r == -ENOSPC ? "more units than Orlop can hold" : error_name(r));
		return EXIT_FAILED;
	}
	if (set.units[id].load == UNIT_NOT_FOUND) {
		complain("%s: there is no such unit", name);
		return EXIT_NOT_INSTALLED;
	}
	for (id = 0; id < set.count; id++) {
		if (set.units[id].load != UNIT_LOADED)
			continue;
		v->unit_count++;
		check_commands(v, &set.units[id]);
		check_requirements(v, id);
	}
	check_cycle(v);
	return EXIT_OK;
}

/* A word is a unit, or with a slash the path of a file, whose directory is then the first of the search path. */
static int verify_word(struct verification *v, const char *word)
{
	char directory[FILE_PATH_SIZE];
	char name[UNIT_NAME_SIZE];
	struct buf d = BUF(directory);
	struct buf b = BUF(name);
	const char *slash = strrchr(word, '/');
	int status;

	if (slash)
		buf_add_str(&d, (struct str){ word, slash > word ? (size_t)(slash - word) : 1 });
	v->search_path[0] = directory;
	memcpy(v->search_path + 1, v->directories.search_path, sizeof(v->directories.search_path));
	if (!slash)
		memcpy(v->search_path, v->directories.search_path, sizeof(v->directories.search_path));
	if (slash && access(word, F_OK) < 0) {
		complain("%s: %s", word, error_name(errno));
		return EXIT_FAILED;
	}
	if (unit_name_complete(slash ? slash + 1 : word, &b) < 0)
		return EXIT_FAILED;
	v->only = slash && !v->options->root ? directory : NULL;
	status = verify_unit(v, name);
	v->only = NULL;
	return status;
}

/* Every unit file that is there, for --all. */
static int verify_all(struct verification *v)
{
	char **names;
	size_t count;
	int status = EXIT_OK;

	(void)unit_file_names(&v->directories, &names, &count);
	for (size_t i = 0; i < count; i++) {
		char path[FILE_PATH_SIZE];
		unsigned directory;

		/* A template is looked at as its instances are. */
		if (!strstr(names[i], "@.") &&
		    unit_files_find(&v->directories, names[i], path, &directory) == 0 &&
		    !unit_file_masked(path) && status == EXIT_OK)
			status = verify_word(v, names[i]);
		free(names[i]);
	}
	free(names);
	return status;
}

static void finish(struct verification *v, int status)
{
	if (v->options->json)
		json_end(&v->json, ']');
	else if (status == EXIT_OK && v->said_count == 0 && !v->options->quiet)
		puts("no faults");
	for (size_t i = 0; i < v->said_count; i++)
		free(v->said[i]);
	free(v->said);
	fd_close(v->root_fd);
}

int verb_verify(const char *verb _unused_, const struct options *options, char *const words[], int count)
{
	struct verification v = { .options = options, .json = json_to(stdout) };
	bool faulty;
	int status = EXIT_OK;

	v.root_fd = open(options->root ? options->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (v.root_fd < 0 || unit_directories_init(&v.directories, options->root) < 0) {
		complain("%s: %s", options->root ? options->root : "/", error_name(errno));
		return EXIT_FAILED;
	}
	if (options->json)
		json_array(&v.json, NULL);
	if (options->all)
		status = verify_all(&v);
	else if (count == 0)
		status = verify_word(&v, "default.target");
	for (int i = 0; i < count; i++) {
		int r = verify_word(&v, words[i]);

		status = status == EXIT_OK ? r : status;
	}
	faulty = v.said_count > 0;
	finish(&v, status);
	return status != EXIT_OK ? status : faulty ? EXIT_FAILED : EXIT_OK;
}
