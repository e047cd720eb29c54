// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * lib/toml_parse: the rules of documents, keys and tables, what is known about places, and limits. Values are in
 * test_toml_value_parse.c; what is compared with another parser is in test_toml_oracle.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/toml_parse.h"
#include "tests/unit/toml_cases.h"

/* clang-format off */
static void test_documents(void **state _unused_)
{
	static const struct valid rows[] = {
		{ "", "{}" },
		{ "\n", "{}" },
		{ "\r\n\r\n", "{}" },
		{ " \t ", "{}" },
		{ "#", "{}" },
		{ "# a comment", "{}" },
		{ "# a comment\n", "{}" },
		{ "# a comment\r\n# another", "{}" },
		{ "#\ttab and \xc3\xa4 in a comment\n", "{}" },
		{ "a=1", "{\"a\":1}" },
		{ "a = 1\n", "{\"a\":1}" },
		{ "\ta\t=\t1\t", "{\"a\":1}" },
		{ "a=1#comment", "{\"a\":1}" },
		{ "a=1 # comment\nb=2", "{\"a\":1,\"b\":2}" },
		{ "a=1\r\nb=2\r\n", "{\"a\":1,\"b\":2}" },
		{ "z=1\na=2\nm=3", "{\"z\":1,\"a\":2,\"m\":3}" },
	};
	static const struct invalid bad[] = {
		{ "a", 1, 2, "\"=\" is missing" },
		{ "a\n", 1, 2, "\"=\" is missing" },
		{ "a b = 1", 1, 3, "\"=\" is missing" },
		{ "a =", 1, 4, "a value is missing" },
		{ "a = # c", 1, 5, "a value is missing" },
		{ "a =\n1", 1, 4, "a value is missing" },
		{ "a\n= 1", 1, 2, "\"=\" is missing" },
		{ "= 1", 1, 1, "no key can begin with \"=\"" },
		{ "\n\n  = 1", 3, 3, "no key can begin" },
		{ "a = 1 b = 2", 1, 7, "the line must end here, behind the value" },
		{ "a = 1, b = 2", 1, 6, "the line must end here" },
		{ "a = 1 2", 1, 7, "the line must end here" },
		{ "a = = 1", 1, 5, "no value can begin with \"=\"" },
		{ "a == 1", 1, 4, "no value can begin with \"=\"" },
		{ "a = ]", 1, 5, "no value can begin with \"]\"" },
		{ "a = \xc3\xa4", 1, 5, "no value can begin with \"\xc3\xa4\"" },
		{ "]", 1, 1, "no key can begin with \"]\"" },
		{ "a : 1", 1, 3, "\"=\" is missing" },
		{ "\x01", 1, 1, "control character U+0001" },
		{ "a = 1 \x02", 1, 7, "control character U+0002" },
		{ "# \x7f", 1, 3, "control character U+007F" },
		{ "# \x1f", 1, 3, "control character U+001F" },
		{ "# a\rb", 1, 4, "carriage return" },
		{ "a = 1\r", 1, 6, "carriage return" },
		{ "a = 1\rb = 2", 1, 6, "carriage return" },
		{ "a = 1\n\n# \x0b", 3, 3, "control character U+000B" },
		{ "\f", 1, 1, "control character U+000C" },
		{ "\xef\xbb\xbf" "a = 1", 1, 1, "byte order mark" },
		{ "a = 1\n\xef\xbb\xbf" "b = 1", 2, 1, "no key can begin" },
		{ "\xff\xfe" "a", 1, 1, "byte 0xff here is not UTF-8" },
		{ "# \xc3", 1, 3, "not UTF-8" },
		{ "# \xc3\xa4\xa4", 1, 4, "byte 0xa4 here is not UTF-8" },
		{ "# \xc0\x80", 1, 3, "not UTF-8" },
		{ "# \xe0\x80\x80", 1, 3, "not UTF-8" },
		{ "# \xed\xa0\x80", 1, 3, "not UTF-8" },
		{ "# \xf4\x90\x80\x80", 1, 3, "not UTF-8" },
		{ "# \xf5\x80\x80\x80", 1, 3, "not UTF-8" },
		{ "a = \"\xe4\"", 1, 6, "not UTF-8" },
		{ "a = '''\n\xe4'''", 2, 1, "not UTF-8" },
		{ "# \xe2\x82", 1, 3, "not UTF-8" },
		{ "# \xf0\x9f\x98", 1, 3, "not UTF-8" },
	};

	check_valid(rows, ARRAY_SIZE(rows));
	check_invalid(bad, ARRAY_SIZE(bad));
}

static void test_keys(void **state _unused_)
{
	static const struct valid rows[] = {
		{ "key = 1", "{\"key\":1}" },
		{ "a_b-C9 = 1", "{\"a_b-C9\":1}" },
		{ "1234 = 1", "{\"1234\":1}" },
		{ "- = 1\n_ = 2", "{\"-\":1,\"_\":2}" },
		{ "true = 1\ninf = 2\n1e5 = 3", "{\"true\":1,\"inf\":2,\"1e5\":3}" },
		{ "1979-05-27 = 1", "{\"1979-05-27\":1}" },
		{ "\"\" = 1", "{\"\":1}" },
		{ "'' = 1", "{\"\":1}" },
		{ "\"a b\" = 1", "{\"a b\":1}" },
		{ "'a \"b\" c' = 1", "{\"a \\x22b\\x22 c\":1}" },
		{ "\"\\u00e4\\n\" = 1", "{\"\\xc3\\xa4\\x0a\":1}" },
		{ "'\xc3\xa4' = 1", "{\"\\xc3\\xa4\":1}" },
		{ "'a\\n' = 1", "{\"a\\x5cn\":1}" },
		{ "\"a.b\" = 1", "{\"a.b\":1}" },
		{ "\"#\" = 1", "{\"#\":1}" },
		{ "\"\\u0000\" = 1\n\"\" = 2\n\"\\u0000\\u0000\" = 3", "{\"\\x00\":1,\"\":2,\"\\x00\\x00\":3}" },
		{ "a.b = 1", "{\"a\":{\"b\":1}}" },
		{ "a . b\t.\tc = 1", "{\"a\":{\"b\":{\"c\":1}}}" },
		{ "a.\"b.c\".'d' = 1", "{\"a\":{\"b.c\":{\"d\":1}}}" },
		{ "a.\"\".b = 1", "{\"a\":{\"\":{\"b\":1}}}" },
		{ "3.14 = 1", "{\"3\":{\"14\":1}}" },
		{ "a.b = 1\na.c = 2", "{\"a\":{\"b\":1,\"c\":2}}" },
		{ "a.x = 1\nb.x = 2\na.y = 3\nb.y = 4", "{\"a\":{\"x\":1,\"y\":3},\"b\":{\"x\":2,\"y\":4}}" },
		{ "a.b.c = 1\na.d = 2", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}" },
		{ "A = 1\na = 2", "{\"A\":1,\"a\":2}" },
		{ "aa = 1\na = 2\naaa = 3\nab = 4", "{\"aa\":1,\"a\":2,\"aaa\":3,\"ab\":4}" },
	};
	static const struct invalid bad[] = {
		{ "a = 1\na = 2", 2, 1, "duplicate key \"a\", first defined at line 1" },
		{ "a = 1\n\n\"a\" = 2", 3, 1, "duplicate key \"a\", first defined at line 1" },
		{ "'a' = 1\n\"\\u0061\" = 2", 2, 1, "duplicate key \"a\"" },
		{ "\"\" = 1\n'' = 2", 2, 1, "duplicate key \"\"" },
		{ "a.b = 1\na.b = 2", 2, 3, "duplicate key \"b\", first defined at line 1" },
		{ "a = 1\na.b = 2", 2, 1, "\"a\" is an integer, defined at line 1: no key can be in it" },
		{ "a.b = 1\na = 2", 2, 1, "duplicate key \"a\"" },
		{ "a.b = 1\na.b.c = 2", 2, 3, "\"b\" is an integer" },
		{ "a.b.c = 1\na.b = 2", 2, 3, "duplicate key \"b\"" },
		{ "a = [1]\na.b = 2", 2, 1, "\"a\" is an array" },
		{ "a = [{}]\na.b = 2", 2, 1, "\"a\" is an array" },
		{ "a = {}\na.b = 2", 2, 1, "\"a\" is an inline table, defined at line 1: a dotted key cannot add to it" },
		{ "a. = 1", 1, 4, "no key can begin with \"=\"" },
		{ ".a = 1", 1, 1, "no key can begin with \".a\"" },
		{ "a..b = 1", 1, 3, "no key can begin with \".b\"" },
		{ "a.\n", 1, 3, "a key is missing" },
		{ "\xc3\xa4 = 1", 1, 1, "no key can begin with \"\xc3\xa4\"" },
		{ "a\xc3\xa4 = 1", 1, 2, "\"=\" is missing" },
		{ "a! = 1", 1, 2, "\"=\" is missing" },
		{ "\"a = 1", 1, 1, "no end on its line" },
		{ "'a = 1", 1, 1, "no end on its line" },
		{ "\"a\n\" = 1", 1, 1, "no end on its line" },
		{ "\"\"\"a\"\"\" = 1", 1, 1, "a key cannot be a string of several lines" },
		{ "'''a''' = 1", 1, 1, "a key cannot be a string of several lines" },
		{ "\"a\"b = 1", 1, 4, "\"=\" is missing" },
		{ "\"a\" \"b\" = 1", 1, 5, "\"=\" is missing" },
		{ "\"\\x\" = 1", 1, 2, "no escape" },
		{ "a + b = 1", 1, 3, "\"=\" is missing" },
		{ "\\u0061 = 1", 1, 1, "no key can begin with \"\\x5cu0061\"" },
		{ "'a\tb' = 1\n'a\tb' = 2", 2, 1, "duplicate key \"a\\x09b\"" },
		{ "a234567890123456789012345678901234567890123456789012345678901234567890 = 1\n"
		  "a234567890123456789012345678901234567890123456789012345678901234567890 = 1", 2, 1, "8...\", first defined" },
	};

	check_valid(rows, ARRAY_SIZE(rows));
	check_invalid(bad, ARRAY_SIZE(bad));
}

static void test_arrays(void **state _unused_)
{
	static const struct valid rows[] = {
		{ "a = []", "{\"a\":[]}" },
		{ "a = [ ]", "{\"a\":[]}" },
		{ "a = [\n]", "{\"a\":[]}" },
		{ "a = [ # c\n # d\n ]", "{\"a\":[]}" },
		{ "a = [1]", "{\"a\":[1]}" },
		{ "a = [1,2,3]", "{\"a\":[1,2,3]}" },
		{ "a = [1,]", "{\"a\":[1]}" },
		{ "a = [1 , 2 , ]", "{\"a\":[1,2]}" },
		{ "a = [\n1,\n2\n,3\n,\n]", "{\"a\":[1,2,3]}" },
		{ "a = [\r\n1,\r\n2\r\n]", "{\"a\":[1,2]}" },
		{ "a = [1, # one\n2 # two\n, # comma\n3]", "{\"a\":[1,2,3]}" },
		{ "a = [[1],[\"b\",[]],]", "{\"a\":[[1],[\"b\",[]]]}" },
		{ "a = [1, 1.5, true, 'x', 1979-05-27, {}, []]", "{\"a\":[1,1.5,true,\"x\",1979-05-27,{},[]]}" },
		{ "a = [{b = 1}, {b = 2}]", "{\"a\":[{\"b\":1},{\"b\":2}]}" },
		{ "a = [\"]\", '[', \",\"]", "{\"a\":[\"]\",\"[\",\",\"]}" },
		{ "a = [\n# [1,\n1]", "{\"a\":[1]}" },
		{ "a = [{b = [{c = 1}]}]", "{\"a\":[{\"b\":[{\"c\":1}]}]}" },
	};
	static const struct invalid bad[] = {
		{ "a = [", 1, 6, "a value is missing" },
		{ "a = [1", 1, 7, "a \",\" or \"]\" is missing here, in the array from line 1 on" },
		{ "a = [1,", 1, 8, "a value is missing" },
		{ "a = [1\n\nb = 2", 3, 1, "is missing here, in the array from line 1 on" },
		{ "a = [,]", 1, 6, "no value can begin with \",\"" },
		{ "a = [,1]", 1, 6, "no value can begin with \",\"" },
		{ "a = [1,,2]", 1, 8, "no value can begin with \",\"" },
		{ "a = [1,,]", 1, 8, "no value can begin with \",\"" },
		{ "a = [1 2]", 1, 8, "is missing here" },
		{ "a = [1 [2]]", 1, 8, "is missing here" },
		{ "a = [\"b\" c]", 1, 10, "is missing here" },
		{ "a = [[1]", 1, 9, "is missing here" },
		{ "a = [[1]]]", 1, 10, "the line must end here" },
		{ "a = [1]2", 1, 8, "the line must end here" },
		{ "a = [1] b = 2", 1, 9, "the line must end here" },
		{ "a = [1}", 1, 7, "is missing here" },
		{ "a = [b = 1]", 1, 6, "is no value" },
		{ "a = [1 # ]", 1, 11, "is missing here" },
		{ "a = [yes]", 1, 6, "yes is no value" },
	};

	check_valid(rows, ARRAY_SIZE(rows));
	check_invalid(bad, ARRAY_SIZE(bad));
}

static void test_inline_tables(void **state _unused_)
{
	static const struct valid rows[] = {
		{ "a = {}", "{\"a\":{}}" },
		{ "a = { }", "{\"a\":{}}" },
		{ "a = {b=1}", "{\"a\":{\"b\":1}}" },
		{ "a = { b = 1, c = \"2\" }", "{\"a\":{\"b\":1,\"c\":\"2\"}}" },
		{ "a = { b.c = 1 }", "{\"a\":{\"b\":{\"c\":1}}}" },
		{ "a = { b.c = 1, b.d = 2 }", "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}" },
		{ "a = { b = { c = {} } }", "{\"a\":{\"b\":{\"c\":{}}}}" },
		{ "a = { \"b c\" = 1, 'd' = 2 }", "{\"a\":{\"b c\":1,\"d\":2}}" },
		{ "a = { b = [\n1,\n2 ] }", "{\"a\":{\"b\":[1,2]}}" },
		{ "a = { b = \"\"\"\nc\n\"\"\" }", "{\"a\":{\"b\":\"c\\x0a\"}}" },
		{ "a.b = {c = 1}\na.d = 2", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}" },
		{ "a = {b = 1} # c", "{\"a\":{\"b\":1}}" },
		{ "a = { b = true}", "{\"a\":{\"b\":true}}" },
	};
	static const struct invalid bad[] = {
		{ "a = {", 1, 6, "a key is missing" },
		{ "a = {\n}", 1, 6, "a key is missing" },
		{ "a = {b = 1", 1, 11, "a \",\" or \"}\" is missing here; an inline table has one line" },
		{ "a = {b = 1\n}", 1, 11, "an inline table has one line" },
		{ "a = {b = 1,\nc = 2}", 1, 12, "a key is missing" },
		{ "a = {b = 1 # c\n}", 1, 12, "an inline table has one line" },
		{ "a = {b = 1,}", 1, 12, "no key can begin with \"}\"" },
		{ "a = {,}", 1, 6, "no key can begin with \",}\"" },
		{ "a = {,b = 1}", 1, 6, "no key can begin" },
		{ "a = {b = 1,,c = 2}", 1, 12, "no key can begin" },
		{ "a = {b = 1 c = 2}", 1, 12, "is missing here" },
		{ "a = {b}", 1, 7, "\"=\" is missing" },
		{ "a = {b = }", 1, 10, "no value can begin with \"}\"" },
		{ "a = {1}", 1, 7, "\"=\" is missing" },
		{ "a = {b = 1]", 1, 11, "is missing here" },
		{ "a = {b = 1}}", 1, 12, "the line must end here" },
		{ "a = {b = 1} c = 2", 1, 13, "the line must end here" },
		{ "a = {b = 1, b = 2}", 1, 13, "duplicate key \"b\"" },
		{ "a = {b = 1, \"b\" = 2}", 1, 13, "duplicate key \"b\"" },
		{ "a = {b.c = 1, b = 2}", 1, 15, "duplicate key \"b\"" },
		{ "a = {b = 1, b.c = 2}", 1, 13, "\"b\" is an integer" },
		{ "a = {b = {c = 1}, b.d = 2}", 1, 19, "\"b\" is an inline table" },
		{ "a = {b.c = 1, b.c = 2}", 1, 17, "duplicate key \"c\"" },
		{ "a = {b = 1}\na.c = 2", 2, 1, "\"a\" is an inline table" },
		{ "a = {b = {}}\na.b.c = 2", 2, 1, "\"a\" is an inline table" },
		{ "a = {b.c = 1}\na.b.d = 2", 2, 1, "\"a\" is an inline table" },
		{ "a = {}\n[a]", 2, 2, "duplicate key \"a\"" },
		{ "a = {}\n[a.b]", 2, 2, "\"a\" is an inline table, defined at line 1: a header cannot add to it" },
		{ "a = {}\n[[a]]", 2, 3, "\"a\" is an inline table, defined at line 1: [[ ]] cannot add to it" },
		{ "a = {}\n[[a.b]]", 2, 3, "\"a\" is an inline table" },
		{ "a = {b = {}}\n[a.b.c]", 2, 2, "\"a\" is an inline table" },
		{ "a.b = {}\n[a.b.c]", 2, 4, "\"b\" is an inline table" },
		{ "[a]\nb = {c = 1}\n[a.b]", 3, 4, "duplicate key \"b\", first defined at line 2" },
		{ "[a]\nb = {c = 1}\n[a.b.d]", 3, 4, "\"b\" is an inline table" },
		{ "a = {\r\n}", 1, 6, "a key is missing" },
	};

	check_valid(rows, ARRAY_SIZE(rows));
	check_invalid(bad, ARRAY_SIZE(bad));
}

static void test_tables(void **state _unused_)
{
	static const struct valid rows[] = {
		{ "[a]", "{\"a\":{}}" },
		{ "[a]\n", "{\"a\":{}}" },
		{ "[ a ]", "{\"a\":{}}" },
		{ "\t[a] # c\nb = 1", "{\"a\":{\"b\":1}}" },
		{ "[a]\nb = 1\n[c]\nb = 2", "{\"a\":{\"b\":1},\"c\":{\"b\":2}}" },
		{ "[a.b.c]\nd = 1", "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}" },
		{ "[ a . b\t. c ]", "{\"a\":{\"b\":{\"c\":{}}}}" },
		{ "[a.\"b.c\".'d']", "{\"a\":{\"b.c\":{\"d\":{}}}}" },
		{ "[\"\"]\n['a b']", "{\"\":{},\"a b\":{}}" },
		{ "[1.2]", "{\"1\":{\"2\":{}}}" },
		{ "x = 1\n[a]\nx = 2", "{\"x\":1,\"a\":{\"x\":2}}" },
		{ "[a.b]\nc = 1\n[a]\nd = 2", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}" },
		{ "[a]\n[a.b]\n[a.b.c]", "{\"a\":{\"b\":{\"c\":{}}}}" },
		{ "[a.b.c]\n[a.b]\n[a]", "{\"a\":{\"b\":{\"c\":{}}}}" },
		{ "[a.b]\n[c]\n[a.d]", "{\"a\":{\"b\":{},\"d\":{}},\"c\":{}}" },
		{ "[a]\nb.c = 1\n[a.b.d]\ne = 2", "{\"a\":{\"b\":{\"c\":1,\"d\":{\"e\":2}}}}" },
		{ "a.b = 1\n[a.c]", "{\"a\":{\"b\":1,\"c\":{}}}" },
		{ "a.b.c = 1\n[a.b.d]\n[a.e]", "{\"a\":{\"b\":{\"c\":1,\"d\":{}},\"e\":{}}}" },
		{ "[a.b.c]\n[a]\nb.d = 1", "{\"a\":{\"b\":{\"c\":{},\"d\":1}}}" },
		{ "[a]\n\n# c\n\n[b]", "{\"a\":{},\"b\":{}}" },
		{ "[a]\r\nb=1\r\n", "{\"a\":{\"b\":1}}" },
		{ "[a]\nb.c = 1\nb.d = 2", "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}" },
		{ "['a']\n[\"b\"]\n[\"\\u0063\"]", "{\"a\":{},\"b\":{},\"c\":{}}" },
		/* Arrays of tables. */
		{ "[[a]]", "{\"a\":[{}]}" },
		{ "[[a]]\n[[a]]", "{\"a\":[{},{}]}" },
		{ "[[ a ]]\nb = 1", "{\"a\":[{\"b\":1}]}" },
		{ "[[a]]\nb = 1\n[[a]]\nb = 2", "{\"a\":[{\"b\":1},{\"b\":2}]}" },
		{ "[[a.b]]\n[[a.b]]", "{\"a\":{\"b\":[{},{}]}}" },
		{ "[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", "{\"a\":[{\"b\":{\"c\":1}},{\"b\":{\"c\":2}}]}" },
		{ "[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]", "{\"a\":[{\"b\":[{},{}]},{\"b\":[{}]}]}" },
		{ "[[a]]\nb.c = 1\n[a.d]\n[[a.e]]\n[a.e.f]", "{\"a\":[{\"b\":{\"c\":1},\"d\":{},\"e\":[{\"f\":{}}]}]}" },
		{ "[[a.b]]\n[a]\nc = 1", "{\"a\":{\"b\":[{}],\"c\":1}}" },
		{ "[[a]]\n[b]\n[[a]]", "{\"a\":[{},{}],\"b\":{}}" },
		{ "[[a.b]]\nx = 1\n[a.c]", "{\"a\":{\"b\":[{\"x\":1}],\"c\":{}}}" },
		{ "[[a]]\n[a.b.c]\n[a.b]", "{\"a\":[{\"b\":{\"c\":{}}}]}" },
		{ "[a]\n[[a.b]]\n[[a.b]]", "{\"a\":{\"b\":[{},{}]}}" },
		{ "[a]\n[a.\"[b]\"]\nc = \"[d]\"", "{\"a\":{\"[b]\":{\"c\":\"[d]\"}}}" },
	};
	static const struct invalid bad[] = {
		{ "[", 1, 2, "a key is missing" },
		{ "[]", 1, 2, "no key can begin with \"]\"" },
		{ "[a", 1, 3, "a \"]\" is missing here, at the end of the header" },
		{ "[a\n]", 1, 3, "\"]\" is missing" },
		{ "[\na]", 1, 2, "a key is missing" },
		{ "[a b]", 1, 4, "\"]\" is missing" },
		{ "[a.]", 1, 4, "no key can begin with \"]\"" },
		{ "[.a]", 1, 2, "no key can begin" },
		{ "[a..b]", 1, 4, "no key can begin" },
		{ "[a]b = 1", 1, 4, "the line must end here, behind the header" },
		{ "[a] b = 1", 1, 5, "the line must end here, behind the header" },
		{ "[a] [b]", 1, 5, "the line must end here" },
		{ "[a]]", 1, 4, "the line must end here" },
		{ "[a#]", 1, 3, "\"]\" is missing" },
		{ "[a=1]", 1, 3, "\"]\" is missing" },
		{ "[[a]", 1, 4, "a \"]]\" is missing" },
		{ "[[a] ]", 1, 4, "a \"]]\" is missing" },
		{ "[ [a]]", 1, 3, "no key can begin with \"[a]]\"" },
		{ "[[]]", 1, 3, "no key can begin" },
		{ "[[[a]]]", 1, 3, "no key can begin" },
		{ "[[a]]]", 1, 6, "the line must end here" },
		{ "[[a]] b = 1", 1, 7, "the line must end here" },
		{ "[a]\n[a]", 2, 2, "duplicate key \"a\", first defined at line 1" },
		{ "[a]\n\n[\"a\"]", 3, 2, "duplicate key \"a\"" },
		{ "[a.b]\n[a]\n[a]", 3, 2, "duplicate key \"a\", first defined at line 2" },
		{ "[a.b]\n[a.b]", 2, 4, "duplicate key \"b\", first defined at line 1" },
		{ "[a]\nb = 1\n[a.b]", 3, 4, "duplicate key \"b\", first defined at line 2" },
		{ "[a]\nb = 1\n[a.b.c]", 3, 4, "\"b\" is an integer, defined at line 2: no table can be in it" },
		{ "a = 1\n[a]", 2, 2, "duplicate key \"a\"" },
		{ "a = 1\n[a.b]", 2, 2, "\"a\" is an integer" },
		{ "a = 'x'\n[a.b]", 2, 2, "\"a\" is a string" },
		{ "[a]\nb.c = 1\n[a.b]", 3, 4, "duplicate key \"b\"" },
		{ "a.b = 1\n[a]", 2, 2, "duplicate key \"a\"" },
		{ "a.b.c = 1\n[a.b]", 2, 4, "duplicate key \"b\"" },
		{ "[a.b]\nx = 1\n[a]\nb = 2", 4, 1, "duplicate key \"b\", first defined at line 1" },
		{ "[a.b]\nx = 1\n[a]\nb.y = 2", 4, 1, "\"b\" is a table, defined at line 1: a dotted key cannot add to it" },
		{ "[a.b.c]\nx = 1\n[a]\nb.c.y = 2", 4, 3, "\"c\" is a table" },
		{ "[a.b.c.d]\n[a]\nb.c.d.e = 2", 3, 5, "\"d\" is a table" },
		{ "[a.b.c]\n[a]\nb.d = 1\n[a.b]", 4, 4, "duplicate key \"b\"" },
		{ "[[a]]\n[a]", 2, 2, "duplicate key \"a\"" },
		{ "[a]\n[[a]]", 2, 3, "\"a\" is a table, defined at line 1: [[ ]] cannot add to it" },
		{ "[a.b]\n[[a]]", 2, 3, "\"a\" is a table" },
		{ "[[a.b]]\n[[a]]", 2, 3, "\"a\" is a table" },
		{ "a = []\n[[a]]", 2, 3, "\"a\" is an array, defined at line 1: [[ ]] cannot add to it" },
		{ "a = [{}]\n[[a]]", 2, 3, "\"a\" is an array" },
		{ "a = [{}]\n[a.b]", 2, 2, "\"a\" is an array, defined at line 1: a header cannot add to it" },
		{ "a = [{b = {}}]\n[a.b.c]", 2, 2, "\"a\" is an array" },
		{ "a = 1\n[[a]]", 2, 3, "\"a\" is an integer" },
		{ "a.b = 1\n[[a]]", 2, 3, "\"a\" is a table" },
		{ "[[a]]\n[a.b]\n[a.b]", 3, 4, "duplicate key \"b\"" },
		{ "[[a]]\nb = 1\n[a.b]", 3, 4, "duplicate key \"b\"" },
		{ "[[a]]\n[a.b]\n[[a.b]]", 3, 5, "\"b\" is a table" },
		{ "[[a]]\n[[a.b]]\n[a.b]", 3, 4, "duplicate key \"b\"" },
		{ "[[a.b]]\n[a]\nb.c = 1", 3, 1, "\"b\" is an array of tables, defined at line 1: no key can be in it" },
		{ "[[a.b]]\n[a]\nb = 1", 3, 1, "duplicate key \"b\"" },
		{ "[a]\nb = [1]\n[[a.b]]", 3, 5, "\"b\" is an array" },
		{ "[a]\nb.c = 1\n[[a.b]]", 3, 5, "\"b\" is a table" },
		{ "[a]\nb.c = 1\n[a.b.c]", 3, 6, "duplicate key \"c\"" },
		{ "[\"a]", 1, 2, "no end on its line" },
		{ "['''a''']", 1, 2, "a key cannot be a string of several lines" },
		{ "[a]\nb = 1\nb = 2", 3, 1, "duplicate key \"b\", first defined at line 2" },
	};

	check_valid(rows, ARRAY_SIZE(rows));
	check_invalid(bad, ARRAY_SIZE(bad));
}
/* clang-format on */

static const struct toml_node *parse_good(const char *text)
{
	const struct toml_node *root = NULL;

	assert_int_equal(parse(str_from(text), &root, NULL), 0);
	return root;
}

static void assert_at(struct toml_position at, unsigned line, unsigned column)
{
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
}

static void test_places(void **state _unused_)
{
	const struct toml_node *root = parse_good(
		"# \xc3\xa4\na = 1\n'\xc3\xa4\xc3\xa4' =  [ 1,\n  '\xc3\xa4', 2 ]\r\n"
		"[t . u]\n x.y = { z = 5 }\n[[l]]\n[[l]]\n[t]\n");
	const struct toml_node *node = toml_get(root, STR("a"));

	assert_at(root->at, 1, 1);
	assert_at(node->key_at, 2, 1);
	assert_at(node->at, 2, 5);
	node = toml_get(root, STR("\xc3\xa4\xc3\xa4"));
	assert_at(node->key_at, 3, 1);
	assert_at(node->at, 3, 9);
	node = toml_first(node);
	assert_at(node->at, 3, 11);
	node = node->next;
	assert_at(node->at, 4, 3);
	assert_at(node->next->at, 4, 8);
	node = toml_get(root, STR("t"));
	assert_at(node->key_at, 5, 2);
	assert_at(node->at, 9, 1);
	node = toml_get(node, STR("u"));
	assert_at(node->key_at, 5, 6);
	assert_at(node->at, 5, 1);
	node = toml_get(node, STR("x"));
	assert_at(node->key_at, 6, 2);
	node = toml_get(node, STR("y"));
	assert_at(node->key_at, 6, 4);
	assert_at(node->at, 6, 8);
	assert_at(toml_get(node, STR("z"))->at, 6, 14);
	node = toml_get(root, STR("l"));
	assert_at(node->key_at, 7, 3);
	assert_at(toml_first(node)->at, 7, 1);
	assert_at(toml_first(node)->next->at, 8, 1);
}

static void test_getters(void **state _unused_)
{
	const struct toml_node *root = parse_good(
		"s = 'x'\ni = 5\nf = 1.5\nb = true\nt = 07:32:00.5\nl = [1, 2]");
	struct toml_time time;
	int64_t integer = 7;
	double real;
	bool boolean = false;
	struct str text;

	assert_int_equal(toml_count(root), 6);
	assert_int_equal(toml_count(toml_get(root, STR("l"))), 2);
	assert_int_equal(toml_count(toml_get(root, STR("i"))), 0);
	assert_null(toml_first(toml_get(root, STR("i"))));
	assert_null(toml_first(NULL));
	assert_null(toml_get(root, STR("none")));
	assert_null(toml_get(toml_get(root, STR("i")), STR("i")));
	assert_null(toml_get(NULL, STR("i")));
	assert_true(toml_string(toml_get(root, STR("s")), &text) && str_is(text, "x"));
	assert_false(toml_string(toml_get(root, STR("i")), &text));
	assert_false(toml_integer(toml_get(root, STR("i")), 6, 9, &integer));
	assert_false(toml_integer(toml_get(root, STR("i")), 0, 4, &integer));
	assert_false(toml_integer(toml_get(root, STR("f")), 0, 4, &integer));
	assert_int_equal(integer, 7);
	assert_true(toml_integer(toml_get(root, STR("i")), 5, 5, &integer));
	assert_int_equal(integer, 5);
	assert_true(toml_float(toml_get(root, STR("f")), &real) && real > 1.4);
	assert_false(toml_float(toml_get(root, STR("i")), &real));
	assert_true(toml_boolean(toml_get(root, STR("b")), &boolean) && boolean);
	assert_false(toml_boolean(NULL, &boolean));
	assert_true(toml_time(toml_get(root, STR("t")), &time));
	assert_int_equal(time.nanosecond, 500000000);
	assert_false(toml_time(toml_get(root, STR("b")), &time));
}

/* Depth has a bound, by whatever it comes about, and the bound itself is good. */
static void test_depth(void **state _unused_)
{
	static const struct {
		const char *begin, *each, *middle, *end_each;
	} shapes[] = {
		{ "a = ", "[", "", "]" },  { "a = ", "{a=", "1", "}" },
		{ "a", ".a", " = 1", "" }, { "[a", ".a", "]", "" },
		{ "[[a", ".a", "]]", "" }, { "a = ", "[{a=", "1", "}]" },
	};
	static char text[65536];

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (size_t depth = 1; depth < 10000; depth = depth < 70 ? depth + 1 : depth * 3) {
			const struct toml_node *root = NULL;
			struct buf b = BUF(text);
			struct toml_error error;
			size_t levels = i == 5	 ? 2 * depth + 1
					: i == 0 ? depth
					: i == 4 ? depth + 2
						 : depth + 1;
			int r;

			buf_add(&b, shapes[i].begin);
			for (size_t j = 0; j < depth; j++)
				buf_add(&b, shapes[i].each);
			buf_add(&b, shapes[i].middle);
			for (size_t j = 0; j < depth; j++)
				buf_add(&b, shapes[i].end_each);
			assert_false(b.overflow);
			r = parse((struct str){ text, b.len }, &root, &error);
			if (levels > TOML_DEPTH_MAX) {
				assert_int_equal(r, -EINVAL);
				assert_non_null(strstr(error.reason, "deeper than 64"));
			} else if (r < 0) {
				fail_msg("shape %zu, depth %zu: %s", i, depth, error.reason);
			}
		}
	}
}

/* Each size of arena that is too small is told as that, and nothing is written behind it. */
static void test_full_arena(void **state _unused_)
{
	static const char text[] = "a = \"x\\ty\"\n[b.c]\nd = [1, 2.5, {e = '''\r\nx\r\n'''}]\n[[f]]\n";
	const struct toml_node *root = NULL;
	struct toml_error error;
	size_t needed;

	{
		struct arena arena = ARENA(memory);

		assert_int_equal(toml_parse(STR(text), &arena, &root, NULL), 0);
		needed = arena.used;
		assert_true(needed <= TOML_ARENA_WORST(sizeof(text)));
	}
	for (size_t size = 0; size < needed; size++) {
		struct arena arena = { .p = malloc(size ? size : 1), .size = size };

		root = NULL;
		assert_int_equal(toml_parse(STR(text), &arena, &root, &error), -ENOSPC);
		assert_null(root);
		assert_non_null(strstr(error.reason, "too much in it"));
		assert_true(arena.used <= size);
		free(arena.p);
	}
	root = NULL;
	assert_int_equal(parse((struct str){ memory, TOML_TEXT_MAX + 1 }, &root, &error), -E2BIG);
	assert_non_null(strstr(error.reason, "longer than 1048576 bytes"));
}

/* Lookups in tables of keys that begin each other or share all but their last bits. */
static void test_many_keys(void **state _unused_)
{
	static char text[512 * 1024];
	const struct toml_node *root = NULL;
	struct buf b = BUF(text);
	char key[16];

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "k%d=%d\n", i * 7919 % 20011, i);
	for (int i = 1; i < 500; i++)
		buf_printf(&b, "%0*d=%d\n", i, 0, i);
	assert_false(b.overflow);
	assert_int_equal(parse((struct str){ text, b.len }, &root, NULL), 0);
	assert_int_equal(toml_count(root), 20499);
	for (int i = 0; i < 20000; i++) {
		int64_t value = -1;
		int n = snprintf(key, sizeof(key), "k%d", i * 7919 % 20011);

		assert_true(toml_integer(toml_get(root, (struct str){ key, (size_t)n }), i, i, &value));
	}
	for (int i = 0; i < 1000; i++) {
		int n = snprintf(key, sizeof(key), "x%d", i);

		assert_null(toml_get(root, (struct str){ key, (size_t)n }));
	}
	buf_add(&b, "k15=1");
	assert_int_equal(parse((struct str){ text, b.len }, &root, NULL), -EINVAL);
}

/* One line of a megabyte: counting columns must not begin anew for each value. */
static void test_long_line(void **state _unused_)
{
	static char text[TOML_TEXT_MAX];
	static char large[96 * 1024 * 1024];
	struct arena arena = ARENA(large);
	const struct toml_node *root = NULL;
	const struct toml_node *last = NULL;

	memset(text, ' ', sizeof(text));
	memcpy(text, "a=[", 3);
	for (size_t i = 3; i < sizeof(text) - 1; i += 2)
		memcpy(text + i, "1,", 2);
	text[sizeof(text) - 1] = ']';
	assert_int_equal(toml_parse((struct str){ text, sizeof(text) }, &arena, &root, NULL), 0);
	for (const struct toml_node *node = toml_first(toml_get(root, STR("a"))); node; node = node->next)
		last = node;
	assert_at(last->at, 1, sizeof(text) - 2);
	assert_true(arena.used <= TOML_ARENA_WORST(sizeof(text)));
}

/* A NUL is a byte as any other. */
static void test_nul(void **state _unused_)
{
	static const char text[] = "a = 1\0";
	const struct toml_node *root = NULL;
	struct toml_error error;

	assert_int_equal(parse((struct str){ text, 6 }, &root, &error), -EINVAL);
	assert_at(error.at, 1, 6);
	assert_string_equal(error.reason, "control character U+0000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),  cmocka_unit_test(test_keys),
		cmocka_unit_test(test_arrays),	   cmocka_unit_test(test_inline_tables),
		cmocka_unit_test(test_tables),	   cmocka_unit_test(test_places),
		cmocka_unit_test(test_getters),	   cmocka_unit_test(test_depth),
		cmocka_unit_test(test_full_arena), cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_long_line),  cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
