// SPDX-License-Identifier: MIT OR Apache-2.0
/* Resting: see rest.h. The deadline is moved only when it has passed, so that work does not set a timer each time. */
#include "lib/rest.h"

#include "lib/clock.h"
#include "lib/pages.h"

#define REST_AFTER (3 * NS_PER_S)

static uint64_t due = CLOCK_TIME_MAX;
static uint64_t moved;

void rest_moved(uint64_t now)
{
	moved = now;
	if (due == CLOCK_TIME_MAX)
		due = clock_add(now, REST_AFTER);
}

uint64_t rest_deadline(void)
{
	return due;
}

bool rest_try(uint64_t now)
{
	if (now < due)
		return false;
	due = clock_add(moved, REST_AFTER);
	if (now < due)
		return false;
	due = CLOCK_TIME_MAX;
	scratch_give_back();
	stack_give_back();
	code_give_back();
	return true;
}
