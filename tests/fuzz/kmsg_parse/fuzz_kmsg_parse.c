// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any bytes are a kernel record or are refused (hc-22); denials become one sentence or none. */
#include <assert.h>
#include <stdint.h>

#include "logd/kmsg_parse.h"
#include "logd/log_record_parse.h"
#include "logd/unit_of.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct kmsg_record record;
	struct audit_message audit;
	char text[1024];
	struct buf b = BUF(text);

	if (kmsg_parse(input, &record) == 0) {
		assert(record.priority <= LOG_PRIORITY_MAX);
		assert(record.text.n <= size && record.identifier.n <= LOG_IDENTIFIER_MAX);
	}
	if (audit_parse(input, &audit) == 0)
		assert(audit.text.n < size);
	if (!audit_add_denial(&b, input))
		assert(b.len == 0);
	assert(unit_of_cgroup(input).n < LOG_UNIT_SIZE);
	assert(unit_in_message(input).n < LOG_UNIT_SIZE);
	return 0;
}
