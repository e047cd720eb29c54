// SPDX-License-Identifier: MIT OR Apache-2.0
/* logd's parsers of what comes in: syslog, the kernel's log, audit, cgroups, /etc/group; the rate limit and the ring. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "ctl/log_time_parse.h"
#include "logd/group_parse.h"
#include "logd/kmsg_parse.h"
#include "logd/rate_limit.h"
#include "logd/ring.h"
#include "logd/syslog_parse.h"
#include "logd/unit_of.h"

static void check_syslog(struct str datagram, unsigned priority, const char *tag, uint32_t pid,
			 const char *text)
{
	struct syslog_message m;

	syslog_parse(datagram, &m);
	assert_int_equal(m.priority, priority);
	assert_int_equal(m.pid, pid);
	if (!str_is(m.identifier, tag) || !str_is(m.text, text))
		fail_msg("\"" STR_FORMAT "\": tag \"" STR_FORMAT "\", text \"" STR_FORMAT "\"",
			 STR_ARGS(datagram), STR_ARGS(m.identifier), STR_ARGS(m.text));
}

static void test_syslog(void **state _unused_)
{
	check_syslog(STR("<30>Nov 25 07:00:00 sshd[12]: hello\n"), 30, "sshd", 12, "hello");
	check_syslog(STR("<30>Nov  5 07:00:00 a: b: c\0"), 30, "a", 0, "b: c");
	check_syslog(STR("<30>tag: hello"), 30, "tag", 0, "hello");
	check_syslog(STR("<165>1 2026-11-25T07:00:00.1Z h app 5 - - text"), 165, "app", 5, "text");
	check_syslog(STR("<165>1 - h - - - [x y=\"\\]\"][z] \xef\xbb\xbftext"), 165, "", 0, "text");
	check_syslog(STR("<165>1 2026-11-25T07:00:00Z h app - - -"), 165, "app", 0, "");
	/* What is not quite a form is text. */
	check_syslog(STR("text without a form"), 13, "", 0, "text without a form");
	check_syslog(STR("<192>x"), 13, "", 0, "<192>x");
	check_syslog(STR("<>x"), 13, "", 0, "<>x");
	check_syslog(STR("<30>1 potato 2 potato 3 potato 4"), 30, "", 0, "1 potato 2 potato 3 potato 4");
	check_syslog(STR("<30>1 - h a p m [x"), 30, "", 0, "1 - h a p m [x");
	check_syslog(STR(""), 13, "", 0, "");
}

static void test_level_prefix(void **state _unused_)
{
	unsigned priority = 30;

	assert_true(str_is(syslog_take_level(STR("<3>x"), &priority), "x"));
	assert_int_equal(priority, 3 << 3 | 3);
	assert_true(str_is(syslog_take_level(STR("<14>x"), &priority), "x"));
	assert_int_equal(priority, 3 << 3 | 6);
	assert_true(str_is(syslog_take_level(STR("<999>x"), &priority), "<999>x"));
	assert_true(str_is(syslog_take_level(STR("<b>x"), &priority), "<b>x"));
	assert_int_equal(priority, 3 << 3 | 6);
}

static void test_kmsg_hc_22(void **state _unused_)
{
	struct kmsg_record r;

	assert_int_equal(kmsg_parse(STR("6,339,5140900,-;NET: text\n SUBSYSTEM=net\n"), &r), 0);
	assert_int_equal(r.priority, 6);
	assert_int_equal(r.number, 339);
	assert_int_equal(r.time, 5140900000);
	/* The kernel's own lines have no tag, whatever they look like. */
	assert_true(str_is(r.text, "NET: text"));
	assert_int_equal(kmsg_parse(STR("28,7,1,-,caller=T1;orlop: a.service: died"), &r), 0);
	assert_true(str_is(r.identifier, "orlop") && str_is(r.text, "a.service: died"));
	assert_int_equal(kmsg_parse(STR("6,339,5140900,-"), &r), -EINVAL);
	assert_int_equal(kmsg_parse(STR(";"), &r), -EINVAL);
	assert_int_equal(kmsg_parse(STR("x,1,1,-;t"), &r), -EINVAL);
	assert_int_equal(kmsg_parse((struct str){ "", 0 }, &r), -EINVAL);
}

static void test_audit(void **state _unused_)
{
	struct audit_message m;
	char text[512];
	struct buf b = BUF(text);

	assert_int_equal(audit_parse(STR("audit(1764054000.123:45): avc:  denied  { read open } for  pid=12 "
					 "comm=\"cat\" name=\"shadow\" dev=\"vda\" scontext=u:r:control_t:s0 "
					 "tcontext=u:object_r:secret_t:s0 tclass=file permissive=1"),
				     &m),
			 0);
	assert_int_equal(m.serial, 45);
	assert_int_equal(m.wall_time, 1764054000123000);
	assert_true(audit_add_denial(&b, m.text));
	assert_string_equal(text, "SELinux denied read, open to cat[12] on file \"shadow\" (u:r:control_t:s0 -> "
				  "u:object_r:secret_t:s0), permissive: let through");
	buf_clear(&b);
	assert_false(audit_add_denial(&b, STR("avc:  granted  { load_policy } for pid=1")));
	assert_string_equal(text, "");
	assert_int_equal(audit_parse(STR("audit(x.1:2): "), &m), -EINVAL);
	assert_int_equal(audit_parse(STR("audit(1.1000:2): "), &m), -EINVAL);
}

static void test_units(void **state _unused_)
{
	assert_true(str_is(unit_of_cgroup(STR("0::/system.slice/sshd.service/a/b\n")), "sshd.service"));
	assert_true(str_is(unit_of_cgroup(STR("1:name=x:/b.service\n0::/a@b.service\n")), "a@b.service"));
	assert_int_equal(unit_of_cgroup(STR("0::/kubepods/pod1/abc\n")).n, 0);
	assert_int_equal(unit_of_cgroup(STR("0::/.service\n")).n, 0);
	assert_int_equal(unit_of_cgroup(STR("")).n, 0);
	assert_true(str_is(unit_in_message(STR("a.service: main process 5 died")), "a.service"));
	assert_int_equal(unit_in_message(STR("up in 5.1 s: kernel")).n, 0);
	assert_int_equal(unit_in_message(STR("a.service:5: faulty line")).n, 0);
}

static void test_group(void **state _unused_)
{
	static const char text[] = "root:x:0:\nadmin:x:7:\nadm:x:4:syslog,me\nbad:x:4x:\n";
	gid_t group = 99;

	assert_int_equal(group_parse(STR(text), STR("adm"), &group), 0);
	assert_int_equal(group, 4);
	assert_int_equal(group_parse(STR(text), STR("bad"), &group), -ENOENT);
	assert_int_equal(group_parse(STR(text), STR("ad"), &group), -ENOENT);
	assert_int_equal(group, 4);
}

static void test_rate_limit(void **state _unused_)
{
	static const struct rate_limit_settings rate = { .interval = 10, .burst = 2 };
	struct rate_limit limit = { 0 };

	assert_true(rate_limit_allow(&limit, &rate, 100));
	assert_true(rate_limit_allow(&limit, &rate, 101));
	assert_true(rate_limit_deadline(&limit, &rate) == CLOCK_TIME_MAX);
	assert_false(rate_limit_allow(&limit, &rate, 102));
	assert_false(rate_limit_allow(&limit, &rate, 109));
	assert_int_equal(rate_limit_take_dropped(&limit, &rate, 109), 0);
	assert_int_equal(rate_limit_deadline(&limit, &rate), 110);
	assert_int_equal(rate_limit_take_dropped(&limit, &rate, 110), 2);
	assert_int_equal(rate_limit_take_dropped(&limit, &rate, 110), 0);
	assert_true(rate_limit_allow(&limit, &rate, 110));
}

/* All sizes of lines, for many rounds: what is in the ring is what was put in last, in order. */
static void test_ring(void **state _unused_)
{
	static _Alignas(16) char memory[1024];
	struct ring ring;
	struct ring_cursor cursor = { 0 };
	struct str line;
	char text[400];
	uint64_t seen = 0;

	ring_init(&ring, memory, sizeof(memory));
	assert_int_equal(ring_next(&ring, 0, &cursor, &line), 0);
	memset(text, 'x', sizeof(text));
	for (uint64_t number = 1; number < 5000; number++) {
		uint64_t after = 0;
		uint64_t expected;
		struct ring_cursor walk = { 0 };

		assert_int_equal(ring_add(&ring, 2 * number, (struct str){ text, number * 37 % 301 }),
				 0);
		expected = ring.first_number;
		while ((after = ring_next(&ring, after, &walk, &line)) > 0) {
			assert_int_equal(after, expected);
			assert_int_equal(line.n, after / 2 * 37 % 301);
			expected += 2;
		}
		assert_int_equal(expected, 2 * number + 2);
		/* A cursor that is kept while the ring goes on under it. */
		if (number % 3 == 0)
			while ((after = ring_next(&ring, seen, &cursor, &line)) > 0) {
				assert_true(after > seen);
				seen = after;
			}
	}
	assert_int_equal(seen, 2 * 4998);
	assert_int_equal(ring_add(&ring, 99999, (struct str){ memory, 600 }), -EMSGSIZE);
}

static void test_times(void **state _unused_)
{
	static const uint64_t now = UINT64_C(1764054000500000); /* 2025-11-25 07:00:00.5 UTC */
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{ "@5.5", 5 },
		{ "2025-11-25 06:59:01", 1764053941 },
		{ "2025-11-25 06:59 UTC", 1764053940 },
		{ "2025-11-25T06:59:01Z", 1764053941 },
		{ "2025-11-25", 1764028800 },
		{ "today", 1764028800 },
		{ "yesterday", 1763942400 },
		{ "yesterday 01:00", 1763946000 },
		{ "06:00", 1764050400 },
		{ "-1h", 1764050400 },
		{ "1h 30min ago", 1764048600 },
		{ "+2s", 1764054002 },
	};
	static const char *const bad[] = { "",	       "noon",	       "2025-13-01", "25:00", "-",
					   "-1parsec", "2025-11-25 x", "@x",	     "ago" };
	uint64_t us;

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		us = 0;
		if (log_time_parse(str_from(good[i].text), now, &us) < 0 ||
		    us / 1000000 != good[i].seconds)
			fail_msg("\"%s\" is %llu", good[i].text, (unsigned long long)us);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (log_time_parse(str_from(bad[i]), now, &us) != -EINVAL)
			fail_msg("\"%s\" is not refused", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syslog),	   cmocka_unit_test(test_level_prefix),
		cmocka_unit_test(test_kmsg_hc_22), cmocka_unit_test(test_audit),
		cmocka_unit_test(test_units),	   cmocka_unit_test(test_group),
		cmocka_unit_test(test_rate_limit), cmocka_unit_test(test_ring),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
