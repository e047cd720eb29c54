// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/one_command_parse: the options of orlop --init, tini and dumb-init (hc-11, hc-17). */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "init/one_command_parse.h"
#include "lib/macros.h"

static char *const no_environment[] = { NULL };
static struct one_command settings;
static struct one_command_problem problem;

/* A word as main() has it. */
#define W(text) ((char *)(uintptr_t)(text))
#define WORDS(...) ((char *const[]){ __VA_ARGS__, NULL })
#define parse(kind, ...) \
	one_command_parse(kind, WORDS(__VA_ARGS__), no_environment, &settings, &problem)

static void test_defaults(void **test_state _unused_)
{
	assert_int_equal(parse(ONE_COMMAND_OWN, "cmd", "-g", "--"), ONE_COMMAND_RUN);
	assert_string_equal(settings.arguments[0], "cmd");
	assert_string_equal(settings.arguments[1], "-g");
	assert_string_equal(settings.arguments[2], "--");
	assert_null(settings.arguments[3]);
	assert_true(settings.subreaper);
	assert_false(settings.signal_group);
	assert_false(settings.session);
	assert_false(settings.keep_ignored);

	assert_int_equal(parse(ONE_COMMAND_TINI, "--", "cmd"), ONE_COMMAND_RUN);
	assert_string_equal(settings.arguments[0], "cmd");
	assert_false(settings.subreaper);
	assert_true(settings.keep_ignored);
	assert_int_equal(settings.verbosity, 1);

	assert_int_equal(parse(ONE_COMMAND_DUMB_INIT, "cmd"), ONE_COMMAND_RUN);
	assert_true(settings.session);
	assert_true(settings.signal_group);
	assert_true(settings.suspend_too);
	assert_int_equal(settings.exec_failed, 2);
}

static void test_options(void **test_state _unused_)
{
	assert_int_equal(parse(ONE_COMMAND_TINI, "-vvgs", "-e", "143", "-e3", "-p", "SIGKILL", "-w",
			       "cmd"),
			 ONE_COMMAND_RUN);
	assert_int_equal(settings.verbosity, 3);
	assert_true(settings.signal_group);
	assert_true(settings.subreaper);
	assert_true(settings.warn_reaped);
	assert_int_equal(settings.parent_death_signal, SIGKILL);
	assert_int_equal(one_command_status(&settings, CLD_EXITED, 143), 0);
	assert_int_equal(one_command_status(&settings, CLD_KILLED, SIGTERM), 0);
	assert_int_equal(one_command_status(&settings, CLD_EXITED, 3), 0);
	assert_int_equal(one_command_status(&settings, CLD_EXITED, 4), 4);

	assert_int_equal(parse(ONE_COMMAND_DUMB_INIT, "--single-child", "--rewrite=15:3", "-r",
			       "1:0", "cmd"),
			 ONE_COMMAND_RUN);
	assert_false(settings.session);
	assert_false(settings.signal_group);
	assert_int_equal(one_command_signal(&settings, SIGTERM), SIGQUIT);
	assert_int_equal(one_command_signal(&settings, SIGHUP), 0);
	/* Only in a session of its own does SIGSTOP stand for what a terminal sends. */
	assert_int_equal(one_command_signal(&settings, SIGTSTP), SIGTSTP);

	assert_int_equal(parse(ONE_COMMAND_OWN, "-r", "TERM:SIGINT", "-g", "-c", "cmd"),
			 ONE_COMMAND_RUN);
	assert_int_equal(one_command_signal(&settings, SIGTERM), SIGINT);
	assert_false(settings.signal_group);
	assert_int_equal(one_command_signal(&settings, SIGRTMIN + 3), SIGRTMIN + 3);
}

static void test_terminal_signals(void **test_state _unused_)
{
	assert_int_equal(parse(ONE_COMMAND_DUMB_INIT, "-r", "20:15", "cmd"), ONE_COMMAND_RUN);
	assert_int_equal(one_command_signal(&settings, SIGTSTP), SIGTERM);
	assert_int_equal(one_command_signal(&settings, SIGTTIN), SIGSTOP);
	assert_int_equal(one_command_signal(&settings, SIGTTOU), SIGSTOP);
}

static void test_environment(void **test_state _unused_)
{
	assert_int_equal(one_command_parse(ONE_COMMAND_TINI, WORDS("cmd"),
					   WORDS("TINI_SUBREAPER=", "TINI_VERBOSITY=9",
						 "TINI_KILL_PROCESS_GROUP=1"),
					   &settings, &problem),
			 ONE_COMMAND_RUN);
	assert_true(settings.subreaper);
	assert_true(settings.signal_group);
	assert_int_equal(settings.verbosity, 3);
	assert_int_equal(one_command_parse(ONE_COMMAND_DUMB_INIT, WORDS("cmd"),
					   WORDS("DUMB_INIT_SETSID=0", "DUMB_INIT_DEBUG=1"),
					   &settings, &problem),
			 ONE_COMMAND_RUN);
	assert_false(settings.session);
	assert_false(settings.signal_group);
	assert_int_equal(settings.verbosity, 3);
	/* Another program's variables say nothing. */
	assert_int_equal(one_command_parse(ONE_COMMAND_OWN, WORDS("cmd"),
					   WORDS("TINI_KILL_PROCESS_GROUP=1", "DUMB_INIT_DEBUG=1"),
					   &settings, &problem),
			 ONE_COMMAND_RUN);
	assert_false(settings.signal_group);
	assert_int_equal(settings.verbosity, 1);
}

static void test_outcomes(void **test_state _unused_)
{
	char memory[2048];
	struct buf text = BUF(memory);

	assert_int_equal(parse(ONE_COMMAND_OWN, "-V"), ONE_COMMAND_VERSION);
	assert_int_equal(parse(ONE_COMMAND_TINI, "--version"), ONE_COMMAND_VERSION);
	assert_int_equal(parse(ONE_COMMAND_TINI, "-h", "cmd"), ONE_COMMAND_HELP);
	assert_int_equal(parse(ONE_COMMAND_DUMB_INIT, "--help"), ONE_COMMAND_HELP);
	one_command_usage(ONE_COMMAND_OWN, "orlop", &text);
	assert_false(text.overflow);
	assert_non_null(strstr(text.p, "-r, --rewrite OLD:NEW"));
	assert_null(strstr(text.p, "--verbose"));
}

static void test_refused(void **test_state _unused_)
{
	static const struct {
		enum one_command_kind kind;
		char *words[3];
	} wrong[] = {
		{ ONE_COMMAND_OWN, { NULL } },
		{ ONE_COMMAND_OWN, { W("--"), NULL } },
		{ ONE_COMMAND_OWN, { W("-e"), NULL } },
		{ ONE_COMMAND_OWN, { W("-e256"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-e-1"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-pNONE"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-x"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("--version=1"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-r0:1"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-r15"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-r15:32"), W("cmd"), NULL } },
		{ ONE_COMMAND_OWN, { W("-r:"), W("cmd"), NULL } },
		{ ONE_COMMAND_TINI, { W("-r15:2"), W("cmd"), NULL } },
		{ ONE_COMMAND_TINI, { W("-V"), NULL } },
		{ ONE_COMMAND_DUMB_INIT, { W("-g"), W("cmd"), NULL } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		problem.reason = NULL;
		settings.verbosity = 77;
		assert_int_equal(one_command_parse(wrong[i].kind, wrong[i].words, no_environment,
						   &settings, &problem),
				 -EINVAL);
		assert_non_null(problem.reason);
		assert_int_equal(settings.verbosity, 77);
	}
}

static void test_status(void **test_state _unused_)
{
	assert_int_equal(parse(ONE_COMMAND_OWN, "cmd"), ONE_COMMAND_RUN);
	assert_int_equal(one_command_status(&settings, CLD_EXITED, 0), 0);
	assert_int_equal(one_command_status(&settings, CLD_EXITED, 255), 255);
	assert_int_equal(one_command_status(&settings, CLD_KILLED, SIGKILL), 137);
	assert_int_equal(one_command_status(&settings, CLD_DUMPED, SIGSEGV), 139);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),	 cmocka_unit_test(test_options),
		cmocka_unit_test(test_terminal_signals), cmocka_unit_test(test_environment),
		cmocka_unit_test(test_outcomes),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
