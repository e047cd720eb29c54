// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service that every supervisor of the bench runs, and two helpers in the same program:
 *
 *   stamp NUMBER        writes its time and pid into place NUMBER of /b/stamps, then sleeps
 *   stamp svc-NUMBER    the same; this is how s6 calls it
 *   stamp               the same, with the number of the current directory (".../svc-NUMBER")
 *   stamp begin CMD...  writes the time into place 0 and executes CMD
 *   stamp flood         writes lines to standard output as fast as that takes them
 *
 * The time is that of main(): CLOCK_MONOTONIC, which the measuring side reads as well.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct place {
	uint64_t count; /* of starts; written last */
	uint64_t time;	/* ns of the last one */
	uint64_t pid;	/* in its own namespace */
	uint64_t spare;
};

#define PLACES 4096

static void stamp(unsigned long number)
{
	struct timespec now;
	struct place *places;
	int fd;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	fd = open("/b/stamps", O_RDWR | O_CLOEXEC);
	if (fd < 0 || number >= PLACES)
		_exit(111);
	places = mmap(NULL, PLACES * sizeof(*places), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (places == MAP_FAILED)
		_exit(112);
	(void)close(fd);
	places[number].time = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	places[number].pid = (uint64_t)getpid();
	__atomic_add_fetch(&places[number].count, 1, __ATOMIC_RELEASE);
	(void)munmap(places, PLACES * sizeof(*places));
}

static void flood(void)
{
	static const char lines[] =
		"a line of the length that programs like to print, or thereabouts\n"
		"a line of the length that programs like to print, or thereabouts\n"
		"a line of the length that programs like to print, or thereabouts\n"
		"a line of the length that programs like to print, or thereabouts\n";

	while (write(STDOUT_FILENO, lines, sizeof(lines) - 1) > 0)
		;
}

int main(int argc, char **argv)
{
	char directory[4096];
	const char *name = NULL;
	const char *dash;

	if (argc > 2 && strcmp(argv[1], "begin") == 0) {
		stamp(0);
		(void)execv(argv[2], argv + 2);
		return 113;
	}
	if (argc > 1 && strcmp(argv[1], "flood") == 0) {
		flood();
		return 114;
	}
	if (argc > 1)
		name = argv[1];
	else if (getcwd(directory, sizeof(directory)))
		name = directory;
	if (!name)
		return 115;
	dash = strrchr(name, '-');
	stamp(strtoul(dash ? dash + 1 : name, NULL, 10));
	for (;;)
		(void)pause();
}
