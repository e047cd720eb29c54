// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Removing what services leave behind: see exec_release.h. Everything to be removed is moved into one
 * directory first, so a removal that was cut short is made up for by the next one.
 */
#include "supervisor/exec_release.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/signals.h"
#include "supervisor/dynamic_user.h"
#include "supervisor/exec_directory.h"
#include "supervisor/user.h"

#define TRASH "/run/orlop/trash"
#define PATH_SIZE 512
/* Deeper trees have been made to hurt who walks them; what is below stays until the reboot. */
#define DEPTH_MAX 64
/* What is in the trash, by how its name begins: a tree, or a link to where a private /tmp was. */
#define TREE_PREFIX "tree-"
#define LINK_PREFIX "link-"

void exec_release_tmp_link(const struct unit *unit, const char *kind, struct buf *ret_path)
{
	buf_printf(ret_path, EXEC_RELEASE_PRIVATE_TMP "/%s.%s", unit->name, kind);
}

/* ---- the child ---- */

static void remove_tree(int at, const char *name, int depth)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *child;

	if (unlinkat(at, name, 0) == 0 || depth == DEPTH_MAX)
		return;
	/* Not through a link, also not one that somebody puts there meanwhile. */
	d.fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd >= 0)
		while (directory_next(&d, &child) > 0)
			remove_tree(d.fd, child, depth + 1);
	directory_close(&d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

static _noreturn_ void empty_trash(void)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *name;

	/* Removing a large tree takes time, in which nothing of PID 1's may be held open. */
	(void)close_range(3, ~0U, 0);
	(void)signals_reset(0);
	if (directory_open(&d, AT_FDCWD, TRASH) < 0)
		_exit(0);
	while (directory_next(&d, &name) > 0) {
		char target[4096];
		ssize_t n = readlinkat(d.fd, name, target, sizeof(target) - 1);

		/* Only our own links are followed, never one that was found in a service's directory. */
		if (n > 0 && strncmp(name, LINK_PREFIX, strlen(LINK_PREFIX)) == 0) {
			target[n] = '\0';
			remove_tree(AT_FDCWD, target, 0);
		}
		remove_tree(d.fd, name, 0);
	}
	_exit(0);
}

/* ---- PID 1 ---- */

static bool throw_away(const char *path, const char *prefix)
{
	static unsigned serial;
	char trash[PATH_SIZE];
	struct buf b = BUF(trash);

	/* A name that none has, not even of an incarnation of PID 1 before an upgrade. */
	buf_printf(&b, TRASH "/%s%u-%llx", prefix, serial++, (unsigned long long)clock_now());
	if (rename(path, trash) == 0)
		return true;
	if (errno == ENOENT && access(path, F_OK) == 0 && make_directories(TRASH, 0700) == 0)
		return rename(path, trash) == 0;
	return false;
}

static bool keeps_runtime(const struct exec_settings *exec, bool restarting)
{
	return exec->runtime_directory_preserve == PRESERVE_YES ||
	       (exec->runtime_directory_preserve == PRESERVE_RESTART && restarting);
}

static bool release_runtime(const struct exec_settings *exec)
{
	const struct text_list *list = &exec->directories[EXEC_DIRECTORY_RUNTIME];
	bool thrown = false;

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item)) {
		bool private = exec_directory_private(exec, EXEC_DIRECTORY_RUNTIME);
		char path[PATH_SIZE];
		struct buf b = BUF(path);
		const char *link = strchr(item, ':');

		exec_directory_path(EXEC_DIRECTORY_RUNTIME, item, private, &b);
		if (!b.overflow)
			thrown |= throw_away(path, TREE_PREFIX);
		if (private) {
			b = BUF(path);
			exec_directory_path(EXEC_DIRECTORY_RUNTIME, item, false, &b);
			if (!b.overflow)
				(void)unlink(path);
		}
		if (link && link[1] && link[1] != ':') {
			b = BUF(path);
			exec_directory_path(EXEC_DIRECTORY_RUNTIME, link + 1, false, &b);
			if (!b.overflow)
				(void)unlink(path);
		}
	}
	return thrown;
}

static bool release_private_tmp(const struct unit *unit)
{
	static const char *const kinds[] = { "tmp", "var-tmp" };
	bool thrown = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char path[PATH_SIZE];
		struct buf b = BUF(path);

		exec_release_tmp_link(unit, kinds[i], &b);
		if (!b.overflow)
			thrown |= throw_away(path, LINK_PREFIX);
	}
	return thrown;
}

static bool release_credentials(const struct unit *unit)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);

	buf_printf(&b, EXEC_RELEASE_CREDENTIALS "/%s", unit->name);
	if (b.overflow)
		return false;
	/* Secrets go as soon as nobody uses them: with the mount, which takes no time for a tmpfs. */
	(void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	return throw_away(path, TREE_PREFIX);
}

void exec_release(const struct unit *unit, bool restarting)
{
	const struct exec_settings *exec = unit->exec;
	struct clone_args args = { .exit_signal = SIGCHLD };
	bool thrown = false;

	if (!keeps_runtime(exec, restarting))
		thrown |= release_runtime(exec);
	/* The rest is fresh for each run, as in systemd. */
	if (exec->load_credential.count + exec->set_credential.count > 0)
		thrown |= release_credentials(unit);
	if (exec_has(exec, EXEC_FLAG_PRIVATE_TMP) || exec_has(exec, EXEC_FLAG_DYNAMIC_USER))
		thrown |= release_private_tmp(unit);
	if (exec_has(exec, EXEC_FLAG_DYNAMIC_USER)) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);

		if (user_name_of(unit, exec, &b) == 0)
			dynamic_user_release(unit, name);
	}
	/* Without a process the trash stays until the next time: it costs memory and nothing else. */
	if (thrown && syscall(SYS_clone3, &args, sizeof(args)) == 0)
		empty_trash();
}
