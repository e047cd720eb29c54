// SPDX-License-Identifier: MIT OR Apache-2.0
/* The small pure parts of spawning: groups of system calls, address families, SipHash, percentages, stages. */
#include <errno.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "supervisor/address_families.h"
#include "supervisor/cgroup_settings.h"
#include "supervisor/dynamic_user.h"
#include "supervisor/siphash.h"
#include "supervisor/spawn.h"
#include "supervisor/syscall_groups.h"

/* Every member of a group is a group or something like a system call, and no group holds itself. */
static size_t count_known(struct str name, int depth)
{
	struct str members;
	struct str member;
	size_t known = 0;

	assert_true(depth < 4);
	assert_true(syscall_group_find(name, &members));
	while (str_next_word(&members, &member)) {
		char text[64];
		struct buf b = BUF(text);

		buf_add_str(&b, member);
		assert_false(b.overflow);
		if (member.p[0] == '@')
			known += count_known(member, depth + 1);
		else
			known += seccomp_syscall_resolve_name(text) != __NR_SCMP_ERROR;
	}
	return known;
}

static void test_syscall_groups(void **state _unused_)
{
	assert_true(syscall_group_exists(STR("@mount")));
	assert_false(syscall_group_exists(STR("mount")));
	assert_false(syscall_group_exists(STR("@moun")));
	assert_true(count_known(STR("@system-service"), 0) > 250);
	assert_true(count_known(STR("@privileged"), 0) > 40);
	assert_true(count_known(STR("@known"), 0) > 400);
}

static void test_address_families(void **state _unused_)
{
	assert_int_equal(address_family(STR("AF_INET6")), AF_INET6);
	assert_int_equal(address_family(STR("AF_FILE")), AF_UNIX);
	assert_int_equal(address_family(STR("AF_INET7")), -EINVAL);
	assert_true(AF_MAX <= ADDRESS_FAMILY_MAX);
}

/* The vectors of the paper's authors: the key 00 01 … 0f over inputs 00, 00 01, … */
static void test_siphash(void **state _unused_)
{
	uint8_t key[16];
	uint8_t data[15];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		data[i] = i;
	assert_true(siphash24(data, 0, key) == 0x726fdb47dd0e0e31);
	assert_true(siphash24(data, 15, key) == 0xa129ca6149be45e5);
	assert_in_range(dynamic_user_hash("x"), DYNAMIC_UID_MIN, DYNAMIC_UID_MAX);
	assert_int_equal(dynamic_user_hash("x"), dynamic_user_hash("x"));
}

static void percent(const char *file, const char *value, const char *expected)
{
	const struct cgroup_totals totals = { .memory = 1000000, .tasks = 32768 };
	char text[32];
	struct buf b = BUF(text);
	int r = cgroup_percent(str_from(file), str_from(value), &totals, &b);

	if (!expected) {
		assert_int_equal(r, -EINVAL);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(text, expected);
}

static void test_percent(void **state _unused_)
{
	percent("memory.max", "50%", "500000");
	percent("memory.max", "12.5%", "125000");
	percent("memory.high", "0.01%", "100");
	percent("pids.max", "15%", "4915");
	percent("pids.max", "max", "max");
	percent("memory.max", "123", "123");
	percent("memory.max", "100%", "1000000");
	percent("memory.max", "101%", NULL);
	percent("memory.max", "x%", NULL);
	percent("memory.max", "%", NULL);
}

/* Exit codes are systemd's, and a failure is one line for people. */
static void test_stages(void **state _unused_)
{
	struct spawn_status status = { .stage = STAGE_USER, .error = ESRCH };
	char text[512];
	struct buf b = BUF(text);

	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		assert_non_null(spawn_stage_name((enum spawn_stage)stage));
		assert_in_range(spawn_stage_exit_code((enum spawn_stage)stage), 200, 245);
	}
	memcpy(status.detail, "user x\n", sizeof("user x\n"));
	spawn_describe(&status, &b);
	assert_string_equal(text, "look up user x\\x0a: No such process");
	/* Text that fills its place has no end of its own. */
	memset(status.detail, 'y', sizeof(status.detail));
	buf_clear(&b);
	spawn_describe(&status, &b);
	assert_false(b.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syscall_groups), cmocka_unit_test(test_address_families),
		cmocka_unit_test(test_siphash),	       cmocka_unit_test(test_percent),
		cmocka_unit_test(test_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
