// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/unit_verify: what is told about a set of units that was loaded from a temporary directory. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/unit_load.h"
#include "supervisor/unit_verify.h"

static char top[64];
static const char *search_path[] = { top, NULL };
static struct unit_set set;
static char said[8192];
static struct buf problems;

static void on_problem(void *context _unused_, const struct unit_problem *p)
{
	buf_printf(&problems, "%s: " STR_FORMAT "=" STR_FORMAT " %s", strrchr(p->file, '/') + 1,
		   STR_ARGS(p->key), STR_ARGS(p->value), p->reason);
	if (p->hint)
		buf_printf(&problems, " [%s]", p->hint);
	buf_add_char(&problems, '\n');
}

static bool executable(void *context _unused_, const char *program)
{
	return strcmp(program, "/bin/true") == 0;
}

static bool exists(void *context _unused_, const char *unit)
{
	return strcmp(unit, "there@.service") == 0;
}

static int setup(void **state _unused_)
{
	struct buf b = BUF(top);

	buf_add(&b, "/tmp/test_unit_verify.XXXXXX");
	problems = BUF(said);
	return mkdtemp(top) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st _unused_, int kind _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static int teardown(void **state _unused_)
{
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
	char path[256];
	struct buf b = BUF(path);

	buf_printf(&b, "%s/%s", top, name);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, false), 0);
}

static int verify(const char *name)
{
	static const struct unit_loader loader = { .search_path = search_path, .problem = on_problem };
	static const struct unit_verifier verifier = { .problem = on_problem,
						       .executable = executable,
						       .exists = exists };
	unit_id id;

	assert_int_equal(unit_load(&loader, &set, name, &id), 0);
	assert_string_equal(said, "");
	return unit_verify(&verifier, &set);
}

#define PLAIN "[Unit]\nDefaultDependencies=no\n"
#define SERVICE "[Service]\nExecStart=/bin/true\n"

static void test_nothing_wrong(void **state _unused_)
{
	put("a.service", PLAIN
	    "Wants=missing.service\nAfter=also-missing.service\nRequires=b.service\n" SERVICE);
	put("b.service", PLAIN "Before=a.service\n" SERVICE "ExecStop=-/bin/missing\n");
	put("there.socket", PLAIN "Wants=a.service\n[Socket]\nListenStream=80\nAccept=yes\n");
	assert_int_equal(verify("there.socket"), 0);
	assert_string_equal(said, "");
}

static void test_units_that_cannot_be_had(void **state _unused_)
{
	put("a.service", PLAIN "Requires=containred.service masked.service\nOnFailure=none.service\n"
			       "Wants=containerd.service\n" SERVICE);
	put("containerd.service", PLAIN SERVICE);
	put("masked.service", "");
	assert_int_equal(verify("a.service"), 3);
	assert_string_equal(said, "a.service: Requires=containred.service is a unit that there is not "
				  "[containerd.service]\n"
				  "a.service: Requires=masked.service is masked\n"
				  "a.service: OnFailure=none.service is a unit that there is not\n");
}

static void test_programs_and_templates(void **state _unused_)
{
	put("web.socket",
	    PLAIN "Wants=a.service\n[Socket]\nListenStream=80\nAccept=yes\nExecStopPre=/bin/no\n");
	put("a.service", PLAIN SERVICE "ExecStartPost=tool --help\nExecReload=-/bin/missing\n");
	assert_int_equal(verify("web.socket"), 3);
	assert_string_equal(said,
			    "web.socket: ExecStopPre=/bin/no is no program that there is in the image\n"
			    "web.socket: Accept=web@.service is a template that there is not\n"
			    "a.service: ExecStartPost=tool is no program that there is in the image\n");
}

static void test_other_root_is_not_looked_into(void **state _unused_)
{
	put("a.service", PLAIN "[Service]\nExecStart=/bin/elsewhere\nRootDirectory=/srv/root\n");
	assert_int_equal(verify("a.service"), 0);
}

/* hc-47: a circle of After= has a name. */
static void test_circle_hc_47(void **state _unused_)
{
	put("a.service", PLAIN "Wants=b.service c.service\nAfter=b.service\n" SERVICE);
	put("b.service", PLAIN "After=c.service\n" SERVICE);
	put("c.service", PLAIN "After=a.service\n" SERVICE);
	assert_int_equal(verify("a.service"), 1);
	assert_string_equal(said, "a.service: After=a.service after b.service after c.service after a.service "
				  "is a circle: none of them could be the first\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_wrong),	   TEST(test_units_that_cannot_be_had),
		TEST(test_programs_and_templates), TEST(test_other_root_is_not_looked_into),
		TEST(test_circle_hc_47),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
