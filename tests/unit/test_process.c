// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/process: signals reach the process that is meant, and never more than that (hc-5). */
// LDFLAGS: -Wl,--wrap=kill
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/process.h"

static pid_t killed;
static unsigned kills;

int __wrap_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal _unused_)
{
	killed = pid;
	kills++;
	return 0;
}

static void test_no_pid_means_everybody_hc_5(void **state _unused_)
{
	static const pid_t wrong[] = { 0, 1, -1, -2, -4711, INT32_MIN };

	kills = 0;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(process_kill(wrong[i], SIGKILL), -EINVAL);
		assert_int_equal(process_kill_group(wrong[i], SIGKILL), -EINVAL);
		assert_int_equal(process_open(wrong[i]), -EINVAL);
	}
	assert_int_equal(kills, 0);
	assert_int_equal(process_kill(4711, SIGKILL), 0);
	assert_int_equal(killed, 4711);
	assert_int_equal(process_kill_group(4711, SIGKILL), 0);
	assert_int_equal(killed, -4711);
}

/* hc-4: a pidfd is that process and no later one of the same number. */
static void test_pidfd_outlives_its_process_hc_4(void **state _unused_)
{
	pid_t pid = fork();
	int pidfd;

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	assert_true(pid > 0);
	pidfd = process_open(pid);
	assert_true(pidfd >= 0);
	assert_true(process_alive(pidfd));
	assert_int_equal(process_parent(pid), getpid());
	assert_int_equal(process_signal(pidfd, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_alive(pidfd));
	assert_int_equal(process_signal(pidfd, SIGKILL), -ESRCH);
	assert_int_equal(fd_close(pidfd), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_pid_means_everybody_hc_5),
		cmocka_unit_test(test_pidfd_outlives_its_process_hc_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
