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
	if (unit_size(text, &number) < 0)
		assert(number == 42 || size > 0);
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
	(void)unit_specifiers(text, "web@data-x\\x2dy.service", &b);
	assert(b.len < sizeof(word));
	return 0;
}
