// SPDX-License-Identifier: MIT OR Apache-2.0
/* What orlopctl makes of the records of the control socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/reply_parse.h"

static void kinds(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(reply_parse(STR("7 done failed\nname=a.service\n"), &reply), 0);
	assert_int_equal(reply.tag, 7);
	assert_int_equal(reply.kind, REPLY_DONE);
	assert_true(str_is(reply.word, "failed"));
	assert_true(str_is(reply.body, "name=a.service\n"));
	assert_int_equal(reply_parse(STR("0 error busy too many clients\n"), &reply), 0);
	assert_int_equal(reply.kind, REPLY_ERROR);
	assert_true(str_is(reply.word, "busy"));
	assert_true(str_is(reply.text, "too many clients"));
	assert_int_equal(reply_parse(STR("1 ok\n"), &reply), 0);
	assert_int_equal(reply.kind, REPLY_OK);
	assert_int_equal(reply.body.n, 0);
}

static void bad_records(void **state)
{
	static const char *const records[] = { "",     "ok\n",	     "x ok\n",	  "1\n",
					       "1 \n", "1 nosuch\n", "1 error\n", "1 done\n" };
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		assert_int_equal(reply_parse(str_from(records[i]), &reply), -EBADMSG);
	assert_int_equal(reply_parse((struct str){ "1 ok\n\0", 6 }, &reply), -EBADMSG);
}

static void units(void **state)
{
	struct unit_state *unit = unit_state_new(
		STR("name=dev-x\\x2dy.service\nactive=active\nnew-key=1\nno key\n"
		    "description=a\\x5cb\\x09=c\nmain-pid=12\nrestarts=x\n"));

	(void)state;
	/* The name is no text of others: its backslash is its own. */
	assert_string_equal(unit->name, "dev-x\\x2dy.service");
	assert_string_equal(unit->active, "active");
	assert_string_equal(unit->description, "a\\b\t=c");
	assert_string_equal(unit->status, "");
	assert_int_equal(unit->main_pid, 12);
	assert_int_equal(unit->restarts, 0);
	free(unit);
}

static void escapes(void **state)
{
	char text[] = "\\x41\\x4\\xzz\\x00\\\\x42";

	(void)state;
	reply_unescape(text);
	assert_string_equal(text, "A\\x4\\xzz\\x00\\B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(bad_records),
		cmocka_unit_test(units),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
