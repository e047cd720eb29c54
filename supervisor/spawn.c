// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * PID 1's side of a new process: see spawn.h. A pipe, one clone3(2), and nothing that can block or
 * allocate.
 */
#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/child.h"

static const struct {
	const char *name;
	int exit_code;
} stages[STAGE_COUNT] = {
	[STAGE_SIGNALS] = { "reset signals", 207 },
	[STAGE_SESSION] = { "open a session", 220 },
	[STAGE_USER] = { "look up", 217 },
	[STAGE_CGROUP] = { "set up the cgroup", 219 },
	[STAGE_STDIN] = { "open standard input", 208 },
	[STAGE_STDOUT] = { "open standard output", 209 },
	[STAGE_STDERR] = { "open standard error", 222 },
	[STAGE_OOM] = { "set the OOM score", 206 },
	[STAGE_NICE] = { "set the nice level", 201 },
	[STAGE_SCHEDULER] = { "set the scheduling policy", 214 },
	[STAGE_CPU_AFFINITY] = { "set the CPU affinity", 215 },
	[STAGE_IO_PRIORITY] = { "set the I/O priority", 211 },
	[STAGE_TIMER_SLACK] = { "set the timer slack", 212 },
	[STAGE_PERSONALITY] = { "set the personality", 230 },
	[STAGE_KEYRING] = { "set up the keyring", 237 },
	[STAGE_RUNTIME_DIRECTORY] = { "make the runtime directory", 233 },
	[STAGE_STATE_DIRECTORY] = { "make the state directory", 238 },
	[STAGE_CACHE_DIRECTORY] = { "make the cache directory", 239 },
	[STAGE_LOGS_DIRECTORY] = { "make the logs directory", 240 },
	[STAGE_CONFIGURATION_DIRECTORY] = { "make the configuration directory", 241 },
	[STAGE_CREDENTIALS] = { "provide the", 243 },
	[STAGE_ENVIRONMENT] = { "read the", 204 },
	[STAGE_MEMORY] = { "prepare arguments", 204 },
	[STAGE_NETWORK] = { "make", 225 },
	[STAGE_NAMESPACE] = { "set up the namespace:", 226 },
	[STAGE_GROUP] = { "change to", 216 },
	[STAGE_DESCRIPTORS] = { "pass descriptors", 202 },
	[STAGE_LIMITS] = { "set the limit of", 205 },
	[STAGE_CAPABILITIES] = { "set capabilities", 218 },
	[STAGE_CHROOT] = { "change the root to", 210 },
	[STAGE_CHANGE_USER] = { "change to user", 217 },
	[STAGE_DIRECTORY] = { "change directory to", 200 },
	[STAGE_SELINUX] = { "set the security context", 229 },
	[STAGE_SECURE_BITS] = { "set the secure bits", 213 },
	[STAGE_NO_NEW_PRIVILEGES] = { "set no_new_privs", 227 },
	[STAGE_ADDRESS_FAMILIES] = { "restrict", 232 },
	[STAGE_SYSTEM_CALLS] = { "filter system calls:", 228 },
	[STAGE_EXEC] = { "exec", 203 },
};

const char *spawn_stage_name(enum spawn_stage stage)
{
	return stages[stage].name;
}

int spawn_stage_exit_code(enum spawn_stage stage)
{
	return stages[stage].exit_code;
}

const char *spawn_hint(enum spawn_stage stage, int error)
{
	if (stage != STAGE_EXEC)
		return "";
	if (error == ENOENT)
		return " (is the package in the image, and its interpreter or loader?)";
	if (error == EACCES)
		return " (is it executable, and on a file system that is not noexec?)";
	if (error == ENOEXEC)
		return " (is it built for this architecture? scripts need an interpreter, which this host has not)";
	return "";
}

void spawn_describe(const struct spawn_status *status, struct buf *ret_text)
{
	enum spawn_stage stage = (enum spawn_stage)status->stage;
	size_t n = strnlen(status->detail, sizeof(status->detail));

	buf_add(ret_text, stages[stage].name);
	if (n > 0) {
		buf_add_char(ret_text, ' ');
		buf_add_escaped(ret_text, (struct str){ status->detail, n });
	}
	buf_printf(ret_text, ": %s%s", error_name(status->error), spawn_hint(stage, status->error));
}

/* The cgroup that the process is born in. Return: 1 if @ret_fd is to be closed, 0, or -errno. */
static int choose_cgroup(const struct spawn_request *request, int *ret_fd)
{
	bool control = request->command->list != EXEC_START;

	*ret_fd = request->cgroup_fd;
	return request->cgroup_fd < 0
		       ? 0
		       : cgroup_open_place(request->unit, request->cgroup_fd, control, ret_fd);
}

int spawn(const struct spawn_request *request, struct spawned *ret_spawned)
{
	int pidfd = -1;
	int status[2];
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	int cgroup;
	int own;
	long pid;

	own = choose_cgroup(request, &cgroup);
	if (own < 0)
		return own;
	/* Non-blocking: PID 1 reads from it only what is there. */
	if (pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0) {
		int r = -errno;

		fd_close(own ? cgroup : -1);
		return r;
	}
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned)cgroup;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child_run(request, status[1]);
	if (pid < 0)
		pid = -errno;
	fd_close(own ? cgroup : -1);
	fd_close(status[1]);
	if (pid < 0) {
		fd_close(status[0]);
		return (int)pid;
	}
	*ret_spawned = (struct spawned){ .pid = (pid_t)pid, .pidfd = pidfd, .status_fd = status[0] };
	return 0;
}
