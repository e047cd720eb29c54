// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Loading kernel modules: see modules.h. The struct owns one directory descriptor and up to four anonymous
 * mappings, all of which modules_close() gives back. A load that fails leaves the others as they were.
 */
#include "init/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init/cmdline_parse.h"
#include "lib/clock.h"
#include "lib/fd.h"

/* Debian's modules.alias has some 2 MB; what is eight times as large is no index. */
#define INDEX_SIZE_MAX (16 * 1024 * 1024)

int modules_open(struct modules *m, const char *root)
{
	struct utsname uts;
	char path[256];
	struct buf b = BUF(path);
	int fd;

	if (uname(&uts) < 0)
		return -errno;
	buf_printf(&b, "%s/usr/lib/modules/%s", root, uts.release);
	if (b.overflow)
		return -ENAMETOOLONG;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*m = (struct modules){ .directory = fd };
	return 0;
}

static void index_close(struct modules_index *index)
{
	if (index->mapped > 0)
		(void)munmap(index->text, index->mapped);
	*index = (struct modules_index){ 0 };
}

void modules_close(struct modules *m)
{
	m->directory = fd_close(m->directory);
	index_close(&m->dep);
	index_close(&m->softdep);
	index_close(&m->alias);
	index_close(&m->builtin);
	m->done_count = 0;
}

/* Reads an index when it is first asked for. One that is missing is empty, as for modprobe(8). */
static int index_text(struct modules *m, struct modules_index *index, const char *file, struct str *ret)
{
	if (!index->text) {
		_cleanup_fd_ int fd = openat(m->directory, file, O_RDONLY | O_CLOEXEC);
		struct stat st = { 0 };
		size_t size;
		ssize_t n;
		char *text;

		if (fd < 0 && errno == ENOENT) {
			*ret = (struct str){ "", 0 };
			return 0;
		}
		if (fd < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (st.st_size > INDEX_SIZE_MAX)
			return -EFBIG;
		/* fd_read_all() wants one byte for its NUL and one to see that the end is the end. */
		size = (size_t)st.st_size + 2;
		text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (text == MAP_FAILED)
			return -errno;
		n = fd_read_all(fd, text, size);
		if (n < 0) {
			(void)munmap(text, size);
			return (int)n;
		}
		*index = (struct modules_index){ .text = text, .length = (size_t)n, .mapped = size };
	}
	*ret = (struct str){ index->text, index->length };
	return 0;
}

/*
 * /sys/module/NAME is there as well for what is built in and has parameters; "initstate" is not. One that
 * somebody else is loading just now is "coming": finit_module(2) then waits for it.
 */
static bool is_loaded(const char *name)
{
	char path[sizeof("/sys/module//initstate") + MODULE_NAME_SIZE];
	char text[16];
	struct buf b = BUF(path);
	ssize_t n;

	buf_printf(&b, "/sys/module/%s/initstate", name);
	n = file_read(AT_FDCWD, path, text, sizeof(text));
	return n > 0 && str_is((struct str){ text, (size_t)n }, "live\n");
}

static bool is_done(const struct modules *m, const char *line)
{
	for (size_t i = 0; i < m->done_count; i++)
		if (m->done[i] == line)
			return true;
	return false;
}

static void forget_done(struct modules *m, const char *line)
{
	for (size_t i = 0; i < m->done_count; i++)
		if (m->done[i] == line)
			m->done[i] = m->done[--m->done_count];
}

static int insert_file(struct modules *m, struct str path, const char *options)
{
	_cleanup_fd_ int fd = -1;
	char file[512];
	struct buf b = BUF(file);
	int flags = str_ends(path, ".ko") ? 0 : MODULE_INIT_COMPRESSED_FILE;

	buf_add_str(&b, path);
	if (b.overflow)
		return -ENAMETOOLONG;
	fd = openat(m->directory, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, options, flags) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* Hands one file to the kernel with its options, and says so. Dependencies are in place by now. */
static int insert(struct modules *m, const char *name, struct str path, const char *more, bool soft)
{
	char options[MODULES_OPTIONS_SIZE];
	struct buf b = BUF(options);
	struct module_report report = { .name = name, .path = path, .options = options, .soft = soft };

	report.start_ns = clock_now();
	cmdline_module_options(m->cmdline, str_from(name), &b);
	if (*more) {
		buf_add(&b, b.len > 0 ? " " : "");
		buf_add(&b, more);
	}
	if (b.overflow)
		report.error = -E2BIG;
	else if (!m->dry_run)
		report.error = insert_file(m, path, options);
	report.end_ns = clock_now();
	if (m->report)
		m->report(m->userdata, &report);
	return report.error;
}

static int load(struct modules *m, struct str name, const char *options, bool soft);

/* Soft dependencies are wishes: each failure was reported where it happened, and nothing depends on it. */
static int load_soft(struct modules *m, const char *name, enum modules_softdep_when when)
{
	struct modules_softdep_walk walk = { 0 };
	struct str wish;
	int r = index_text(m, &m->softdep, "modules.softdep", &walk.rest);

	if (r < 0)
		return r;
	while (modules_softdep_next(&walk, str_from(name), when, &wish))
		(void)load(m, wish, "", true);
	return 0;
}

static int load_line(struct modules *m, const struct module_dependency *line, const char *name,
		     const char *options, bool soft)
{
	struct str rest = line->dependencies;
	struct str path;
	int r = load_soft(m, name, MODULES_SOFTDEP_PRE);

	while (r == 0 && modules_last_path(&rest, &path)) {
		char dependency[MODULE_NAME_SIZE];

		r = module_name_from_path(path, dependency);
		if (r == 0)
			r = load(m, str_from(dependency), "", soft);
	}
	if (r == 0)
		r = insert(m, name, line->path, options, soft);
	if (r == 0)
		r = load_soft(m, name, MODULES_SOFTDEP_POST);
	return r;
}

/* Loads one module by its own name. -ENOENT also where it exists but one of its dependencies does not. */
static int load_module(struct modules *m, const char *name, const struct module_dependency *line,
		       const char *options, bool soft)
{
	int r;

	if (is_done(m, line->path.p))
		return 0;
	if (!m->dry_run && is_loaded(name))
		return 0;
	if (m->depth == MODULES_DEPTH_MAX)
		return -ELOOP;
	/* Noted before its dependencies are looked at, so that a circle of soft ones ends. */
	if (m->done_count < MODULES_DONE_MAX)
		m->done[m->done_count++] = line->path.p;
	m->depth++;
	r = load_line(m, line, name, options, soft);
	m->depth--;
	if (r < 0)
		forget_done(m, line->path.p);
	return r;
}

/* Every module with a matching alias. Returns how many are there now, or the first failure. */
static int load_matching(struct modules *m, struct str alias, const char *options, bool soft)
{
	struct str dep;
	struct str rest;
	struct str module;
	int failure = 0;
	int count = 0;
	int r = index_text(m, &m->alias, "modules.alias", &rest);

	if (r == 0)
		r = index_text(m, &m->dep, "modules.dep", &dep);
	if (r < 0)
		return r;
	while (modules_alias_next(&rest, alias, &module)) {
		struct module_dependency line;
		char name[MODULE_NAME_SIZE];

		if (module_name_from_path(module, name) < 0 ||
		    cmdline_module_blacklisted(m->cmdline, module))
			continue;
		/* An alias of a module that is not in this tree (the initramfs has few) is no failure. */
		if (!modules_dep_find(dep, module, &line))
			continue;
		r = load_module(m, name, &line, options, soft);
		if (r < 0 && failure == 0)
			failure = r;
		if (r == 0)
			count++;
	}
	return failure < 0 ? failure : count;
}

static int load(struct modules *m, struct str name, const char *options, bool soft)
{
	struct module_dependency line;
	char plain[MODULE_NAME_SIZE];
	struct str text;
	int r;

	/* A path would be a name to module_name_from_path(); an alias with a ':' or a '*' fails there. */
	if (!memchr(name.p, '/', name.n) && !memchr(name.p, '.', name.n) &&
	    module_name_from_path(name, plain) == 0) {
		/* No index is read for what is there already, which is what is asked for most. */
		if (!m->dry_run && !m->use_blacklist && is_loaded(plain))
			return 0;
		r = index_text(m, &m->dep, "modules.dep", &text);
		if (r < 0)
			return r;
		if (modules_dep_find(text, name, &line)) {
			if (m->use_blacklist && m->depth == 0 &&
			    cmdline_module_blacklisted(m->cmdline, name))
				return -EPERM;
			return load_module(m, plain, &line, options, soft);
		}
		r = index_text(m, &m->builtin, "modules.builtin", &text);
		if (r < 0)
			return r;
		if (modules_builtin_has(text, name) || is_loaded(plain))
			return 0;
	}
	r = load_matching(m, name, options, soft);
	if (r < 0)
		return r;
	return r > 0 ? 0 : -ENOENT;
}

int modules_load(struct modules *m, struct str name, const char *options)
{
	return name.n == 0 ? -ENOENT : load(m, name, options, false);
}

int modules_load_alias(struct modules *m, struct str modalias)
{
	return load_matching(m, modalias, "", false);
}
