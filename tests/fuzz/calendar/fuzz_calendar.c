// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calendar events: what is accepted has its sets filled, and its moments only go forwards. */
#include <assert.h>
#include <stdint.h>

#include "supervisor/calendar_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct calendar calendar = { .weekdays = 99 };
	uint64_t at = UINT64_C(1700000000000000);

	if (calendar_parse((struct str){ (const char *)data, size }, &calendar) < 0) {
		assert(calendar.weekdays == 99);
		return 0;
	}
	assert(calendar.weekdays > 0 && calendar.weekdays < 128);
	assert(calendar.months && calendar.days && calendar.hours && calendar.minutes);
	assert(!(calendar.months & 1) && !(calendar.days & 1) && calendar.months < 1 << 13);
	assert(calendar.seconds_count > 0 && calendar.seconds_count <= CALENDAR_SECONDS_MAX);
	for (int i = 0; i < 3; i++) {
		uint64_t next;

		if (calendar_next(&calendar, at, &next) < 0)
			break;
		assert(next > at);
		at = next;
	}
	return 0;
}
