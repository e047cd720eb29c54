// SPDX-License-Identifier: MIT OR Apache-2.0
/* Stamp files of timers: see timer_stamp.h. */
#include "supervisor/timer_stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"
#include "supervisor/unit.h"

#define US_PER_S UINT64_C(1000000)
#define PATH_SIZE (sizeof(TIMER_STAMP_DIRECTORY "/stamp-") + UNIT_NAME_SIZE)

/* In the child: opens the file, makes it if it is not there. Return: a descriptor, or -errno. */
static int open_stamp(const char *name, int flags)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	int fd;

	buf_printf(&b, "%s/stamp-%s", TIMER_STAMP_DIRECTORY, name);
	if (flags & O_CREAT)
		(void)make_directories(TIMER_STAMP_DIRECTORY, 0755);
	fd = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
	return fd < 0 ? -errno : fd;
}

static _noreturn_ void work_read(const char *name)
{
	uint64_t time = 0;
	struct stat st;
	int fd = open_stamp(name, 0);

	if (fd >= 0 && fstat(fd, &st) == 0)
		time = (uint64_t)st.st_mtim.tv_sec * US_PER_S + (uint64_t)st.st_mtim.tv_nsec / 1000;
	else if (fd == -ENOENT)
		(void)open_stamp(name, O_CREAT);
	_exit(worker_send(&time, sizeof(time), NULL, 0) < 0);
}

static _noreturn_ void work_write(const char *name, uint64_t time)
{
	struct timespec when = {
		.tv_sec = (time_t)(time / US_PER_S),
		.tv_nsec = (long)(time % US_PER_S * 1000),
	};
	int fd = open_stamp(name, O_CREAT);

	_exit(fd < 0 || futimens(fd, (const struct timespec[]){ when, when }) < 0);
}

int timer_stamp_read(const char *name, struct worker *ret_worker)
{
	int r = worker_fork(NULL, 0, ret_worker);

	if (r == 1)
		work_read(name);
	return r;
}

uint64_t timer_stamp_result(struct worker *worker)
{
	uint64_t time;

	return worker_result(worker, &time, sizeof(time), NULL) < 0 ? 0 : time;
}

int timer_stamp_write(const char *name, uint64_t time, struct worker *ret_worker)
{
	int r = worker_fork(NULL, 0, ret_worker);

	if (r == 1)
		work_write(name, time);
	return r;
}
