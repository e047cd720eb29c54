// SPDX-License-Identifier: MIT OR Apache-2.0
/* A daemon's list of system calls, tried out in children: what is listed works, all else is refused, and too long a list is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "lib/syscall_filter.h"

/* Runs @body in a child under the filter. Return: its exit status, or the number of the signal that ended it, negative. */
static int under_filter(const int *numbers, size_t count, int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall_filter_allow(numbers, count) < 0)
			_exit(100);
		syscall(SYS_exit_group, body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int tries_all(void)
{
	static const long refused[] = { SYS_openat, SYS_socket, SYS_execve,
					SYS_ptrace, SYS_mount,	SYS_unlinkat };

	if (syscall(SYS_getpid) <= 1 || syscall(SYS_getppid) <= 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		errno = 0;
		if (syscall(refused[i], -1, NULL, 0, 0) != -1 || errno != EPERM)
			return 10 + (int)i;
	}
#ifdef __x86_64__
	/* The same number as x32 calls it is not the one that was allowed. */
	errno = 0;
	if (syscall(SYS_getpid | 0x40000000) != -1 || errno != EPERM)
		return 2;
#endif
	return 0;
}

static void allows_what_is_listed_and_nothing_else(void **state)
{
	static const int numbers[] = { SYS_getpid, SYS_exit_group, SYS_getppid };

	(void)state;
	assert_int_equal(under_filter(numbers, ARRAY_SIZE(numbers), tries_all), 0);
}

/* The first of the list has the longest jump. */
static void longest_list(void **state)
{
	int numbers[SYSCALL_FILTER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		numbers[i] = 1000 + (int)i;
	numbers[0] = SYS_getpid;
	numbers[1] = SYS_getppid;
	numbers[SYSCALL_FILTER_MAX - 1] = SYS_exit_group;
	assert_int_equal(under_filter(numbers, SYSCALL_FILTER_MAX, tries_all), 0);
	assert_int_equal(syscall_filter_allow(numbers, SYSCALL_FILTER_MAX + 1), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows_what_is_listed_and_nothing_else),
		cmocka_unit_test(longest_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
