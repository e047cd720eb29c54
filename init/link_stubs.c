// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Definitions that exist for the linker only.
 *
 * PID 1 is static and links libmount and libselinux. Some of their functions,
 * which PID 1 never calls, refer to code that must not be in it:
 *
 * - User and group look-ups. glibc would load NSS modules for them at run time,
 *   even into a static program: code that is not part of the binary, and that
 *   may open sockets and wait. Here nobody has a name: mount options such as
 *   uid= and gid= take numbers only.
 * - libsepol, for selinux_mkload_policy(), which shares its object file with
 *   security_load_policy(). Only the latter is used: the image carries a policy
 *   that is ready for the kernel. Linking libsepol would add 210 KB.
 *
 * The build needs every one: without them the link fails or warns, and linker
 * warnings are errors.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/macros.h"

/* The look-ups succeed and find nothing, as getpwnam_r(3) has it. */

int getpwnam_r(const char *name _unused_, struct passwd *entry _unused_, char *buffer _unused_,
	       size_t size _unused_, struct passwd **ret)
{
	*ret = NULL;
	return 0;
}

int getpwuid_r(uid_t uid _unused_, struct passwd *entry _unused_, char *buffer _unused_,
	       size_t size _unused_, struct passwd **ret)
{
	*ret = NULL;
	return 0;
}

int getgrnam_r(const char *name _unused_, struct group *entry _unused_, char *buffer _unused_,
	       size_t size _unused_, struct group **ret)
{
	*ret = NULL;
	return 0;
}

/* A user is in its own group and in no other. */
int getgrouplist(const char *user _unused_, gid_t group, gid_t *groups, int *count)
{
	int room = *count;

	*count = 1;
	if (room < 1)
		return -1;
	groups[0] = group;
	return 1;
}

/*
 * libsepol's functions, by their names only: its headers are not needed to
 * build Orlop, and no caller is ever reached.
 */
#define SEPOL_FAILS(name)       \
	int name(void);         \
	int name(void)          \
	{                       \
		errno = ENOSYS; \
		return -1;      \
	}
#define SEPOL_NOTHING(name) \
	void name(void);    \
	void name(void)     \
	{                   \
	}

SEPOL_FAILS(sepol_policy_file_create)
SEPOL_NOTHING(sepol_policy_file_free)
SEPOL_NOTHING(sepol_policy_file_set_mem)
SEPOL_FAILS(sepol_policy_kern_vers_max)
SEPOL_FAILS(sepol_policy_kern_vers_min)
SEPOL_FAILS(sepol_policydb_create)
SEPOL_NOTHING(sepol_policydb_free)
SEPOL_FAILS(sepol_policydb_read)
SEPOL_FAILS(sepol_policydb_set_vers)
SEPOL_FAILS(sepol_policydb_to_image)
