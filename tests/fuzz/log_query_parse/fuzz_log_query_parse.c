// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any line is a query or is refused with a reason; a query written again means the same. */
#include <assert.h>
#include <stdint.h>

#include "ctl/log_time_parse.h"
#include "logd/log_query_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size };
	struct log_query query;
	struct log_query again;
	char text[LOG_QUERY_SIZE + 512];
	struct buf b = BUF(text);
	const char *problem = NULL;
	uint64_t us;

	(void)log_time_parse(line, 1, &us);
	if (size >= LOG_QUERY_SIZE)
		return 0;
	if (log_query_parse(line, &query, &problem) < 0) {
		assert(problem && *problem);
		return 0;
	}
	log_query_write(&query, &b);
	assert(!b.overflow);
	assert(log_query_parse((struct str){ b.p, b.len }, &again, &problem) == 0);
	assert(again.unit_count == query.unit_count && again.boot == query.boot &&
	       again.since == query.since && again.lines == query.lines &&
	       again.severity == query.severity && again.follow == query.follow);
	return 0;
}
