// SPDX-License-Identifier: MIT OR Apache-2.0
/* The first and the last record of a boot: see log_reader.h. Only the ends of its files are read. */
#include "logd/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"

/* Each end of a file has a record in this many bytes, unless it is damaged. */
#define END_SIZE (2 * LOG_LINE_MAX)

/* The first record in @text, or the last. */
static int find_record(struct str text, bool last, uint64_t *ret_wall_time)
{
	struct log_record record;
	struct str line;
	int r = -ENODATA;

	while (str_split(&text, '\n', &line)) {
		if (log_record_parse(line, &record) < 0)
			continue;
		*ret_wall_time = record.wall_time;
		r = 0;
		if (!last)
			break;
	}
	return r;
}

static int end_of_file(int boot_directory, uint32_t number, bool last, uint64_t *ret_wall_time)
{
	static char text[END_SIZE] _scratch_;
	char name[LOG_FILE_NAME_SIZE];
	_cleanup_fd_ int fd = -1;
	struct stat st;
	off_t start = 0;
	ssize_t n;

	log_file_name(number, name);
	fd = openat(boot_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (last && st.st_size > (off_t)sizeof(text))
		start = st.st_size - (off_t)sizeof(text);
	n = pread(fd, text, sizeof(text), start);
	if (n < 0)
		return -errno;
	return find_record((struct str){ text, (size_t)n }, last, ret_wall_time);
}

int log_boot_times(int directory, const struct log_boot *boot, struct log_boot_times *ret_times)
{
	_cleanup_fd_ int fd = log_boot_open(directory, boot);
	struct log_boot_times times;
	uint32_t number = 0;
	int r = fd < 0 ? fd : -ENODATA;

	/* A file may have no record yet: the next one has, then. */
	while (r == -ENODATA && log_file_next(fd, number, &number) > 0)
		r = end_of_file(fd, number, false, &times.first);
	if (r < 0)
		return r;
	number = UINT32_MAX;
	r = -ENODATA;
	while (r == -ENODATA && log_file_previous(fd, number, &number) > 0)
		r = end_of_file(fd, number, true, &times.last);
	if (r == 0)
		*ret_times = times;
	return r;
}
