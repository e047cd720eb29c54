// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any line is a record or is refused; a record written again is the same record, and any bytes can be one's text. */
#include <assert.h>
#include <stdint.h>

#include "logd/log_format.h"
#include "logd/log_record_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void layouts(const struct log_record *record)
{
	static char text[LOG_FORMAT_SIZE];
	const struct log_format_context context = { .host = "host", .boot_id = "0" };
	struct buf b = BUF(text);

	log_format_json(&b, record, &context);
	assert(!b.overflow && !memchr(text, '\n', b.len));
	for (size_t i = 0; i < b.len; i++)
		assert((uint8_t)text[i] >= 0x20);
	buf_clear(&b);
	log_format_short(&b, record, &context);
	for (size_t i = 0; i < b.len; i++)
		assert((uint8_t)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LOG_LINE_MAX + 1];
	static char plain[LOG_LINE_MAX];
	struct str text = { (const char *)data, size < LOG_TEXT_MAX ? size : LOG_TEXT_MAX };
	struct log_record record = {
		.number = size,
		.boot_time = 1000,
		.priority = 30,
		.source = LOG_SOURCE_OUTPUT,
		.unit = STR("a.service"),
		.identifier = { text.p, text.n < LOG_IDENTIFIER_MAX ? text.n : LOG_IDENTIFIER_MAX },
		.text = text,
	};
	struct log_record again;
	struct buf b = BUF(line);
	struct buf raw = BUF(plain);

	if (log_record_parse((struct str){ (const char *)data, size }, &again) == 0 &&
	    again.text.n <= 4 * LOG_TEXT_MAX && again.identifier.n <= 4 * LOG_IDENTIFIER_MAX)
		layouts(&again);
	assert(log_record_encode(&record, &b) == 0);
	assert(memchr(line, '\n', b.len) == line + b.len - 1);
	assert(log_record_parse((struct str){ line, b.len - 1 }, &again) == 0);
	log_unescape(&raw, again.text);
	assert(str_equal((struct str){ raw.p, raw.len }, text));
	assert(again.number == record.number && str_is(again.unit, "a.service"));
	layouts(&again);
	/* One bit of it changed is no record. */
	if (size > 0) {
		line[data[0] % (b.len - 1)] ^= 1;
		assert(log_record_parse((struct str){ line, b.len - 1 }, &again) < 0);
	}
	return 0;
}
