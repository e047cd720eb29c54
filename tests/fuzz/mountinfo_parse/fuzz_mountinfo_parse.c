// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any text must come to an end, its slices must lie in it, and an unescaped path is never longer than it was. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "mount/mountinfo_parse.h"
#include "mount/teardown_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct str s, struct str text)
{
	assert(s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n));
	assert(!memchr(s.n ? s.p : "", '\n', s.n));
}

static void check_unescape(struct str field)
{
	char text[64];
	int r = mountinfo_unescape(field, text, sizeof(text));

	assert(r == -ENAMETOOLONG || r == -EBADMSG || (r >= 0 && (size_t)r <= field.n));
	if (r >= 0)
		assert(strlen(text) == (size_t)r || memchr(field.p, '\0', field.n));
	if (r == -ENAMETOOLONG)
		assert(field.n >= sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct str rest = text;
	struct mountinfo m = { 0 };
	size_t before = rest.n;
	int r;

	while ((r = mountinfo_next(&rest, &m)) != 0) {
		assert(r == 1 || r == -EBADMSG);
		assert(rest.n < before);
		before = rest.n;
		if (r < 0)
			continue;
		assert(m.where.n > 0 && m.fs_type.n > 0);
		assert_within(m.root, text);
		assert_within(m.where, text);
		assert_within(m.options, text);
		assert_within(m.fs_type, text);
		assert_within(m.source, text);
		assert_within(m.super_options, text);
		check_unescape(m.where);
		(void)teardown_wants_read_only(&m);
		(void)teardown_action(&m, "/var");
	}
	return 0;
}
