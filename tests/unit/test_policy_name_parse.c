// SPDX-License-Identifier: MIT OR Apache-2.0
/* selinux/policy_name_parse: the newest policy that the kernel can read (hc-63). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "selinux/policy_name_parse.h"

static void test_version(void **test_state _unused_)
{
	assert_int_equal(selinux_policy_version(STR("policy.33")), 33);
	assert_int_equal(selinux_policy_version(STR("policy.1")), 1);
	assert_int_equal(selinux_policy_version(STR("policy.999")), 999);
	assert_int_equal(selinux_policy_version(STR("policy.1000")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("policy.0")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("policy.")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("policy.33.bak")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("policy.-3")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("policy33")), -EINVAL);
	assert_int_equal(selinux_policy_version(STR("")), -EINVAL);
}

static int choose(const char *const *names, size_t count, int kernel_max)
{
	int best = 0;

	for (size_t i = 0; i < count; i++)
		best = selinux_policy_choose(best, selinux_policy_version(str_from(names[i])),
					     kernel_max);
	return best;
}

static void test_choose(void **test_state _unused_)
{
	static const char *const names[] = { "policy.31", "file_contexts", "policy.34", "policy.33",
					     "policy.9" };

	assert_int_equal(choose(names, ARRAY_SIZE(names), 33), 33);
	assert_int_equal(choose(names, ARRAY_SIZE(names), 35), 34);
	assert_int_equal(choose(names, ARRAY_SIZE(names), 32), 31);
	assert_int_equal(choose(names, ARRAY_SIZE(names), 10), 9);
	assert_int_equal(choose(names, ARRAY_SIZE(names), 8), 0);
	assert_int_equal(choose(names, 0, 33), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
