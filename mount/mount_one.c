// SPDX-License-Identifier: MIT OR Apache-2.0
/* One mount by libmount: see mount_one.h. The context lives for the one call. */
#include "mount/mount_one.h"

#include <errno.h>
#include <libmount/libmount.h>

#include "lib/macros.h"

static void context_free(struct libmnt_context **context)
{
	mnt_free_context(*context);
}

int mount_one(const char *source, const char *where, const char *fs_type, const char *options)
{
	_cleanup_(context_free) struct libmnt_context *context = mnt_new_context();
	int r;

	if (!context || mnt_context_disable_helpers(context, 1) != 0 ||
	    mnt_context_disable_mtab(context, 1) != 0 || mnt_context_set_source(context, source) != 0 ||
	    mnt_context_set_target(context, where) != 0 ||
	    mnt_context_set_fstype(context, fs_type) != 0 ||
	    mnt_context_set_options(context, options) != 0)
		return -ENOMEM;
	r = mnt_context_mount(context);
	if (r == 0)
		return 0;
	/* Greater than zero is errno of the system call, less is one of the library's own. */
	if (mnt_context_syscall_called(context) && mnt_context_get_syscall_errno(context) > 0)
		return -mnt_context_get_syscall_errno(context);
	return r < 0 ? r : -r;
}
