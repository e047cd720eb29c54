// SPDX-License-Identifier: MIT OR Apache-2.0
/* logd/log_record_parse and log_format: what is written is read, what is torn is not, and people see no control codes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "logd/log_format.h"
#include "logd/log_record_parse.h"

static const struct log_record example = {
	.number = 17,
	.boot_time = 12345678000,
	.wall_time = 1764054000123456,
	.priority = 30,
	.source = LOG_SOURCE_OUTPUT,
	.pid = 432,
	.unit = { "containerd.service", 18 },
	.text = { "Hello, \"w\\orld\"\t\x1b[31m", 21 },
};

static struct str encode(const struct log_record *record)
{
	static char line[LOG_LINE_MAX + 1];
	struct buf b = BUF(line);

	assert_int_equal(log_record_encode(record, &b), 0);
	assert_true(b.len > 0 && line[b.len - 1] == '\n');
	return (struct str){ line, b.len - 1 };
}

static void test_checksum(void **state _unused_)
{
	/* RFC 3720, B.4, and the check value of the catalogue. */
	static const char zeros[32];

	assert_int_equal(log_checksum(STR("123456789")), 0xe3069283);
	assert_int_equal(log_checksum((struct str){ zeros, sizeof(zeros) }), 0x8a9136aa);
}

static void test_line(void **state _unused_)
{
	struct log_record record;
	struct str line = encode(&example);

	assert_true(str_ends(line, " 17 12.345678 1764054000.123456 30 o containerd.service - 432 "
				   "Hello, \"w\\x5corld\"\\x09\\x1b[31m"));
	assert_int_equal(log_record_parse(line, &record), 0);
	assert_int_equal(record.number, 17);
	assert_int_equal(record.boot_time, example.boot_time);
	assert_int_equal(record.wall_time, example.wall_time);
	assert_int_equal(record.priority, 30);
	assert_int_equal(record.pid, 432);
	assert_true(str_is(record.unit, "containerd.service"));
	assert_int_equal(record.identifier.n, 0);
}

static void test_nothing_but_text(void **state _unused_)
{
	struct log_record record = { .source = LOG_SOURCE_KERNEL, .origin = 1, .identifier = STR("-") };
	struct log_record again;

	/* A tag that looks like "none", and no text at all. */
	assert_int_equal(log_record_parse(encode(&record), &again), 0);
	assert_true(str_is(again.identifier, "\\x2d"));
	assert_int_equal(again.origin, 1);
	assert_int_equal(again.text.n, 0);
	assert_int_equal(again.pid, 0);
}

static void test_every_cut_and_every_bit(void **state _unused_)
{
	struct str line = encode(&example);
	struct log_record record;

	for (size_t n = 0; n < line.n; n++)
		assert_true(log_record_parse((struct str){ line.p, n }, &record) < 0);
	for (size_t bit = 0; bit < 8 * line.n; bit++) {
		char copy[512];

		memcpy(copy, line.p, line.n);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		/* The checksum's letters may be capitals. */
		if (bit / 8 < 8 && bit % 8 == 5)
			continue;
		assert_true(log_record_parse((struct str){ copy, line.n }, &record) < 0);
	}
}

static void test_too_long_is_refused(void **state _unused_)
{
	static char text[LOG_TEXT_MAX + 1];
	static char line[LOG_LINE_MAX + 1];
	struct buf b = BUF(line);
	struct log_record record = { .source = LOG_SOURCE_OUTPUT, .text = { text, sizeof(text) } };

	assert_int_equal(log_record_encode(&record, &b), -EINVAL);
	/* The longest fits, even if each byte becomes four. */
	record.text.n = LOG_TEXT_MAX;
	record.identifier = (struct str){ text, LOG_IDENTIFIER_MAX };
	assert_int_equal(log_record_encode(&record, &b), 0);
	record.priority = LOG_PRIORITY_MAX + 1;
	assert_int_equal(log_record_encode(&record, &b), -EINVAL);
}

static void test_short(void **state _unused_)
{
	const struct log_format_context context = { .host = "host", .boot_id = "b" };
	char text[512];
	struct buf b = BUF(text);
	struct log_record record;

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	assert_int_equal(log_record_parse(encode(&example), &record), 0);
	log_format_short(&b, &record, &context);
	assert_string_equal(text, "Nov 25 07:00:00 host containerd[432]: Hello, \"w\\orld\"\t\\x1b[31m");
	/* Several lines stay under the first; C1 codes and what is no UTF-8 do not reach the terminal. */
	record.text = STR("a\\x0ab\xc2\x9b\xff\xc3\xa4");
	buf_clear(&b);
	log_format_short(&b, &record, &context);
	assert_string_equal(text, "Nov 25 07:00:00 host containerd[432]: a\n"
				  "                                      b\\xc2\\x9b\\xff\xc3\xa4");
}

static void test_json(void **state _unused_)
{
	const struct log_format_context context = { .host = "host", .boot_id = "b" };
	char text[1024];
	struct buf b = BUF(text);
	struct log_record record;

	assert_int_equal(log_record_parse(encode(&example), &record), 0);
	record.text = STR("q\"\\x5c\\x01\xff\xc3\xa4");
	log_format_json(&b, &record, &context);
	assert_string_equal(text,
			    "{\"__REALTIME_TIMESTAMP\":\"1764054000123456\",\"__MONOTONIC_TIMESTAMP\":\"12345678\","
			    "\"__SEQNUM\":\"17\",\"_BOOT_ID\":\"b\",\"_TRANSPORT\":\"stdout\",\"_HOSTNAME\":\"host\","
			    "\"PRIORITY\":\"6\",\"SYSLOG_FACILITY\":\"3\",\"_SYSTEMD_UNIT\":\"containerd.service\","
			    "\"SYSLOG_IDENTIFIER\":\"containerd\",\"_PID\":\"432\","
			    "\"MESSAGE\":\"q\\\"\\\\\\u0001\\ufffd\xc3\xa4\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_nothing_but_text),
		cmocka_unit_test(test_every_cut_and_every_bit),
		cmocka_unit_test(test_too_long_is_refused),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
