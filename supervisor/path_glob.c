// SPDX-License-Identifier: MIT OR Apache-2.0
/* Expanding wildcards part by part: see path_glob.h. */
#include "supervisor/path_glob.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/directory.h"

#define PATH_SIZE 4096

/* @path is what is certain already, @rest begins with a slash or is empty. */
static int expand(const char *path, const char *rest, struct strings *paths)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	char part[DIRECTORY_NAME_SIZE];
	char full[PATH_SIZE];
	struct buf p = BUF(part);
	const char *name;
	const char *end;
	int r = 0;

	while (*rest == '/')
		rest++;
	if (!*rest)
		return access(path, F_OK) == 0 ? strings_add(paths, str_from(path)) : 0;
	end = strchrnul(rest, '/');
	buf_add_str(&p, (struct str){ rest, (size_t)(end - rest) });
	if (p.overflow)
		return 0;
	if (!strpbrk(part, "*?[\\")) {
		struct buf f = BUF(full);

		buf_printf(&f, "%s/%s", path, part);
		return f.overflow ? 0 : expand(full, end, paths);
	}
	if (directory_open(&d, AT_FDCWD, *path ? path : "/") < 0)
		return 0;
	while (r == 0 && directory_next(&d, &name) > 0) {
		struct buf f = BUF(full);

		if (fnmatch(part, name, FNM_PERIOD) != 0)
			continue;
		buf_printf(&f, "%s/%s", path, name);
		r = f.overflow ? 0 : expand(full, end, paths);
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int path_glob(const char *pattern, struct strings *ret_paths)
{
	size_t before = ret_paths->count;
	int r = expand("", pattern, ret_paths);

	if (ret_paths->count > before)
		qsort(ret_paths->list + before, ret_paths->count - before, sizeof(char *), compare);
	return r;
}
