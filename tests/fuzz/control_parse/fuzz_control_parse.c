// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any datagram is a request or is refused; what a request names is a unit, a signal and known words. */
#include <assert.h>
#include <signal.h>
#include <stdint.h>

#include "init/control_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request;
	enum unit_type type;
	unsigned flags;
	int r = control_parse((struct str){ (const char *)data, size }, &request);

	assert(r >= 0 && r < CONTROL_ERROR_COUNT);
	assert(memchr(request.unit, '\0', sizeof(request.unit)));
	if (r > 0) {
		assert(control_error_name((enum control_error)r));
		/* Nothing of a request that was refused counts. */
		assert(!*request.unit && request.signal == 0 && !request.no_block && !request.now);
		return 0;
	}
	assert(size <= CONTROL_REQUEST_MAX);
	assert(request.verb < CONTROL_VERB_COUNT);
	flags = control_verbs[request.verb].flags;
	assert(!*request.unit || unit_name_type(str_from(request.unit), &type) == 0);
	assert(!*request.unit == !(flags & CONTROL_TAKES_UNIT) || flags & CONTROL_UNIT_OPTIONAL);
	assert(!request.no_block || flags & CONTROL_TAKES_NO_BLOCK);
	assert(!request.now || flags & CONTROL_TAKES_NOW);
	assert((request.signal != 0) == ((flags & CONTROL_TAKES_SIGNAL) != 0));
	assert(request.signal >= 0 && request.signal < NSIG);
	return 0;
}
