// SPDX-License-Identifier: MIT OR Apache-2.0
/* The boot record: see record.h. One descriptor and the waiting lines, all static. */
#include "init/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

#define LINE_SIZE 128
#define NAME_MAX_LENGTH 63

static int file = -1;
static char waiting[RECORD_WAITING_MAX][LINE_SIZE] _table_;
static unsigned waiting_count;

int record_open(void)
{
	int fd;

	if (file >= 0)
		return 0;
	if (mkdir(RECORD_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(RECORD_PATH, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	file = fd;
	for (unsigned i = 0; i < waiting_count; i++)
		(void)fd_write_all(file, waiting[i], strlen(waiting[i]));
	waiting_count = 0;
	return 0;
}

void record_close(void)
{
	file = fd_close(file);
}

void record_add(const char *name, uint64_t start, uint64_t end, const char *result)
{
	char line[LINE_SIZE];
	struct buf b = BUF(line);

	buf_printf(&b, "%.*s %llu %llu %.*s\n", NAME_MAX_LENGTH, name, (unsigned long long)start,
		   (unsigned long long)end, NAME_MAX_LENGTH, result);
	if (b.overflow)
		return;
	if (file >= 0)
		(void)fd_write_all(file, b.p, b.len);
	else if (waiting_count < RECORD_WAITING_MAX)
		memcpy(waiting[waiting_count++], line, sizeof(line));
}

uint64_t record_kernel_ended(void)
{
	/* Not on the stack, which never shrinks: this happens once. */
	static char text[16384] _table_;
	ssize_t n = file_read(AT_FDCWD, RECORD_PATH, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str line;

	while (str_split(&rest, '\n', &line)) {
		struct str name;
		struct str start;
		struct str end;
		uint64_t ns;

		if (str_next_word(&line, &name) && str_is(name, "kernel") &&
		    str_next_word(&line, &start) && str_next_word(&line, &end) &&
		    str_to_u64(end, &ns) == 0)
			return ns;
	}
	return 0;
}
