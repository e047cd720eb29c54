// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Users and groups of a service: see user.h. Both files are read once into the child's memory and then
 * looked through; "root" and "nobody" are known without them, as in systemd.
 */
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/dynamic_user.h"
#include "supervisor/passwd_parse.h"
#include "supervisor/siphash.h"

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"
/* Some hundred thousand users; who has more has a directory service, which PID 1 must not ask. */
#define FILE_SIZE_MAX (16UL * 1024 * 1024)
#define NOBODY 65534

/* The file's text on the heap; a missing file has none in it. */
static struct str read_database(const char *path)
{
	size_t size = 64UL * 1024;

	for (;;) {
		char *text = malloc(size);
		ssize_t n = text ? file_read(AT_FDCWD, path, text, size) : -ENOMEM;

		if (n >= 0)
			return (struct str){ text, (size_t)n };
		free(text);
		if (n != -EFBIG || size >= FILE_SIZE_MAX)
			return (struct str){ "", 0 };
		size *= 4;
	}
}

static struct str passwd_text(void)
{
	static struct str text;

	if (!text.p)
		text = read_database(PASSWD);
	return text;
}

static struct str group_text(void)
{
	static struct str text;

	if (!text.p)
		text = read_database(GROUP);
	return text;
}

static int find_user(const char *name, struct passwd_entry *ret_entry)
{
	struct str rest = passwd_text();
	struct passwd_entry entry;
	bool numeric;
	uint32_t id = 0;

	if (strcmp(name, "root") == 0 || strcmp(name, "0") == 0) {
		*ret_entry = (struct passwd_entry){ STR("root"), 0, 0, STR("/root"), STR("/bin/sh") };
		while (passwd_next(&rest, &entry))
			if (entry.uid == 0) {
				*ret_entry = entry;
				break;
			}
		return 0;
	}
	numeric = id_parse(str_from(name), &id) == 0;
	while (passwd_next(&rest, &entry))
		if (numeric ? entry.uid == id : str_is(entry.name, name)) {
			*ret_entry = entry;
			return 0;
		}
	if (strcmp(name, "nobody") == 0 || (numeric && id == NOBODY)) {
		*ret_entry = (struct passwd_entry){ STR("nobody"), NOBODY, NOBODY, STR("/"),
						    STR("/usr/sbin/nologin") };
		return 0;
	}
	return -ESRCH;
}

static int find_group(const char *name, gid_t *ret_gid)
{
	struct str rest = group_text();
	struct group_entry entry;
	uint32_t id = 0;
	bool numeric = id_parse(str_from(name), &id) == 0;

	if (strcmp(name, "root") == 0 || strcmp(name, "0") == 0) {
		*ret_gid = 0;
		return 0;
	}
	while (group_next(&rest, &entry))
		if (numeric ? entry.gid == id : str_is(entry.name, name)) {
			*ret_gid = entry.gid;
			return 0;
		}
	if (strcmp(name, "nogroup") == 0 || (numeric && id == NOBODY)) {
		*ret_gid = NOBODY;
		return 0;
	}
	return -ESRCH;
}

int user_find_id(const char *name, uid_t *ret_uid)
{
	struct passwd_entry entry;
	int r = find_user(name, &entry);

	if (r == 0)
		*ret_uid = entry.uid;
	return r;
}

bool user_id_taken(uint32_t id)
{
	struct str users = passwd_text();
	struct str groups = group_text();
	struct passwd_entry user;
	struct group_entry group;

	while (passwd_next(&users, &user))
		if (user.uid == id)
			return true;
	while (group_next(&groups, &group))
		if (group.gid == id)
			return true;
	return false;
}

/* What a name may be for a user that Orlop makes up: the strict rule of systemd's valid_user_group_name(). */
static bool name_valid(struct str name)
{
	if (name.n == 0 || name.n > 31)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
			return false;
	}
	return true;
}

int user_name_of(const struct unit *unit, const struct exec_settings *exec, struct buf *ret_name)
{
	static const uint8_t key[16] = { 0x58, 0x84, 0x2f, 0x6b, 0xf4, 0x29, 0x47, 0xd3,
					 0xb1, 0x1a, 0x60, 0xe2, 0x91, 0x3c, 0x0d, 0x75 };
	const char *end = strpbrk(unit->name, "@");
	struct str prefix;

	if (exec->user) {
		buf_add(ret_name, exec->user);
		return ret_name->overflow ? -ENAMETOOLONG : 0;
	}
	if (!end)
		end = strrchr(unit->name, '.');
	prefix = (struct str){ unit->name, end ? (size_t)(end - unit->name) : strlen(unit->name) };
	if (name_valid(prefix))
		buf_add_str(ret_name, prefix);
	else
		buf_printf(ret_name, "_du%016llx",
			   (unsigned long long)siphash24(unit->name, strlen(unit->name), key));
	return ret_name->overflow ? -ENAMETOOLONG : 0;
}

/* Homes and shells that say nothing are not told, as in systemd. */
static const char *worth_telling(struct str path, bool shell)
{
	if (path.n == 0 || path.p[0] != '/')
		return NULL;
	if (shell ? str_ends(path, "/nologin") || str_ends(path, "/false") || str_ends(path, "/true")
		  : path.n == 1 || str_is(path, "/nonexistent"))
		return NULL;
	return strndup(path.p, path.n);
}

static int resolve_user(const char *name, struct identity *identity)
{
	struct passwd_entry entry;
	uint32_t id;
	int r = find_user(name, &entry);

	if (r < 0)
		return child_error(r, "user %s (is it in " PASSWD "?)", name);
	identity->uid = entry.uid;
	identity->gid = entry.gid;
	/* A number becomes its name; a name stays, though another may have the same number. */
	identity->name = id_parse(str_from(name), &id) == 0 ? strndup(entry.name.p, entry.name.n) : name;
	identity->home = worth_telling(entry.home, false);
	identity->shell = worth_telling(entry.shell, true);
	return 0;
}

static int resolve_dynamic(const struct unit *unit, const struct exec_settings *exec,
			   struct identity *identity)
{
	static char name[UNIT_NAME_SIZE];
	struct buf b = BUF(name);
	struct passwd_entry entry;
	uid_t uid;
	int r = user_name_of(unit, exec, &b);

	if (r < 0)
		return child_error(r, "%s", unit->name);
	/* A user that the system has already takes the place of a dynamic one. */
	if (find_user(name, &entry) == 0)
		return resolve_user(name, identity);
	r = dynamic_user_allocate(unit, exec, name, &uid);
	if (r < 0)
		return r;
	identity->uid = uid;
	identity->gid = uid;
	identity->name = name;
	return 0;
}

static int add_group(struct identity *identity, gid_t gid)
{
	for (size_t i = 0; i < identity->group_count; i++)
		if (identity->groups[i] == gid)
			return 0;
	if (identity->group_count == USER_GROUPS_MAX)
		return -E2BIG;
	identity->groups[identity->group_count++] = gid;
	identity->set_groups = true;
	return 0;
}

/* What initgroups(3) would give, for all but group 0, and SupplementaryGroups=. */
static int collect_groups(const struct exec_settings *exec, struct identity *identity)
{
	struct group_entry entry;
	int r = 0;

	if (identity->name && identity->gid != USER_NONE && identity->gid != 0) {
		struct str rest = group_text();

		r = add_group(identity, identity->gid);
		while (r == 0 && group_next(&rest, &entry))
			if (group_has_member(&entry, str_from(identity->name)))
				r = add_group(identity, entry.gid);
	}
	for (const char *name = text_list_next(&exec->supplementary_groups, NULL); r == 0 && name;
	     name = text_list_next(&exec->supplementary_groups, name)) {
		gid_t gid;

		r = find_group(name, &gid);
		if (r == 0)
			r = add_group(identity, gid);
		if (r < 0)
			return child_error(r, "supplementary group %s", name);
	}
	return r;
}

int user_resolve(const struct unit *unit, const struct exec_settings *exec, struct identity *ret_identity)
{
	int r = 0;

	ret_identity->uid = ret_identity->gid = USER_NONE;
	ret_identity->set_groups = false;
	ret_identity->group_count = 0;
	ret_identity->name = ret_identity->home = ret_identity->shell = NULL;
	if (exec_has(exec, EXEC_FLAG_DYNAMIC_USER))
		r = resolve_dynamic(unit, exec, ret_identity);
	else if (exec->user)
		r = resolve_user(exec->user, ret_identity);
	if (r == 0 && exec->group) {
		r = find_group(exec->group, &ret_identity->gid);
		/* The group of a dynamic user is called as the user is. */
		if (r < 0 && exec_has(exec, EXEC_FLAG_DYNAMIC_USER) && ret_identity->name &&
		    strcmp(exec->group, ret_identity->name) == 0)
			r = 0;
		if (r < 0)
			return child_error(r, "group %s (is it in " GROUP "?)", exec->group);
	}
	return r < 0 ? r : collect_groups(exec, ret_identity);
}

int user_set_groups(const struct identity *identity)
{
	if (identity->set_groups && setgroups(identity->group_count, identity->groups) < 0)
		return child_error(-errno, "%zu groups", identity->group_count);
	if (identity->gid != USER_NONE && setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return child_error(-errno, "group %u", identity->gid);
	return 0;
}
