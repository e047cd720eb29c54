// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Socket units as they run: see socket_unit.h. Slots and ports are in socket_slot.h, processes in
 * socket_process.h.
 *
 * Invariant: ports are watched only while the unit is listening. An action that feeds a further event is
 * always the last of its step.
 */
#include "supervisor/socket_unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/job.h"
#include "supervisor/service.h"
#include "supervisor/socket_connection.h"
#include "supervisor/socket_open.h"
#include "supervisor/socket_slot.h"
#include "supervisor/spawn.h"

/* How long a port is left alone while a stop of its unit is on its way. */
#define STOPPING_PAUSE (100 * NS_PER_MS)
/* How long FlushPending= may take; what it has not thrown away by then is served. */
#define FLUSH_TIMEOUT NS_PER_S
/* Connections accepted from one port in one pass of the loop. */
#define ACCEPT_PER_PASS 16

static const struct unit_world *world; /* what it points to may change at a reload */

static void feed(struct socket_slot *slot, const struct socket_event *event);

static void feed_type(struct socket_slot *slot, enum socket_event_type type)
{
	const struct socket_event event = { .type = type };

	feed(slot, &event);
}

static const struct unit *unit_of(const struct socket_slot *slot)
{
	return &world->set->units[slot->id];
}

static enum unit_active active_of(const struct socket_slot *slot)
{
	return socket_active((enum socket_state)slot->run.state);
}

/* ---- opening, flushing, removing ---- */

static void log_report(const struct socket_slot *slot, const struct socket_report *report)
{
	const struct socket_listen *l = unit_of(slot)->socket->listen;

	for (uint32_t i = 0; l && i < report->line; i++)
		l = l->next;
	log_error("%s: cannot %s %s: %s", unit_of(slot)->name,
		  socket_stage_name((enum socket_stage)report->stage), l ? l->address : "it",
		  error_name(report->error));
}

static void open_failed(struct socket_slot *slot, const struct socket_report *report)
{
	/* Owners are given by a process in systemd, so these are its exit codes there. */
	bool owner = report->stage == SOCKET_STAGE_USER || report->stage == SOCKET_STAGE_CHOWN;
	const struct socket_event event = {
		.type = SOCKET_EVENT_OPEN_FAILED,
		.result = owner ? SOCKET_RESULT_EXIT_CODE : SOCKET_RESULT_RESOURCES,
	};

	log_report(slot, report);
	feed(slot, &event);
}

/* The descriptors are there and bound: takes them over and listens. */
static void adopt(struct socket_slot *slot, const int *fds, unsigned count)
{
	struct socket_report report = { .stage = SOCKET_STAGE_WORKER, .error = EBADMSG };

	if (count != slot->port_count || socket_listen_all(unit_of(slot), fds, &report) < 0) {
		for (unsigned i = 0; i < count; i++)
			fd_close(fds[i]);
		open_failed(slot, &report);
		return;
	}
	socket_ports_set(slot, fds);
	feed_type(slot, SOCKET_EVENT_OPENED);
}

static void do_open(struct socket_slot *slot)
{
	struct socket_report report = { .stage = SOCKET_STAGE_SOCKET };
	int fds[SOCKET_LISTEN_MAX];
	int r = socket_ports_take(slot);

	if (r == 0 && !socket_may_block(unit_of(slot))) {
		r = socket_open_all(unit_of(slot), fds, &report);
		if (r >= 0) {
			adopt(slot, fds, (unsigned)r);
			return;
		}
	} else if (r == 0) {
		r = worker_fork(NULL, 0, &slot->process.worker);
		if (r == 1)
			socket_work_open(unit_of(slot));
		if (r == 0) {
			feed_type(slot, SOCKET_EVENT_SPAWNED);
			return;
		}
	}
	report.error = -r;
	open_failed(slot, &report);
}

/* The worker of do_open() is a zombie. */
static void opened(struct socket_slot *slot)
{
	struct socket_report report;
	int fds[WORKER_FD_MAX];
	int count = worker_result(&slot->process.worker, &report, sizeof(report), fds);

	if (count < 0)
		report = (struct socket_report){ .stage = SOCKET_STAGE_WORKER, .error = EPIPE };
	if (report.stage != SOCKET_STAGE_NONE) {
		open_failed(slot, &report);
		return;
	}
	if (report.bad_symlinks > 0)
		log_warning("%s: %u of its Symlinks= could not be made", unit_of(slot)->name,
			    report.bad_symlinks);
	adopt(slot, fds, (unsigned)count);
}

static void do_remove(struct socket_slot *slot)
{
	static const struct socket_event done = { .type = SOCKET_EVENT_CONTROL_EXIT, .code = CLD_EXITED };
	int r;

	socket_ports_close(slot);
	if (!socket_may_block(unit_of(slot))) {
		feed(slot, &done);
		return;
	}
	r = worker_fork(NULL, 0, &slot->process.worker);
	if (r == 1)
		socket_work_remove(unit_of(slot));
	feed_type(slot, r == 0 ? SOCKET_EVENT_SPAWNED : SOCKET_EVENT_SPAWN_FAILED);
}

/*
 * In a worker: a process that was left behind may share the descriptor and make it blocking at the very
 * moment when a connection is to be accepted. Until it is done, nothing is watched.
 */
static void do_flush(struct socket_slot *slot)
{
	int fds[SOCKET_LISTEN_MAX];
	int r;

	for (unsigned i = 0; i < slot->port_count; i++)
		fds[i] = socket_slot_port(slot, i)->fd;
	r = worker_fork(fds, slot->port_count, &slot->process.worker);
	if (r == 1)
		socket_work_flush(slot->port_count);
	if (r == 0)
		slot->flush_deadline = clock_add(clock_now(), FLUSH_TIMEOUT);
	else
		log_warning("%s: cannot flush what is pending: %s", unit_of(slot)->name, error_name(r));
}

static void do_watch(struct socket_slot *slot)
{
	for (unsigned i = 0; i < slot->port_count && slot->flush_deadline == CLOCK_TIME_MAX; i++) {
		int r = socket_port_watch(socket_slot_port(slot, i));

		if (r == 0)
			continue;
		log_error("%s: cannot watch its sockets: %s", unit_of(slot)->name, error_name(r));
		feed_type(slot, SOCKET_EVENT_POLL_FAILED);
		return;
	}
}

static void flushed(struct socket_slot *slot)
{
	slot->flush_deadline = CLOCK_TIME_MAX;
	if (socket_watched((enum socket_state)slot->run.state))
		do_watch(slot);
}

/* ---- triggers ---- */

/* Accept=no: the service is asked to start, if it is not up or asked already. */
static void activate_service(struct socket_slot *slot)
{
	unit_id service = unit_triggered(slot->id);
	enum unit_active active = service == UNIT_NONE ? ACTIVE_INACTIVE : unit_active_state(service);
	int r;

	if (service != UNIT_NONE && job_type_of(service) == JOB_START)
		return;
	if (!unit_active_is_down(active) && active != ACTIVE_DEACTIVATING)
		return;
	r = unit_trigger(slot->id);
	/* While the machine goes down nobody is served any more; the stop of this unit is on its way. */
	if (r == 0 || r == -ESHUTDOWN)
		return;
	log_error("%s: its service cannot be started: %s", unit_of(slot)->name, error_name(r));
	feed_type(slot, SOCKET_EVENT_ACTIVATE_FAILED);
}

/* Whether there is room for the connection. If not, it says so and the connection is closed. */
static bool admit(struct socket_slot *slot, int fd, struct socket_source *ret_source)
{
	const struct socket_settings *s = unit_of(slot)->socket;
	unsigned all = socket_connection_count(slot->id, NULL);

	if (socket_connection_source(fd, ret_source) < 0)
		return false;
	if (all >= s->max_connections || socket_connection_full()) {
		log_warning("%s: too many connections (%u): one is dropped", unit_of(slot)->name, all);
		slot->refused++;
		return false;
	}
	if (s->max_connections_per_source == 0 || ret_source->family == AF_UNSPEC ||
	    socket_connection_count(slot->id, ret_source) < s->max_connections_per_source)
		return true;
	log_warning("%s: too many connections from one source (%u): one is dropped",
		    unit_of(slot)->name, s->max_connections_per_source);
	slot->refused++;
	return false;
}

/* Accept=yes: an instance of the service is made for the connection. */
static void activate_instance(struct socket_slot *slot)
{
	_cleanup_fd_ int fd = TAKE_FD(slot->connection);
	char name[UNIT_NAME_SIZE];
	struct socket_source source;
	unit_id instance;
	int r;

	if (!admit(slot, fd, &source))
		return;
	r = socket_connection_name(unit_of(slot)->name, slot->accepted, fd, name);
	/* It is over before it began. */
	if (r == -ENOTCONN || r == -ECONNRESET)
		return;
	slot->accepted++;
	if (r == 0)
		r = unit_start_connection(slot->id, name, TAKE_FD(fd), &instance);
	if (r == 0) {
		socket_connection_add(slot->id, instance, &source);
		return;
	}
	if (r == -ESHUTDOWN)
		return;
	log_error("%s: no service for a connection (%s): %s", unit_of(slot)->name, name, error_name(r));
	feed_type(slot, SOCKET_EVENT_ACTIVATE_FAILED);
}

static void carry_out(struct socket_slot *slot, const struct socket_action *action)
{
	switch (action->type) {
	case SOCKET_DO_OPEN:
		do_open(slot);
		return;
	case SOCKET_DO_SPAWN: {
		struct socket_event event = { .type = SOCKET_EVENT_SPAWNED };

		if (socket_process_spawn(&slot->process, unit_of(slot), action->command,
					 world->inotify_fd, world->nofile) < 0)
			event.type = SOCKET_EVENT_SPAWN_FAILED;
		event.populated = cgroup_populated(slot->process.cgroup_fd);
		feed(slot, &event);
		return;
	}
	case SOCKET_DO_REMOVE:
		do_remove(slot);
		return;
	case SOCKET_DO_CLOSE:
		socket_ports_close(slot);
		return;
	case SOCKET_DO_FLUSH:
		do_flush(slot);
		return;
	case SOCKET_DO_WATCH:
		do_watch(slot);
		return;
	case SOCKET_DO_UNWATCH:
		for (unsigned i = 0; i < slot->port_count; i++)
			socket_port_unwatch(socket_slot_port(slot, i));
		if (slot->flush_deadline != CLOCK_TIME_MAX)
			worker_abandon(&slot->process.worker);
		slot->flush_deadline = CLOCK_TIME_MAX;
		return;
	case SOCKET_DO_ACTIVATE:
		if (socket_has(unit_of(slot)->socket, SOCKET_FLAG_ACCEPT))
			activate_instance(slot);
		else
			activate_service(slot);
		return;
	case SOCKET_DO_SIGNAL:
		socket_process_signal(&slot->process, action->signal);
		return;
	case SOCKET_DO_SIGNAL_ALL:
		socket_process_signal_all(&slot->process, action->signal);
		return;
	case SOCKET_DO_KILL_ALL:
		socket_process_signal_all(&slot->process, SIGKILL);
		return;
	case SOCKET_DO_FORGET:
		socket_process_forget(&slot->process);
		return;
	case SOCKET_DO_RELEASE:
		socket_process_release(&slot->process, unit_of(slot), world->inotify_fd);
		return;
	}
}

static void feed(struct socket_slot *slot, const struct socket_event *event)
{
	enum socket_state state = (enum socket_state)slot->run.state;
	enum unit_active before = active_of(slot);
	struct socket_actions actions;

	socket_step(unit_of(slot), &slot->run, event, clock_now(), &actions);
	if (slot->run.state != state) {
		log_debug("%s: %s -> %s", unit_of(slot)->name, socket_state_name(state),
			  socket_state_name((enum socket_state)slot->run.state));
		if (slot->run.state == SOCKET_STATE_FAILED)
			log_error("%s: failed: %s", unit_of(slot)->name,
				  socket_result_name((enum socket_result)slot->run.result));
		/* Told first: what is carried out feeds further events, and their changes come after this one. */
		unit_changed(slot->id, before, active_of(slot));
	}
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(slot, &actions.list[i]);
}

/* ---- what happens to them ---- */

static void accept_some(struct socket_slot *slot, struct socket_port *port)
{
	static const struct socket_event connection = { .type = SOCKET_EVENT_CONNECTION };

	for (unsigned i = 0; i < ACCEPT_PER_PASS && port->watched; i++) {
		const struct socket_listen *line = unit_of(slot)->socket->listen;
		struct socket_address address;

		/* The descriptor is nobody else's, and was made non-blocking. */
		slot->connection = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (slot->connection < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (slot->connection < 0) {
			log_error("%s: cannot accept a connection: %s", unit_of(slot)->name,
				  error_name(errno));
			feed_type(slot, SOCKET_EVENT_POLL_FAILED);
			return;
		}
		for (long n = port - socket_slot_port(slot, 0); line && n > 0; n--)
			line = line->next;
		if (line && socket_address_parse(line->kind, str_from(line->address), &address) == 0)
			socket_set_options(unit_of(slot), &address, slot->connection);
		feed(slot, &connection);
		/* The trigger limit was hit. */
		slot->connection = fd_close(slot->connection);
	}
}

static void dispatch(uint32_t index)
{
	struct socket_slot *slot;
	struct socket_port *port = socket_port_at(index, &slot);
	struct pollfd state = { .events = POLLIN };
	const struct socket_settings *s;
	uint64_t now = clock_now();

	/* It may have been closed, or opened anew, by an earlier event of the same pass. */
	if (!port)
		return;
	s = unit_of(slot)->socket;
	state.fd = port->fd;
	if (poll(&state, 1, 0) <= 0)
		return;
	if (state.revents != POLLIN) {
		log_error("%s: a socket %s", unit_of(slot)->name,
			  state.revents & POLLHUP ? "was shut down by the service" : "is in error");
		feed_type(slot, SOCKET_EVENT_POLL_FAILED);
	} else if (job_type_of(slot->id) == JOB_STOP) {
		socket_port_pause(port, clock_add(now, STOPPING_PAUSE));
	} else if (!rate_limit_below(&port->polls, socket_poll_burst(s), socket_poll_interval(s), now)) {
		socket_port_pause(port, clock_add(port->polls.began, socket_poll_interval(s)));
		port->polls = (struct rate_limit){ 0 };
	} else if (socket_has(s, SOCKET_FLAG_ACCEPT)) {
		accept_some(slot, port);
	} else {
		feed_type(slot, SOCKET_EVENT_TRAFFIC);
	}
}

static void worker_ended(struct socket_slot *slot, const siginfo_t *info)
{
	const struct socket_event event = {
		.type = SOCKET_EVENT_CONTROL_EXIT,
		.code = info->si_code,
		.status = info->si_status,
		.populated = cgroup_populated(slot->process.cgroup_fd),
	};
	char nothing;

	if (slot->flush_deadline != CLOCK_TIME_MAX) {
		(void)worker_result(&slot->process.worker, &nothing, sizeof(nothing), NULL);
		flushed(slot);
	} else if (slot->run.state == SOCKET_STATE_START_CHOWN) {
		opened(slot);
	} else {
		(void)worker_result(&slot->process.worker, &nothing, sizeof(nothing), NULL);
		feed(slot, &event);
	}
}

bool socket_on_exit(const siginfo_t *info)
{
	struct socket_event event = {
		.type = SOCKET_EVENT_CONTROL_EXIT,
		.code = info->si_code,
		.status = info->si_status,
	};

	for (struct socket_slot *slot = socket_slot_next(NULL); slot; slot = socket_slot_next(slot)) {
		if (slot->process.worker.pid == info->si_pid) {
			worker_ended(slot, info);
			return true;
		}
		if (slot->process.pid != info->si_pid)
			continue;
		socket_process_ended(&slot->process, unit_of(slot));
		event.populated = cgroup_populated(slot->process.cgroup_fd);
		log_link_flush(unit_of(slot));
		feed(slot, &event);
		return true;
	}
	return false;
}

void socket_on_cgroup_event(int watch)
{
	for (struct socket_slot *slot = socket_slot_next(NULL); slot; slot = socket_slot_next(slot)) {
		if (slot->process.cgroup_watch != watch)
			continue;
		if (!cgroup_populated(slot->process.cgroup_fd))
			feed_type(slot, SOCKET_EVENT_CGROUP_EMPTY);
		return;
	}
}

void socket_log_announce(void)
{
	for (struct socket_slot *slot = socket_slot_next(NULL); slot; slot = socket_slot_next(slot))
		for (int console = 0; console <= 1; console++)
			if (log_link_announce(unit_of(slot), &slot->process.log[console], console) ==
			    -EAGAIN)
				return;
}

void socket_log_lost(void)
{
	for (struct socket_slot *slot = socket_slot_next(NULL); slot; slot = socket_slot_next(slot))
		slot->process.log[false].announced = slot->process.log[true].announced = false;
	socket_log_announce();
}

/* ---- the operations of the type ---- */

static void ops_init(const struct unit_world *w)
{
	world = w;
	socket_slots_init(w);
	socket_connection_init();
}

static enum unit_active ops_active(unit_id id)
{
	const struct socket_slot *slot = socket_slot_get(id);

	return slot ? active_of(slot) : ACTIVE_INACTIVE;
}

static const char *ops_state_name(unit_id id)
{
	const struct socket_slot *slot = socket_slot_get(id);

	return socket_state_name(slot ? (enum socket_state)slot->run.state : SOCKET_STATE_DEAD);
}

/* A service that is up already has sockets of its own, and would not learn of these. */
static bool service_is_ready(unit_id id)
{
	unit_id service = unit_triggered(id);
	const char *name = world->set->units[id].name;

	if (socket_has(world->set->units[id].socket, SOCKET_FLAG_ACCEPT))
		return true;
	if (service == UNIT_NONE || world->set->units[service].load != UNIT_LOADED) {
		log_error("%s: there is no service that it could start (%s)", name,
			  service == UNIT_NONE ? "Service=" : world->set->units[service].name);
		return false;
	}
	if (unit_active_is_down(unit_active_state(service)) ||
	    service_get(service)->run.state == SERVICE_AUTO_RESTART)
		return true;
	log_error("%s: %s is up already: stop it first", name, world->set->units[service].name);
	return false;
}

static int ops_start(unit_id id)
{
	struct socket_slot *slot = socket_slot_make(id);

	if (!slot) {
		log_error("%s: more than %d socket units", world->set->units[id].name, SOCKET_UNIT_MAX);
		return -ENOSPC;
	}
	if (unit_active_is_down(active_of(slot)) && !service_is_ready(id))
		return -ENOENT;
	feed_type(slot, SOCKET_EVENT_START);
	return unit_active_is_down(active_of(slot)) ? -ECANCELED : 0;
}

static void ops_stop(unit_id id)
{
	struct socket_slot *slot = socket_slot_get(id);

	if (slot)
		feed_type(slot, SOCKET_EVENT_STOP);
}

static void ops_reset_failed(unit_id id)
{
	struct socket_slot *slot = socket_slot_get(id);

	if (slot)
		feed_type(slot, SOCKET_EVENT_RESET_FAILED);
}

static void ops_triggered_changed(unit_id id, unit_id service, enum unit_active before _unused_,
				  enum unit_active after)
{
	const struct service_run *run = &service_get(service)->run;
	struct socket_slot *slot = socket_slot_get(id);

	if (!slot)
		return;
	if (after == ACTIVE_FAILED && run->result == RESULT_START_LIMIT)
		feed_type(slot, SOCKET_EVENT_SERVICE_LIMIT);
	/* Whoever waits to be started or stopped will be heard of again. */
	else if (job_type_of(service) != JOB_NONE)
		return;
	else if (unit_active_is_down(after) || run->state == SERVICE_AUTO_RESTART)
		feed_type(slot, SOCKET_EVENT_SERVICE_DOWN);
	else if (run->state == SERVICE_RUNNING)
		feed_type(slot, SOCKET_EVENT_SERVICE_UP);
}

/* The instance of a connection is down: there is room for one more. */
static void ops_any_changed(unit_id id, enum unit_active after)
{
	if (unit_active_is_down(after))
		(void)socket_connection_remove(id);
}

static size_t ops_listen_fds(unit_id id, struct spawn_fd *ret_fds, size_t size)
{
	const struct socket_slot *slot = socket_slot_get(id);
	const char *name;
	size_t count = 0;

	if (!slot || !slot->open || socket_has(unit_of(slot)->socket, SOCKET_FLAG_ACCEPT))
		return 0;
	name = unit_of(slot)->socket->file_descriptor_name;
	for (; count < slot->port_count && count < size; count++)
		ret_fds[count] = (struct spawn_fd){
			.fd = socket_slot_port(slot, (unsigned)count)->fd,
			.name = name ? name : unit_of(slot)->name,
		};
	return count;
}

/* When something is due in @slot; its ports are looked at only while they are watched or would be. */
static uint64_t slot_deadline(const struct socket_slot *slot)
{
	uint64_t next = slot->run.deadline;

	if (slot->flush_deadline < next)
		next = slot->flush_deadline;
	if (!socket_watched((enum socket_state)slot->run.state))
		return next;
	for (unsigned i = 0; i < slot->port_count; i++)
		if (socket_slot_port(slot, i)->resume < next)
			next = socket_slot_port(slot, i)->resume;
	return next;
}

static uint64_t ops_next_deadline(void)
{
	uint64_t next = CLOCK_TIME_MAX;

	for (const struct socket_slot *slot = socket_slot_next(NULL); slot;
	     slot = socket_slot_next(slot))
		if (slot_deadline(slot) < next)
			next = slot_deadline(slot);
	return next;
}

static void resume_ports(struct socket_slot *slot, uint64_t now)
{
	bool any = false;

	for (unsigned i = 0; i < slot->port_count; i++) {
		struct socket_port *port = socket_slot_port(slot, i);

		if (port->resume > now)
			continue;
		port->resume = CLOCK_TIME_MAX;
		any = true;
	}
	if (any)
		do_watch(slot);
}

static void expire_slot(struct socket_slot *slot, uint64_t now)
{
	if (slot->flush_deadline <= now) {
		log_warning("%s: what is pending cannot be flushed in time", unit_of(slot)->name);
		worker_abandon(&slot->process.worker);
		flushed(slot);
	}
	if (slot->run.deadline <= now) {
		log_warning("%s: timed out in %s", unit_of(slot)->name,
			    socket_state_name((enum socket_state)slot->run.state));
		feed_type(slot, SOCKET_EVENT_TIMEOUT);
	}
	if (socket_watched((enum socket_state)slot->run.state))
		resume_ports(slot, now);
}

static unsigned ops_expire(uint64_t now, unsigned limit)
{
	unsigned count = 0;

	for (struct socket_slot *slot = socket_slot_next(NULL); slot && count < limit;
	     slot = socket_slot_next(slot)) {
		if (slot_deadline(slot) > now)
			continue;
		expire_slot(slot, now);
		count++;
	}
	return count;
}

static void ops_moved(const struct unit_set *old _unused_, const unit_id *new_ids)
{
	/* What is left of the list that runs was the old file's. */
	for (struct socket_slot *slot = socket_slot_next(NULL); slot; slot = socket_slot_next(slot))
		slot->run.command = NULL;
	socket_slots_moved(new_ids);
	socket_connection_moved(new_ids);
}

const struct unit_ops socket_ops = {
	.init = ops_init,
	.active = ops_active,
	.state_name = ops_state_name,
	.start = ops_start,
	.stop = ops_stop,
	.reset_failed = ops_reset_failed,
	.triggered_changed = ops_triggered_changed,
	.any_changed = ops_any_changed,
	.listen_fds = ops_listen_fds,
	.next_deadline = ops_next_deadline,
	.expire = ops_expire,
	.dispatch = dispatch,
	.moved = ops_moved,
};
