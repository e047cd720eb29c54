// SPDX-License-Identifier: MIT OR Apache-2.0
/* Requests on the control socket, as orlop-control(7) has them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/control_parse.h"

static struct control_request request;

static int parse(const char *text)
{
	return control_parse(str_from(text), &request);
}

static void every_verb(void **state)
{
	(void)state;
	for (unsigned verb = 0; verb < CONTROL_VERB_COUNT; verb++) {
		unsigned flags = control_verbs[verb].flags;
		char text[128];
		struct buf b = BUF(text);

		buf_printf(&b, "%u %s", 100 + verb, control_verbs[verb].name);
		if (flags & CONTROL_TAKES_UNIT)
			buf_add(&b, " a@b.service");
		if (flags & CONTROL_TAKES_SIGNAL)
			buf_add(&b, " SIGHUP");
		assert_int_equal(parse(text), 0);
		assert_int_equal(request.verb, verb);
		assert_int_equal(request.tag, 100 + verb);
		assert_string_equal(request.unit, flags & CONTROL_TAKES_UNIT ? "a@b.service" : "");
		assert_int_equal(request.signal, flags & CONTROL_TAKES_SIGNAL ? SIGHUP : 0);
		/* One word too many. */
		buf_add(&b, " x");
		assert_int_equal(parse(text), CONTROL_ERROR_SYNTAX);
		assert_int_equal(request.tag, 100 + verb);
	}
}

static void options_belong_to_their_verbs(void **state)
{
	(void)state;
	assert_int_equal(parse("1 start a.service no-block"), 0);
	assert_true(request.no_block);
	assert_int_equal(parse("1 reboot now"), 0);
	assert_true(request.now);
	assert_int_equal(parse("1 kill a.service 15 control"), 0);
	assert_int_equal(request.whom, CONTROL_WHOM_CONTROL);
	assert_int_equal(parse("1 kill a.service RTMIN+1"), 0);
	assert_int_equal(request.whom, CONTROL_WHOM_ALL);
	assert_int_equal(request.signal, SIGRTMIN + 1);
	assert_int_equal(parse("1 start a.service now"), CONTROL_ERROR_SYNTAX);
	assert_int_equal(parse("1 reboot no-block"), CONTROL_ERROR_SYNTAX);
	assert_int_equal(parse("1 status a.service no-block"), CONTROL_ERROR_SYNTAX);
	assert_int_equal(parse("1 kill a.service 0"), CONTROL_ERROR_SYNTAX);
	assert_int_equal(parse("1 kill a.service 65"), CONTROL_ERROR_SYNTAX);
	assert_int_equal(parse("1 kill a.service"), CONTROL_ERROR_SYNTAX);
}

static void errors_have_the_tag_if_it_can_be_read(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint32_t tag;
	} cases[] = {
		{ "", CONTROL_ERROR_SYNTAX, 0 },
		{ "list", CONTROL_ERROR_SYNTAX, 0 },
		{ "1", CONTROL_ERROR_SYNTAX, 1 },
		{ "1 ", CONTROL_ERROR_SYNTAX, 1 },
		{ " 1 list", CONTROL_ERROR_SYNTAX, 0 },
		{ "1  list", CONTROL_ERROR_SYNTAX, 1 },
		{ "1 list ", CONTROL_ERROR_SYNTAX, 1 },
		{ "1 list\n", CONTROL_ERROR_SYNTAX, 1 },
		{ "1 LIST", CONTROL_ERROR_UNKNOWN_VERB, 1 },
		{ "+1 list", CONTROL_ERROR_SYNTAX, 0 },
		{ "4294967295 lists", CONTROL_ERROR_UNKNOWN_VERB, UINT32_MAX },
		{ "4294967296 list", CONTROL_ERROR_SYNTAX, 0 },
		{ "2 status a", CONTROL_ERROR_BAD_UNIT, 2 },
		{ "2 status a.mount", CONTROL_ERROR_BAD_UNIT, 2 },
		{ "2 status ../a.service", CONTROL_ERROR_BAD_UNIT, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].text), cases[i].error);
		assert_int_equal(request.tag, cases[i].tag);
	}
}

static void length_is_bounded(void **state)
{
	char text[CONTROL_REQUEST_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "1 ", 2);
	assert_int_equal(control_parse((struct str){ text, CONTROL_REQUEST_MAX }, &request),
			 CONTROL_ERROR_UNKNOWN_VERB);
	assert_int_equal(control_parse((struct str){ text, CONTROL_REQUEST_MAX + 1 }, &request),
			 CONTROL_ERROR_TOO_LONG);
	assert_int_equal(request.tag, 0);
	/* The longest name of a unit fits, with all that may stand around it. */
	memcpy(text, "4294967295 try-reload-or-restart ", 33);
	memset(text + 33, 'a', 247);
	memcpy(text + 33 + 247, ".service no-block", 17);
	assert_int_equal(control_parse((struct str){ text, 33 + 247 + 17 }, &request), 0);
	assert_int_equal(strlen(request.unit), UNIT_NAME_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb),
		cmocka_unit_test(options_belong_to_their_verbs),
		cmocka_unit_test(errors_have_the_tag_if_it_can_be_read),
		cmocka_unit_test(length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
