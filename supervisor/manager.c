// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The supervisor's front: see manager.h. Hands events to the unit types and to jobs, and lets runnable
 * jobs run after each. There are two unit sets: the one in use, and one into which unit files are read
 * anew; its pages are the kernel's while it is not needed.
 */
#include "supervisor/manager.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
#include "supervisor/condition.h"
#include "supervisor/fd_store.h"
#include "supervisor/notify_socket.h"
#include "supervisor/socket_unit.h"
#include "supervisor/timer_unit.h"
#include "supervisor/unit_load.h"

/* Work for one source in one pass of the loop: enough to drain bursts, little enough not to starve others. */
#define EXPIRE_PER_PASS 64
/* How long unread notifications put off that a watchdog counts. */
#define FLOOD_GRACE NS_PER_S
/* So many units of connections that are over are worth reading all units again. */
#define COLLECT_MIN 128

static struct unit_set sets[2] _table_;
static struct unit_set *units = &sets[0];
static unit_id anchor = UNIT_NONE;
static char anchor_name[UNIT_NAME_SIZE];
static const char *const *search_path = unit_search_path;
static unit_id new_ids[UNIT_MAX] _scratch_;
static struct service_world world = { .set = &sets[0], .epoll_fd = -1, .inotify_fd = -1 };
static struct unit_world unit_world = {
	.set = &sets[0],
	.epoll_fd = -1,
	.inotify_fd = -1,
	.nofile = &world.nofile,
};
static const struct manager_observer *observer;

static const enum unit_type unit_types[] = { UNIT_SERVICE, UNIT_SOCKET, UNIT_TARGET, UNIT_TIMER };

static void on_job_finished(unit_id id, enum job_type type, enum job_result result, uint64_t began)
{
	uint64_t now = clock_now();

	if (type == JOB_START)
		observer->started(&units->units[id], result, began, now);
	else if (type == JOB_STOP)
		observer->stopped(&units->units[id], began, now);
	if (observer->finished)
		observer->finished(id, type, result);
}

static void on_emergency(unit_id id, enum emergency_action action, int exit_status, const char *why)
{
	if (observer->emergency)
		observer->emergency(&units->units[id], action, exit_status, why);
}

static void on_changed(unit_id id)
{
	if (observer->changed)
		observer->changed(id);
}

static bool stop_queued(unit_id id)
{
	return job_type_of(id) == JOB_STOP;
}

static bool job_queued(unit_id id)
{
	return job_type_of(id) != JOB_NONE;
}

static enum job_conditions on_conditions(unit_id id)
{
	const struct unit *unit = &units->units[id];
	const struct condition *which = NULL;

	switch (conditions_test(unit->conditions, "", &which)) {
	case CONDITIONS_MET:
		return JOB_CONDITIONS_MET;
	case CONDITION_UNMET:
		log_info("%s: skipped: %s=%s%s is not met", unit->name, condition_name(which),
			 which->negate ? "!" : "", which->argument);
		return JOB_CONDITIONS_UNMET;
	case ASSERTION_FAILED:
		log_error("%s: not started: %s=%s%s is not met", unit->name, condition_name(which),
			  which->negate ? "!" : "", which->argument);
		return JOB_CONDITIONS_ASSERT_FAILED;
	}
	return JOB_CONDITIONS_MET;
}

static const struct job_observer job_observer = {
	.finished = on_job_finished,
	.conditions = on_conditions,
	.changed = on_changed,
	.emergency = on_emergency,
};

static const struct service_observer service_observer = {
	.restart = job_restart_service,
	.propagate_reload = job_propagate_reload,
	.stop_queued = stop_queued,
	.job_queued = job_queued,
	.log_lost = socket_log_lost,
};

static int watch(int fd, enum manager_source source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)source << 32 };

	return epoll_ctl(world.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void manager_in_container(void)
{
	unit_world.container = true;
}

int manager_init(int epoll_fd, const char *runtime_directory, const struct manager_observer *o)
{
	struct rlimit more;
	int r;

	observer = o;
	world.observer = &service_observer;
	world.epoll_fd = unit_world.epoll_fd = epoll_fd;
	world.inotify_fd = unit_world.inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (world.inotify_fd < 0)
		return -errno;
	/* Each service takes some five descriptors here; services get back what PID 1 was given. */
	if (getrlimit(RLIMIT_NOFILE, &world.nofile) < 0)
		return -errno;
	more = world.nofile;
	more.rlim_cur = more.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &more);

	r = notify_socket_open(runtime_directory);
	if (r >= 0)
		r = watch(r, MANAGER_SOURCE_NOTIFY, EPOLLIN);
	world.notify_path = notify_socket_path();
	if (r == 0)
		r = log_link_open();
	if (r == 0)
		r = watch(world.inotify_fd, MANAGER_SOURCE_CGROUP, EPOLLIN);
	/* Edge-triggered: writable is the normal state and says nothing; becoming writable does. */
	if (r == 0)
		r = watch(log_link_fd(), MANAGER_SOURCE_LOG_LINK, EPOLLOUT | EPOLLET);
	return r;
}

static void log_problem(void *context _unused_, const struct unit_problem *p)
{
	char text[1024];
	struct buf b = BUF(text);

	buf_add(&b, p->file ? p->file : "unit");
	if (p->line > 0)
		buf_printf(&b, ":%u", p->line);
	buf_add(&b, ": ");
	if (p->key.n > 0)
		buf_printf(&b, STR_FORMAT, STR_ARGS(p->key));
	if (p->value.n > 0)
		buf_printf(&b, "=" STR_FORMAT, p->value.n < 200 ? (int)p->value.n : 200, p->value.p);
	if (p->key.n > 0)
		buf_add(&b, p->value.n > 0 && !p->hint ? ": " : " ");
	buf_add(&b, p->reason);
	if (p->hint)
		buf_printf(&b, " (did you mean %s=?)", p->hint);
	log_warning("%s", text);
}

static struct unit_loader loader(void)
{
	return (struct unit_loader){ .search_path = search_path, .problem = log_problem };
}

int manager_load(const char *name, const char *const *path)
{
	struct buf b = BUF(anchor_name);
	struct unit_loader from;
	int r;

	search_path = path ? path : unit_search_path;
	buf_add(&b, name);
	if (b.overflow)
		return -ENAMETOOLONG;
	from = loader();
	r = unit_load(&from, units, name, &anchor);
	if (r < 0)
		return r;
	job_table_init(units, &job_observer);
	service_table_init(&world);
	for (size_t i = 0; i < ARRAY_SIZE(unit_types); i++)
		if (unit_ops_of(unit_types[i])->init)
			unit_ops_of(unit_types[i])->init(&unit_world);
	return units->units[anchor].load == UNIT_NOT_FOUND ? -ENOENT : 0;
}

/* Lets jobs run, and tells when the last one is over; all may be over before this returns. */
static void settle(void)
{
	static bool busy;

	busy = busy || job_pending() > 0;
	job_run();
	if (busy && job_pending() == 0) {
		busy = false;
		service_jobs_over();
		observer->idle();
	}
}

const struct unit_set *manager_units(void)
{
	return units;
}

/* ---- wishes ---- */

static void grown(unit_id first)
{
	if (first == units->count)
		return;
	job_grown(first);
	for (size_t i = 0; i < ARRAY_SIZE(unit_types); i++)
		if (unit_ops_of(unit_types[i])->grown)
			unit_ops_of(unit_types[i])->grown(first);
}

int manager_find(const char *name, unit_id *ret_id)
{
	struct unit_loader from = loader();
	unit_id first = units->count;
	unit_id id = unit_find(units, name);
	int r = 0;

	if (id == UNIT_NONE || units->units[id].load == UNIT_NOT_FOUND) {
		r = unit_load_more(&from, units, name, &id);
		if (r < 0)
			return r;
		grown(first);
	}
	if (units->units[id].load == UNIT_NOT_FOUND)
		return -ENOENT;
	*ret_id = id;
	return 0;
}

int unit_start_connection(unit_id socket _unused_, const char *name, int fd, unit_id *ret_id)
{
	unit_id id;
	int r = manager_find(name, &id);

	if (r == 0 && units->units[id].type != UNIT_SERVICE)
		r = -EINVAL;
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	units->units[id].for_connection = true;
	service_set_connection(id, fd);
	r = job_start(id);
	if (r < 0)
		service_set_connection(id, -1);
	else
		*ret_id = id;
	return r;
}

int manager_job(unit_id id, enum job_type type, enum job_mode mode)
{
	const struct unit_settings *settings = units->units[id].settings;
	bool starts = type == JOB_START || type == JOB_RESTART || type == JOB_RELOAD_OR_RESTART ||
		      type == JOB_RELOAD_OR_START;
	bool stops = type == JOB_STOP || type == JOB_RESTART || type == JOB_TRY_RESTART;
	int r;

	if (type == JOB_NONE)
		return 0;
	if (settings &&
	    ((starts && settings->refuse_manual_start) || (stops && settings->refuse_manual_stop)))
		return -EPERM;
	r = job_request(id, type, mode);
	settle();
	return r;
}

int manager_kill(unit_id id, enum service_kill_who who, int signal)
{
	return units->units[id].type == UNIT_SERVICE ? service_kill(id, who, signal) : -EOPNOTSUPP;
}

void manager_reset_failed(unit_id id)
{
	for (unit_id other = 0; other < units->count; other++)
		if (id == UNIT_NONE || id == other)
			unit_ops_of((enum unit_type)units->units[other].type)->reset_failed(other);
	settle();
}

int manager_start(void)
{
	int r = job_start(anchor);

	settle();
	return r;
}

void manager_stop_all(void)
{
	job_stop_all();
	settle();
}

bool manager_quiet(void)
{
	return job_pending() == 0;
}

/* ---- all unit files anew ---- */

static bool is_over(unit_id id)
{
	return job_type_of(id) == JOB_NONE && unit_active_is_down(unit_active_state(id));
}

/* A unit that the new set does not have by itself but must: it was loaded by name, or it is not down. */
static bool must_stay(unit_id id)
{
	const struct unit *unit = &units->units[id];

	return (unit->load == UNIT_LOADED && !unit->for_connection) || !is_over(id);
}

static int load_anew(struct unit_set *set, unit_id *ret_anchor)
{
	struct unit_loader from = loader();
	int r = unit_load(&from, set, anchor_name, ret_anchor);

	/* A unit whose file is gone stays for as long as it runs. */
	from.keep_missing = true;

	for (unit_id id = 0; r == 0 && id < units->count; id++) {
		unit_id found;

		if (must_stay(id) && unit_find(set, units->units[id].name) == UNIT_NONE)
			r = unit_load_more(&from, set, units->units[id].name, &found);
	}
	if (r < 0)
		return r;
	if (set->units[*ret_anchor].load == UNIT_NOT_FOUND)
		return -ENOENT;
	for (unit_id id = 0; id < units->count; id++) {
		new_ids[id] = unit_find(set, units->units[id].name);
		if (new_ids[id] != UNIT_NONE)
			set->units[new_ids[id]].for_connection = units->units[id].for_connection;
		if (new_ids[id] != UNIT_NONE && units->units[id].load == UNIT_LOADED &&
		    set->units[new_ids[id]].load == UNIT_BAD) {
			log_error("%s: was good before and cannot be used now; the units stay as they were",
				  units->units[id].name);
			return -EBADMSG;
		}
	}
	return 0;
}

int manager_reload(void)
{
	struct unit_set *old = units;
	struct unit_set *set = units == &sets[0] ? &sets[1] : &sets[0];
	unit_id new_anchor;
	int r = load_anew(set, &new_anchor);

	if (r < 0) {
		pages_give_back(set, sizeof(*set));
		return r;
	}
	units = set;
	anchor = new_anchor;
	world.set = unit_world.set = set;
	job_moved(set, old->count, new_ids);
	fd_store_moved(new_ids);
	for (size_t i = 0; i < ARRAY_SIZE(unit_types); i++)
		if (unit_ops_of(unit_types[i])->moved)
			unit_ops_of(unit_types[i])->moved(old, new_ids);
	if (observer->reloaded)
		observer->reloaded(new_ids);
	pages_give_back(old, sizeof(*old));
	log_info("%u units were read again", units->count);
	settle();
	return 0;
}

/* Little is left of one of the things that a unit takes. */
static bool is_crowded(const struct unit_set *set)
{
	return set->count > UNIT_MAX / 4 * 3 || set->edge_count > UNIT_EDGE_MAX / 4 * 3 ||
	       set->text.used > set->text.size / 4 * 3;
}

void manager_collect(void)
{
	unsigned over = 0;

	if (!is_crowded(units))
		return;
	for (unit_id id = 0; id < units->count; id++)
		over += units->units[id].for_connection && is_over(id);
	/* It is much work for few. */
	if (over >= COLLECT_MIN)
		(void)manager_reload();
}

/* ---- events ---- */

static void dispatch_inotify(void)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n = read(world.inotify_fd, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		at += (ssize_t)(sizeof(*event) + event->len);
		if (event->mask & IN_Q_OVERFLOW)
			service_look_everywhere();
		else if (!(event->mask & IN_IGNORED)) {
			service_on_inotify(event->wd);
			socket_on_cgroup_event(event->wd);
		}
	}
}

static void dispatch_unit(uint32_t detail)
{
	uint32_t type = detail >> 24;

	if (type < ARRAY_SIZE(unit_types) && unit_ops_of((enum unit_type)type)->dispatch)
		unit_ops_of((enum unit_type)type)->dispatch(detail & UNIT_EPOLL_DETAIL_MAX);
}

void manager_dispatch(uint64_t data)
{
	enum manager_source source = (enum manager_source)(data >> 32);
	uint32_t detail = (uint32_t)data;

	switch (source) {
	case MANAGER_SOURCE_EXEC_STATUS:
		service_on_exec_status((unit_id)(detail / ROLE_COUNT), detail % ROLE_COUNT);
		break;
	case MANAGER_SOURCE_NOTIFY:
		(void)notify_socket_dispatch(units, job_run);
		break;
	case MANAGER_SOURCE_CGROUP:
		dispatch_inotify();
		break;
	case MANAGER_SOURCE_LOG_LINK:
		if (service_log_announce() == 0)
			socket_log_announce();
		break;
	case MANAGER_SOURCE_UNIT:
		dispatch_unit(detail);
		break;
	case MANAGER_SOURCE_FD_STORE:
		fd_store_on_event(detail);
		break;
	case MANAGER_SOURCE_ALIEN:
		service_on_alien_exit((unit_id)detail);
		break;
	case MANAGER_SOURCE_END:
		break;
	}
	settle();
}

bool manager_on_exit(const siginfo_t *info)
{
	bool ours = service_on_exit(info) || socket_on_exit(info) || timer_on_exit(info);

	if (ours)
		settle();
	return ours;
}

uint64_t manager_next_deadline(void)
{
	uint64_t next = service_next_deadline();

	if (job_next_deadline() < next)
		next = job_next_deadline();
	for (size_t i = 0; i < ARRAY_SIZE(unit_types); i++) {
		const struct unit_ops *ops = unit_ops_of(unit_types[i]);

		if (ops->next_deadline && ops->next_deadline() < next)
			next = ops->next_deadline();
	}
	return next;
}

/*
 * hc-33: a sign of life that is waiting to be read counts, however late PID 1 is. Who floods the socket puts that off only
 * for so long: by then all that waited at first has been read.
 */
static bool signs_of_life_are_read(uint64_t now)
{
	static uint64_t unread_since;
	static uint64_t looked;
	bool read = service_next_deadline() > now || notify_socket_dispatch(units, job_run);

	if (read || now - looked > FLOOD_GRACE)
		unread_since = now;
	looked = now;
	return read || now - unread_since > FLOOD_GRACE;
}

void manager_expire(uint64_t now)
{
	unsigned count = service_expire(now, EXPIRE_PER_PASS, signs_of_life_are_read(now));

	count += job_expire(now);
	for (size_t i = 0; i < ARRAY_SIZE(unit_types); i++)
		if (unit_ops_of(unit_types[i])->expire)
			count += unit_ops_of(unit_types[i])->expire(now, EXPIRE_PER_PASS);
	if (count > 0)
		settle();
}

void manager_log_blockers(void)
{
	for (unit_id id = 0; id < units->count; id++)
		if (job_type_of(id) != JOB_NONE)
			log_warning("%s: still %s", units->units[id].name,
				    unit_ops_of((enum unit_type)units->units[id].type)->state_name(id));
}
