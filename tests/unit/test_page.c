// SPDX-License-Identifier: MIT OR Apache-2.0
/* console/page: records in, a screen out; nothing of either can break the frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "console/page.h"

static struct page page;
static char frame[PAGE_FRAME_SIZE];

static const char *draw(unsigned rows, unsigned columns)
{
	struct buf b = BUF(frame);

	page_draw(&page, rows, columns, &b);
	assert_false(b.overflow);
	return frame;
}

static int reset(void **state _unused_)
{
	memset(&page, 0, sizeof(page));
	return 0;
}

static void test_records(void **state _unused_)
{
	assert_true(page_record(&page,
				STR("1 unit\nname=b.service\nactive=active\nsub=running\nnew=x\n")));
	assert_true(page_record(&page, STR("1 unit\nname=a.service\nactive=failed\nsub=failed\n")));
	assert_true(page_record(&page, STR("1 unit\nname=b.service\nactive=inactive\nsub=dead\n")));
	assert_int_equal(page.unit_count, 2);
	assert_string_equal(page.units[0].name, "a.service");
	assert_string_equal(page.units[1].sub, "dead");
	assert_true(
		page_record(&page,
			    STR("1 system\nstate=degraded\nup=5100000000\nkernel-ended=1900000000\n")));
	assert_non_null(strstr(draw(25, 80), "degraded  booted in 5.1 s (kernel 1.9 s)"));
	assert_true(page_record(&page, STR("1 reloaded\n")));
	assert_int_equal(page.unit_count, 0);
	/* What means nothing changes nothing. */
	assert_false(page_record(&page, STR("1 ok\n")));
	assert_false(page_record(&page, STR("1 unit\nactive=active\n")));
	assert_false(page_record(&page, STR("")));
}

static void test_control_bytes_do_not_reach_the_terminal(void **state _unused_)
{
	assert_true(page_record(&page,
				STR("1 unit\nname=a\x1b[2J.service\nactive=active\nsub=running\n")));
	page_error(&page, STR("an \x1b]0;error\x07"));
	assert_non_null(strstr(draw(25, 80), "a?[2J.service"));
	assert_non_null(strstr(frame, "an ?]0;error?"));
}

static void test_any_size(void **state _unused_)
{
	char name[64];

	for (int i = 0; i < PAGE_UNITS_MAX + 10; i++) {
		struct buf b = BUF(name);

		buf_printf(&b, "1 unit\nname=u%d.service\nactive=active\n", i);
		(void)page_record(&page, (struct str){ b.p, b.len });
	}
	assert_int_equal(page.unit_count, PAGE_UNITS_MAX);
	for (unsigned rows = 0; rows < 300; rows += 7)
		for (unsigned columns = 0; columns < 700; columns += 13)
			(void)draw(rows, columns);
}

static void test_keys(void **state _unused_)
{
	struct str input = STR("q\x1b[A\x1b[6~ \x1bOB\x1b[");

	assert_int_equal(page_key(&input), PAGE_KEY_UP);
	assert_int_equal(page_key(&input), PAGE_KEY_PAGE_DOWN);
	assert_int_equal(page_key(&input), PAGE_KEY_PAGE_DOWN);
	assert_int_equal(page_key(&input), PAGE_KEY_DOWN);
	assert_int_equal(page_key(&input), PAGE_KEY_NONE);
	assert_int_equal(input.n, 0);
	/* There is nothing to scroll to. */
	page_scroll(&page, PAGE_KEY_END, 25);
	page_scroll(&page, PAGE_KEY_DOWN, 25);
	assert_int_equal(page.top, 0);
	page_scroll(&page, PAGE_KEY_DOWN, 3);
	assert_int_equal(page.top, 1);
	page_scroll(&page, PAGE_KEY_PAGE_UP, 3);
	assert_int_equal(page.top, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_records, reset),
		cmocka_unit_test_setup(test_control_bytes_do_not_reach_the_terminal, reset),
		cmocka_unit_test_setup(test_any_size, reset),
		cmocka_unit_test_setup(test_keys, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
