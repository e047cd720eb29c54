// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Services as they run: see service.h. Slots are static, one for each unit. A process is found by its
 * pid through a small hash table, a deadline through a binary heap, so that a thousand services cost
 * no more for an event than ten.
 *
 * Invariant: a slot has a pid exactly as long as that process has not been reaped, so its pidfd is
 * valid for signals. service_on_exit() is called before the zombie is reaped.
 */
#include "supervisor/service.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/notify_parse.h"

#define PID_BUCKETS 1024U
#define PROCESS_NONE UINT32_MAX

static struct service services[UNIT_MAX];
static uint32_t pid_table[PID_BUCKETS];
static unit_id heap[UNIT_MAX + 1]; /* from index 1 on; the smallest deadline first */
static uint32_t heap_size;
static struct service_world world;

static void feed(unit_id id, const struct service_event *event);

void service_table_init(const struct service_world *w)
{
	world = *w;
	heap_size = 0;
	for (size_t i = 0; i < PID_BUCKETS; i++)
		pid_table[i] = PROCESS_NONE;
	for (unit_id id = 0; id < world.set->count; id++)
		services[id] = (struct service){
			.run = { .deadline = CLOCK_TIME_MAX },
			.process = { { .pidfd = -1, .status_fd = -1 }, { .pidfd = -1, .status_fd = -1 } },
			.log = { LOG_PIPE_NONE, LOG_PIPE_NONE },
			.cgroup_fd = -1,
			.cgroup_watch = -1,
		};
}

const struct service *service_get(unit_id id)
{
	return &services[id];
}

static const struct unit *unit_of(unit_id id)
{
	return &world.set->units[id];
}

/* ---- the pid table: chains of unit and role ---- */

static uint32_t process_index(unit_id id, enum service_role role)
{
	return (uint32_t)id * ROLE_COUNT + (uint32_t)role;
}

static struct service_process *process_at(uint32_t index)
{
	return &services[index / ROLE_COUNT].process[index % ROLE_COUNT];
}

static void pid_insert(uint32_t index)
{
	uint32_t *bucket = &pid_table[(uint32_t)process_at(index)->pid % PID_BUCKETS];

	process_at(index)->next = *bucket;
	*bucket = index;
}

static void pid_remove(uint32_t index)
{
	uint32_t *link = &pid_table[(uint32_t)process_at(index)->pid % PID_BUCKETS];

	while (*link != PROCESS_NONE && *link != index)
		link = &process_at(*link)->next;
	if (*link == index)
		*link = process_at(index)->next;
}

static uint32_t pid_find(pid_t pid)
{
	uint32_t index = pid_table[(uint32_t)pid % PID_BUCKETS];

	while (index != PROCESS_NONE && process_at(index)->pid != pid)
		index = process_at(index)->next;
	return index;
}

/* ---- the deadline heap ---- */

static uint64_t deadline_of(uint32_t position)
{
	return services[heap[position]].run.deadline;
}

static void heap_place(uint32_t position, unit_id id)
{
	heap[position] = id;
	services[id].heap_index = position;
}

static void heap_sift(uint32_t position)
{
	unit_id id = heap[position];
	uint64_t deadline = services[id].run.deadline;

	while (position > 1 && deadline < deadline_of(position / 2)) {
		heap_place(position, heap[position / 2]);
		position /= 2;
	}
	for (;;) {
		uint32_t child = position * 2;

		if (child > heap_size)
			break;
		if (child < heap_size && deadline_of(child + 1) < deadline_of(child))
			child++;
		if (deadline_of(child) >= deadline)
			break;
		heap_place(position, heap[child]);
		position = child;
	}
	heap_place(position, id);
}

/* Puts the unit where its deadline belongs, or takes it out. */
static void heap_update(unit_id id)
{
	uint32_t position = services[id].heap_index;

	if (services[id].run.deadline == CLOCK_TIME_MAX) {
		unit_id last;

		if (position == 0)
			return;
		services[id].heap_index = 0;
		last = heap[heap_size--];
		if (last == id)
			return;
		heap_place(position, last);
		heap_sift(position);
		return;
	}
	if (position == 0) {
		position = ++heap_size;
		heap_place(position, id);
	}
	heap_sift(position);
}

uint64_t service_next_deadline(void)
{
	return heap_size > 0 ? deadline_of(1) : CLOCK_TIME_MAX;
}

unsigned service_expire(uint64_t now, unsigned limit)
{
	unsigned count = 0;

	while (count < limit && heap_size > 0 && deadline_of(1) <= now) {
		static const struct service_event timeout = { .type = EVENT_TIMEOUT };
		unit_id id = heap[1];

		switch (services[id].run.state) {
		case SERVICE_AUTO_RESTART:
		case SERVICE_INACTIVE:
		case SERVICE_RUNNING:
		case SERVICE_EXITED:
		case SERVICE_FAILED:
		case SERVICE_STATE_COUNT:
			break;
		case SERVICE_START_PRE:
		case SERVICE_START:
		case SERVICE_START_POST:
		case SERVICE_STOP:
		case SERVICE_STOP_SIGTERM:
		case SERVICE_STOP_SIGKILL:
		case SERVICE_STOP_POST:
		case SERVICE_FINAL_SIGTERM:
		case SERVICE_FINAL_SIGKILL:
			log_warning("%s: timed out in %s", unit_of(id)->name,
				    service_state_name(services[id].run.state));
			break;
		}
		feed(id, &timeout);
		count++;
	}
	return count;
}

/* ---- processes ---- */

static int pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

static void process_signal(unit_id id, enum service_role role, int signal)
{
	struct service_process *process = &services[id].process[role];
	int r;

	if (process->pid == 0)
		return;
	r = pidfd_signal(process->pidfd, signal);
	/* A stopped process would never see the signal (systemd.kill(5)). */
	if (r == 0 && signal != SIGKILL)
		r = pidfd_signal(process->pidfd, SIGCONT);
	/* Without cgroups the process group is the best there is: each service leads its own session. */
	if (!cgroup_available() && process->pid > 1)
		(void)kill(-process->pid, signal);
	if (r < 0 && r != -ESRCH)
		log_warning("%s: cannot signal process %d: %s", unit_of(id)->name, process->pid,
			    error_name(r));
}

static void process_forget(unit_id id, enum service_role role)
{
	struct service_process *process = &services[id].process[role];

	if (process->pid == 0)
		return;
	pid_remove(process_index(id, role));
	process->pidfd = fd_close(process->pidfd);
	process->status_fd = fd_close(process->status_fd);
	process->pid = 0;
}

static void open_cgroup(unit_id id)
{
	struct service *service = &services[id];
	char path[512];
	struct buf b = BUF(path);
	int r;

	if (service->cgroup_fd >= 0)
		return;
	r = cgroup_create(unit_of(id), &service->cgroup_fd);
	if (r < 0) {
		log_warning("%s: cannot make its cgroup: %s; it runs in that of PID 1",
			    unit_of(id)->name, error_name(r));
		return;
	}
	if (service->cgroup_fd < 0)
		return;
	cgroup_watch_path(unit_of(id), &b);
	service->cgroup_watch = inotify_add_watch(world.inotify_fd, path, IN_MODIFY);
	if (service->cgroup_watch < 0)
		log_warning("%s: cannot watch %s: %s", unit_of(id)->name, path, error_name(errno));
	service->oom_kills = cgroup_oom_kills(service->cgroup_fd);
}

/* The pipe that a stream with this target needs, opened and announced. */
static void open_log(unit_id id, enum stdio_target target)
{
	bool console = target == STDIO_JOURNAL_CONSOLE;
	struct log_pipe *log = &services[id].log[console];
	int r;

	if ((target != STDIO_JOURNAL && !console) || log_link_peer() < 0)
		return;
	r = log_pipe_open(log);
	if (r < 0) {
		log_warning("%s: no pipe for its output: %s; it is lost", unit_of(id)->name,
			    error_name(r));
		return;
	}
	(void)log_link_announce(unit_of(id), log, console);
}

static void process_spawn(unit_id id, enum service_role role, const struct exec_command *command)
{
	struct service *service = &services[id];
	struct service_process *process = &service->process[role];
	const struct unit *unit = unit_of(id);
	bool log_daemon = strcmp(unit->name, LOG_LINK_UNIT) == 0;
	struct spawn_request request = {
		.unit = unit,
		.command = command,
		.pass_fd = -1,
		.pass_name = "control",
		.nofile = &world.nofile,
		.main_pid = role == ROLE_CONTROL ? service->process[ROLE_MAIN].pid : 0,
		.notify_path = unit->service->notify_access == NOTIFY_NONE ? NULL : world.notify_path,
	};
	struct epoll_event watch = {
		.events = EPOLLIN,
		.data.u64 = SERVICE_SOURCE_STATUS | process_index(id, role),
	};
	struct service_event event = { .type = EVENT_SPAWNED };
	struct spawned spawned;
	int r;

	/* An old main process that could not be killed is given up: it is an orphan from now on. */
	process_forget(id, role);
	open_cgroup(id);
	if (log_daemon && role == ROLE_MAIN)
		request.pass_fd = log_link_peer();
	open_log(id, unit->exec->stdio[1].target);
	open_log(id, unit->exec->stdio[2].target);
	request.cgroup_fd = service->cgroup_fd;
	request.log_fd = service->log[false].write_fd;
	request.log_console_fd = service->log[true].write_fd;
	if (service->run.state == SERVICE_STOP || service->run.state == SERVICE_STOP_POST)
		request.result = service_result_name(service->run.result);

	r = spawn(&request, &spawned);
	if (r < 0) {
		log_error("%s: cannot make a process for %s: %s", unit->name, command->path,
			  error_name(r));
		event.type = EVENT_SPAWN_FAILED;
		event.populated = cgroup_populated(service->cgroup_fd);
		feed(id, &event);
		return;
	}
	process->pid = spawned.pid;
	process->pidfd = spawned.pidfd;
	process->status_fd = spawned.status_fd;
	pid_insert(process_index(id, role));
	if (role == ROLE_MAIN) {
		service->main_started = clock_now();
		log_link_process(unit, service->log, spawned.pid);
	}
	if (epoll_ctl(world.epoll_fd, EPOLL_CTL_ADD, process->status_fd, &watch) < 0)
		log_error("%s: cannot watch its exec status: %s", unit->name, error_name(errno));
	if (log_daemon && role == ROLE_MAIN)
		service_log_lost();
	feed(id, &event);
}

/* ---- the machine's actions ---- */

static void release(unit_id id)
{
	struct service *service = &services[id];

	if (service->cgroup_watch >= 0)
		(void)inotify_rm_watch(world.inotify_fd, service->cgroup_watch);
	service->cgroup_watch = -1;
	service->cgroup_fd = fd_close(service->cgroup_fd);
	if (cgroup_remove(unit_of(id)) < 0) {
		/* Processes that KillMode= protects are in there: watch on until they are gone. */
		open_cgroup(id);
	}
}

static void carry_out(unit_id id, const struct service_action *action)
{
	struct service *service = &services[id];

	switch (action->type) {
	case ACTION_SPAWN_MAIN:
		process_spawn(id, ROLE_MAIN, action->command);
		return;
	case ACTION_SPAWN_CONTROL:
		process_spawn(id, ROLE_CONTROL, action->command);
		return;
	case ACTION_SIGNAL_MAIN:
		process_signal(id, ROLE_MAIN, action->signal);
		return;
	case ACTION_SIGNAL_CONTROL:
		process_signal(id, ROLE_CONTROL, action->signal);
		return;
	case ACTION_SIGNAL_CGROUP:
		if (service->cgroup_fd >= 0)
			(void)cgroup_signal(service->cgroup_fd, action->signal);
		else {
			process_signal(id, ROLE_MAIN, action->signal);
			process_signal(id, ROLE_CONTROL, action->signal);
		}
		return;
	case ACTION_KILL_CGROUP:
		if (service->cgroup_fd < 0 || cgroup_kill(service->cgroup_fd) < 0) {
			process_signal(id, ROLE_MAIN, SIGKILL);
			process_signal(id, ROLE_CONTROL, SIGKILL);
		}
		return;
	case ACTION_RELEASE:
		release(id);
		return;
	}
}

static void feed(unit_id id, const struct service_event *event)
{
	struct service *service = &services[id];
	enum unit_active before = service_active(service->run.state);
	enum service_state state = service->run.state;
	struct service_actions actions;
	enum unit_active after;
	uint64_t now = clock_now();

	service_step(unit_of(id), &service->run, event, now, &actions);
	after = service_active(service->run.state);
	heap_update(id);
	if (state != service->run.state)
		log_debug("%s: %s -> %s", unit_of(id)->name, service_state_name(state),
			  service_state_name(service->run.state));
	if (before != after && after == ACTIVE_ACTIVATING)
		service->start_began = now;
	if (before != after && after == ACTIVE_ACTIVE)
		service->up_since = now;
	/* Told first: carrying out feeds further events, and their changes come after this one. */
	if (state != service->run.state)
		world.observer->changed(id, before, after);
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(id, &actions.list[i]);
}

void service_start(unit_id id)
{
	static const struct service_event event = { .type = EVENT_START };

	feed(id, &event);
}

void service_stop(unit_id id)
{
	static const struct service_event event = { .type = EVENT_STOP };

	feed(id, &event);
}

/* ---- what happens to them ---- */

static void log_exit(unit_id id, enum service_role role, const siginfo_t *info, bool oom)
{
	const struct service *service = &services[id];
	const char *what = role == ROLE_MAIN ? "main process" : "control process";
	const char *name = unit_of(id)->name;
	/* Once main is up the last command may be of another list. */
	const struct exec_command *command = role == ROLE_MAIN && service->run.state != SERVICE_START
						     ? unit_commands(unit_of(id), EXEC_START)
						     : service->run.command;

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return;
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		return;
	/* What a stop brings about is no news. */
	if (service_active(service->run.state) == ACTIVE_DEACTIVATING)
		return;
	if (info->si_code == CLD_EXITED)
		log_warning("%s: %s %d exited with code %d", name, what, info->si_pid, info->si_status);
	else
		log_warning("%s: %s %d was killed by SIG%s%s", name, what, info->si_pid,
			    sigabbrev_np(info->si_status) ? sigabbrev_np(info->si_status) : "?",
			    oom ? ", for lack of memory" : "");
}

bool service_on_exit(const siginfo_t *info)
{
	uint32_t index = pid_find(info->si_pid);
	struct service_event event = { .code = info->si_code, .status = info->si_status };
	enum service_role role;
	uint64_t oom_kills;
	unit_id id;

	if (index == PROCESS_NONE)
		return false;
	id = (unit_id)(index / ROLE_COUNT);
	role = index % ROLE_COUNT;
	event.type = role == ROLE_MAIN ? EVENT_MAIN_EXIT : EVENT_CONTROL_EXIT;

	/* Why the exec failed is in the pipe; say it before the exit is talked about. */
	if (services[id].process[role].status_fd >= 0)
		service_on_exec_status(id, role);
	oom_kills = cgroup_oom_kills(services[id].cgroup_fd);
	event.oom = info->si_code == CLD_KILLED && info->si_status == SIGKILL &&
		    oom_kills > services[id].oom_kills;
	services[id].oom_kills = oom_kills;
	log_exit(id, role, info, event.oom);

	process_forget(id, role);
	/* A zombie no longer counts: what is populated now are other processes. */
	event.populated = cgroup_populated(services[id].cgroup_fd);
	log_link_flush(unit_of(id));
	feed(id, &event);
	return true;
}

void service_on_exec_status(unit_id id, enum service_role role)
{
	static const struct service_event executed = { .type = EVENT_EXECUTED };
	struct service_process *process = &services[id].process[role];
	struct spawn_status status;
	ssize_t n;

	if (process->status_fd < 0)
		return;
	n = read(process->status_fd, &status, sizeof(status));
	/* An event of an earlier process in the same pass: this one has not spoken yet. */
	if (n < 0 && errno == EAGAIN)
		return;
	process->status_fd = fd_close(process->status_fd);
	if (n == (ssize_t)sizeof(status) && status.stage >= 0 && status.stage < STAGE_COUNT) {
		const struct exec_command *command = services[id].run.command;
		enum klog_level level = command && command->flags & EXEC_IGNORE_FAILURE ? KLOG_INFO
											: KLOG_ERROR;

		klog(level, "%s: %s %s: %s%s", unit_of(id)->name,
		     spawn_stage_name((enum spawn_stage)status.stage), command ? command->path : "",
		     error_name(status.error),
		     spawn_hint((enum spawn_stage)status.stage, status.error));
		return;
	}
	if (role == ROLE_MAIN)
		feed(id, &executed);
}

void service_on_cgroup_event(int watch)
{
	static const struct service_event empty = { .type = EVENT_CGROUP_EMPTY };

	for (unit_id id = 0; id < world.set->count; id++) {
		if (services[id].cgroup_watch != watch)
			continue;
		if (!cgroup_populated(services[id].cgroup_fd))
			feed(id, &empty);
		return;
	}
}

static bool may_notify(const struct service *service, enum notify_access access, pid_t sender)
{
	switch (access) {
	case NOTIFY_DEFAULT:
	case NOTIFY_NONE:
		return false;
	case NOTIFY_MAIN:
		return sender == service->process[ROLE_MAIN].pid;
	case NOTIFY_EXEC:
		return sender == service->process[ROLE_MAIN].pid ||
		       sender == service->process[ROLE_CONTROL].pid;
	case NOTIFY_ALL:
		return true;
	}
	return false;
}

void service_on_notify(unit_id id, pid_t sender, const struct notify_message *message)
{
	struct service *service = &services[id];
	struct service_event event = { 0 };

	if (!may_notify(service, unit_of(id)->service->notify_access, sender)) {
		log_warning("%s: process %d may not notify (see NotifyAccess=)", unit_of(id)->name,
			    sender);
		return;
	}
	if (*message->status)
		memcpy(service->status, message->status, sizeof(service->status));
	if (message->extend_timeout > 0) {
		event = (struct service_event){ .type = EVENT_EXTEND, .value = message->extend_timeout };
		feed(id, &event);
	}
	if (message->ready) {
		event = (struct service_event){ .type = EVENT_READY };
		feed(id, &event);
	}
	if (message->stopping) {
		event = (struct service_event){ .type = EVENT_STOPPING };
		feed(id, &event);
	}
}

/* ---- logs ---- */

void service_log_lost(void)
{
	for (unit_id id = 0; id < world.set->count; id++)
		services[id].log[false].announced = services[id].log[true].announced = false;
	(void)service_log_announce();
}

int service_log_announce(void)
{
	for (unit_id id = 0; id < world.set->count; id++)
		for (int console = 0; console <= 1; console++)
			if (log_link_announce(unit_of(id), &services[id].log[console], console) == -EAGAIN)
				return -EAGAIN;
	return 0;
}
