// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A child's descriptors: see descriptors.h. All that are passed move above the numbers that they are to
 * have first, so that none is overwritten.
 */
#include "supervisor/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/fd.h"

/* Copies @fd to the first free number from @first on, to be closed at exec. Return: the copy or -errno. */
static int move_up(int fd, int first)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, first);

	return r < 0 ? -errno : r;
}

/* Of sockets NonBlocking= says it either way, as who used it before may have changed it. */
static int set_blocking(const struct unit *unit, int fd)
{
	bool non_blocking = unit->type == UNIT_SERVICE && unit->service->non_blocking;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = non_blocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

static int pass(const struct spawn_request *request)
{
	static int copies[SPAWN_FD_MAX] _table_;
	int first = 3 + (int)request->fd_count;

	for (size_t i = 0; i < request->fd_count; i++) {
		copies[i] = move_up(request->fds[i].fd, first);
		if (copies[i] < 0)
			return child_error(copies[i], "%s", request->fds[i].name);
	}
	for (size_t i = 0; i < request->fd_count; i++) {
		int r = dup2(copies[i], 3 + (int)i) < 0 ? -errno : 0;

		if (r == 0 && !request->fds[i].stored)
			r = set_blocking(request->unit, 3 + (int)i);

		if (r < 0)
			return child_error(r, "%s", request->fds[i].name);
	}
	return 0;
}

int descriptors_arrange(const struct spawn_request *request, int *status_fd)
{
	unsigned first = 3 + (unsigned)request->fd_count;
	int r;

	if (request->fd_count > SPAWN_FD_MAX)
		return -E2BIG;
	r = move_up(*status_fd, (int)first);
	if (r < 0)
		return r;
	*status_fd = r;
	r = pass(request);
	if (r < 0)
		return r;
	if ((unsigned)*status_fd > first && close_range(first, (unsigned)*status_fd - 1, 0) < 0)
		return -errno;
	return close_range((unsigned)*status_fd + 1, ~0U, 0) < 0 ? -errno : 0;
}

const char *descriptors_names(const struct spawn_request *request)
{
	char *names = NULL;
	size_t size;
	FILE *out = open_memstream(&names, &size);

	if (!out)
		return "";
	for (size_t i = 0; i < request->fd_count; i++)
		fprintf(out, "%s%s", i > 0 ? ":" : "", request->fds[i].name);
	return fclose(out) == 0 ? names : "";
}
