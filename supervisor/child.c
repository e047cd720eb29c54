// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From fork to exec: see child.h. The child inherits nothing by accident: signals, descriptors, limits
 * and environment are all set. The order is systemd's: what takes privileges comes before they are given
 * up, what a directory of the service may hold comes after it is the service's user who looks, and the
 * filters of system calls are last. Every step has its stage, with systemd's exit code.
 */
#include "supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <selinux/selinux.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "supervisor/cgroup_settings.h"
#include "supervisor/confine.h"
#include "supervisor/credential_directory.h"
#include "supervisor/descriptors.h"
#include "supervisor/environment.h"
#include "supervisor/exec_directory.h"
#include "supervisor/exec_release.h"
#include "supervisor/namespaces.h"
#include "supervisor/process_attributes.h"
#include "supervisor/sandbox_mounts.h"
#include "supervisor/seccomp_restrict.h"
#include "supervisor/standard_streams.h"
#include "supervisor/user.h"

/* systemd's own limit for Type=idle (systemd.service(5)). */
#define IDLE_WAIT_MS 5000

struct child {
	const struct spawn_request *request;
	const struct unit *unit;
	const struct exec_command *command;
	struct exec_settings exec; /* the unit's, and what they imply */
	bool sandboxed;		   /* not with the prefix "+" */
	bool becomes_user;	   /* nor with "!" */
	struct identity identity;
	struct strings environment;
	struct strings arguments;
	const char *credentials; /* the unit's directory, or NULL */
	int status_fd;
};

/* Big, and used by one process once: not on the stack. */
static struct child self _table_;

static _noreturn_ void fail(const struct child *c, enum spawn_stage stage, int error)
{
	struct spawn_status status = { .stage = (int32_t)stage, .error = error < 0 ? -error : error };

	memcpy(status.detail, child_detail(), sizeof(status.detail));
	(void)!write(c->status_fd, &status, sizeof(status));
	_exit(spawn_stage_exit_code(stage));
}

static void check(const struct child *c, enum spawn_stage stage, int r)
{
	if (r < 0)
		fail(c, stage, r);
}

static bool has(const struct child *c, enum exec_flag flag)
{
	return exec_has(&c->exec, flag);
}

/* ---- the steps that are more than a call ---- */

static const char *root_directory(const struct child *c)
{
	bool start_only = c->unit->type == UNIT_SERVICE && c->unit->service->root_directory_start_only;
	const char *root = c->exec.root_directory;

	if (!c->sandboxed || !root || strcmp(root, "/") == 0)
		return NULL;
	return start_only && c->command->list != EXEC_START ? NULL : root;
}

/* Type=idle: until no job is left, or as long as systemd waits. */
static void wait_for_idle(const struct spawn_request *request)
{
	struct pollfd idle = { .fd = request->idle_fds[0], .events = POLLIN };

	if (request->idle_fds[0] < 0)
		return;
	/* Its own copy of the write end would keep the pipe open. */
	(void)close(request->idle_fds[1]);
	(void)poll(&idle, 1, IDLE_WAIT_MS);
}

static void set_streams(const struct child *c)
{
	check(c, STAGE_STDIN, streams_terminal(&c->exec));
	check(c, STAGE_STDIN, streams_set(c->request, 0));
	check(c, STAGE_STDOUT, streams_set(c->request, 1));
	check(c, STAGE_STDERR, streams_set(c->request, 2));
	if (c->becomes_user)
		check(c, STAGE_STDIN, streams_give_terminal(&c->exec, &c->identity));
}

static void set_attributes(const struct child *c)
{
	check(c, STAGE_OOM, attributes_oom(&c->exec));
	check(c, STAGE_NICE, attributes_nice(&c->exec));
	check(c, STAGE_SCHEDULER, attributes_scheduler(&c->exec));
	check(c, STAGE_CPU_AFFINITY, attributes_cpu_affinity(&c->exec));
	check(c, STAGE_IO_PRIORITY, attributes_io_priority(&c->exec));
	check(c, STAGE_TIMER_SLACK, attributes_timer_slack(&c->exec));
	check(c, STAGE_PERSONALITY, attributes_personality(&c->exec));
	check(c, STAGE_KEYRING, attributes_keyring(&c->exec, &c->identity));
}

static void make_directories_of_unit(struct child *c)
{
	for (int type = 0; type < EXEC_DIRECTORY_COUNT; type++)
		check(c, (enum spawn_stage)(STAGE_RUNTIME_DIRECTORY + type),
		      exec_directory_setup(c->unit, &c->exec, (enum exec_directory)type, &c->identity));
	check(c, STAGE_CREDENTIALS,
	      credential_directory(c->unit, &c->exec, &c->identity, &c->credentials));
}

static int set_optional(struct strings *environment, const char *name, const char *value)
{
	return value ? strings_set(environment, str_from(name), str_from(value)) : 0;
}

/* LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES (sd_listen_fds(3)), WATCHDOG_PID and WATCHDOG_USEC (sd_watchdog_enabled(3)). */
static int set_protocols(const struct child *c, struct strings *env)
{
	const struct spawn_request *request = c->request;
	int r = 0;

	if (request->fd_count > 0) {
		r = strings_set_number(env, "LISTEN_PID", (uint64_t)getpid());
		if (r == 0)
			r = strings_set_number(env, "LISTEN_FDS", request->fd_count);
		if (r == 0)
			r = strings_set(env, STR("LISTEN_FDNAMES"),
					str_from(descriptors_names(request)));
	}
	if (r == 0 && request->watchdog != CLOCK_TIME_MAX) {
		r = strings_set_number(env, "WATCHDOG_PID", (uint64_t)getpid());
		if (r == 0)
			r = strings_set_number(env, "WATCHDOG_USEC", request->watchdog / NS_PER_US);
	}
	return r;
}

/* What Orlop tells a process; the unit's own settings come after it and may say otherwise. */
static int set_own_environment(const struct child *c, struct strings *env)
{
	const struct spawn_request *request = c->request;
	uint8_t id[16];
	char hex[sizeof(id) * 2 + 1];
	struct buf b = BUF(hex);
	int r = strings_set(env, STR("PATH"), STR(ENVIRONMENT_PATH));

	if (r == 0)
		r = set_protocols(c, env);
	if (r == 0)
		r = set_optional(env, "NOTIFY_SOCKET", request->notify_path);
	if (r == 0)
		r = set_optional(env, "HOME", c->identity.home);
	if (r == 0)
		r = set_optional(env, "LOGNAME", c->identity.name);
	if (r == 0)
		r = set_optional(env, "USER", c->identity.name);
	if (r == 0)
		r = set_optional(env, "SHELL", c->identity.shell);
	/* An identifier and no key: a service must not wait until the kernel has entropy (hc-69). */
	if (r == 0 && getrandom(id, sizeof(id), GRND_INSECURE) == (ssize_t)sizeof(id)) {
		buf_add_hex(&b, id, sizeof(id));
		r = strings_set(env, STR("INVOCATION_ID"), str_from(hex));
	}
	if (r == 0 && streams_use_terminal(&c->exec))
		r = strings_set(env, STR("TERM"), str_from(getenv("TERM") ? getenv("TERM") : "vt220"));
	if (r == 0)
		r = set_optional(env, "CREDENTIALS_DIRECTORY", c->credentials);
	if (r == 0)
		r = strings_set_number(env, "SYSTEMD_EXEC_PID", (uint64_t)getpid());
	if (r == 0 && request->main_pid > 0)
		r = strings_set_number(env, "MAINPID", (uint64_t)request->main_pid);
	for (const char *const *item = request->environment; r == 0 && item && *item; item++)
		r = strings_set(env, (struct str){ *item, (size_t)(strchr(*item, '=') - *item) },
				str_from(strchr(*item, '=') + 1));
	return r == 0 ? exec_directory_environment(&c->exec, env) : r;
}

static void build_strings(struct child *c)
{
	int r;

	check(c, STAGE_MEMORY, set_own_environment(c, &c->environment));
	check(c, STAGE_ENVIRONMENT, environment_settings(&c->exec, &c->environment));
	environment_unset(&c->exec, &c->environment);
	r = environment_arguments(c->command, &c->environment, &c->arguments);
	check(c, STAGE_MEMORY, r == 0 && c->arguments.count == 0 ? -EINVAL : r);
	if (!c->environment.list)
		c->environment.list = calloc(1, sizeof(*c->environment.list));
	check(c, STAGE_MEMORY, c->environment.list ? 0 : -ENOMEM);
}

static void enter_mounts(const struct child *c)
{
	struct mount_table_inputs inputs = {
		.exec = &c->exec,
		.root = root_directory(c),
		.credentials = c->credentials,
		.host_has_credentials = access(EXEC_RELEASE_CREDENTIALS, F_OK) == 0,
	};
	/* SELinux lets a domain change only where set-user-id programs are honoured. */
	bool no_suid = has(c, EXEC_FLAG_NO_NEW_PRIVILEGES) && is_selinux_enabled() <= 0;

	if (has(c, EXEC_FLAG_PRIVATE_TMP))
		check(c, STAGE_NAMESPACE, private_tmp_setup(c->unit, &inputs.tmp, &inputs.var_tmp));
	check(c, STAGE_NAMESPACE, sandbox_mounts(&inputs, c->exec.mount_propagation, no_suid));
}

/* Return: whether the root directory is the process's root already. */
static bool enter_namespaces(const struct child *c)
{
	bool mounts = mount_table_needed(&c->exec);

	if (has(c, EXEC_FLAG_PRIVATE_NETWORK))
		check(c, STAGE_NETWORK, namespace_network());
	if (has(c, EXEC_FLAG_PRIVATE_IPC))
		check(c, STAGE_NAMESPACE, namespace_ipc());
	if (mounts)
		enter_mounts(c);
	if (has(c, EXEC_FLAG_PROTECT_HOSTNAME))
		check(c, STAGE_NAMESPACE, namespace_hostname());
	return mounts;
}

static int change_root(const char *root)
{
	return chroot(root) < 0 || chdir("/") < 0 ? child_error(-errno, "%s", root) : 0;
}

/* "~" is the user's home; "-" before it lets it be missing. */
static int change_directory(const struct child *c)
{
	const char *path = c->exec.working_directory ? c->exec.working_directory : "/";
	bool optional = path[0] == '-';

	path += optional ? 1 : 0;
	if (strcmp(path, "~") == 0)
		path = c->identity.home ? c->identity.home : c->identity.name ? "/" : "/root";
	if (chdir(path) == 0)
		return 0;
	if (!optional)
		return child_error(-errno, "%s", path);
	return chdir("/") < 0 ? child_error(-errno, "/") : 0;
}

static void load_filters(const struct child *c)
{
	int r = seccomp_restrict_families(&c->exec);

	if (r < 0 && !*child_detail())
		(void)child_error(r, "address families");
	check(c, STAGE_ADDRESS_FAMILIES, r);
	check(c, STAGE_SYSTEM_CALLS, seccomp_restrict(&c->exec));
	check(c, STAGE_SYSTEM_CALLS, confine_finish(&c->exec, c->becomes_user ? &c->identity : NULL));
}

static _noreturn_ void execute(const struct child *c)
{
	char **argv = c->arguments.list;
	char **env = c->environment.list;
	int r;

	if (c->command->path[0] == '/') {
		(void)execve(c->command->path, argv, env);
	} else {
		/* A bare name is looked for in the fixed path, not in one that the unit sets. */
		(void)setenv("PATH", ENVIRONMENT_PATH, 1);
		(void)execvpe(c->command->path, argv, env);
	}
	r = child_error(-errno, "%s", c->command->path);
	fail(c, STAGE_EXEC, r);
}

/* ---- the walk ---- */

_noreturn_ void child_run(const struct spawn_request *request, int status_fd)
{
	struct child *c = &self;
	bool rooted = false;

	c->request = request;
	c->unit = request->unit;
	c->command = request->command;
	c->exec = *request->unit->exec;
	c->status_fd = status_fd;
	c->sandboxed = !(c->command->flags & EXEC_FULLY_PRIVILEGED);
	c->becomes_user = c->sandboxed && !(c->command->flags & EXEC_KEEP_IDENTITY);
	confine_implied(&c->exec);

	/* Modes of what is made for the service are meant as they are given. */
	(void)umask(0);
	check(c, STAGE_SIGNALS, attributes_signals(&c->exec));
	check(c, STAGE_SESSION, setsid() < 0 ? -errno : 0);
	wait_for_idle(request);
	check(c, STAGE_USER, user_resolve(c->unit, &c->exec, &c->identity));
	if (request->cgroup_fd >= 0)
		check(c, STAGE_CGROUP,
		      cgroup_settings_apply(c->unit, &c->exec, &c->identity, request->cgroup_fd));
	set_streams(c);
	set_attributes(c);
	make_directories_of_unit(c);
	build_strings(c);
	(void)umask(c->exec.umask);
	if (c->sandboxed)
		rooted = enter_namespaces(c);
	if (c->becomes_user)
		check(c, STAGE_GROUP, user_set_groups(&c->identity));
	if (c->sandboxed && has(c, EXEC_FLAG_PRIVATE_USERS))
		check(c, STAGE_CHANGE_USER, namespace_users(&c->identity));
	check(c, STAGE_DESCRIPTORS, descriptors_arrange(request, &c->status_fd));
	if (c->sandboxed) {
		check(c, STAGE_LIMITS, attributes_limits(&c->exec, request->nofile));
		check(c, STAGE_CAPABILITIES, confine_capabilities(&c->exec));
	}
	if (!rooted && root_directory(c))
		check(c, STAGE_CHROOT, change_root(root_directory(c)));
	if (c->becomes_user)
		check(c, STAGE_CHANGE_USER, confine_user(&c->exec, &c->identity));
	check(c, STAGE_DIRECTORY, change_directory(c));
	if (c->sandboxed) {
		check(c, STAGE_SELINUX, confine_selinux(&c->exec));
		check(c, STAGE_SECURE_BITS, confine_secure_bits(&c->exec));
		check(c, STAGE_NO_NEW_PRIVILEGES, confine_no_new_privileges(&c->exec));
		load_filters(c);
	}
	execute(c);
}
