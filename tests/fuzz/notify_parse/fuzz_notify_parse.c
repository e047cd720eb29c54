// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any datagram is a message or is refused (hc-29); the status is one printable, terminated line. */
#include <assert.h>
#include <stdint.h>

#include "supervisor/notify_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message m;

	if (size > NOTIFY_SIZE_MAX || notify_parse((struct str){ (const char *)data, size }, &m) < 0)
		return 0;
	assert(memchr(m.status, '\0', sizeof(m.status)));
	for (const char *p = m.status; *p; p++)
		assert((uint8_t)*p >= 0x20 && *p != 0x7f);
	assert(size == 0 || !memchr(data, '\0', size));
	return 0;
}
