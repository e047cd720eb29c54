// SPDX-License-Identifier: MIT OR Apache-2.0
/* The last lines of a unit's log, from orlop-logd's file of it: see logs.h. */
#include "ctl/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/output.h"
#include "ctl/verbs.h"
#include "lib/fd.h"
#include "lib/klog.h"

/* How far back from its end a file is looked at. */
#define TAIL_SIZE (256 * 1024)

int logs_tail(const char *unit, unsigned lines, void (*line)(void *context, struct str line),
	      void *context)
{
	static char text[TAIL_SIZE];
	char path[512];
	struct buf b = BUF(path);
	struct str rest;
	struct str one;
	struct stat st;
	_cleanup_fd_ int fd = -1;
	unsigned count = 0;
	ssize_t n;

	buf_printf(&b, "/var/log/orlop/%s.log", unit);
	fd = b.overflow ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	n = pread(fd, text, sizeof(text), st.st_size > TAIL_SIZE ? st.st_size - TAIL_SIZE : 0);
	if (n < 0)
		return -errno;
	/* Back over the newline of each line that is wanted. */
	rest = (struct str){ text + n, 0 };
	while (rest.p > text) {
		if (rest.p[-1] == '\n' && rest.n > 0 && ++count == lines)
			break;
		rest.p--;
		rest.n++;
	}
	while (str_split(&rest, '\n', &one))
		line(context, one);
	return 0;
}

static void print(void *context _unused_, struct str line)
{
	printf(STR_FORMAT "\n", STR_ARGS(line));
}

int logs_main(int argc, char **argv)
{
	struct option_error error;
	struct options options;
	uint64_t lines = UINT32_MAX;
	int count = options_parse(argc, argv, &options, &error);

	if (count < 1 || (options.lines && str_to_u64(str_from(options.lines), &lines) < 0)) {
		complain("logs [-n N] UNIT...");
		return EXIT_USAGE;
	}
	for (int i = 1; i <= count; i++) {
		char name[256];
		struct buf unit = BUF(name);
		int r = unit_name_complete(argv[i], &unit);

		if (r == 0)
			r = logs_tail(name, (unsigned)lines, print, NULL);
		if (r < 0) {
			complain("%s: %s", argv[i], error_name(r));
			return EXIT_FAILED;
		}
	}
	return EXIT_OK;
}
