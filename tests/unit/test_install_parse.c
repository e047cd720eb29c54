// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Install] sections (systemd.unit(5)): lists, the empty value, specifiers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/install.h"

static struct install install;

static int parse(const char *text)
{
	memset(&install, 0, sizeof(install));
	return install_parse(str_from(text), "t@one.service", &install);
}

static unsigned count(const char *list)
{
	unsigned n = 0;

	for (const char *item = install_next(list, NULL); item; item = install_next(list, item))
		n++;
	return n;
}

static void lists_add_up(void **state)
{
	const char *item;

	(void)state;
	assert_int_equal(parse("[Unit]\nAlias=no.service\n[Install]\nWantedBy=a.target b.target\nWantedBy=a.target c.target\n"
			       "RequiredBy=%i.target\nAlias=x-%i.service\nAlso=t.socket\nDefaultInstance=%%\n"),
			 0);
	assert_int_equal(count(install.wanted_by), 3);
	item = install_next(install.wanted_by, NULL);
	assert_string_equal(item, "a.target");
	item = install_next(install.wanted_by, install_next(install.wanted_by, item));
	assert_string_equal(item, "c.target");
	assert_string_equal(install.required_by, "one.target");
	assert_string_equal(install.alias, "x-one.service");
	assert_string_equal(install.also, "t.socket");
	assert_string_equal(install.default_instance, "%");
}

static void an_empty_value_empties_the_list(void **state)
{
	(void)state;
	assert_int_equal(parse("[Install]\nWantedBy=a.target b.target\nWantedBy=\nWantedBy=c.target\nAlias=x.service\nAlias=\n"),
			 0);
	assert_int_equal(count(install.wanted_by), 1);
	assert_string_equal(install.wanted_by, "c.target");
	assert_int_equal(count(install.alias), 0);
}

static void errors(void **state)
{
	char text[3 * INSTALL_LIST_SIZE];
	struct buf b = BUF(text);

	(void)state;
	assert_int_equal(parse("[Install]\nAlias=\"x\n"), -EINVAL);
	assert_int_equal(parse("[Install]\nAlias=%!\n"), -EINVAL);
	buf_add(&b, "[Install]\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "Alias=name-%d.service\n", i);
	assert_false(b.overflow);
	assert_int_equal(parse(text), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(an_empty_value_empties_the_list),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
