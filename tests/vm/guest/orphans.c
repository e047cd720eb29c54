// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * usage: orphans COUNT
 *
 * Makes COUNT orphans, as daemons do: the child of a child, whose parent ends at once. Half of them
 * end before their parent does, and so become PID 1's as zombies already; the others wait until
 * they have been adopted. Prints how many forks failed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void grandchild(int early)
{
	pid_t parent = getppid();

	/* Woken by the parent's end; if that was before the call, the parent is another one by now. */
	if (!early && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		pause();
	_exit(0);
}

static void child(int early)
{
	pid_t pid = fork();

	if (pid == 0)
		grandchild(early);
	if (pid > 0 && early) {
		siginfo_t info;

		/* Waits for its end and leaves it a zombie. */
		(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	}
	_exit(pid < 0);
}

int main(int argc, char **argv)
{
	long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	long failed = 0;

	for (long i = 0; i < count; i++) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0)
			child(i % 2 == 0);
		if (pid > 0)
			(void)waitpid(pid, &status, 0);
		failed += status != 0;
	}
	printf("%ld\n", failed);
	return 0;
}
