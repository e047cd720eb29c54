// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init/power: what PID 1 does when reboot(2) fails (hc-87). Each test is PID 1 of a PID namespace of its
 * own, and reboot(2) is never called in earnest.
 */
// LDFLAGS: -Wl,--wrap=reboot
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include <cmocka.h>

#include "init/power.h"
#include "lib/klog.h"

/* What reboot(2) was called with, told to the test. */
static int told[2];
static int answer;

int __wrap_reboot(int command);
int __wrap_reboot(int command)
{
	if (write(told[1], &command, sizeof(command)) != sizeof(command))
		_exit(90);
	errno = answer;
	return answer == 0 ? 0 : -1;
}

/*
 * Runs power_now() as PID 1 of a new namespace. @prepare runs there before.
 * Return: its process, still running or a zombie; told[0] has what it said.
 */
static pid_t run(enum power_action action, bool container, void (*prepare)(void))
{
	pid_t helper;
	pid_t pid = -1;
	int pids[2];

	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(pids), 0);
	helper = fork();
	assert_true(helper >= 0);
	if (helper == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(91);
		pid = fork();
		if (pid == 0) {
			klog_set_console(false);
			if (prepare)
				prepare();
			power_now(action, container);
		}
		if (write(pids[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(92);
		_exit(0);
	}
	close(pids[1]);
	close(told[1]);
	if (read(pids[0], &pid, sizeof(pid)) != sizeof(pid)) {
		close(pids[0]);
		close(told[0]);
		(void)waitpid(helper, NULL, 0);
		skip(); /* no right to make namespaces */
	}
	close(pids[0]);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	assert_true(pid > 1);
	return pid;
}

static int next_command(void)
{
	int command = -1;

	return read(told[0], &command, sizeof(command)) == sizeof(command) ? command : -1;
}

/* The namespace's end closes the pipe: nothing but the end of PID 1 does. */
static void assert_runs_on(pid_t pid)
{
	struct pollfd end = { .fd = told[0], .events = POLLIN };

	assert_int_equal(poll(&end, 1, 300), 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(next_command(), -1);
	close(told[0]);
}

/* Twenty children that wait, and one more that kills them and tells when they are all reaped. */
static void make_children(void)
{
	enum { FIRST = 2, END = FIRST + 20 }; /* pids of a new namespace */
	int done = -2;

	for (pid_t pid = FIRST; pid < END; pid++)
		if (fork() == 0)
			for (;;)
				(void)pause();
	if (fork() != 0)
		return;
	for (pid_t pid = FIRST; pid < END; pid++)
		(void)kill(pid, SIGKILL);
	/* A zombie still takes signals; only a reaped process is gone. */
	for (pid_t pid = FIRST; pid < END; pid++)
		while (kill(pid, 0) == 0)
			(void)sched_yield();
	(void)!write(told[1], &done, sizeof(done));
	_exit(0);
}

static void test_goes_on_reaping_hc_87(void **state _unused_)
{
	int first;
	int second;
	pid_t pid;

	answer = EPERM;
	pid = run(POWER_OFF, false, make_children);
	first = next_command();
	second = next_command();
	/* The request, and that all children were reaped, in either order. */
	assert_true(first == (int)LINUX_REBOOT_CMD_POWER_OFF ||
		    second == (int)LINUX_REBOOT_CMD_POWER_OFF);
	assert_true(first == -2 || second == -2);
	assert_runs_on(pid);
}

/* Without any child there is nothing to wait for; it stays all the same, and takes no processor time. */
static void test_stays_without_children_hc_87(void **state _unused_)
{
	pid_t pid;

	answer = EINVAL;
	pid = run(POWER_REBOOT, false, NULL);
	assert_int_equal(next_command(), (int)LINUX_REBOOT_CMD_RESTART);
	assert_runs_on(pid);
}

/* reboot(2) that says yes and comes back is no reason to return either. */
static void test_reboot_that_comes_back_hc_87(void **state _unused_)
{
	pid_t pid;

	answer = 0;
	pid = run(POWER_HALT, false, NULL);
	assert_int_equal(next_command(), (int)LINUX_REBOOT_CMD_HALT);
	assert_runs_on(pid);
}

static void test_kexec_falls_back_hc_86(void **state _unused_)
{
	pid_t pid;

	answer = EINVAL;
	pid = run(POWER_KEXEC, false, NULL);
	assert_int_equal(next_command(), (int)LINUX_REBOOT_CMD_KEXEC);
	assert_int_equal(next_command(), (int)LINUX_REBOOT_CMD_RESTART);
	assert_runs_on(pid);
}

/* In a container PID 1 may end, and that is the end of it. */
static void test_container_ends(void **state _unused_)
{
	answer = EPERM;
	(void)run(POWER_OFF, true, NULL);
	assert_int_equal(next_command(), (int)LINUX_REBOOT_CMD_POWER_OFF);
	assert_int_equal(next_command(), -1);
	close(told[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on_reaping_hc_87),
		cmocka_unit_test(test_stays_without_children_hc_87),
		cmocka_unit_test(test_reboot_that_comes_back_hc_87),
		cmocka_unit_test(test_kexec_falls_back_hc_86),
		cmocka_unit_test(test_container_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
