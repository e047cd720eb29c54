// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Claims on dynamic users: see dynamic_user.h. A claim is a directory, as mkdir(2) and rmdir(2) are
 * atomic: only one can make it, and it can only go when the last unit has left it.
 */
#include "supervisor/dynamic_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/exec_directory.h"
#include "supervisor/siphash.h"
#include "supervisor/user.h"

#define TOP "/run/orlop/dynamic-users"
#define PATH_SIZE 512
/* The hash, and then numbers at random: with half the range in use a hundred tries all but never fail. */
#define TRIES_MAX 100

static uid_t into_range(uint64_t number)
{
	return (uid_t)(number % (DYNAMIC_UID_MAX - DYNAMIC_UID_MIN + 1)) + DYNAMIC_UID_MIN;
}

static bool in_range(uid_t uid)
{
	return uid >= DYNAMIC_UID_MIN && uid <= DYNAMIC_UID_MAX;
}

uid_t dynamic_user_hash(const char *name)
{
	/* systemd's key: the same name has the same number on both, and files keep their owner. */
	static const uint8_t key[16] = { 0x37, 0x53, 0x7e, 0x31, 0xcf, 0xce, 0x48, 0xf5,
					 0x8a, 0xbb, 0x39, 0x57, 0x8d, 0xd9, 0xec, 0x59 };

	return into_range(siphash24(name, strlen(name), key));
}

/* The first entry of claim @uid that begins with "NAME:". */
static bool has_name(const char *uid, const char *name)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	const char *entry;
	size_t n = strlen(name);

	buf_printf(&b, TOP "/%s", uid);
	if (b.overflow || directory_open(&d, AT_FDCWD, path) < 0)
		return false;
	while (directory_next(&d, &entry) > 0)
		if (strncmp(entry, name, n) == 0 && entry[n] == ':')
			return true;
	return false;
}

/* Who the name is at the moment. Return: 0 or -ENOENT. */
static int current(const char *name, uid_t *ret_uid)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	const char *entry;

	if (directory_open(&d, AT_FDCWD, TOP) < 0)
		return -ENOENT;
	while (directory_next(&d, &entry) > 0) {
		uint64_t uid;

		if (str_to_u64(str_from(entry), &uid) == 0 && in_range((uid_t)uid) &&
		    has_name(entry, name)) {
			*ret_uid = (uid_t)uid;
			return 0;
		}
	}
	return -ENOENT;
}

static int entry_path(const struct unit *unit, const char *name, uid_t uid, struct buf *ret_path)
{
	buf_printf(ret_path, TOP "/%u/%s:%s", uid, name, unit->name);
	return ret_path->overflow ? -ENAMETOOLONG : 0;
}

/* Joins the units that run as @uid. Return: 0 or -ENOENT: PID 1 has just removed the claim. */
static int join(const struct unit *unit, const char *name, uid_t uid)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	int r = entry_path(unit, name, uid, &b);
	int fd = r == 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444) : -1;

	if (fd < 0)
		return r < 0 ? r : -errno;
	fd_close(fd);
	return 0;
}

/* Return: 1 when the number is ours, 0 when somebody has it, or -errno. */
static int claim(const struct unit *unit, const char *name, uid_t uid)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	int r;

	if (!in_range(uid) || user_id_taken(uid))
		return 0;
	buf_printf(&b, TOP "/%u", uid);
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	r = join(unit, name, uid);
	return r < 0 ? r : 1;
}

/* Who owns what the unit keeps from run to run should be who it is now. */
static int claim_owner(const struct unit *unit, const struct exec_settings *exec, const char *name,
		       uid_t *ret_uid)
{
	for (int type = 0; type < EXEC_DIRECTORY_COUNT; type++) {
		const struct text_list *list = &exec->directories[type];

		if (type == EXEC_DIRECTORY_CONFIGURATION)
			continue;
		for (const char *item = text_list_next(list, NULL); item;
		     item = text_list_next(list, item)) {
			char path[PATH_SIZE];
			struct buf b = BUF(path);
			struct stat st;
			int r;

			exec_directory_path((enum exec_directory)type, item, true, &b);
			if (b.overflow || lstat(path, &st) < 0 || !in_range(st.st_uid))
				continue;
			r = claim(unit, name, st.st_uid);
			if (r > 0)
				*ret_uid = st.st_uid;
			if (r != 0)
				return r;
		}
	}
	return 0;
}

static int allocate_locked(const struct unit *unit, const struct exec_settings *exec,
			   const char *name, uid_t *ret_uid)
{
	uid_t uid;
	int r;

	if (current(name, &uid) == 0) {
		r = join(unit, name, uid);
		if (r == 0)
			*ret_uid = uid;
		if (r != -ENOENT)
			return r;
	}
	r = claim_owner(unit, exec, name, ret_uid);
	uid = dynamic_user_hash(name);
	for (int i = 0; r == 0 && i < TRIES_MAX; i++) {
		uint64_t random;

		r = claim(unit, name, uid);
		if (r > 0)
			*ret_uid = uid;
		if (r == 0 && getrandom(&random, sizeof(random), GRND_INSECURE) == sizeof(random))
			uid = into_range(random);
	}
	return r > 0 ? 0 : r == 0 ? -EBUSY : r;
}

int dynamic_user_allocate(const struct unit *unit, const struct exec_settings *exec,
			  const char *name, uid_t *ret_uid)
{
	int r = make_directories(TOP, 0755);
	int lock = r == 0 ? open(TOP, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return child_error(r < 0 ? r : -errno, TOP);
	r = allocate_locked(unit, exec, name, ret_uid);
	fd_close(lock);
	return r < 0 ? child_error(r, "dynamic user %s", name) : 0;
}

void dynamic_user_release(const struct unit *unit, const char *name)
{
	char path[PATH_SIZE];
	struct buf b = BUF(path);
	uid_t uid;

	if (current(name, &uid) < 0 || entry_path(unit, name, uid, &b) < 0)
		return;
	(void)unlink(path);
	buf_clear(&b);
	buf_printf(&b, TOP "/%u", uid);
	/* Refused while another unit is in it. */
	(void)rmdir(path);
}
