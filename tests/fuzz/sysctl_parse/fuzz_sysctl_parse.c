// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any text is lines of sysctl.d(5) or faults; no path leads out of /proc/sys. */
#include <assert.h>
#include <stdint.h>

#include "init/sysctl_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct sysctl_line line;
	unsigned number = 0;
	int r;

	while ((r = sysctl_next(&rest, &line, &number)) != 0) {
		assert(number > 0 && number <= size + 1);
		if (r < 0)
			continue;
		assert(memchr(line.path, '\0', sizeof(line.path)));
		assert(memchr(line.value, '\0', sizeof(line.value)));
		assert(str_starts(str_from(line.path), "/proc/sys/"));
		assert(!strstr(line.path, "/../") && !str_ends(str_from(line.path), "/.."));
	}
	assert(rest.n == 0);
	return 0;
}
