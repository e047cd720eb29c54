// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/fd and lib/directory, on real files in a directory that the test makes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/directory.h"
#include "lib/fd.h"

static char top[] = "/tmp/orlop-test-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void closes_and_keeps_errno(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	errno = E2BIG;
	assert_int_equal(fd_close(fd), -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	errno = E2BIG;
	assert_int_equal(fd_close(-1), -1);
	assert_int_equal(errno, E2BIG);
}

static void reads_whole_files(void **state)
{
	char buffer[8];

	(void)state;
	write_file("seven", "1234567");
	write_file("eight", "12345678");
	write_file("empty", "");
	assert_int_equal(file_read(AT_FDCWD, "seven", buffer, sizeof(buffer)), 7);
	assert_string_equal(buffer, "1234567");
	assert_int_equal(file_read(AT_FDCWD, "empty", buffer, sizeof(buffer)), 0);
	assert_string_equal(buffer, "");
	assert_int_equal(file_read(AT_FDCWD, "eight", buffer, sizeof(buffer)), -EFBIG);
	assert_int_equal(file_read(AT_FDCWD, "none", buffer, sizeof(buffer)), -ENOENT);
	assert_int_equal(file_read(AT_FDCWD, ".", buffer, sizeof(buffer)), -EISDIR);
}

static void writes_existing_files_only(void **state)
{
	char buffer[8];

	(void)state;
	write_file("knob", "");
	assert_int_equal(file_write(AT_FDCWD, "knob", "max"), 0);
	assert_int_equal(file_read(AT_FDCWD, "knob", buffer, sizeof(buffer)), 3);
	assert_int_equal(file_write(AT_FDCWD, "no-knob", "max"), -ENOENT);
	assert_int_equal(access("no-knob", F_OK), -1);
	assert_int_equal(file_write(AT_FDCWD, "/dev/full", "x"), -ENOSPC);
}

static void replaces_all_or_nothing(void **state)
{
	char buffer[16];
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(file_replace("store", "first", 5, 0644, true), 0);
	assert_int_equal(stat("store", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644); /* whatever the umask is */

	/* What an earlier power cut left is thrown away, also when it leads somewhere else. */
	assert_int_equal(symlink("elsewhere", "store.new"), 0);
	assert_int_equal(file_replace("store", "second", 6, 0600, false), 0);
	assert_int_equal(access("elsewhere", F_OK), -1);
	assert_int_equal(file_read(AT_FDCWD, "store", buffer, sizeof(buffer)), 6);
	assert_string_equal(buffer, "second");

	assert_int_equal(file_replace("no/such/directory", "x", 1, 0644, false), -ENOENT);
	assert_int_equal(mkdir("taken", 0755), 0);
	assert_int_equal(file_replace("taken", "x", 1, 0644, false), -EISDIR);
	assert_int_equal(access("taken.new", F_OK), -1);
	umask(022);
}

static void makes_all_directories(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(make_directories("a/b/c", 0755), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(make_directories("a/b/c", 0755), 0);
	assert_int_equal(make_directories("a//b/d/", 0755), 0);
	assert_int_equal(access("a/b/d", F_OK), 0);
	assert_int_equal(make_directories("/", 0755), 0);
	write_file("a/file", "");
	assert_int_equal(make_directories("a/file/x", 0755), -ENOTDIR);
}

/* A process that was started without descriptors 0 to 2, as PID 1 may be. */
static void gives_standard_descriptors_a_file(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		close(0);
		close(1);
		close(2);
		if (stdio_ensure() < 0)
			_exit(1);
		for (int fd = 0; fd <= 2; fd++)
			if (fcntl(fd, F_GETFD) < 0)
				_exit(2);
		/* The next one that opens a file does not get a standard number. */
		_exit(open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void walks_directories(void **state)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	enum { FILES = 200 }; /* more than one buffer of the kernel's records */
	bool seen[FILES] = { false };
	const char *name;
	char path[32];
	int r, count = 0;

	(void)state;
	assert_int_equal(mkdir("many", 0755), 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "many/%d", i);
		write_file(path, "");
	}
	assert_int_equal(directory_open(&d, AT_FDCWD, "many"), 0);
	while ((r = directory_next(&d, &name)) > 0) {
		int number = atoi(name);

		assert_in_range(number, 0, FILES - 1);
		assert_false(seen[number]);
		seen[number] = true;
		count++;
	}
	assert_int_equal(r, 0);
	assert_int_equal(count, FILES);
	assert_int_equal(directory_open(&d, AT_FDCWD, "none"), -ENOENT);
	assert_int_equal(directory_open(&d, AT_FDCWD, "many/1"), -ENOTDIR);
}

static void walks_in_order(void **state)
{
	char name[DIRECTORY_NAME_SIZE] = "";

	(void)state;
	assert_int_equal(mkdir("sorted", 0755), 0);
	write_file("sorted/20-b.conf", "");
	write_file("sorted/10-a.conf", "");
	write_file("sorted/10-a.conf.bak", "");
	write_file("sorted/.conf", "");
	assert_int_equal(directory_next_sorted(AT_FDCWD, "sorted", name, ".conf", name), 1);
	assert_string_equal(name, ".conf");
	assert_int_equal(directory_next_sorted(AT_FDCWD, "sorted", name, ".conf", name), 1);
	assert_string_equal(name, "10-a.conf");
	assert_int_equal(directory_next_sorted(AT_FDCWD, "sorted", name, ".conf", name), 1);
	assert_string_equal(name, "20-b.conf");
	assert_int_equal(directory_next_sorted(AT_FDCWD, "sorted", name, ".conf", name), 0);
	assert_string_equal(name, "20-b.conf");
	assert_int_equal(directory_next_sorted(AT_FDCWD, "none", "", "", name), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_and_keeps_errno),
		cmocka_unit_test(reads_whole_files),
		cmocka_unit_test(writes_existing_files_only),
		cmocka_unit_test(replaces_all_or_nothing),
		cmocka_unit_test(makes_all_directories),
		cmocka_unit_test(gives_standard_descriptors_a_file),
		cmocka_unit_test(walks_directories),
		cmocka_unit_test(walks_in_order),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
