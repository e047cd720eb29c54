// SPDX-License-Identifier: MIT OR Apache-2.0
/* From settings to a table of mounts: see mount_table.h. */
#include "supervisor/mount_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "supervisor/child_error.h"
#include "supervisor/exec_directory.h"

/* A file system that is there to be empty needs room for its mount points only (systemd's limits). */
#define TINY "size=4m,nr_inodes=1k"

struct fixed {
	const char *path;
	enum mount_kind kind;
	bool optional;
	const char *options;
};

static const struct fixed api_file_systems[] = {
	{ "/proc", MOUNT_PROC, false, NULL },
	{ "/dev", MOUNT_HOST_DEVICES, false, NULL },
	{ "/sys", MOUNT_HOST_SYSFS, false, NULL },
	{ "/run", MOUNT_RUN, false, "mode=0755," TINY },
	{ NULL },
};

static const struct fixed kernel_tunables_proc[] = {
	{ "/proc/acpi", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/apm", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/asound", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/bus", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/fs", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/irq", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/kallsyms", MOUNT_INACCESSIBLE, true, NULL },
	{ "/proc/kcore", MOUNT_INACCESSIBLE, true, NULL },
	{ "/proc/latency_stats", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/mtrr", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/scsi", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/sys", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/sysrq-trigger", MOUNT_READ_ONLY, true, NULL },
	{ "/proc/timer_stats", MOUNT_READ_ONLY, true, NULL },
	{ NULL },
};

static const struct fixed kernel_tunables_sys[] = {
	{ "/sys", MOUNT_READ_ONLY, false, NULL },
	{ "/sys/fs/bpf", MOUNT_READ_ONLY, true, NULL },
	/* ProtectControlGroups= is another setting. */
	{ "/sys/fs/cgroup", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/sys/fs/selinux", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/sys/kernel/debug", MOUNT_READ_ONLY, true, NULL },
	{ "/sys/kernel/tracing", MOUNT_READ_ONLY, true, NULL },
	{ NULL },
};

static const struct fixed kernel_modules[] = {
	{ "/usr/lib/modules", MOUNT_INACCESSIBLE, true, NULL },
	{ NULL },
};

static const struct fixed kernel_logs[] = {
	{ "/proc/kmsg", MOUNT_INACCESSIBLE, true, NULL },
	{ "/dev/kmsg", MOUNT_INACCESSIBLE, true, NULL },
	{ NULL },
};

static const struct fixed control_groups[] = {
	{ "/sys/fs/cgroup", MOUNT_READ_ONLY, true, NULL },
	{ NULL },
};

static const struct fixed home_yes[] = {
	{ "/home", MOUNT_INACCESSIBLE, true, NULL },
	{ "/run/user", MOUNT_INACCESSIBLE, true, NULL },
	{ "/root", MOUNT_INACCESSIBLE, true, NULL },
	{ NULL },
};

static const struct fixed home_read_only[] = {
	{ "/home", MOUNT_READ_ONLY, true, NULL },
	{ "/run/user", MOUNT_READ_ONLY, true, NULL },
	{ "/root", MOUNT_READ_ONLY, true, NULL },
	{ NULL },
};

static const struct fixed home_tmpfs[] = {
	{ "/home", MOUNT_EMPTY, true, "mode=0755," TINY },
	{ "/run/user", MOUNT_EMPTY, true, "mode=0755," TINY },
	{ "/root", MOUNT_EMPTY, true, "mode=0700," TINY },
	{ NULL },
};

static const struct fixed system_yes[] = {
	{ "/usr", MOUNT_READ_ONLY, false, NULL },
	{ "/boot", MOUNT_READ_ONLY, true, NULL },
	{ "/efi", MOUNT_READ_ONLY, true, NULL },
	{ NULL },
};

static const struct fixed system_full[] = {
	{ "/usr", MOUNT_READ_ONLY, false, NULL },
	{ "/boot", MOUNT_READ_ONLY, true, NULL },
	{ "/efi", MOUNT_READ_ONLY, true, NULL },
	{ "/etc", MOUNT_READ_ONLY, false, NULL },
	{ NULL },
};

static const struct fixed system_strict[] = {
	{ "/", MOUNT_READ_ONLY, false, NULL },
	/* What has settings of its own. */
	{ "/proc", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/sys", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/dev", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/home", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/run/user", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ "/root", MOUNT_READ_WRITE_IMPLICIT, true, NULL },
	{ NULL },
};

bool mount_table_needed(const struct exec_settings *exec)
{
	static const enum exec_flag flags[] = {
		EXEC_FLAG_PRIVATE_TMP,
		EXEC_FLAG_PRIVATE_DEVICES,
		EXEC_FLAG_PRIVATE_MOUNTS,
		EXEC_FLAG_PRIVATE_IPC,
		EXEC_FLAG_PRIVATE_NETWORK,
		EXEC_FLAG_PROTECT_KERNEL_TUNABLES,
		EXEC_FLAG_PROTECT_KERNEL_MODULES,
		EXEC_FLAG_PROTECT_KERNEL_LOGS,
		EXEC_FLAG_PROTECT_CONTROL_GROUPS,
		EXEC_FLAG_PROC_SUBSET_PID,
	};
	uint32_t lists = exec->read_write_paths.size | exec->read_only_paths.size |
			 exec->inaccessible_paths.size | exec->exec_paths.size |
			 exec->no_exec_paths.size | exec->bind_paths.size |
			 exec->bind_read_only_paths.size | exec->temporary_file_system.size;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (exec_has(exec, flags[i]))
			return true;
	if (exec->root_directory) {
		if (!exec_has(exec, EXEC_FLAG_MOUNT_API_VFS_SET) ||
		    exec_has(exec, EXEC_FLAG_MOUNT_API_VFS))
			return true;
		for (int type = 0; type < EXEC_DIRECTORY_COUNT; type++)
			lists |= exec->directories[type].size;
	}
	return lists != 0 || exec->protect_system != PROTECT_SYSTEM_NO ||
	       exec->protect_home != PROTECT_HOME_NO || exec->protect_proc != PROTECT_PROC_DEFAULT ||
	       exec_has(exec, EXEC_FLAG_DYNAMIC_USER) ||
	       (exec_has(exec, EXEC_FLAG_MOUNT_API_VFS_SET) && exec_has(exec, EXEC_FLAG_MOUNT_API_VFS)) ||
	       (exec->mount_propagation & (MS_SLAVE | MS_PRIVATE)) != 0;
}

/* ---- filling ---- */

static int add(struct mount_table *table, const struct mount_point *point)
{
	struct mount_point *kept = &table->points[table->count];

	if (table->count == MOUNT_TABLE_MAX)
		return -E2BIG;
	*kept = *point;
	kept->tree = -1;
	switch (point->kind) {
	case MOUNT_INACCESSIBLE:
	case MOUNT_READ_ONLY:
	case MOUNT_EMPTY:
	case MOUNT_NETWORK_SYSFS:
		kept->read_only = OPINION_YES;
		break;
	case MOUNT_READ_WRITE:
	case MOUNT_READ_WRITE_IMPLICIT:
		kept->read_only = OPINION_NO;
		break;
	case MOUNT_PRIVATE_DEVICES:
		/* The directory, not the terminals and shared memory below. */
		kept->read_only = kept->no_exec = OPINION_YES;
		kept->no_suid = kept->exact = true;
		break;
	case MOUNT_NO_EXEC:
		kept->no_exec = OPINION_YES;
		break;
	case MOUNT_EXEC:
		kept->no_exec = OPINION_NO;
		break;
	case MOUNT_BIND:
	case MOUNT_TMPFS:
	case MOUNT_RUN:
	case MOUNT_PROC:
		/* A new file system begins with a clean slate: what is said of its parent ends here. */
		if (kept->read_only == OPINION_NONE)
			kept->read_only = OPINION_NO;
		break;
	case MOUNT_HOST_DEVICES:
	case MOUNT_HOST_SYSFS:
	case MOUNT_MESSAGE_QUEUES:
		break;
	}
	table->count++;
	return 0;
}

static int add_fixed(struct mount_table *table, const struct fixed *list)
{
	int r = 0;

	for (; r == 0 && list->path; list++) {
		struct mount_point point = { .path = list->path,
					     .kind = list->kind,
					     .optional = list->optional,
					     .options = list->options };

		r = add(table, &point);
	}
	return r;
}

bool mount_table_below(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	if (strcmp(parent, "/") == 0)
		return path[0] == '/';
	return strncmp(path, parent, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Without double slashes, dots and a slash at the end; ".." is an error, as in systemd. On the heap. */
static const char *normalize(struct str path)
{
	char *text = malloc(path.n + 2);
	struct buf b;
	struct str part;

	if (!text || path.n == 0 || path.p[0] != '/')
		return NULL;
	b = buf_init(text, path.n + 2);
	while (str_split(&path, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, ".."))
			return NULL;
		buf_add_char(&b, '/');
		buf_add_str(&b, part);
	}
	if (b.len == 0)
		buf_add_char(&b, '/');
	return text;
}

/* "-" and "+" in any order before the path. Without "+" it is the host's path, which must lie in the root. */
static int add_paths(struct mount_table *table, const struct text_list *list, enum mount_kind kind,
		     const char *root)
{
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item)) {
		struct mount_point point = { .kind = kind };
		const char *path = item;
		bool inside = !root;

		for (; *path == '-' || *path == '+'; path++) {
			point.optional |= *path == '-';
			inside |= *path == '+';
		}
		point.path = normalize(str_from(path));
		if (!point.path)
			return child_error(-EINVAL, "%s", item);
		if (!inside) {
			if (!mount_table_below(point.path, root))
				continue;
			point.path += strlen(root);
			if (!*point.path)
				point.path = "/";
		}
		r = add(table, &point);
	}
	return r;
}

/* [-]SOURCE[:DESTINATION[:rbind|norbind]] */
static int add_binds(struct mount_table *table, const struct text_list *list, bool read_only)
{
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item)) {
		struct str rest = str_from(item + (item[0] == '-' ? 1 : 0));
		struct str source;
		struct str target;
		struct str options;
		struct mount_point point = {
			.kind = MOUNT_BIND,
			.optional = item[0] == '-',
			.recursive = true,
			.read_only = read_only ? OPINION_YES : OPINION_NO,
		};

		(void)str_split(&rest, ':', &source);
		if (!str_split(&rest, ':', &target) || target.n == 0)
			target = source;
		if (str_split(&rest, ':', &options) && str_is(options, "norbind"))
			point.recursive = false;
		point.source = normalize(source);
		point.path = normalize(target);
		if (!point.source || !point.path)
			return child_error(-EINVAL, "%s", item);
		r = add(table, &point);
	}
	return r;
}

/* PATH[:OPTIONS]; "ro" is the mount's, the others are for who makes it. */
static int add_temporary(struct mount_table *table, const struct text_list *list)
{
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item)) {
		struct str rest = str_from(item);
		struct str path;
		struct str option;
		struct mount_point point = { .kind = MOUNT_TMPFS, .options = "mode=0755,size=10%" };
		char *options;

		(void)str_split(&rest, ':', &path);
		point.path = normalize(path);
		if (!point.path)
			return child_error(-EINVAL, "%s", item);
		if (rest.n > 0) {
			/* Later ones win. */
			if (asprintf(&options, "mode=0755,size=10%%," STR_FORMAT, STR_ARGS(rest)) < 0)
				return -ENOMEM;
			point.options = options;
		}
		while (str_split(&rest, ',', &option)) {
			if (str_is(option, "ro"))
				point.read_only = OPINION_YES;
			else if (str_is(option, "noexec"))
				point.no_exec = OPINION_YES;
			else if (str_is(option, "nosuid"))
				point.no_suid = true;
		}
		r = add(table, &point);
	}
	return r;
}

/* Writable with ProtectSystem=strict; brought into a root of its own; opened up for a dynamic user. */
static int add_directories(struct mount_table *table, const struct mount_table_inputs *in)
{
	int r = 0;

	for (int t = 0; r == 0 && t < EXEC_DIRECTORY_COUNT; t++) {
		enum exec_directory type = (enum exec_directory)t;
		const struct text_list *list = &in->exec->directories[t];
		bool private = exec_directory_private(in->exec, type);

		for (const char *item = text_list_next(list, NULL); r == 0 && item;
		     item = text_list_next(list, item)) {
			bool read_only = str_ends(str_from(item), ":ro");
			struct mount_point point = {
				.kind = in->root || private || read_only ? MOUNT_BIND : MOUNT_READ_WRITE,
				.recursive = true,
				.read_only = read_only ? OPINION_YES : OPINION_NONE,
			};
			char host[4096];
			char place[4096];
			struct buf h = BUF(host);
			struct buf p = BUF(place);

			if (type == EXEC_DIRECTORY_CONFIGURATION && !in->root)
				continue;
			exec_directory_path(type, item, private, &h);
			exec_directory_path(type, item, private && !in->root, &p);
			point.source = strdup(host);
			point.path = strdup(place);
			if (h.overflow || p.overflow || !point.source || !point.path)
				return -ENOMEM;
			r = add(table, &point);
		}
		if (r == 0 && private && !in->root && list->count > 0) {
			/* Closed to all for the host; here only the unit's own show up. */
			static const char *const tops[] = { "/run/private", "/var/lib/private",
							    "/var/cache/private",
							    "/var/log/private", NULL };
			struct mount_point point = { .path = tops[t],
						     .kind = MOUNT_EMPTY,
						     .options = "mode=0755," TINY };

			r = add(table, &point);
		}
	}
	return r;
}

static int add_private(struct mount_table *table, const struct mount_table_inputs *in)
{
	const struct mount_point points[] = {
		{ .path = "/tmp", .kind = MOUNT_BIND, .source = in->tmp },
		{ .path = "/var/tmp", .kind = MOUNT_BIND, .source = in->var_tmp },
		{ .path = in->credentials,
		  .kind = MOUNT_BIND,
		  .source = in->credentials,
		  .read_only = OPINION_YES,
		  .no_suid = true },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(points); i++)
		if (points[i].source)
			r = add(table, &points[i]);
	if (r == 0 && in->host_has_credentials && !in->root) {
		struct mount_point others = {
			.path = "/run/credentials",
			.kind = in->credentials ? MOUNT_EMPTY : MOUNT_INACCESSIBLE,
			.options = "mode=0755," TINY,
			.optional = true,
		};

		r = add(table, &others);
	}
	return r;
}

/* hidepid= and subset= of proc(5). */
static const char *proc_options(const struct exec_settings *exec)
{
	static const char *const names[] = { NULL, "noaccess", "invisible", "ptraceable" };
	bool subset = exec_has(exec, EXEC_FLAG_PROC_SUBSET_PID);
	const char *hide = names[exec->protect_proc];
	char *text;

	if (!hide && !subset)
		return NULL;
	return asprintf(&text, "%s%s%s%s", hide ? "hidepid=" : "", hide ? hide : "",
			hide && subset ? "," : "", subset ? "subset=pid" : "") < 0
		       ? NULL
		       : text;
}

static int add_api(struct mount_table *table, const struct mount_table_inputs *in)
{
	const struct exec_settings *exec = in->exec;
	bool wanted = exec_has(exec, EXEC_FLAG_MOUNT_API_VFS_SET)
			      ? exec_has(exec, EXEC_FLAG_MOUNT_API_VFS)
			      : in->root != NULL;
	int r;

	/* What is to be protected must be there. */
	wanted = wanted || exec_has(exec, EXEC_FLAG_PROTECT_CONTROL_GROUPS) ||
		 exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_TUNABLES) ||
		 exec->protect_proc != PROTECT_PROC_DEFAULT ||
		 exec_has(exec, EXEC_FLAG_PROC_SUBSET_PID);
	if (!wanted)
		return 0;
	r = add_fixed(table, api_file_systems);
	for (size_t i = 0; r == 0 && i < table->count; i++)
		if (table->points[i].kind == MOUNT_PROC)
			table->points[i].options = proc_options(exec);
	return r;
}

static int add_protections(struct mount_table *table, const struct exec_settings *exec)
{
	static const struct fixed *const system[] = { NULL, system_yes, system_full, system_strict };
	static const struct fixed *const home[] = { NULL, home_yes, home_read_only, home_tmpfs };
	const struct {
		bool on;
		const struct fixed *list;
	} lists[] = {
		/* A /proc with processes only has none of the rest. */
		{ exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_TUNABLES) &&
			  !exec_has(exec, EXEC_FLAG_PROC_SUBSET_PID),
		  kernel_tunables_proc },
		{ exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_TUNABLES), kernel_tunables_sys },
		{ exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_MODULES), kernel_modules },
		{ exec_has(exec, EXEC_FLAG_PROTECT_KERNEL_LOGS), kernel_logs },
		{ exec_has(exec, EXEC_FLAG_PROTECT_CONTROL_GROUPS), control_groups },
		{ exec->protect_system != PROTECT_SYSTEM_NO, system[exec->protect_system] },
		{ exec->protect_home != PROTECT_HOME_NO, home[exec->protect_home] },
	};
	static const struct mount_point devices = { .path = "/dev", .kind = MOUNT_PRIVATE_DEVICES };
	static const struct mount_point sysfs = { .path = "/sys", .kind = MOUNT_NETWORK_SYSFS };
	static const struct mount_point queues = { .path = "/dev/mqueue",
						   .kind = MOUNT_MESSAGE_QUEUES,
						   .optional = true };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = lists[i].on ? add_fixed(table, lists[i].list) : 0;
	if (r == 0 && exec_has(exec, EXEC_FLAG_PRIVATE_DEVICES))
		r = add(table, &devices);
	if (r == 0 && exec_has(exec, EXEC_FLAG_PRIVATE_NETWORK))
		r = add(table, &sysfs);
	if (r == 0 && exec_has(exec, EXEC_FLAG_PRIVATE_IPC))
		r = add(table, &queues);
	return r;
}

int mount_table_fill(const struct mount_table_inputs *in, struct mount_table *ret_table)
{
	const struct exec_settings *exec = in->exec;
	const struct {
		const struct text_list *list;
		enum mount_kind kind;
	} lists[] = {
		{ &exec->read_write_paths, MOUNT_READ_WRITE },
		{ &exec->read_only_paths, MOUNT_READ_ONLY },
		{ &exec->inaccessible_paths, MOUNT_INACCESSIBLE },
		{ &exec->exec_paths, MOUNT_EXEC },
		{ &exec->no_exec_paths, MOUNT_NO_EXEC },
	};
	int r;

	ret_table->count = 0;
	r = add_directories(ret_table, in);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = add_paths(ret_table, lists[i].list, lists[i].kind, in->root);
	if (r == 0)
		r = add_temporary(ret_table, &exec->temporary_file_system);
	if (r == 0)
		r = add_binds(ret_table, &exec->bind_paths, false);
	if (r == 0)
		r = add_binds(ret_table, &exec->bind_read_only_paths, true);
	if (r == 0)
		r = add_private(ret_table, in);
	if (r == 0)
		r = add_protections(ret_table, exec);
	return r == 0 ? add_api(ret_table, in) : r;
}

/* ---- sorting ---- */

/* A slash sorts before every other character, so that what is below a directory follows it at once. */
static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (*a == '/' ? 1 : (unsigned char)*a * 2) - (*b == '/' ? 1 : (unsigned char)*b * 2);
}

static int compare(const void *a, const void *b)
{
	const struct mount_point *x = a;
	const struct mount_point *y = b;
	int r = compare_paths(x->path, y->path);

	return r ? r : (int)x->kind - (int)y->kind;
}

/* The entry that goes has said what the other leaves open. */
static void merge(struct mount_point *kept, const struct mount_point *gone)
{
	if (gone->read_only == OPINION_YES ||
	    (kept->read_only == OPINION_NONE && gone->kind != MOUNT_READ_WRITE_IMPLICIT))
		kept->read_only = gone->read_only;
	if (kept->no_exec == OPINION_NONE || gone->no_exec == OPINION_YES)
		kept->no_exec = gone->no_exec != OPINION_NONE ? gone->no_exec : kept->no_exec;
	kept->no_suid |= gone->no_suid;
	kept->exact &= gone->exact;
	kept->optional &= gone->optional;
}

void mount_table_sort(struct mount_table *table)
{
	size_t kept = 0;
	const char *closed = NULL;

	qsort(table->points, table->count, sizeof(table->points[0]), compare);
	for (size_t i = 0; i < table->count; i++) {
		struct mount_point *point = &table->points[i];

		if (closed && mount_table_below(point->path, closed) && strcmp(point->path, closed) != 0)
			continue;
		if (kept > 0 && strcmp(table->points[kept - 1].path, point->path) == 0) {
			merge(&table->points[kept - 1], point);
			continue;
		}
		if (point->kind == MOUNT_INACCESSIBLE)
			closed = point->path;
		table->points[kept++] = *point;
	}
	table->count = kept;
}

bool mount_table_opinions(const struct mount_table *table, const char *path,
			  enum mount_opinion *ret_read_only, enum mount_opinion *ret_no_exec,
			  bool *ret_no_suid)
{
	*ret_read_only = *ret_no_exec = OPINION_NONE;
	*ret_no_suid = false;
	/* Parents come first, so the last that speaks is the nearest. */
	for (size_t i = 0; i < table->count; i++) {
		const struct mount_point *point = &table->points[i];

		if (!mount_table_below(path, point->path) ||
		    (point->exact && strcmp(path, point->path) != 0))
			continue;
		if (point->read_only != OPINION_NONE)
			*ret_read_only = point->read_only;
		if (point->no_exec != OPINION_NONE)
			*ret_no_exec = point->no_exec;
		*ret_no_suid = point->no_suid;
	}
	return *ret_read_only == OPINION_YES || *ret_no_exec != OPINION_NONE || *ret_no_suid;
}
