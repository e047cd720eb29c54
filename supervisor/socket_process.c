// SPDX-License-Identifier: MIT OR Apache-2.0
/* Processes of socket units: see socket_process.h. Like those of services (service.c), but one at a time. */
#include "supervisor/socket_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/spawn.h"

static void open_cgroup(struct socket_process *process, const struct unit *unit, int inotify_fd)
{
	char path[512];
	struct buf b = BUF(path);
	int r;

	if (process->cgroup_fd >= 0)
		return;
	r = cgroup_create(unit, &process->cgroup_fd);
	if (r < 0) {
		log_warning("%s: cannot make its cgroup: %s; its commands run in that of PID 1",
			    unit->name, error_name(r));
		return;
	}
	if (process->cgroup_fd < 0)
		return;
	cgroup_watch_path(unit, &b);
	process->cgroup_watch = inotify_add_watch(inotify_fd, path, IN_MODIFY);
	if (process->cgroup_watch < 0)
		log_warning("%s: cannot watch %s: %s", unit->name, path, error_name(errno));
}

static void open_log(struct socket_process *process, const struct unit *unit, enum stdio_target target)
{
	bool console = target == STDIO_JOURNAL_CONSOLE;

	if ((target != STDIO_JOURNAL && !console) || log_link_peer() < 0)
		return;
	if (log_pipe_open(&process->log[console]) == 0)
		(void)log_link_announce(unit, &process->log[console], console);
}

int socket_process_spawn(struct socket_process *process, const struct unit *unit,
			 const struct exec_command *command, int inotify_fd, const struct rlimit *nofile)
{
	struct spawn_request request = {
		.unit = unit,
		.command = command,
		.socket_fd = -1,
		.idle_fds = { -1, -1 },
		.watchdog = CLOCK_TIME_MAX,
		.nofile = nofile,
	};
	struct spawned spawned;
	int r;

	socket_process_forget(process);
	open_cgroup(process, unit, inotify_fd);
	open_log(process, unit, unit->exec->stdio[1].target);
	open_log(process, unit, unit->exec->stdio[2].target);
	request.cgroup_fd = process->cgroup_fd;
	request.log_fd = process->log[false].write_fd;
	request.log_console_fd = process->log[true].write_fd;
	r = spawn(&request, &spawned);
	if (r < 0) {
		log_error("%s: cannot make a process for %s: %s", unit->name, command->path,
			  error_name(r));
		return r;
	}
	process->pid = spawned.pid;
	process->pidfd = spawned.pidfd;
	process->status_fd = spawned.status_fd;
	return 0;
}

static void close_process(struct socket_process *process)
{
	process->pidfd = fd_close(process->pidfd);
	process->status_fd = fd_close(process->status_fd);
	process->pid = 0;
}

void socket_process_ended(struct socket_process *process, const struct unit *unit)
{
	struct spawn_status status;
	ssize_t n = read(process->status_fd, &status, sizeof(status));

	if (n == (ssize_t)sizeof(status) && status.stage >= 0 && status.stage < STAGE_COUNT) {
		char text[512];
		struct buf b = BUF(text);

		spawn_describe(&status, &b);
		log_error("%s: %s", unit->name, text);
	}
	close_process(process);
}

void socket_process_signal(struct socket_process *process, int signal)
{
	if (process->worker.pid > 0)
		(void)worker_signal(&process->worker, signal);
	if (process->pid == 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0);
	/* A stopped process would never see the signal (systemd.kill(5)). */
	if (signal != SIGKILL)
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, SIGCONT, NULL, 0);
}

void socket_process_signal_all(struct socket_process *process, int signal)
{
	if (process->cgroup_fd < 0)
		return;
	if (signal == SIGKILL)
		(void)cgroup_kill(process->cgroup_fd);
	else
		(void)cgroup_signal(process->cgroup_fd, signal);
}

void socket_process_forget(struct socket_process *process)
{
	worker_abandon(&process->worker);
	if (process->pid == 0)
		return;
	/* With a cgroup it is killed with that; without one, nobody would find it again. */
	if (process->cgroup_fd < 0)
		socket_process_signal(process, SIGKILL);
	close_process(process);
}

void socket_process_release(struct socket_process *process, const struct unit *unit, int inotify_fd)
{
	if (process->cgroup_fd < 0)
		return;
	if (process->cgroup_watch >= 0)
		(void)inotify_rm_watch(inotify_fd, process->cgroup_watch);
	process->cgroup_watch = -1;
	process->cgroup_fd = fd_close(process->cgroup_fd);
	/* Whom KillMode= protects keeps it; the next start uses it again. */
	(void)cgroup_remove(unit);
}
