// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any record is a reply or is refused; the unit that it tells of is made of terminated texts. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "ctl/boot_parse.h"
#include "ctl/reply_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_record boot;
	struct str text = { (const char *)data, size };
	struct system_state system;
	struct unit_state *unit;
	struct reply reply;

	boot_parse(text, &boot);
	for (size_t i = 0; i < boot.count; i++) {
		assert(boot.entries[i].start <= boot.entries[i].end);
		assert(i == 0 || boot.entries[i - 1].start <= boot.entries[i].start);
	}
	if (reply_parse(text, &reply) < 0)
		return 0;
	system_state_read(reply.body, &system);
	unit = unit_state_new(reply.body);
	assert(unit);
	assert(strlen(unit->name) + strlen(unit->description) + strlen(unit->status) <= 3 * size);
	free(unit);
	return 0;
}
