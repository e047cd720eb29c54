// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/unit_value: words, booleans, times, signals, sizes, limits and specifiers. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/machine.h"
#include "supervisor/unit_parse.h"

/* Cuts @text into words and compares them; NULL ends the list. */
static void assert_words(struct str text, const char *const *expected)
{
	char word[64];
	struct buf b = BUF(word);

	for (; *expected; expected++) {
		assert_int_equal(unit_next_word(&text, &b), 1);
		assert_string_equal(word, *expected);
	}
	assert_int_equal(unit_next_word(&text, &b), 0);
}

#define WORDS(text, ...) assert_words(STR(text), (const char *const[]){ __VA_ARGS__, NULL })

static void test_words(void **state _unused_)
{
	WORDS("one two", "one", "two");
	WORDS("  one\t two  ", "one", "two");
	WORDS("\"one two\" 'three  four'", "one two", "three  four");
	WORDS("a\"b c\"d", "ab cd");
	WORDS("'it is \"so\"' \"it's\"", "it is \"so\"", "it's");
	WORDS("\"\" ''", "", "");
	WORDS("--option=\"a value\"", "--option=a value");
	assert_words(STR(""), (const char *const[]){ NULL });
	assert_words(STR(" \t "), (const char *const[]){ NULL });
}

static void test_escapes(void **state _unused_)
{
	WORDS("\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'\\s", "\a\b\f\n\r\t\v\\\"' ");
	WORDS("\\x41\\102\\x7a", "ABz");
	WORDS("a\\sb c", "a b", "c");
	WORDS("\"a\\\"b\" '\\''", "a\"b", "'");
}

static void test_bad_words(void **state _unused_)
{
	static const char *const bad[] = {
		"\"open", "'open", "end\\", "\\q",   "\\x4",
		"\\x4g",  "\\08x", "\\400", "\\000", "\\x00",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char word[64];
		struct buf b = BUF(word);
		struct str rest = str_from(bad[i]);

		if (unit_next_word(&rest, &b) != -EINVAL)
			fail_msg("%s is not refused", bad[i]);
	}
}

static void test_word_that_does_not_fit(void **state _unused_)
{
	char word[4];
	struct buf b = BUF(word);
	struct str rest = STR("abc abcd");

	assert_int_equal(unit_next_word(&rest, &b), 1);
	assert_int_equal(unit_next_word(&rest, &b), -EINVAL);
}

static void test_boolean(void **state _unused_)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "YES", "True", "oN" };
	static const char *const no[] = { "0", "no", "n", "false", "f", "off", "No", "OFF" };
	static const char *const bad[] = { "", "2", "yess", "ye", " yes", "enabled", "tru" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		bool value = false;

		assert_int_equal(unit_boolean(str_from(yes[i]), &value), 0);
		assert_true(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		bool value = true;

		assert_int_equal(unit_boolean(str_from(no[i]), &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bool value = true;

		assert_int_equal(unit_boolean(str_from(bad[i]), &value), -EINVAL);
		assert_true(value);
	}
}

static void test_time(void **state _unused_)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "5", 5 * NS_PER_S },
		{ "5s", 5 * NS_PER_S },
		{ "100ms", 100 * NS_PER_MS },
		{ "5min 20s", 320 * NS_PER_S },
		{ "5min20s", 320 * NS_PER_S },
		{ " 1h  30m ", 5400 * NS_PER_S },
		{ "2 h", 7200 * NS_PER_S },
		{ "1.5s", 1500 * NS_PER_MS },
		{ "0.5min", 30 * NS_PER_S },
		{ ".5", 500 * NS_PER_MS },
		{ "1.", NS_PER_S },
		{ "1d", 86400 * NS_PER_S },
		{ "1w", 604800 * NS_PER_S },
		{ "1M", 2629800 * NS_PER_S },
		{ "1year", 31557600 * NS_PER_S },
		{ "7us", 7 * NS_PER_US },
		{ "7nsec", 7 },
		{ "0.0000000019s", 1 },
		{ "infinity", CLOCK_TIME_MAX },
	};
	static const char *const bad[] = { "",	   "s",	  "-1",	 "5 parsecs", "1 2 x", "infinity 5",
					   "1..5", "5,5", "+1s", "1s.",	      "." };
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ns = 42;
		if (unit_time(str_from(good[i].text), &ns) != 0 || ns != good[i].ns)
			fail_msg("%s is %llu", good[i].text, (unsigned long long)ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ns = 42;
		if (unit_time(str_from(bad[i]), &ns) != -EINVAL || ns != 42)
			fail_msg("\"%s\" is not refused", bad[i]);
	}
	assert_int_equal(unit_time(STR("99999999999999999999"), &ns), -ERANGE);
	assert_int_equal(unit_time(STR("600y"), &ns), -ERANGE);
	assert_int_equal(unit_time(STR("500y 500y"), &ns), -ERANGE);
}

static void test_signal(void **state _unused_)
{
	assert_int_equal(unit_signal(STR("SIGTERM")), SIGTERM);
	assert_int_equal(unit_signal(STR("TERM")), SIGTERM);
	assert_int_equal(unit_signal(STR("SIGKILL")), SIGKILL);
	assert_int_equal(unit_signal(STR("SIGUSR1")), SIGUSR1);
	assert_int_equal(unit_signal(STR("15")), SIGTERM);
	assert_int_equal(unit_signal(STR("RTMIN+3")), SIGRTMIN + 3);
	assert_int_equal(unit_signal(STR("SIGRTMIN+4")), SIGRTMIN + 4);
	assert_int_equal(unit_signal(STR("SIGRTMIN")), SIGRTMIN);
	assert_int_equal(unit_signal(STR("SIGRTMAX")), SIGRTMAX);
	assert_int_equal(unit_signal(STR("SIGRTMAX-1")), SIGRTMAX - 1);
	for (int number = 1; number < 32; number++)
		assert_int_equal(unit_signal(str_from(sigabbrev_np(number))), number);

	assert_int_equal(unit_signal(STR("")), -EINVAL);
	assert_int_equal(unit_signal(STR("SIG")), -EINVAL);
	assert_int_equal(unit_signal(STR("SIGNOTHING")), -EINVAL);
	assert_int_equal(unit_signal(STR("sigterm")), -EINVAL);
	assert_int_equal(unit_signal(STR("0")), -EINVAL);
	assert_int_equal(unit_signal(STR("65")), -EINVAL);
	assert_int_equal(unit_signal(STR("-9")), -EINVAL);
	assert_int_equal(unit_signal(STR("RTMIN-1")), -EINVAL);
	assert_int_equal(unit_signal(STR("RTMAX+1")), -EINVAL);
	assert_int_equal(unit_signal(STR("RTMIN+")), -EINVAL);
	assert_int_equal(unit_signal(STR("RTMIN+31")), -EINVAL);
	assert_int_equal(unit_signal(STR("RTMIN+99999999999999999999")), -EINVAL);
}

static void test_size(void **state _unused_)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "1K", 1024 },
		{ "1KB", 1024 },
		{ "4096B", 4096 },
		{ "2M", 2 << 20 },
		{ "3G", UINT64_C(3) << 30 },
		{ "1T", UINT64_C(1) << 40 },
		{ "1 M", 1 << 20 },
		{ "15E", UINT64_C(15) << 60 },
		{ "1.5K", 1536 },
		{ "0.25G", 1 << 28 },
	};
	uint64_t bytes = 7;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t value = 7;

		if (unit_size(str_from(good[i].text), 1024, &value) != 0 || value != good[i].bytes)
			fail_msg("%s is %llu", good[i].text, (unsigned long long)value);
	}
	assert_int_equal(unit_size(STR(""), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("K"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("1k"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("1X"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("-1"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("1MK"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("1.x"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("1.5.5K"), 1024, &bytes), -EINVAL);
	assert_int_equal(unit_size(STR("16E"), 1024, &bytes), -ERANGE);
	assert_int_equal(unit_size(STR("99999999999999999999"), 1024, &bytes), -ERANGE);
	assert_int_equal(bytes, 7);
	assert_int_equal(unit_size(STR("2K"), 1000, &bytes), 0);
	assert_int_equal(bytes, 2000);
}

static void test_limit(void **state _unused_)
{
	struct rlimit limit = { 1, 2 };

	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("1024:524288"), &limit), 0);
	assert_int_equal(limit.rlim_cur, 1024);
	assert_int_equal(limit.rlim_max, 524288);
	assert_int_equal(unit_limit(RLIMIT_NPROC, STR("infinity"), &limit), 0);
	assert_true(limit.rlim_cur == RLIM_INFINITY && limit.rlim_max == RLIM_INFINITY);
	assert_int_equal(unit_limit(RLIMIT_CORE, STR("0:infinity"), &limit), 0);
	assert_true(limit.rlim_cur == 0 && limit.rlim_max == RLIM_INFINITY);
	assert_int_equal(unit_limit(RLIMIT_MEMLOCK, STR("64K"), &limit), 0);
	assert_true(limit.rlim_cur == 65536 && limit.rlim_max == 65536);
	/* Processor time in seconds, rounded up; a bare number too. */
	assert_int_equal(unit_limit(RLIMIT_CPU, STR("1500ms:1min"), &limit), 0);
	assert_true(limit.rlim_cur == 2 && limit.rlim_max == 60);
	assert_int_equal(unit_limit(RLIMIT_CPU, STR("30"), &limit), 0);
	assert_true(limit.rlim_cur == 30);
	/* Real-time in microseconds. */
	assert_int_equal(unit_limit(RLIMIT_RTTIME, STR("200ms"), &limit), 0);
	assert_true(limit.rlim_cur == 200000);
	assert_int_equal(unit_limit(RLIMIT_RTTIME, STR("950000"), &limit), 0);
	assert_true(limit.rlim_cur == 950000);

	limit = (struct rlimit){ 1, 2 };
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("2:1"), &limit), -EINVAL);
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("infinity:1"), &limit), -EINVAL);
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR(""), &limit), -EINVAL);
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("many"), &limit), -EINVAL);
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("1:2:3"), &limit), -EINVAL);
	assert_int_equal(unit_limit(RLIMIT_NOFILE, STR("1K"), &limit), -EINVAL);
	assert_true(limit.rlim_cur == 1 && limit.rlim_max == 2);
}

static void test_raw_words(void **state _unused_)
{
	char word[64];
	struct buf b = BUF(word);
	struct str rest = STR("dev\\x2dsda.service 'b c'");

	assert_int_equal(unit_next_raw_word(&rest, &b), 1);
	assert_string_equal(word, "dev\\x2dsda.service");
	assert_int_equal(unit_next_raw_word(&rest, &b), 1);
	assert_string_equal(word, "b c");
	assert_int_equal(unit_next_raw_word(&rest, &b), 0);
}

static void test_unescape(void **state _unused_)
{
	char text[16];
	struct buf b = BUF(text);

	assert_int_equal(unit_unescape(STR("a 'b'\\n\\u00e9"), &b), 0);
	assert_string_equal(text, "a 'b'\n\xc3\xa9");
	buf_clear(&b);
	assert_int_equal(unit_unescape(STR("\\q"), &b), -EINVAL);
	buf_clear(&b);
	assert_int_equal(unit_unescape(STR("longer than fits in"), &b), -EINVAL);
	WORDS("\\u20ac \\U0001F600", "\xe2\x82\xac", "\xf0\x9f\x98\x80");
}

static void assert_cpus(const char *text, const char *expected)
{
	uint64_t mask[2] = { 0 };
	char out[64];
	struct buf b = BUF(out);

	assert_int_equal(unit_cpu_list(str_from(text), mask, 128), 0);
	unit_cpu_list_format(mask, 128, &b);
	assert_string_equal(out, expected);
}

static void test_cpu_list(void **state _unused_)
{
	static const char *const bad[] = { "", " ", "x", "3-1", "-1", "1-", "1-2-3", "1;2" };
	uint64_t mask[2] = { 0 };

	assert_cpus("0", "0");
	assert_cpus("0 1,2 8-9", "0-2,8-9");
	assert_cpus("127,63-64", "63-64,127");
	assert_cpus("0-127", "0-127");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (unit_cpu_list(str_from(bad[i]), mask, 128) != -EINVAL)
			fail_msg("\"%s\" is not refused", bad[i]);
	assert_int_equal(unit_cpu_list(STR("128"), mask, 128), -ERANGE);
}

static const struct unit_machine machine = {
	.architecture = "x86-64",
	.boot_id = "b00",
	.machine_id = "1d",
	.host_name = "node.example.org",
	.kernel_release = "6.12.1",
	.image_id = "img",
	.image_version = "7",
	.build_id = "42",
	.os_id = "debian",
	.os_version = "13",
	.variant_id = "plain",
};

static void assert_expands(const char *unit, const char *text, const char *expected)
{
	const struct unit_place place = { unit, "/usr/lib/units/x.service", &machine };
	char out[128];
	struct buf b = BUF(out);

	assert_int_equal(unit_specifiers(str_from(text), &place, &b), 0);
	assert_string_equal(out, expected);
}

static void test_specifiers_of_name(void **state _unused_)
{
	static const char unit[] = "web@data-old\\x2done.service";

	assert_expands(unit, "%n", "web@data-old\\x2done.service");
	assert_expands(unit, "%N", "web@data-old\\x2done");
	assert_expands(unit, "%p", "web");
	assert_expands(unit, "%i", "data-old\\x2done");
	assert_expands(unit, "%I", "data/old-one");
	assert_expands(unit, "%f", "/data/old-one");
	assert_expands(unit, "%d", "/run/credentials/web@data-old\\x2done.service");
	assert_expands(unit, "%y %Y", "/usr/lib/units/x.service /usr/lib/units");
	assert_expands("plain.service", "%p|%i|%I|%f|%N", "plain|||/plain|plain");
	assert_expands("a-b.service", "%P|%j|%J", "a/b|b|b");
	assert_expands("a-b\\x2dc@d.service", "%j|%J|%p", "b\\x2dc|b-c|a-b\\x2dc");
	/* An @ behind the last dot is no instance. */
	assert_expands("a.b@c.service", "%p %i", "a.b c");
	/* An escape that is none, and one that would be a NUL. */
	assert_expands("x@a\\x4.service", "%I", "a\\x4");
	assert_expands("x@a\\x00b.service", "%I", "a\\x00b");
}

static void test_specifiers_of_machine(void **state _unused_)
{
	assert_expands("a.service", "100%%", "100%");
	assert_expands("a.service", "%t%S%C%L%E%T%V%D",
		       "/run/var/lib/var/cache/var/log/etc/tmp/var/tmp/usr/share");
	assert_expands("a.service", "%u %U %g %G %h %s", "root 0 root 0 /root /bin/sh");
	assert_expands("a.service", "%a %b %m %v", "x86-64 b00 1d 6.12.1");
	assert_expands("a.service", "%H %l %q", "node.example.org node node.example.org");
	assert_expands("a.service", "%M %A %B %o %w %W", "img 7 42 debian 13 plain");
}

static void test_bad_specifiers(void **state _unused_)
{
	static const struct unit_place place = { .name = "a.service" };
	static const char *const bad[] = { "50%", "%Q", "%c", "%H", "%y", "%\xff", "%%%" };
	char out[8];
	struct buf b = BUF(out);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_clear(&b);
		if (unit_specifiers(str_from(bad[i]), &place, &b) != -EINVAL)
			fail_msg("\"%s\" is not refused", bad[i]);
	}
	buf_clear(&b);
	assert_int_equal(unit_specifiers(STR("%n"), &place, &b), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_word_that_does_not_fit),
		cmocka_unit_test(test_boolean),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_raw_words),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_cpu_list),
		cmocka_unit_test(test_specifiers_of_name),
		cmocka_unit_test(test_specifiers_of_machine),
		cmocka_unit_test(test_bad_specifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
