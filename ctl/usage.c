// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a unit uses, from the files of its cgroup (Documentation/admin-guide/cgroup-v2.rst): see state.h. */
#include <fcntl.h>
#include <stdio.h>

#include "ctl/state.h"
#include "lib/clock.h"
#include "lib/fd.h"

static int read_number(const struct unit_state *unit, const char *file, uint64_t *ret_number)
{
	char path[1024];
	char text[64];
	struct buf b = BUF(path);
	ssize_t n;

	buf_printf(&b, "/sys/fs/cgroup%s/%s", unit->cgroup, file);
	n = b.overflow ? -1 : file_read(AT_FDCWD, path, text, sizeof(text));
	if (n <= 0)
		return -1;
	return str_to_u64(str_trim((struct str){ text, (size_t)n - (text[n - 1] == '\n') }), ret_number);
}

static int read_cpu(const struct unit_state *unit, uint64_t *ret_ns)
{
	char path[1024];
	char text[4096];
	struct buf b = BUF(path);
	struct str rest;
	struct str line;
	ssize_t n;

	buf_printf(&b, "/sys/fs/cgroup%s/cpu.stat", unit->cgroup);
	n = b.overflow ? -1 : file_read(AT_FDCWD, path, text, sizeof(text));
	if (n <= 0)
		return -1;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		struct str key;
		struct str value;
		uint64_t us;

		if (str_next_word(&line, &key) && str_is(key, "usage_usec") &&
		    str_next_word(&line, &value) && str_to_u64(value, &us) == 0) {
			*ret_ns = clock_multiply(us, NS_PER_US);
			return 0;
		}
	}
	return -1;
}

void unit_usage_read(const struct unit_state *unit, struct unit_usage *ret_usage)
{
	struct unit_usage usage = { 0 };

	if (*unit->cgroup) {
		usage.known = read_cpu(unit, &usage.cpu) == 0;
		(void)read_number(unit, "memory.current", &usage.memory);
		(void)read_number(unit, "memory.peak", &usage.memory_peak);
		(void)read_number(unit, "pids.current", &usage.tasks);
	}
	*ret_usage = usage;
}
