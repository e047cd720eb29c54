// SPDX-License-Identifier: MIT OR Apache-2.0
/* The writer of JSON: brackets, commas, and text of any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/json.h"

static char *text;
static size_t size;

static struct json begin(void)
{
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	return json_to(out);
}

static void expect(struct json *json, const char *wanted)
{
	assert_int_equal(fclose(json->out), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static void brackets_and_commas(void **state)
{
	struct json json = begin();

	(void)state;
	json_object(&json, NULL);
	json_number(&json, "a", UINT64_MAX);
	json_array(&json, "b");
	json_string(&json, NULL, "x");
	json_null(&json, NULL);
	json_object(&json, NULL);
	json_end(&json, '}');
	json_array(&json, NULL);
	json_end(&json, ']');
	json_end(&json, ']');
	json_boolean(&json, "c", true);
	json_boolean(&json, "d", false);
	json_seconds(&json, "e", UINT64_C(1000000002));
	json_end(&json, '}');
	expect(&json, "{\"a\":18446744073709551615,\"b\":[\"x\",null,{},[]],\"c\":true,\"d\":false,"
		      "\"e\":1.000000002}\n");
}

static void text_is_escaped(void **state)
{
	struct json json = begin();

	(void)state;
	json_array(&json, NULL);
	json_str(&json, NULL, (struct str){ "\"\\/\n\0\x7f", 6 });
	json_end(&json, ']');
	expect(&json, "[\"\\\"\\\\/\\u000a\\u0000\\u007f\"]\n");
}

static void names_are_escaped(void **state)
{
	struct json json = begin();

	(void)state;
	json_object(&json, NULL);
	json_null(&json, "a\"b");
	json_end(&json, '}');
	expect(&json, "{\"a\\\"b\":null}\n");
}

/* Overlong forms, surrogates, what is beyond U+10FFFF and what is cut are no UTF-8 (RFC 3629). */
static void only_valid_utf_8_passes(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\xff", "\\ufffd" },
		{ "\x80", "\\ufffd" },
		{ "\xc0\xaf", "\\ufffd\\ufffd" },
		{ "\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
		{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "\xe2\x82", "\\ufffd\\ufffd" },
		{ "\xc3x", "\\ufffdx" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json json = begin();
		char wanted[64];

		json_array(&json, NULL);
		json_string(&json, NULL, cases[i].in);
		json_end(&json, ']');
		(void)snprintf(wanted, sizeof(wanted), "[\"%s\"]\n", cases[i].out);
		expect(&json, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brackets_and_commas),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(only_valid_utf_8_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
