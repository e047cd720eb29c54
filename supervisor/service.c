// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Services as they run: see service.h. Slots are static, one for each unit. The machine's actions are
 * carried out here; each of them may feed further events, whose changes come after those before.
 *
 * Invariant: after a step a process is watched exactly if the machine believes that it is alive.
 */
#include "supervisor/service.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/exec_release.h"
#include "supervisor/fd_store.h"
#include "supervisor/process.h"
#include "supervisor/service_table.h"

static struct service services[UNIT_MAX] _table_;
struct service_world service_world;

static const struct service empty_slot = {
	.run = {
		.deadline = CLOCK_TIME_MAX,
		.watchdog_due = CLOCK_TIME_MAX,
		.watchdog = CLOCK_TIME_MAX,
	},
	.process = { { .pidfd = -1, .status_fd = -1 }, { .pidfd = -1, .status_fd = -1 } },
	.watch = { { .number = -1 }, { .number = -1 } },
	.log = { LOG_PIPE_NONE, LOG_PIPE_NONE },
	.cgroup_fd = -1,
	.socket_fd = -1,
	.pid_file_watch = -1,
};

void service_table_init(const struct service_world *world)
{
	service_world = *world;
	process_table_init();
	watch_table_init();
	deadline_init();
	fd_store_init(world->epoll_fd);
	for (unit_id id = 0; id < world->set->count; id++)
		services[id] = empty_slot;
}

const struct service *service_get(unit_id id)
{
	return &services[id];
}

struct service *service_slot(unit_id id)
{
	return &services[id];
}

const struct unit *service_unit(unit_id id)
{
	return &service_world.set->units[id];
}

pid_t service_main_pid(unit_id id)
{
	return services[id].process[ROLE_MAIN].pid;
}

unit_id service_of_process(pid_t pid)
{
	uint32_t index = process_find(pid);

	return index == UINT32_MAX ? UNIT_NONE : (unit_id)(index / ROLE_COUNT);
}

/* ---- the machine's actions ---- */

static uint64_t monotonic_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void release(unit_id id)
{
	const struct service_settings *s = service_unit(id)->service;

	services[id].socket_fd = fd_close(services[id].socket_fd);
	if (s->file_descriptor_store_preserve == PRESERVE_NO ||
	    (s->file_descriptor_store_preserve == PRESERVE_RESTART &&
	     !service_world.observer->job_queued(id)))
		fd_store_clear(id);
	exec_release(service_unit(id), service_world.observer->job_queued(id));
	service_release_cgroup(id);
}

/* Where the cgroup cannot be read, those that are known are told all the same. */
static void signal_cgroup(unit_id id, int signal)
{
	if (services[id].cgroup_fd >= 0 && cgroup_signal(services[id].cgroup_fd, signal) >= 0)
		return;
	process_tell(id, ROLE_MAIN, signal);
	process_tell(id, ROLE_CONTROL, signal);
}

static void find_main(unit_id id)
{
	bool found = process_find_main(id) == 0;

	service_feed(id, (struct service_event){
				 .type = found ? EVENT_MAIN_FOUND : EVENT_MAIN_UNKNOWN,
				 .populated = cgroup_populated(services[id].cgroup_fd),
			 });
}

static void await_pid_file(unit_id id)
{
	process_await_pid_file(id);
	/* It may have come before the watch. */
	if (process_find_main(id) == 0)
		service_feed(id, (struct service_event){ .type = EVENT_MAIN_FOUND });
}

static void queue_restart(unit_id id)
{
	int r = service_world.observer->restart(id);

	if (r < 0)
		service_feed(id, (struct service_event){
					 .type = EVENT_RESTART_REFUSED,
					 .value = r == -EBUSY,
				 });
}

static void carry_out(unit_id id, const struct service_action *action)
{
	switch (action->type) {
	case ACTION_SPAWN_MAIN:
		service_spawn(id, ROLE_MAIN, action->command);
		return;
	case ACTION_SPAWN_CONTROL:
		service_spawn(id, ROLE_CONTROL, action->command);
		return;
	case ACTION_SIGNAL_MAIN:
		process_tell(id, ROLE_MAIN, action->signal);
		return;
	case ACTION_SIGNAL_CONTROL:
		process_tell(id, ROLE_CONTROL, action->signal);
		return;
	case ACTION_SIGNAL_CGROUP:
		signal_cgroup(id, action->signal);
		return;
	case ACTION_KILL_CGROUP:
		if (services[id].cgroup_fd < 0 || cgroup_kill(services[id].cgroup_fd) < 0)
			signal_cgroup(id, SIGKILL);
		return;
	case ACTION_RELOAD_SIGNAL:
		services[id].reload_began = monotonic_now();
		process_tell(id, ROLE_MAIN, action->signal);
		return;
	case ACTION_FIND_MAIN:
		find_main(id);
		return;
	case ACTION_AWAIT_PID_FILE:
		await_pid_file(id);
		return;
	case ACTION_TELL_RESTART:
		service_feed(id, (struct service_event){ .type = EVENT_AUTO_RESTART });
		return;
	case ACTION_QUEUE_RESTART:
		queue_restart(id);
		return;
	case ACTION_PROPAGATE_RELOAD:
		service_world.observer->propagate_reload(id);
		return;
	case ACTION_RELEASE:
		release(id);
		return;
	}
}

/* What follows from a new state beside the machine's own actions. */
static void state_changed(unit_id id, enum service_state before, enum service_state after, uint64_t now)
{
	struct service *service = &services[id];
	enum unit_active was = service_active(before);
	enum unit_active is = service_active(after);

	log_debug("%s: %s -> %s", service_unit(id)->name, service_state_name(before),
		  service_state_name(after));
	if (service->pid_file_watch >= 0)
		process_stop_awaiting(id);
	if (is != was)
		service->changed = now;
	if (unit_active_is_down(was) && is == ACTIVE_ACTIVATING) {
		service->start_began = now;
		service->status_errno = 0;
		service_status_clear(id);
	}
	if (is == ACTIVE_ACTIVE && was != ACTIVE_RELOADING)
		service->up_since = now;
	/* hc-48: what it names is gone, and a later process may get that number. */
	if (unit_active_is_down(is) && !unit_active_is_down(was) && service_unit(id)->service->pid_file)
		(void)unlink(service_unit(id)->service->pid_file);
	if (after == SERVICE_AUTO_RESTART)
		exec_release(service_unit(id), true);
	/* Told first: carrying out feeds further events, and their changes come after this one. */
	unit_changed(id, was, is);
}

void service_feed(unit_id id, struct service_event event)
{
	struct service *service = &services[id];
	enum service_state before = (enum service_state)service->run.state;
	struct service_actions actions;
	uint64_t now = clock_now();

	event.stop_queued = service_world.observer->stop_queued(id);
	service_step(service_unit(id), &service->run, &event, now, &actions);
	deadline_update(id);
	if (before != (enum service_state)service->run.state)
		state_changed(id, before, (enum service_state)service->run.state, now);
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(id, &actions.list[i]);
	if (!service->run.main_alive)
		process_forget(id, ROLE_MAIN);
	if (!service->run.control_alive)
		process_forget(id, ROLE_CONTROL);
}

void service_stop_for_restart(unit_id id)
{
	service_feed(id, (struct service_event){ .type = EVENT_STOP, .value = 1 });
}

void service_set_connection(unit_id id, int fd)
{
	services[id].socket_fd = fd_close(services[id].socket_fd);
	services[id].socket_fd = fd;
}

int service_kill(unit_id id, enum service_kill_who who, int signal)
{
	const struct service *service = &services[id];
	enum service_role role = who == SERVICE_KILL_CONTROL ? ROLE_CONTROL : ROLE_MAIN;

	if (who == SERVICE_KILL_ALL) {
		if (service->process[ROLE_MAIN].pid == 0 &&
		    service->process[ROLE_CONTROL].pid == 0 && !cgroup_populated(service->cgroup_fd))
			return -ESRCH;
		signal_cgroup(id, signal);
		return 0;
	}
	return service->process[role].pid == 0 ? -ESRCH
					       : process_signal(service->process[role].pidfd, signal);
}

/* ---- what happens to them ---- */

static void log_exit(unit_id id, enum service_role role, const siginfo_t *info)
{
	const struct service *service = &services[id];
	const char *what = role == ROLE_MAIN ? "main process" : "control process";
	const char *name = service_unit(id)->name;
	const struct exec_command *command = role == ROLE_CONTROL ? service->run.command
					     : service->run.main_command
						     ? service->run.main_command
						     : unit_commands(service_unit(id), EXEC_START);

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return;
	if (command && command->flags & EXEC_IGNORE_FAILURE)
		return;
	/* What a stop brings about is no news, nor is a condition that is not met. */
	if (service_active((enum service_state)service->run.state) == ACTIVE_DEACTIVATING ||
	    (service->run.state == SERVICE_CONDITION && info->si_code == CLD_EXITED &&
	     info->si_status < 255))
		return;
	if (info->si_code == CLD_EXITED)
		log_warning("%s: %s %d exited with code %d", name, what, info->si_pid, info->si_status);
	else
		log_warning("%s: %s %d was killed by SIG%s", name, what, info->si_pid,
			    sigabbrev_np(info->si_status) ? sigabbrev_np(info->si_status) : "?");
}

static void process_ended(unit_id id, enum service_role role, int code, int status)
{
	process_forget(id, role);
	log_link_flush(service_unit(id));
	/* A zombie no longer counts: what is populated now are other processes. */
	service_feed(id, (struct service_event){
				 .type = role == ROLE_MAIN ? EVENT_MAIN_EXIT : EVENT_CONTROL_EXIT,
				 .code = code,
				 .status = status,
				 .populated = cgroup_populated(services[id].cgroup_fd),
			 });
}

bool service_on_exit(const siginfo_t *info)
{
	uint32_t index = process_find(info->si_pid);
	enum service_role role;
	unit_id id;

	if (index == UINT32_MAX)
		return false;
	id = (unit_id)(index / ROLE_COUNT);
	role = index % ROLE_COUNT;

	/* Why the exec failed is in the pipe; say it before the exit is talked about. */
	if (services[id].process[role].status_fd >= 0)
		service_on_exec_status(id, role);
	/* hc-44: known before the exit is judged, whichever notice of the kernel comes first. */
	if (service_oom_happened(id))
		service_feed(id, (struct service_event){ .type = EVENT_OOM });
	if (role == ROLE_MAIN && process_succeeded(id))
		return true;
	log_exit(id, role, info);
	process_ended(id, role, info->si_code, info->si_status);
	return true;
}

void service_on_alien_exit(unit_id id)
{
	struct service_process *process = &services[id].process[ROLE_MAIN];
	siginfo_t info = { 0 };

	if (process->pid == 0 || !services[id].main_alien || process_alive(process->pidfd))
		return;
	/* It has become a child of ours meanwhile: it is reaped like any other, with its exit status. */
	if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return;
	if (process_succeeded(id))
		return;
	/* How it ended its parent alone knows. */
	process_ended(id, ROLE_MAIN, CLD_EXITED, 0);
}

void service_on_exec_status(unit_id id, enum service_role role)
{
	struct service_process *process = &services[id].process[role];
	const struct service_run *run = &services[id].run;
	struct spawn_status status;
	ssize_t n;

	if (process->status_fd < 0)
		return;
	n = read(process->status_fd, &status, sizeof(status));
	/* An event of an earlier process in the same pass: this one has not spoken yet. */
	if (n < 0 && errno == EAGAIN)
		return;
	process->status_fd = fd_close_watched(service_world.epoll_fd, process->status_fd);
	if (n == (ssize_t)sizeof(status) && status.stage >= 0 && status.stage < STAGE_COUNT) {
		const struct exec_command *command = role == ROLE_MAIN ? run->main_command
								       : run->command;
		enum klog_level level = command && command->flags & EXEC_IGNORE_FAILURE ? KLOG_INFO
											: KLOG_ERROR;

		char text[512];
		struct buf b = BUF(text);

		spawn_describe(&status, &b);
		klog(level, "%s: %s", service_unit(id)->name, text);
		return;
	}
	if (role == ROLE_MAIN)
		service_feed(id, (struct service_event){ .type = EVENT_EXECUTED });
}

/* ---- the operations of the type ---- */

static const struct unit_world *unit_world;

static void ops_init(const struct unit_world *world)
{
	unit_world = world;
}

static enum unit_active ops_active(unit_id id)
{
	return service_active((enum service_state)services[id].run.state);
}

static const char *ops_state_name(unit_id id)
{
	return service_state_name((enum service_state)services[id].run.state);
}

static int ops_may_start(unit_id id)
{
	enum service_state before = (enum service_state)services[id].run.state;
	uint64_t now = clock_now();

	if (!service_startable(before) || service_count_start(service_unit(id), &services[id].run, now))
		return 0;
	deadline_update(id);
	log_error("%s: was started too often (StartLimitBurst= within StartLimitIntervalSec=); "
		  "it stays down until it is reset",
		  service_unit(id)->name);
	if (before != SERVICE_FAILED) {
		state_changed(id, before, SERVICE_FAILED, now);
		release(id);
	}
	return -ECANCELED;
}

static int ops_start(unit_id id)
{
	enum service_state before = (enum service_state)services[id].run.state;

	service_feed(id, (struct service_event){ .type = EVENT_START });
	/* On its way up already, it is as good as started. */
	return service_startable(before) || (service_active(before) == ACTIVE_ACTIVATING &&
					     before != SERVICE_AUTO_RESTART)
		       ? 0
		       : -EAGAIN;
}

static void ops_stop(unit_id id)
{
	service_feed(id, (struct service_event){ .type = EVENT_STOP });
}

static int ops_reload(unit_id id)
{
	enum service_state before = (enum service_state)services[id].run.state;

	if (before != SERVICE_RUNNING && before != SERVICE_EXITED)
		return -EAGAIN;
	service_feed(id, (struct service_event){ .type = EVENT_RELOAD });
	return 0;
}

static bool ops_can_reload(unit_id id)
{
	return unit_commands(service_unit(id), EXEC_RELOAD) ||
	       service_unit(id)->service->type == SERVICE_NOTIFY_RELOAD;
}

static bool ops_skipped(unit_id id)
{
	return services[id].run.result == RESULT_EXEC_CONDITION;
}

static bool ops_reloaded(unit_id id)
{
	return services[id].run.reload_result == RESULT_SUCCESS;
}

static void ops_reset_failed(unit_id id)
{
	service_feed(id, (struct service_event){ .type = EVENT_RESET_FAILED });
}

static void ops_abandoned(unit_id id)
{
	if (services[id].run.state == SERVICE_AUTO_RESTART_QUEUED)
		service_feed(id, (struct service_event){ .type = EVENT_RESTART_REFUSED });
}

static int ops_exit_status(unit_id id)
{
	const struct service_run *run = &services[id].run;

	return run->main_code == CLD_EXITED ? run->main_status : -1;
}

static void ops_grown(unit_id first)
{
	for (unit_id id = first; id < service_world.set->count; id++)
		services[id] = empty_slot;
}

/* The command at the same place of the same list, or NULL. */
static const struct exec_command *moved_command(const struct unit *old, const struct unit *new,
						const struct exec_command *command)
{
	const struct exec_command *at;
	const struct exec_command *same;

	if (!command)
		return NULL;
	same = unit_commands(new, (enum exec_list)command->list);
	for (at = unit_commands(old, (enum exec_list)command->list); at && at != command; at = at->next)
		same = same ? same->next : NULL;
	return at ? same : NULL;
}

/* The slots go to their units' new places; those of units that are gone are empty already. */
static void ops_moved(const struct unit_set *old, const unit_id *new_ids)
{
	static struct service before[UNIT_MAX] _scratch_;

	memcpy(before, services, old->count * sizeof(services[0]));
	service_world.set = unit_world->set;
	for (unit_id id = 0; id < service_world.set->count; id++)
		services[id] = empty_slot;
	deadline_init();
	for (unit_id id = 0; id < old->count; id++) {
		unit_id now = new_ids[id];

		if (now == UNIT_NONE)
			continue;
		services[now] = before[id];
		services[now].heap_index = 0;
		services[now].run.command = moved_command(&old->units[id], service_unit(now),
							  before[id].run.command);
		services[now].run.main_command = moved_command(&old->units[id], service_unit(now),
							       before[id].run.main_command);
		deadline_update(now);
	}
	process_table_moved();
	watch_table_moved();
	service_status_moved(new_ids, old->count);
}

const struct unit_ops service_ops = {
	.init = ops_init,
	.active = ops_active,
	.state_name = ops_state_name,
	.may_start = ops_may_start,
	.start = ops_start,
	.stop = ops_stop,
	.stop_for_restart = service_stop_for_restart,
	.reload = ops_reload,
	.can_reload = ops_can_reload,
	.skipped = ops_skipped,
	.reloaded = ops_reloaded,
	.abandoned = ops_abandoned,
	.exit_status = ops_exit_status,
	.reset_failed = ops_reset_failed,
	.grown = ops_grown,
	.moved = ops_moved,
};
