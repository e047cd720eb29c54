// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * usage: hold [-d DIRECTORY] [FILE...]
 *
 * Stands for a storage daemon that a shutdown must spare: its name begins with '@'. Stays in
 * DIRECTORY and keeps the FILEs open until it is killed. Goes to the background when it has them all.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int i = 1;

	if (argv[0][0] != '@') {
		char program[] = "/proc/self/exe";

		argv[0] = (char[]){ "@hold" };
		execv(program, argv);
		perror(program);
		return 1;
	}
	if (i + 1 < argc && strcmp(argv[i], "-d") == 0) {
		if (chdir(argv[i + 1]) < 0) {
			perror(argv[i + 1]);
			return 1;
		}
		i += 2;
	}
	for (; i < argc; i++) {
		if (open(argv[i], O_RDONLY) < 0) {
			perror(argv[i]);
			return 1;
		}
	}
	if (fork() != 0)
		return 0;
	(void)setsid();
	(void)signal(SIGHUP, SIG_IGN);
	for (;;)
		(void)pause();
}
