// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any datagram is a message: what is taken out of it lies within it. */
#include <assert.h>
#include <stdint.h>

#include "logd/log_record_parse.h"
#include "logd/syslog_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct str part, const uint8_t *data, size_t size)
{
	assert(part.n <= size);
	if (part.n > 0)
		assert((const uint8_t *)part.p >= data &&
		       (const uint8_t *)part.p + part.n <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str datagram = { (const char *)data, size };
	struct syslog_message m;
	unsigned priority = LOG_PRIORITY_DEFAULT;

	syslog_parse(datagram, &m);
	assert(m.priority <= LOG_PRIORITY_MAX && m.identifier.n <= LOG_IDENTIFIER_MAX);
	inside(m.text, data, size);
	inside(m.identifier, data, size);
	inside(syslog_take_level(datagram, &priority), data, size);
	assert(LOG_FACILITY(priority) == 3);
	return 0;
}
