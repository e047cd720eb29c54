// SPDX-License-Identifier: MIT OR Apache-2.0
/* Directory walks without allocation: see directory.h. The caller's struct owns the descriptor. */
#include "lib/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/str.h"

int directory_open(struct directory *d, int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	d->fd = fd;
	d->length = 0;
	d->offset = 0;
	return 0;
}

void directory_close(struct directory *d)
{
	d->fd = fd_close(d->fd);
}

int directory_next(struct directory *d, const char **ret_name)
{
	for (;;) {
		struct dirent64 *entry;

		if (d->offset >= d->length) {
			ssize_t n = getdents64(d->fd, d->buffer, sizeof(d->buffer));

			if (n < 0)
				return -errno;
			if (n == 0)
				return 0;
			d->length = (unsigned)n;
			d->offset = 0;
		}
		/* The kernel keeps each record aligned to eight bytes, as the buffer is. */
		entry = (struct dirent64 *)(void *)((char *)d->buffer + d->offset);
		d->offset += entry->d_reclen;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		*ret_name = entry->d_name;
		return 1;
	}
}

int directory_next_sorted(int at, const char *path, const char *after, const char *suffix,
			  char ret_name[static DIRECTORY_NAME_SIZE])
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	char best[DIRECTORY_NAME_SIZE] = "";
	const char *name;
	int r = directory_open(&d, at, path);

	if (r < 0)
		return r;
	while ((r = directory_next(&d, &name)) > 0) {
		size_t n = strlen(name);

		if (n >= sizeof(best) || strcmp(name, after) <= 0 || !str_ends(str_from(name), suffix))
			continue;
		if (!*best || strcmp(name, best) < 0)
			memcpy(best, name, n + 1);
	}
	if (r < 0)
		return r;
	if (!*best)
		return 0;
	memcpy(ret_name, best, sizeof(best));
	return 1;
}
