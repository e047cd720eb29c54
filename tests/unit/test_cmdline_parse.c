// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/cmdline_parse: the kernel's own rules for words, and Orlop's keys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "init/cmdline_parse.h"
#include "lib/clock.h"
#include "lib/klog.h"

#define HASH "4f68bce3e8cd4db196e7fbcaf984b7092c7357edebd246d9aec123d437ec2bf5"

static struct cmdline_problem problems[CMDLINE_PROBLEM_MAX];
static size_t problem_count;

static struct cmdline parse(const char *line, int expected)
{
	struct cmdline c;

	assert_int_equal(cmdline_parse(str_from(line), &c, problems, &problem_count), expected);
	return c;
}

static void assert_str(struct str s, const char *text)
{
	if (!str_is(s, text))
		fail_msg("\"" STR_FORMAT "\" is not \"%s\"", STR_ARGS(s), text);
}

static void assert_problem(size_t i, const char *key, const char *value, const char *reason)
{
	assert_true(i < problem_count);
	assert_str(problems[i].key, key);
	assert_str(problems[i].value, value);
	assert_string_equal(problems[i].reason, reason);
}

static void empty_line_gives_the_defaults(void **state)
{
	struct cmdline c = parse("", 0);

	(void)state;
	assert_int_equal(problem_count, 0);
	assert_string_equal(c.root_hash, "");
	assert_string_equal(c.root, "");
	assert_int_equal(c.verity, VERITY_RESTART);
	assert_int_equal(c.root_timeout_ns, 60 * NS_PER_S);
	assert_int_equal(c.fatal, CMDLINE_FATAL_REBOOT);
	assert_string_equal(c.unit, "default.target");
	assert_int_equal(c.log_level, KLOG_INFO);
	assert_true(c.enforcing);
}

static void every_key_is_read(void **state)
{
	struct cmdline c = parse("BOOT_IMAGE=/vmlinuz quiet console=ttyS0,115200n8 roothash=" HASH
				 " root=PARTUUID=1234 rootfstype=ext4 enforcing=0 orlop.verity=panic"
				 " orlop.root_timeout=2.5 orlop.fatal=halt orlop.unit=rescue.target"
				 " orlop.modules=virtio_blk,i6300esb orlop.log_level=debug"
				 " orlop.critical=web@1.service orlop.boot_timeout=90"
				 " orlop.banner=\"Rack 7, node 3\" orlop.hostname=node-3.example"
				 " orlop.machine_id=0123456789ABCDEF0123456789abcdef\n",
				 0);

	(void)state;
	assert_int_equal(problem_count, 0);
	assert_string_equal(c.root_hash, HASH);
	assert_string_equal(c.root, "PARTUUID=1234");
	assert_string_equal(c.root_fstype, "ext4");
	assert_false(c.enforcing);
	assert_int_equal(c.verity, VERITY_PANIC);
	assert_int_equal(c.root_timeout_ns, 2500 * NS_PER_MS);
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
	assert_string_equal(c.unit, "rescue.target");
	assert_string_equal(c.critical, "web@1.service");
	assert_int_equal(c.boot_timeout_ns, 90 * NS_PER_S);
	assert_string_equal(c.modules, "virtio_blk,i6300esb");
	assert_int_equal(c.log_level, KLOG_DEBUG);
	assert_string_equal(c.banner, "Rack 7, node 3");
	assert_string_equal(c.hostname, "node-3.example");
	assert_string_equal(c.machine_id, "0123456789abcdef0123456789abcdef");
}

/* One word of a line, and how next_arg() of the kernel cuts it. A NULL value: there is no '='. */
struct word {
	const char *line;
	const char *key;
	const char *value;
};

static void test_hc_56_words_are_cut_as_the_kernel_cuts_them(void **state)
{
	static const struct word words[] = {
		{ "key=value", "key", "value" },
		{ " \t key=value rest", "key", "value" },
		{ "key", "key", NULL },
		{ "key=", "key", "" },
		{ "key=a=b", "key", "a=b" },
		{ "key=\"a b\"", "key", "a b" },
		{ "\"key=a b\"", "key", "a b" },
		{ "\"key=\"a b\"\"", "key", "a" },
		{ "key=a\"b c\"d", "key", "a\"b c\"d" },
		{ "key=\"a\"b", "key", "a\"b" },
		{ "key=\"unclosed value", "key", "unclosed value" },
		{ "\"unclosed", "unclosed", NULL },
		{ "\"\"", "", NULL },
		{ "\"", "", NULL },
		{ "key=\"", "key", "" },
		{ "key=\"\"", "key", "" },
		{ "=value", "=value", NULL },
		{ "=key=value", "=key", "value" },
		{ "\"=key=value\"", "=key", "value" },
		{ "key\n", "key", NULL },
		{ "key\vnext", "key", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct str rest = str_from(words[i].line);
		struct cmdline_word word;

		assert_true(cmdline_next(&rest, &word));
		assert_str(word.key, words[i].key);
		assert_int_equal(word.has_value, words[i].value != NULL);
		if (words[i].value)
			assert_str(word.value, words[i].value);
	}
}

static void test_hc_56_two_dashes_end_the_parameters(void **state)
{
	struct cmdline c = parse("orlop.fatal=halt -- orlop.fatal=poweroff orlop.nonsense=1", 0);

	(void)state;
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
	assert_int_equal(problem_count, 0);
	c = parse("--=1 orlop.fatal=halt", 0);
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
}

static void test_hc_56_dash_is_underscore_in_keys(void **state)
{
	struct cmdline c = parse("orlop.root-timeout=3 orlop.log-level=error", 0);

	(void)state;
	assert_int_equal(c.root_timeout_ns, 3 * NS_PER_S);
	assert_int_equal(c.log_level, KLOG_ERROR);
}

static void test_hc_56_last_value_wins_and_the_double_is_reported(void **state)
{
	struct cmdline c = parse("orlop.fatal=halt orlop.fatal=poweroff orlop.fatal=halt", 0);

	(void)state;
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
	assert_int_equal(problem_count, 1);
	assert_problem(0, "orlop.fatal", "poweroff", "given more than once; the last good value counts");
}

static void test_hc_56_word_boundary(void **state)
{
	/* None of these is enforcing=0. */
	struct cmdline c = parse("noenforcing=0 xenforcing=0 enforcing.x=0 foo=\"enforcing=0\" debug",
				 0);

	(void)state;
	assert_true(c.enforcing);
	assert_int_equal(problem_count, 0);
}

static void test_hc_56_unknown_key_is_reported(void **state)
{
	(void)parse("orlop.fatl=halt other.key=1 orlop=2", 0);

	(void)state;
	assert_int_equal(problem_count, 1);
	assert_problem(0, "orlop.fatl", "halt", "unknown key; ignored");
}

static void bad_values_leave_what_was_there(void **state)
{
	struct cmdline c =
		parse("orlop.fatal=explode orlop.verity=maybe orlop.root_timeout=soon"
		      " enforcing=yes orlop.unit=../../x orlop.modules=a,,b orlop.hostname=-x"
		      " orlop.machine_id=00000000000000000000000000000000 orlop.log_level=7 orlop.banner",
		      0);

	(void)state;
	assert_int_equal(problem_count, 10);
	assert_problem(0, "orlop.fatal", "explode", "not one of reboot, poweroff, halt; using reboot");
	assert_problem(1, "orlop.verity", "maybe",
		       "not one of restart, panic, eio, ignore; using restart");
	assert_problem(2, "orlop.root_timeout", "soon", "not a number of seconds; using 60 seconds");
	assert_problem(3, "enforcing", "yes", "neither 0 nor 1; using 1");
	assert_problem(4, "orlop.unit", "../../x", "not the name of a unit; using default.target");
	assert_problem(5, "orlop.modules", "a,,b",
		       "not a list of module names with commas between them; ignored");
	assert_problem(6, "orlop.hostname", "-x", "not a host name; ignored");
	assert_problem(7, "orlop.machine_id", "00000000000000000000000000000000",
		       "not a machine ID of 32 hexadecimal digits; ignored");
	assert_problem(8, "orlop.log_level", "7",
		       "not one of error, warning, notice, info, debug; using info");
	assert_problem(9, "orlop.banner", "", "has no value; ignored");
	assert_int_equal(c.fatal, CMDLINE_FATAL_REBOOT);
	assert_string_equal(c.unit, "default.target");
	assert_string_equal(c.modules, "");
}

static void bad_value_after_a_good_one_keeps_the_good_one(void **state)
{
	struct cmdline c = parse("orlop.fatal=halt orlop.fatal=explode", 0);

	(void)state;
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
	assert_int_equal(problem_count, 2);
	assert_problem(1, "orlop.fatal", "explode", "not one of reboot, poweroff, halt; using halt");
}

static void standing_value_is_the_keys_own(void **state)
{
	struct cmdline c = parse("orlop.root_timeout=infinity orlop.watchdog=20 orlop.watchdog=never",
				 0);

	(void)state;
	assert_int_equal(c.watchdog_ns, 20 * NS_PER_S);
	assert_problem(1, "orlop.watchdog", "never", "not a number of seconds; using 20 seconds");
}

static void seconds_are_read_exactly(void **state)
{
	static const struct {
		const char *line;
		uint64_t ns;
	} good[] = {
		{ "orlop.root_timeout=0", 0 },
		{ "orlop.root_timeout=0.000000001", 1 },
		{ "orlop.root_timeout=1.", NS_PER_S },
		{ "orlop.root_timeout=90.25", 90250 * NS_PER_MS },
		{ "orlop.root_timeout=infinity", CLOCK_TIME_MAX },
		{ "orlop.root_timeout=99999999999999", CLOCK_TIME_MAX },
	};
	static const char *const bad[] = { "",	 "-1",	"1s",		"1.2.3",
					   ".5", "1e3", "0.0000000001", "99999999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(parse(good[i].line, 0).root_timeout_ns, good[i].ns);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char line[80];

		(void)snprintf(line, sizeof(line), "orlop.root_timeout=%s", bad[i]);
		assert_int_equal(parse(line, 0).root_timeout_ns, 60 * NS_PER_S);
		assert_int_equal(problem_count, 1);
	}
}

static void test_hc_58_malformed_root_hash_is_fatal(void **state)
{
	struct cmdline c = parse("roothash=abc orlop.fatal=halt", -EINVAL);

	(void)state;
	assert_int_equal(problem_count, 1);
	assert_true(problems[0].fatal);
	assert_problem(0, "roothash", "abc", "not a root hash of 64 or 128 hexadecimal digits");
	/* What fatal() is to do is known all the same. */
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
	(void)parse("roothash=" HASH " roothash=", -EINVAL);
	(void)parse("roothash", -EINVAL);
	(void)parse("roothash=" HASH "0", -EINVAL);
}

static void too_long_a_value_is_refused_whole(void **state)
{
	char line[512] = "orlop.banner=";
	struct cmdline c;

	(void)state;
	memset(line + 13, 'x', 255);
	c = parse(line, 0);
	assert_int_equal(strlen(c.banner), 255);
	line[13 + 255] = 'x';
	c = parse(line, 0);
	assert_string_equal(c.banner, "");
	assert_string_equal(problems[0].reason, "longer than 255 bytes; ignored");
}

static void control_characters_are_refused(void **state)
{
	struct cmdline c = parse("orlop.banner=\x1b[2J root=\"/dev/a\tb\"", 0);

	(void)state;
	assert_string_equal(c.banner, "");
	assert_string_equal(c.root, "");
	assert_int_equal(problem_count, 2);
}

static void test_hc_56_long_lines(void **state)
{
	static char line[CMDLINE_SIZE];
	struct buf b = BUF(line);
	struct cmdline c;

	(void)state;
	while (b.len < CMDLINE_SIZE - 64)
		buf_printf(&b, "filler.%zu=%zu ", b.len, b.len);
	buf_add(&b, "orlop.fatal=halt");
	assert_false(b.overflow);
	c = parse(line, 0);
	assert_int_equal(c.fatal, CMDLINE_FATAL_HALT);
}

static void more_problems_than_fit_are_counted(void **state)
{
	char line[1024];
	struct buf b = BUF(line);

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_printf(&b, "orlop.no%d=1 ", i);
	(void)parse(line, 0);
	assert_int_equal(problem_count, 40);
	/* A fatal one beyond the list still makes the whole fatal. */
	buf_add(&b, "roothash=1");
	(void)parse(line, -EINVAL);
	assert_int_equal(problem_count, 41);
}

static void test_hc_55_module_options_are_gathered(void **state)
{
	char text[256];
	struct buf b = BUF(text);

	(void)state;
	cmdline_module_options(STR("dm_verity.require_signatures=1 quiet dm-verity.x dmverity.y=2 loop.max_loop=8 "
				   "dm-verity.text=\"a b\" \"dm_verity.more=c d\" dm_verity. -- dm_verity.no=1"),
			       STR("dm-verity"), &b);
	assert_string_equal(text, "require_signatures=1 x text=\"a b\" \"more=c d\"");
	b = BUF(text);
	cmdline_module_options(STR("loop.max_loop=8"), STR("loo"), &b);
	assert_string_equal(text, "");
}

static void blacklist_is_read(void **state)
{
	struct str line = STR("modprobe.blacklist=floppy,pc-speaker modprobe.blacklist=nouveau");

	(void)state;
	assert_true(cmdline_module_blacklisted(line, STR("pc_speaker")));
	assert_true(cmdline_module_blacklisted(line, STR("nouveau")));
	assert_false(cmdline_module_blacklisted(line, STR("flop")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_line_gives_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(test_hc_56_words_are_cut_as_the_kernel_cuts_them),
		cmocka_unit_test(test_hc_56_two_dashes_end_the_parameters),
		cmocka_unit_test(test_hc_56_dash_is_underscore_in_keys),
		cmocka_unit_test(test_hc_56_last_value_wins_and_the_double_is_reported),
		cmocka_unit_test(test_hc_56_word_boundary),
		cmocka_unit_test(test_hc_56_unknown_key_is_reported),
		cmocka_unit_test(bad_values_leave_what_was_there),
		cmocka_unit_test(bad_value_after_a_good_one_keeps_the_good_one),
		cmocka_unit_test(standing_value_is_the_keys_own),
		cmocka_unit_test(seconds_are_read_exactly),
		cmocka_unit_test(test_hc_58_malformed_root_hash_is_fatal),
		cmocka_unit_test(too_long_a_value_is_refused_whole),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(test_hc_56_long_lines),
		cmocka_unit_test(more_problems_than_fit_are_counted),
		cmocka_unit_test(test_hc_55_module_options_are_gathered),
		cmocka_unit_test(blacklist_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
