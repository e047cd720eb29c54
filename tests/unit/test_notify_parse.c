// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/notify_parse: datagrams of sd_notify(3), as sent by those who mean well and by others (hc-29). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "supervisor/notify_parse.h"

static struct notify_message parse(struct str text)
{
	struct notify_message message;

	memset(&message, 0xff, sizeof(message));
	assert_int_equal(notify_parse(text, &message), 0);
	return message;
}

static void test_usual(void **state _unused_)
{
	struct notify_message m = parse(STR("READY=1\nSTATUS=Serving 5 clients\nMAINPID=4711"));

	assert_true(m.ready);
	assert_false(m.reloading || m.stopping || m.watchdog || m.barrier);
	assert_int_equal(m.main_pid, 4711);
	assert_string_equal(m.status, "Serving 5 clients");

	m = parse(STR("RELOADING=1\nMONOTONIC_USEC=5\n"));
	assert_true(m.reloading && !m.ready);
	m = parse(STR("STOPPING=1\nERRNO=2"));
	assert_true(m.stopping);
	assert_int_equal(m.errno_value, 2);
	m = parse(STR("WATCHDOG=1"));
	assert_true(m.watchdog);
	m = parse(STR("BARRIER=1"));
	assert_true(m.barrier);
	m = parse(STR("EXTEND_TIMEOUT_USEC=5000000"));
	assert_true(m.extend_timeout == 5 * NS_PER_S);
}

static void test_less_usual(void **state _unused_)
{
	struct notify_message m = parse(STR("RELOADING=1\nMONOTONIC_USEC=7\nREADY=1"));

	assert_true(m.reloading && m.ready && m.has_monotonic);
	assert_true(m.monotonic == 7 * NS_PER_US);
	m = parse(STR("WATCHDOG=trigger\nWATCHDOG_USEC=0"));
	assert_true(m.watchdog_trigger && !m.watchdog && m.has_watchdog_period &&
		    m.watchdog_period == 0);
	m = parse(STR("FDSTORE=1\nFDNAME=listen-fd\nFDPOLL=0"));
	assert_true(m.fd_store && m.fd_no_poll && !m.fd_store_remove);
	assert_string_equal(m.fd_name, "listen-fd");
	m = parse(STR("FDSTOREREMOVE=1\nFDNAME=a"));
	assert_true(m.fd_store_remove && !m.fd_store);
	/* A name that would break LISTEN_FDNAMES is none. */
	m = parse(STR("FDSTORE=1\nFDNAME=a:b"));
	assert_string_equal(m.fd_name, "");
	m = parse(STR("FDNAME=\x7f"));
	assert_string_equal(m.fd_name, "");
}

static void test_what_means_nothing(void **state _unused_)
{
	static const struct notify_message nothing;
	static const char *const texts[] = { "",	 "\n\n\n",    "READY",		"READY=0",
					     "READY=11", "READY=",    "ready=1",	" READY=1",
					     "READY=1 ", "FDSTORE=0", "X_VENDOR=a=b=c", "=1" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct notify_message m = parse(str_from(texts[i]));

		if (memcmp(&m, &nothing, sizeof(m)) != 0)
			fail_msg("\"%s\" means something", texts[i]);
	}
}

static void test_malformed_hc_29(void **state _unused_)
{
	static const char *const texts[] = { "READY=1\nMAINPID=",   "READY=1\nMAINPID=x",
					     "MAINPID=-1\nREADY=1", "MAINPID=99999999999999999999",
					     "ERRNO=two",	    "EXTEND_TIMEOUT_USEC=1s" };
	struct notify_message m = { .main_pid = 42 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (notify_parse(str_from(texts[i]), &m) != -EINVAL)
			fail_msg("\"%s\" is not refused", texts[i]);
	assert_int_equal(notify_parse(STR("READY=1\0"), &m), -EINVAL);
	assert_int_equal(notify_parse(STR("READY=1\nSTATUS=a\0b"), &m), -EINVAL);
	/* Nothing of a refused message counts. */
	assert_false(m.ready);
	assert_int_equal(m.main_pid, 42);
}

static void test_status_is_cut_and_printable(void **state _unused_)
{
	char text[512] = "STATUS=";
	struct notify_message m;

	m = parse(STR("STATUS=a\tb\x1b[31m"));
	assert_string_equal(m.status, "a\\x09b\\x1b[31m");
	memset(text + 7, 'x', sizeof(text) - 8);
	m = parse((struct str){ text, sizeof(text) - 1 });
	assert_int_equal(strlen(m.status), NOTIFY_STATUS_SIZE - 1);
	/* The last one counts. */
	m = parse(STR("STATUS=old\nSTATUS=new"));
	assert_string_equal(m.status, "new");
}

static void test_extend_saturates(void **state _unused_)
{
	struct notify_message m = parse(STR("EXTEND_TIMEOUT_USEC=18446744073709551615"));

	assert_true(m.extend_timeout == CLOCK_TIME_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_less_usual),
		cmocka_unit_test(test_what_means_nothing),
		cmocka_unit_test(test_malformed_hc_29),
		cmocka_unit_test(test_status_is_cut_and_printable),
		cmocka_unit_test(test_extend_saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
