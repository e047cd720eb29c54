// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/modules_parse: the indexes as depmod writes them, with lines of Debian's 6.12 cloud kernel. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/modules_parse.h"

static const char dep[] = "kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz"
			  " kernel/lib/reed_solomon/reed_solomon.ko.xz\n"
			  "kernel/drivers/md/dm-mod.ko.xz:\n"
			  "kernel/fs/erofs/erofs.ko.zst: kernel/lib/libcrc32c.ko.zst\n"
			  "kernel/lib/libcrc32c.ko:\n"
			  "no colon in this line\n"
			  "updates/virtio_blk.ko.gz:";

static const char softdep[] = "# Soft dependencies extracted from modules themselves.\n"
			      "softdep cifs gcm\n"
			      "softdep libcrc32c pre: crc32c\n"
			      "softdep nfsd pre: crypto-md5 other post: after last pre: again\n"
			      "softdep libcrc32c\tpost: late\n"
			      "softdep\n"
			      "softdep libcrc32c pre:";

static const char alias[] = "# Aliases extracted from modules themselves.\n"
			    "alias virtio:d00000002v* virtio_blk\n"
			    "alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\n"
			    "alias fs-erofs erofs\n"
			    "alias crc32c crc32c_generic\n"
			    "alias crc32c crc32c_intel\n"
			    "alias cpu:type:x86,ven*fam*mod*:feature:*0094* crc32c_intel\n"
			    "alias input:b*v*p*e*-e*1,*k*2*r*a[02]*m*l*s*f*w* joydev\n"
			    "alias nomodule\n"
			    "aliasx crc32c wrong\n";

#define TEXT(array) ((struct str){ (array), sizeof(array) - 1 })

static void assert_str(struct str s, const char *text)
{
	if (!str_is(s, text))
		fail_msg("\"" STR_FORMAT "\" is not \"%s\"", STR_ARGS(s), text);
}

static void names_come_from_paths(void **state)
{
	char name[MODULE_NAME_SIZE];

	(void)state;
	assert_int_equal(module_name_from_path(STR("kernel/drivers/md/dm-verity.ko.xz"), name), 0);
	assert_string_equal(name, "dm_verity");
	assert_int_equal(module_name_from_path(STR("8021q.ko"), name), 0);
	assert_string_equal(name, "8021q");
	assert_int_equal(module_name_from_path(STR("dm-verity"), name), 0);
	assert_string_equal(name, "dm_verity");
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const bad[] = {
		"",   "kernel/", ".ko",
		"..", "a b",	 "a:b",
		"a*", "a/b/",	 "a234567890123456789012345678901234567890123456789012345678901234"
	};
	char name[MODULE_NAME_SIZE] = "kept";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(module_name_from_path(str_from(bad[i]), name), -EINVAL);
	assert_string_equal(name, "kept");
}

static void test_hc_55_dependencies_in_order(void **state)
{
	struct module_dependency line;
	struct str path;

	(void)state;
	assert_true(modules_dep_find(TEXT(dep), STR("dm_verity"), &line));
	assert_str(line.path, "kernel/drivers/md/dm-verity.ko.xz");
	assert_true(modules_last_path(&line.dependencies, &path));
	assert_str(path, "kernel/lib/reed_solomon/reed_solomon.ko.xz");
	assert_true(modules_last_path(&line.dependencies, &path));
	assert_str(path, "kernel/drivers/md/dm-mod.ko.xz");
	assert_true(modules_last_path(&line.dependencies, &path));
	assert_str(path, "kernel/drivers/md/dm-bufio.ko.xz");
	assert_false(modules_last_path(&line.dependencies, &path));
}

static void test_hc_55_dash_is_underscore(void **state)
{
	struct module_dependency line;

	(void)state;
	assert_true(modules_dep_find(TEXT(dep), STR("dm-verity"), &line));
	assert_true(modules_dep_find(TEXT(dep), STR("virtio-blk"), &line));
	assert_str(line.path, "updates/virtio_blk.ko.gz");
	assert_true(modules_dep_find(TEXT(dep), STR("erofs"), &line));
	assert_true(modules_dep_find(TEXT(dep), STR("libcrc32c"), &line));
	assert_str(line.dependencies, "");
}

static void test_hc_55_missing_module(void **state)
{
	struct module_dependency line;

	(void)state;
	assert_false(modules_dep_find(TEXT(dep), STR("dm"), &line));
	assert_false(modules_dep_find(TEXT(dep), STR("verity"), &line));
	assert_false(modules_dep_find(TEXT(dep), STR("dm_verity_x"), &line));
	assert_false(modules_dep_find(TEXT(dep), STR("no"), &line));
	assert_false(modules_dep_find((struct str){ "", 0 }, STR("erofs"), &line));
}

static void test_hc_55_builtin(void **state)
{
	static const char builtin[] = "kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio_pci.ko";

	(void)state;
	assert_true(modules_builtin_has(TEXT(builtin), STR("ext4")));
	assert_true(modules_builtin_has(TEXT(builtin), STR("virtio-pci")));
	assert_false(modules_builtin_has(TEXT(builtin), STR("virtio")));
	assert_false(modules_builtin_has((struct str){ "", 0 }, STR("ext4")));
}

static void test_hc_55_softdeps_over_all_lines(void **state)
{
	struct modules_softdep_walk walk = { .rest = TEXT(softdep) };
	struct str name;

	(void)state;
	assert_true(modules_softdep_next(&walk, STR("libcrc32c"), MODULES_SOFTDEP_PRE, &name));
	assert_str(name, "crc32c");
	assert_false(modules_softdep_next(&walk, STR("libcrc32c"), MODULES_SOFTDEP_PRE, &name));

	walk = (struct modules_softdep_walk){ .rest = TEXT(softdep) };
	assert_true(modules_softdep_next(&walk, STR("libcrc32c"), MODULES_SOFTDEP_POST, &name));
	assert_str(name, "late");
	assert_false(modules_softdep_next(&walk, STR("libcrc32c"), MODULES_SOFTDEP_POST, &name));

	walk = (struct modules_softdep_walk){ .rest = TEXT(softdep) };
	assert_true(modules_softdep_next(&walk, STR("nfsd"), MODULES_SOFTDEP_PRE, &name));
	assert_str(name, "crypto-md5");
	assert_true(modules_softdep_next(&walk, STR("nfsd"), MODULES_SOFTDEP_PRE, &name));
	assert_str(name, "other");
	assert_true(modules_softdep_next(&walk, STR("nfsd"), MODULES_SOFTDEP_PRE, &name));
	assert_str(name, "again");
	assert_false(modules_softdep_next(&walk, STR("nfsd"), MODULES_SOFTDEP_PRE, &name));

	/* Without pre: or post: a word means nothing, as for modprobe(8). */
	walk = (struct modules_softdep_walk){ .rest = TEXT(softdep) };
	assert_false(modules_softdep_next(&walk, STR("cifs"), MODULES_SOFTDEP_PRE, &name));
}

static void aliases_of_several_modules(void **state)
{
	struct str rest = TEXT(alias);
	struct str module;

	(void)state;
	assert_true(modules_alias_next(&rest, STR("crc32c"), &module));
	assert_str(module, "crc32c_generic");
	assert_true(modules_alias_next(&rest, STR("crc32c"), &module));
	assert_str(module, "crc32c_intel");
	assert_false(modules_alias_next(&rest, STR("crc32c"), &module));

	rest = TEXT(alias);
	assert_true(modules_alias_next(&rest, STR("fs-erofs"), &module));
	assert_str(module, "erofs");
	rest = TEXT(alias);
	assert_true(modules_alias_next(&rest, STR("virtio:d00000002v00001AF4"), &module));
	assert_str(module, "virtio_blk");
	rest = TEXT(alias);
	assert_false(modules_alias_next(&rest, STR("nomodule"), &module));
}

static void patterns_match_as_fnmatch_does(void **state)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool match;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "**", "", true },
		{ "a*", "b", false },
		{ "a*c", "abcbc", true },
		{ "a*c", "abcb", false },
		{ "*a*b*c*", "xxaxxbxxcxx", true },
		{ "*a*b*c*", "xxaxxcxxbxx", false },
		{ "?", "", false },
		{ "?", "x", true },
		{ "a?c", "abc", true },
		{ "a\\*c", "a*c", true },
		{ "a\\*c", "abc", false },
		{ "a[bc]d", "abd", true },
		{ "a[bc]d", "aed", false },
		{ "a[0-9A-F]d", "aBd", true },
		{ "a[0-9A-F]d", "agd", false },
		{ "a[!b]c", "axc", true },
		{ "a[!b]c", "abc", false },
		{ "a[^b]c", "abc", false },
		{ "a[]]c", "a]c", true },
		{ "a[]-]c", "a-c", true },
		{ "a[b", "a[b", true },
		{ "a[b", "ab", false },
		{ "[", "[", true },
		{ "a[02]*m*", "a2xm", true },
		{ "a[02]*m*", "a1xm", false },
		{ "net-pf-10", "net_pf_10", true },
		{ "net_pf_10", "net-pf-10", true },
		{ "usb:v1D6Bp000[23]d*", "usb:v1D6Bp0003d0602", true },
		{ "pci:v00001AF4d*sv*sd*bc*sc*i*",
		  "pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00", true },
		{ "pci:v00001AF4d*sv*sd*bc*sc*i*",
		  "pci:v00008086d00001237sv00001AF4sd00001100bc06sc00i00", false },
		{ "acpi*:PNP0C0C:*", "acpi:PNP0C0C:", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (modules_alias_match(str_from(cases[i].pattern), str_from(cases[i].text)) !=
		    cases[i].match)
			fail_msg("\"%s\" against \"%s\"", cases[i].pattern, cases[i].text);
}

/* Backtracking that doubled with each star would not come back from this. */
static void many_stars_end(void **state)
{
	char pattern[512];
	char text[512];
	struct buf p = BUF(pattern);
	struct buf t = BUF(text);

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_add(&p, "*a");
	buf_add(&p, "*b");
	for (int i = 0; i < 500; i++)
		buf_add_char(&t, 'a');
	assert_false(modules_alias_match((struct str){ p.p, p.len }, (struct str){ t.p, t.len }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_from_paths),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(test_hc_55_dependencies_in_order),
		cmocka_unit_test(test_hc_55_dash_is_underscore),
		cmocka_unit_test(test_hc_55_missing_module),
		cmocka_unit_test(test_hc_55_builtin),
		cmocka_unit_test(test_hc_55_softdeps_over_all_lines),
		cmocka_unit_test(aliases_of_several_modules),
		cmocka_unit_test(patterns_match_as_fnmatch_does),
		cmocka_unit_test(many_stars_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
