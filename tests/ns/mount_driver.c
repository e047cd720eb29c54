// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls one function of mount/ or init/kill_all.c, in a mount and PID namespace that the test has
 * made, and prints what came back, as lines "NAME VALUE". The log goes to /dev/kmsg, over which
 * the test has mounted a file of its own. The exit status is 0 whenever the call was made.
 *
 * Some verbs take a machine down. They run only with "--root DIRECTORY", a mount that becomes the
 * root first, so that nothing of the machine that runs the tests can be seen or touched; kill_all()
 * only in a PID namespace of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/kill_all.h"
#include "lib/clock.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "lib/str.h"
#include "mount/api_mounts.h"
#include "mount/deadline.h"
#include "mount/detach.h"
#include "mount/etc_tree.h"
#include "mount/state_volume.h"
#include "mount/switch_root.h"
#include "mount/teardown.h"
#include "mount/tree_copy.h"

/* include/linux/proc_ns.h: the PID namespace that the kernel starts with. */
#define PROC_PID_INIT_INO 0xEFFFFFFCU

static int print_result(int r)
{
	printf("result %d\n", r);
	return 0;
}

static int verb_api_mounts(char **arguments)
{
	return print_result(api_mounts(strcmp(arguments[0], "container") == 0));
}

static int verb_api_mounts_early(_unused_ char **arguments)
{
	return print_result(api_mounts_early());
}

static int verb_etc(_unused_ char **arguments)
{
	return print_result(etc_mount());
}

/* For what a new root has no program to show. */
static int verb_cat(char **arguments)
{
	char chunk[4096];
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return print_result(-errno);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		(void)fwrite(chunk, 1, (size_t)n, stdout);
	(void)close(fd);
	return 0;
}

static int verb_tree_copy(char **arguments)
{
	return print_result(tree_copy(arguments[0], arguments[1], (unsigned)atoi(arguments[2])));
}

static unsigned long long inodes_used(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return 0;
	return (unsigned long long)(fs.f_files - fs.f_ffree);
}

/* As PID 1 of an initramfs, which lies on a tmpfs here: its inodes tell whether it was emptied. */
static int verb_switch_root(char **arguments)
{
	int old_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int other = open("/other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long long before = inodes_used(old_root);
	int r = switch_root(arguments[0]);

	printf("inodes_before %llu\n", before);
	printf("inodes_after %llu\n", inodes_used(old_root));
	printf("other_kept %d\n", faccessat(other, "file", F_OK, 0) == 0);
	for (char **path = arguments + 1; *path; path++)
		printf("%s %d\n", *path, access(*path, F_OK) == 0);
	return print_result(r);
}

static int verb_state_volume(char **arguments)
{
	struct state_volume_report report = { 0 };
	int r = state_volume_mount(arguments[0], arguments[1], &report);

	printf("created %d\nrecovered %d\nchecked %d\nrepaired %d\ngrown %d\nsize %llu\n",
	       report.created, report.recovered, report.checked, report.repaired, report.grown,
	       (unsigned long long)report.size);
	return print_result(r);
}

static int verb_teardown(char **arguments)
{
	struct teardown_options options = {
		.deadline = clock_add(clock_now(), 60 * NS_PER_S),
		.operation_timeout = strtoull(arguments[1], NULL, 10) * NS_PER_MS,
		.container = strcmp(arguments[0], "container") == 0,
	};

	return print_result(teardown_storage(&options));
}

static int verb_sync(char **arguments)
{
	uint64_t timeout = strtoull(arguments[0], NULL, 10) * NS_PER_MS;

	return print_result(teardown_sync(clock_add(clock_now(), timeout)));
}

static int verb_detach_loop(_unused_ char **arguments)
{
	bool progress = false;
	int r = detach_loop(10 * NS_PER_S, true, &progress);

	printf("progress %d\n", progress);
	return print_result(r);
}

static int verb_kill(char **arguments)
{
	pid_t spare = (pid_t)atoi(arguments[2]);
	uint64_t timeout = (uint64_t)strtoull(arguments[1], NULL, 10) * NS_PER_MS;

	return print_result(kill_all(atoi(arguments[0]), timeout, &spare, 1));
}

/* One line for each process of the namespace: its name. */
static int verb_processes(_unused_ char **arguments)
{
	_cleanup_directory_ struct directory proc = { .fd = -1 };
	const char *name;

	if (directory_open(&proc, AT_FDCWD, "/proc") < 0)
		return EXIT_FAILURE;
	while (directory_next(&proc, &name) > 0) {
		char path[64];
		char comm[64];
		struct buf b = BUF(path);
		uint64_t pid;

		buf_printf(&b, "%s/comm", name);
		if (str_to_u64(str_from(name), &pid) == 0 &&
		    file_read(proc.fd, path, comm, sizeof(comm)) > 0)
			printf("process %s", comm);
	}
	return 0;
}

static int verb_exec(char **arguments)
{
	char text[256];
	struct buf output = BUF(text);
	int r = deadline_exec(arguments + 1, strtoull(arguments[0], NULL, 10) * NS_PER_MS, &output);

	printf("output %s\n", text);
	return print_result(r);
}

enum guard {
	GUARD_NONE,
	GUARD_ROOT,	     /* only with --root */
	GUARD_PID_NAMESPACE, /* not where the machine's own processes are */
};

static const struct {
	const char *name;
	int (*run)(char **arguments);
	int arguments_min;
	enum guard guard;
} verbs[] = {
	{ "api-mounts", verb_api_mounts, 1, GUARD_ROOT },
	{ "api-mounts-early", verb_api_mounts_early, 0, GUARD_ROOT },
	{ "cat", verb_cat, 1, GUARD_NONE },
	{ "detach-loop", verb_detach_loop, 0, GUARD_ROOT },
	{ "etc", verb_etc, 0, GUARD_NONE },
	{ "exec", verb_exec, 2, GUARD_NONE },
	{ "kill", verb_kill, 3, GUARD_PID_NAMESPACE },
	{ "processes", verb_processes, 0, GUARD_PID_NAMESPACE },
	{ "state-volume", verb_state_volume, 2, GUARD_NONE },
	{ "switch-root", verb_switch_root, 1, GUARD_ROOT },
	{ "sync", verb_sync, 1, GUARD_NONE },
	{ "teardown", verb_teardown, 2, GUARD_ROOT },
	{ "tree-copy", verb_tree_copy, 3, GUARD_NONE },
};

static int root_enter(const char *directory)
{
	return chdir(directory) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
			       umount2(".", MNT_DETACH) < 0 || chdir("/") < 0
		       ? -errno
		       : 0;
}

static bool is_allowed(enum guard guard, bool rooted)
{
	struct stat st;

	switch (guard) {
	case GUARD_NONE:
		return true;
	case GUARD_ROOT:
		return rooted;
	case GUARD_PID_NAMESPACE:
		return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != PROC_PID_INIT_INO;
	}
	return false;
}

static int verb_run(int count, char **words, bool rooted)
{
	for (size_t i = 0; count > 0 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(words[0], verbs[i].name) == 0 && count - 1 >= verbs[i].arguments_min &&
		    is_allowed(verbs[i].guard, rooted))
			return verbs[i].run(words + 1);
	fprintf(stderr,
		"usage: mount_driver [--root DIRECTORY] VERB ARGUMENT... [then VERB ARGUMENT...]...\n");
	return 2;
}

/* One verb after the other, with "then" between them. */
static int verbs_run(int count, char **words, bool rooted)
{
	int r = 0;

	while (r == 0 && count >= 0) {
		int length = 0;

		while (length < count && strcmp(words[length], "then") != 0)
			length++;
		words[length] = NULL;
		r = verb_run(length, words, rooted);
		(void)fflush(stdout);
		words += length + 1;
		count -= length + 1;
	}
	return r;
}

int main(int argc, char **argv)
{
	bool rooted = argc > 2 && strcmp(argv[1], "--root") == 0;
	int skip = rooted ? 3 : 1;
	int r = rooted ? root_enter(argv[2]) : 0;

	if (r < 0) {
		fprintf(stderr, "mount_driver: enter %s: %s\n", argv[2], error_name(r));
		return EXIT_FAILURE;
	}
	klog_set_level(KLOG_DEBUG);
	klog_set_console(false);
	r = klog_open();
	if (r < 0) {
		fprintf(stderr, "mount_driver: open /dev/kmsg: %s\n", error_name(r));
		return EXIT_FAILURE;
	}
	return verbs_run(argc - skip, argv + skip, rooted);
}
