// SPDX-License-Identifier: MIT OR Apache-2.0
/* Stored descriptors: see fd_store.h. A unit has few of them, so a walk over those in use is enough. */
#include "supervisor/fd_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kcmp.h>

#include "supervisor/fd_drop.h"
#include "supervisor/notify_parse.h"

static struct entry {
	int fd;
	unit_id unit; /* UNIT_NONE: free */
	char name[NOTIFY_FD_NAME_SIZE];
} entries[FD_STORE_MAX] _table_;

static unsigned used; /* entries from here on were never touched */
static int epoll_fd = -1;

void fd_store_init(int epoll)
{
	epoll_fd = epoll;
	used = 0;
}

static void drop(struct entry *entry)
{
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, entry->fd, NULL);
	entry->fd = fd_drop(entry->fd);
	entry->unit = UNIT_NONE;
}

static bool same_file(int a, int b)
{
	pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

static bool hangs_up(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 &&
	       (S_ISFIFO(st.stx_mode) || S_ISSOCK(st.stx_mode));
}

int fd_store_add(unit_id id, int fd, const char *name, unsigned limit, bool poll)
{
	struct entry *entry = NULL;
	struct epoll_event watch = { .events = EPOLLHUP | EPOLLERR };
	unsigned count = 0;
	struct buf b;

	for (unsigned i = 0; i < used; i++) {
		if (entries[i].unit == UNIT_NONE && !entry)
			entry = &entries[i];
		if (entries[i].unit != id)
			continue;
		count++;
		if (same_file(entries[i].fd, fd)) {
			fd_drop(fd);
			return 0;
		}
	}
	if (count >= limit) {
		fd_drop(fd);
		return -E2BIG;
	}
	if (!entry && used == FD_STORE_MAX) {
		fd_drop(fd);
		return -ENOSPC;
	}
	if (!entry)
		entry = &entries[used++];
	entry->fd = fd;
	entry->unit = id;
	b = BUF(entry->name);
	buf_add(&b, name);
	watch.data.u64 = FD_STORE_SOURCE | (uint64_t)(entry - entries);
	/* What epoll does not know (files) never hangs up; and it asks others how they are, which on FUSE waits for somebody. */
	if (poll && hangs_up(fd))
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &watch);
	return 1;
}

void fd_store_remove(unit_id id, const char *name)
{
	for (unsigned i = 0; i < used; i++)
		if (entries[i].unit == id && strcmp(entries[i].name, name) == 0)
			drop(&entries[i]);
}

void fd_store_clear(unit_id id)
{
	for (unsigned i = 0; i < used; i++)
		if (entries[i].unit == id)
			drop(&entries[i]);
}

size_t fd_store_collect(unit_id id, struct spawn_fd *ret_fds, size_t size)
{
	size_t count = 0;

	for (unsigned i = 0; i < used && count < size; i++)
		if (entries[i].unit == id)
			ret_fds[count++] = (struct spawn_fd){ entries[i].fd, entries[i].name, true };
	return count;
}

void fd_store_on_event(uint32_t index)
{
	if (index < used && entries[index].unit != UNIT_NONE)
		drop(&entries[index]);
}

void fd_store_moved(const unit_id *new_ids)
{
	for (unsigned i = 0; i < used; i++) {
		if (entries[i].unit == UNIT_NONE)
			continue;
		if (new_ids[entries[i].unit] == UNIT_NONE)
			drop(&entries[i]);
		else
			entries[i].unit = new_ids[entries[i].unit];
	}
}
