// SPDX-License-Identifier: MIT OR Apache-2.0
/* mount/mountinfo_parse: lines of the kernel, with what it escapes and what it leaves out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "mount/mountinfo_parse.h"

static void assert_str(struct str s, const char *text)
{
	if (!str_is(s, text))
		fail_msg("\"" STR_FORMAT "\" is not \"%s\"", STR_ARGS(s), text);
}

static void test_fields(void **test_state _unused_)
{
	struct str rest = STR("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n"
			      "25 30 0:23 / /sys rw,nosuid - sysfs sysfs rw\n");
	struct mountinfo m;

	assert_int_equal(mountinfo_next(&rest, &m), 1);
	assert_int_equal(m.id, 36);
	assert_int_equal(m.parent, 35);
	assert_int_equal(m.major, 98);
	assert_int_equal(m.minor, 0);
	assert_str(m.root, "/mnt1");
	assert_str(m.where, "/mnt2");
	assert_str(m.options, "rw,noatime");
	assert_str(m.fs_type, "ext3");
	assert_str(m.source, "/dev/root");
	assert_str(m.super_options, "rw,errors=continue");
	assert_int_equal(mountinfo_next(&rest, &m), 1);
	assert_str(m.where, "/sys");
	assert_int_equal(mountinfo_next(&rest, &m), 0);
}

/* A tmpfs may have no source at all: two spaces in a row. A dash as a path is no separator. */
static void test_odd_fields(void **test_state _unused_)
{
	struct str rest = STR("1 2 0:3 / /a rw - tmpfs  rw,size=4k\n"
			      "1 2 0:3 / - rw - tmpfs - rw\n"
			      "1 2 0:3 / /last rw - tmpfs none");
	struct mountinfo m;

	assert_int_equal(mountinfo_next(&rest, &m), 1);
	assert_str(m.source, "");
	assert_str(m.super_options, "rw,size=4k");
	assert_int_equal(mountinfo_next(&rest, &m), 1);
	assert_str(m.where, "-");
	assert_str(m.source, "-");
	assert_int_equal(mountinfo_next(&rest, &m), 1);
	assert_str(m.where, "/last");
	assert_str(m.super_options, "");
	assert_int_equal(mountinfo_next(&rest, &m), 0);
}

/* A line that is none is skipped, and the next is read. */
static void test_malformed(void **test_state _unused_)
{
	static const char *const lines[] = {
		"",
		"x",
		"36 35 98:0 /a /b rw",
		"36 35 98:0 /a /b rw shared:1",
		"36 35 98:0 /a /b rw -",
		"36 35 98:0 /a /b rw - ",
		"36 35 98:0 /a  rw - ext4 a rw",
		"36 35 98 /a /b rw - ext4 a rw",
		"36 35 98:-1 /a /b rw - ext4 a rw",
		"36 35 98:4294967296 /a /b rw - ext4 a rw",
		"-36 35 98:0 /a /b rw - ext4 a rw",
		"99999999999999999999 35 98:0 /a /b rw - ext4 a rw",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[256];
		struct buf b = BUF(text);
		struct mountinfo m = { .id = 7 };
		struct str rest;

		buf_printf(&b, "%s\n1 2 0:3 / /good rw - tmpfs none rw\n", lines[i]);
		rest = (struct str){ text, b.len };
		assert_int_equal(mountinfo_next(&rest, &m), -EBADMSG);
		assert_int_equal(m.id, 7);
		assert_int_equal(mountinfo_next(&rest, &m), 1);
		assert_str(m.where, "/good");
	}
}

static void test_unescape(void **test_state _unused_)
{
	char text[32];

	assert_int_equal(mountinfo_unescape(STR("/with\\040space\\011tab\\134\\043"), text, sizeof(text)),
			 17);
	assert_string_equal(text, "/with space\ttab\\#");
	assert_int_equal(mountinfo_unescape(STR("\\377"), text, sizeof(text)), 1);
	assert_int_equal((unsigned char)text[0], 0xff);
	/* Not three octal digits, or more than a byte: as it stands. */
	assert_int_equal(mountinfo_unescape(STR("\\04 \\4 \\400\\"), text, sizeof(text)), 12);
	assert_string_equal(text, "\\04 \\4 \\400\\");
	assert_int_equal(mountinfo_unescape(STR(""), text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void test_unescape_limits(void **test_state _unused_)
{
	char text[4];

	assert_int_equal(mountinfo_unescape(STR("abc"), text, sizeof(text)), 3);
	assert_int_equal(mountinfo_unescape(STR("abcd"), text, sizeof(text)), -ENAMETOOLONG);
	assert_int_equal(mountinfo_unescape(STR("a\\000b"), text, sizeof(text)), -EBADMSG);
	assert_int_equal(mountinfo_unescape(STR(""), text, 0), -ENAMETOOLONG);
}

static void test_options(void **test_state _unused_)
{
	assert_true(mountinfo_has_option(STR("rw,nosuid"), "rw"));
	assert_true(mountinfo_has_option(STR("nosuid,rw"), "rw"));
	assert_false(mountinfo_has_option(STR("ro,mode=rw,rwx"), "rw"));
	assert_false(mountinfo_has_option(STR(""), "rw"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),		cmocka_unit_test(test_odd_fields),
		cmocka_unit_test(test_malformed),	cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_unescape_limits), cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
