// SPDX-License-Identifier: MIT OR Apache-2.0
/* Specifiers: the first line is the unit's name, the rest the text. What comes out fits, or is refused. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "supervisor/machine.h"
#include "supervisor/unit_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct unit_machine machine = { .host_name = "node.example", .os_id = "debian" };
	struct str rest = { (const char *)data, size };
	struct str first = { 0 };
	char name[UNIT_NAME_SIZE];
	char out[512];
	struct buf n = BUF(name);
	struct buf b = BUF(out);
	struct unit_place place = { name, "/units/a.service", &machine };
	int r;

	(void)str_split(&rest, '\n', &first);
	if (first.n > 0 && memchr(first.p, '\0', first.n))
		return 0;
	buf_add_str(&n, first);
	r = unit_specifiers(rest, &place, &b);
	assert(r == 0 || r == -EINVAL);
	assert(b.len < sizeof(out) && out[b.len] == '\0');
	if (r == 0 && rest.n > 0 && !memchr(rest.p, '%', rest.n))
		assert(str_equal(rest, (struct str){ b.p, b.len }));
	/* Without a machine and a file less is known, never more. */
	place.path = NULL;
	place.machine = NULL;
	buf_clear(&b);
	if (r < 0)
		assert(unit_specifiers(rest, &place, &b) < 0);
	return 0;
}
