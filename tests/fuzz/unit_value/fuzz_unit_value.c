// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values of directives: what is accepted is within its bounds, what is refused changes nothing. */
#include <assert.h>
#include <signal.h>
#include <stdint.h>

#include "supervisor/unit_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct str rest = text;
	char word[256];
	struct buf b = BUF(word);
	uint64_t number = 42;
	uint64_t cpus[2] = { 0 };
	bool truth = true;
	int r;

	while ((r = unit_next_word(&rest, &b)) > 0) {
		assert(b.len < sizeof(word) && word[b.len] == '\0');
		/* White space at the end is taken off right away. */
		assert(rest.p >= text.p && rest.p + rest.n <= text.p + text.n);
	}
	assert(r <= 0);
	if (unit_boolean(text, &truth) < 0)
		assert(truth);
	if (unit_time(text, &number) < 0)
		assert(number == 42);
	number = 42;
	if (unit_size(text, 1024, &number) < 0)
		assert(number == 42);
	r = unit_signal(text);
	assert(r < 0 || (r > 0 && r < NSIG));
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit limit = { 1, 2 };

		if (unit_limit(resource, text, &limit) < 0)
			assert(limit.rlim_cur == 1 && limit.rlim_max == 2);
		else
			assert(limit.rlim_cur <= limit.rlim_max);
	}
	buf_clear(&b);
	(void)unit_unescape(text, &b);
	assert(b.len < sizeof(word));
	if (unit_cpu_list(text, cpus, sizeof(cpus) * 8) == 0) {
		buf_clear(&b);
		unit_cpu_list_format(cpus, sizeof(cpus) * 8, &b);
		assert(b.len > 0);
		/* The kernel's way to write it is one that is understood. */
		if (!b.overflow)
			assert(unit_cpu_list((struct str){ b.p, b.len }, cpus, sizeof(cpus) * 8) == 0);
	}
	return 0;
}
