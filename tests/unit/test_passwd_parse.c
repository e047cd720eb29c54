// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/passwd_parse: users and groups as they are written, well and badly. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/passwd_parse.h"

static void test_users(void **state _unused_)
{
	struct str rest = STR("root:x:0:0:root:/root:/bin/bash\n"
			      "# a comment:x:1:1::/:\n"
			      "\n"
			      "short:x:5\n"
			      "+nis\n"
			      ":x:6:6::/:/bin/sh\n"
			      "bad:x:-1:0::/:/bin/sh\n"
			      "big:x:4294967296:0::/:/bin/sh\n"
			      "none:x:65535:0::/:/bin/sh\n"
			      "last:x:1000:1001:A, B:/home/last:/bin/sh");
	struct passwd_entry entry;

	assert_true(passwd_next(&rest, &entry));
	assert_true(str_is(entry.name, "root") && str_is(entry.home, "/root") &&
		    str_is(entry.shell, "/bin/bash"));
	assert_int_equal(entry.uid, 0);
	assert_true(passwd_next(&rest, &entry));
	assert_true(str_is(entry.name, "last") && str_is(entry.shell, "/bin/sh"));
	assert_int_equal(entry.uid, 1000);
	assert_int_equal(entry.gid, 1001);
	assert_false(passwd_next(&rest, &entry));
}

static void test_groups(void **state _unused_)
{
	struct str rest = STR("root:x:0:\nextra:x:40:alice,bob, carol\nbroken:x\n");
	struct group_entry entry;

	assert_true(group_next(&rest, &entry));
	assert_false(group_has_member(&entry, STR("alice")));
	assert_true(group_next(&rest, &entry));
	assert_int_equal(entry.gid, 40);
	assert_true(group_has_member(&entry, STR("alice")));
	assert_true(group_has_member(&entry, STR("bob")));
	assert_true(group_has_member(&entry, STR("carol")));
	assert_false(group_has_member(&entry, STR("ali")));
	assert_false(group_next(&rest, &entry));
}

static void test_ids(void **state _unused_)
{
	uint32_t id = 7;

	assert_int_equal(id_parse(STR("0"), &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(id_parse(STR("4294967294"), &id), 0);
	assert_int_equal(id_parse(STR("4294967295"), &id), -ENXIO);
	assert_int_equal(id_parse(STR("65535"), &id), -ENXIO);
	assert_int_equal(id_parse(STR("4294967296"), &id), -ERANGE);
	assert_int_equal(id_parse(STR("007"), &id), -EINVAL);
	assert_int_equal(id_parse(STR(""), &id), -EINVAL);
	assert_int_equal(id, 4294967294U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
