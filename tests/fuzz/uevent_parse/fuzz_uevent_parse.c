// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any datagram is an event, whose slices lie in it, or is refused. */
#include <assert.h>
#include <stdint.h>

#include "init/uevent_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct str s, struct str message)
{
	assert(s.n == 0 || (s.p >= message.p && s.p + s.n < message.p + message.n));
	assert(s.n == 0 || !memchr(s.p, '\0', s.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str message = { (const char *)data, size };
	struct uevent event;

	if (uevent_parse(message, &event) < 0)
		return 0;
	assert(event.action <= UEVENT_UNBIND);
	assert(event.devpath.n > 0 && event.devpath.p[0] == '/');
	assert_within(event.devpath, message);
	assert_within(event.subsystem, message);
	assert_within(event.devname, message);
	assert_within(event.devtype, message);
	assert_within(event.modalias, message);
	assert_within(event.partname, message);
	assert_within(event.partuuid, message);
	assert_within(event.verity_error, message);
	return 0;
}
