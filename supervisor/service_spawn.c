// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The request for one process of a service: what it is told by its environment, which descriptors it
 * gets, where its output goes. Also the pipe by which Type=idle services wait until no job is left.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/fd_store.h"
#include "supervisor/graph.h"
#include "supervisor/service_table.h"

/* FDSTORE, PIDFILE, SERVICE_RESULT, EXIT_CODE, EXIT_STATUS, REMOTE_ADDR, REMOTE_PORT. */
#define ENVIRONMENT_MAX 8
#define ENVIRONMENT_SIZE 1024

/* The texts of the environment, one behind the other. */
struct environment {
	const char *list[ENVIRONMENT_MAX + 1];
	unsigned count;
	size_t used;
	char memory[ENVIRONMENT_SIZE];
};

/* Readable once no job is left; both ends are PID 1's while anybody may wait. */
static int idle_pipe[2] = { -1, -1 };

void service_jobs_over(void)
{
	idle_pipe[0] = fd_close(idle_pipe[0]);
	idle_pipe[1] = fd_close(idle_pipe[1]);
}

static void set(struct environment *env, const char *key, const char *value)
{
	struct buf b = buf_init(env->memory + env->used, sizeof(env->memory) - env->used);

	buf_printf(&b, "%s=%s", key, value);
	if (b.overflow || env->count == ENVIRONMENT_MAX)
		return;
	env->list[env->count++] = b.p;
	env->list[env->count] = NULL;
	env->used += b.len + 1;
}

static void set_number(struct environment *env, const char *key, unsigned value)
{
	char text[16];
	struct buf b = BUF(text);

	buf_printf(&b, "%u", value);
	set(env, key, text);
}

/* What ExecStop= and ExecStopPost= are told of how it went (systemd.exec(5)). */
static void set_result(struct environment *env, const struct service_run *run)
{
	set(env, "SERVICE_RESULT", service_result_name((enum service_result)run->result));
	switch (run->main_code) {
	case CLD_EXITED:
		set(env, "EXIT_CODE", "exited");
		set_number(env, "EXIT_STATUS", (unsigned)run->main_status);
		return;
	case CLD_KILLED:
	case CLD_DUMPED:
		set(env, "EXIT_CODE", run->main_code == CLD_DUMPED ? "dumped" : "killed");
		set(env, "EXIT_STATUS",
		    sigabbrev_np(run->main_status) ? sigabbrev_np(run->main_status) : "?");
		return;
	default:
		return;
	}
}

/* Who is at the other end of the connection that started it. */
static void set_remote(struct environment *env, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_storage space;
	} peer;
	socklen_t size = sizeof(peer);
	char text[INET6_ADDRSTRLEN];

	if (fd < 0 || getpeername(fd, &peer.any, &size) < 0)
		return;
	if (peer.any.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &peer.ipv4.sin_addr, text, sizeof(text));
		set(env, "REMOTE_ADDR", text);
		set_number(env, "REMOTE_PORT", ntohs(peer.ipv4.sin_port));
	} else if (peer.any.sa_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&peer.ipv6.sin6_addr))
			(void)inet_ntop(AF_INET, &peer.ipv6.sin6_addr.s6_addr[12], text, sizeof(text));
		else
			(void)inet_ntop(AF_INET6, &peer.ipv6.sin6_addr, text, sizeof(text));
		set(env, "REMOTE_ADDR", text);
		set_number(env, "REMOTE_PORT", ntohs(peer.ipv6.sin6_port));
	}
}

/* The sockets that trigger it, its connection, and what it stored, in systemd's order. */
static size_t collect_fds(unit_id id, struct spawn_fd fds[static SPAWN_FD_MAX])
{
	const struct service *service = service_slot(id);
	size_t count = 0;
	size_t edges;
	const struct unit_edge *edge = graph_reverse_edges(service_world.set, id, &edges);

	if (service->socket_fd >= 0) {
		fds[count++] = (struct spawn_fd){ service->socket_fd, "connection", false };
	} else {
		for (size_t i = 0; i < edges; i++) {
			const struct unit_ops *ops = unit_ops_of(
				(enum unit_type)service_unit(edge[i].from)->type);

			if (edge[i].kind == UNIT_TRIGGERS && ops->listen_fds)
				count += ops->listen_fds(edge[i].from, fds + count,
							 SPAWN_FD_MAX - count);
		}
	}
	return count + fd_store_collect(id, fds + count, SPAWN_FD_MAX - count);
}

static bool streams_are_socket(const struct exec_settings *exec)
{
	return exec->stdio[0].target == STDIO_SOCKET || exec->stdio[1].target == STDIO_SOCKET ||
	       exec->stdio[2].target == STDIO_SOCKET;
}

/* As inetd does: the connection, or the only socket, is the stream, and no descriptor is passed beside it (sd_listen_fds(3)). */
static void pass_socket_as_stream(struct spawn_request *request)
{
	size_t sockets = 0;

	while (sockets < request->fd_count && !request->fds[sockets].stored)
		sockets++;
	if (request->socket_fd < 0 && sockets == 1)
		request->socket_fd = request->fds[0].fd;
	request->fd_count = 0;
}

/* The pipe that a stream with this target needs, opened and announced. */
static void open_log(unit_id id, enum stdio_target target)
{
	bool console = target == STDIO_JOURNAL_CONSOLE;
	struct log_pipe *log = &service_slot(id)->log[console];
	int r;

	if ((target != STDIO_JOURNAL && !console) || log_link_peer() < 0)
		return;
	r = log_pipe_open(log);
	if (r < 0) {
		log_warning("%s: no pipe for its output: %s; it is lost", service_unit(id)->name,
			    error_name(r));
		return;
	}
	(void)log_link_announce(service_unit(id), log, console);
}

static bool gets_notify_socket(const struct unit *unit, bool main)
{
	enum notify_access access = service_notify_access(unit);

	return access == NOTIFY_EXEC || access == NOTIFY_ALL || (main && access == NOTIFY_MAIN);
}

static void fill_request(unit_id id, enum service_role role, const struct exec_command *command,
			 struct environment *env, struct spawn_request *request)
{
	const struct service *service = service_slot(id);
	const struct unit *unit = service_unit(id);
	bool starts = command->list == EXEC_START;

	if (gets_notify_socket(unit, starts)) {
		request->notify_path = service_world.notify_path;
		if (unit->service->file_descriptor_store_max > 0)
			set_number(env, "FDSTORE", unit->service->file_descriptor_store_max);
	}
	if (unit->service->pid_file)
		set(env, "PIDFILE", unit->service->pid_file);
	if (command->list == EXEC_STOP || command->list == EXEC_STOP_POST)
		set_result(env, &service->run);
	set_remote(env, service->socket_fd);
	if (role == ROLE_CONTROL)
		request->main_pid = service->process[ROLE_MAIN].pid;
	if (starts && service->run.watchdog != CLOCK_TIME_MAX)
		request->watchdog = service->run.watchdog;
	if (starts && unit->service->type == SERVICE_IDLE) {
		if (idle_pipe[0] < 0 && pipe2(idle_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
			idle_pipe[0] = idle_pipe[1] = -1;
		request->idle_fds[0] = idle_pipe[0];
		request->idle_fds[1] = idle_pipe[1];
	}
	request->cgroup_fd = service->cgroup_fd;
	request->socket_fd = service->socket_fd;
	request->log_fd = service->log[false].write_fd;
	request->log_console_fd = service->log[true].write_fd;
	request->environment = env->list;
}

void service_spawn(unit_id id, enum service_role role, const struct exec_command *command)
{
	struct service *service = service_slot(id);
	const struct unit *unit = service_unit(id);
	bool log_daemon = strcmp(unit->name, LOG_LINK_UNIT) == 0 && command->list == EXEC_START;
	struct spawn_fd fds[SPAWN_FD_MAX];
	struct environment env = { .count = 0 };
	struct spawn_request request = {
		.unit = unit,
		.command = command,
		.fds = fds,
		.socket_fd = -1,
		.idle_fds = { -1, -1 },
		.watchdog = CLOCK_TIME_MAX,
		.nofile = &service_world.nofile,
	};
	struct epoll_event watch = {
		.events = EPOLLIN,
		.data.u64 = SERVICE_SOURCE_STATUS | process_index(id, role),
	};
	struct spawned spawned;
	int r;

	/* An old process that could not be killed is given up: it is an orphan from now on. */
	process_forget(id, role);
	service_open_cgroup(id);
	open_log(id, unit->exec->stdio[1].target);
	open_log(id, unit->exec->stdio[2].target);
	if (log_daemon) {
		fds[0] = (struct spawn_fd){ log_link_peer(), "control", false };
		request.fd_count = 1;
	} else if (command->list == EXEC_START) {
		request.fd_count = collect_fds(id, fds);
	}
	fill_request(id, role, command, &env, &request);
	if (streams_are_socket(unit->exec))
		pass_socket_as_stream(&request);

	r = spawn(&request, &spawned);
	if (r < 0) {
		log_error("%s: cannot make a process for %s: %s", unit->name, command->path,
			  error_name(r));
		service_feed(id, (struct service_event){
					 .type = EVENT_SPAWN_FAILED,
					 .populated = cgroup_populated(service->cgroup_fd),
				 });
		return;
	}
	process_record(id, role, spawned.pid, spawned.pidfd, spawned.status_fd);
	if (role == ROLE_MAIN) {
		service->main_started = clock_now();
		log_link_process(unit, service->log, spawned.pid);
	}
	if (epoll_ctl(service_world.epoll_fd, EPOLL_CTL_ADD, spawned.status_fd, &watch) < 0)
		log_error("%s: cannot watch its exec status: %s", unit->name, error_name(errno));
	if (log_daemon) {
		service_log_lost();
		if (service_world.observer->log_lost)
			service_world.observer->log_lost();
	}
	service_feed(id, (struct service_event){ .type = EVENT_SPAWNED });
}

/* ---- logs ---- */

void service_log_lost(void)
{
	for (unit_id id = 0; id < service_world.set->count; id++)
		service_slot(id)->log[false].announced = service_slot(id)->log[true].announced = false;
	(void)service_log_announce();
}

int service_log_announce(void)
{
	for (unit_id id = 0; id < service_world.set->count; id++)
		for (int console = 0; console <= 1; console++)
			if (log_link_announce(service_unit(id), &service_slot(id)->log[console],
					      console) == -EAGAIN)
				return -EAGAIN;
	return 0;
}
