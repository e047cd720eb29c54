// SPDX-License-Identifier: MIT OR Apache-2.0
/* Owners of sockets: see socket_owner.h. Numbers need no entry; a user that is a number has no group of its own then. */
#include "supervisor/socket_owner.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/fd.h"
#include "supervisor/passwd_parse.h"

/* Some ten thousand users, of which a container host has forty. Static in a child: pages of its own, given back when it ends. */
#define DATABASE_SIZE (1024 * 1024)

static struct str read_database(const char *path)
{
	static char text[DATABASE_SIZE] _table_;
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));

	return (struct str){ text, n < 0 ? 0 : (size_t)n };
}

static int find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct str rest = read_database("/etc/passwd");
	struct passwd_entry entry;
	uint32_t id = 0;
	bool number = id_parse(str_from(name), &id) == 0;
	bool root = strcmp(name, "root") == 0;

	while (passwd_next(&rest, &entry))
		if (number ? entry.uid == id : str_is(entry.name, name)) {
			*ret_uid = entry.uid;
			*ret_gid = entry.gid;
			return 0;
		}
	if (!number && !root)
		return -ESRCH;
	*ret_uid = id;
	*ret_gid = root ? 0 : (gid_t)-1;
	return 0;
}

static int find_group(const char *name, gid_t *ret_gid)
{
	struct str rest = read_database("/etc/group");
	struct group_entry entry;
	uint32_t id = 0;

	if (id_parse(str_from(name), &id) == 0) {
		*ret_gid = id;
		return 0;
	}
	while (group_next(&rest, &entry))
		if (str_is(entry.name, name)) {
			*ret_gid = entry.gid;
			return 0;
		}
	if (strcmp(name, "root") != 0)
		return -ESRCH;
	*ret_gid = 0;
	return 0;
}

int socket_owner(const struct socket_settings *settings, uid_t *ret_uid, gid_t *ret_gid)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	int r = settings->socket_user ? find_user(settings->socket_user, &uid, &gid) : 0;

	if (r == 0 && settings->socket_group)
		r = find_group(settings->socket_group, &gid);
	if (r < 0)
		return r;
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
