// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The supervisor's front: see manager.h. Reads the notify socket, maps senders to units by their
 * cgroup, hands everything to service.c and job.c, and lets runnable jobs run after each event.
 */
#include "supervisor/manager.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/graph.h"
#include "supervisor/notify_parse.h"
#include "supervisor/service.h"
#include "supervisor/unit_load.h"

/* Work for one source in one pass of the loop: enough to drain bursts, little enough not to starve others. */
#define NOTIFY_PER_PASS 64
#define EXPIRE_PER_PASS 64
/* A sender that passes more descriptors than this is wrong; they are all closed (SCM_MAX_FD is 253). */
#define NOTIFY_FDS_MAX 253

static struct unit_set units;
static unit_id anchor = UNIT_NONE;
static int notify_fd = -1;
static char notify_path[108];
static struct service_world world = { .set = &units, .epoll_fd = -1, .inotify_fd = -1 };
static struct unit_world unit_world = { .set = &units, .epoll_fd = -1 };
static const struct manager_observer *observer;

static void on_job_finished(unit_id id, enum job_type type, enum job_result result, uint64_t began)
{
	uint64_t now = clock_now();

	if (type == JOB_START)
		observer->started(&units.units[id], result, began, now);
	else
		observer->stopped(&units.units[id], began, now);
}

static const struct job_observer job_observer = { .finished = on_job_finished };
static const struct service_observer service_observer = { .changed = job_unit_changed };

static int watch(int fd, enum manager_source source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)source << 32 };

	return epoll_ctl(world.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_notify(const char *runtime_directory)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf b = BUF(notify_path);
	static const int on = 1;
	_cleanup_fd_ int fd = -1;

	buf_printf(&b, "%s/notify", runtime_directory);
	if (b.overflow)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, notify_path, b.len + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(notify_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* Anybody may send; who counts is decided by cgroup and NotifyAccess=. */
	if (chmod(notify_path, 0777) < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	notify_fd = TAKE_FD(fd);
	return 0;
}

int manager_init(int epoll_fd, const char *runtime_directory, const struct manager_observer *o)
{
	struct rlimit more;
	int r;

	observer = o;
	world.observer = &service_observer;
	world.epoll_fd = unit_world.epoll_fd = epoll_fd;
	world.notify_path = notify_path;
	world.inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (world.inotify_fd < 0)
		return -errno;
	/* Each service takes some five descriptors here; services get back what PID 1 was given. */
	if (getrlimit(RLIMIT_NOFILE, &world.nofile) < 0)
		return -errno;
	more = world.nofile;
	more.rlim_cur = more.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &more);

	r = open_notify(runtime_directory);
	if (r == 0)
		r = log_link_open();
	if (r == 0)
		r = watch(notify_fd, MANAGER_SOURCE_NOTIFY, EPOLLIN);
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

int manager_load(const char *name, const char *const *search_path)
{
	struct unit_loader loader = {
		.search_path = search_path ? search_path : unit_search_path,
		.problem = log_problem,
	};
	int r = unit_load(&loader, &units, name, &anchor);

	if (r < 0)
		return r;
	for (enum unit_type type = UNIT_SERVICE; type <= UNIT_TIMER; type++)
		if (unit_ops_of(type)->init)
			unit_ops_of(type)->init(&unit_world);
	service_table_init(&world);
	job_table_init(&units, &job_observer);
	return units.units[anchor].load == UNIT_NOT_FOUND ? -ENOENT : 0;
}

/* Lets jobs run, and tells when the last one is over; all may be over before this returns. */
static void settle(void)
{
	static bool busy;

	busy = busy || job_pending() > 0;
	job_run();
	if (busy && job_pending() == 0) {
		busy = false;
		observer->idle();
	}
}

const struct unit_set *manager_units(void)
{
	return &units;
}

int manager_job(unit_id id, enum job_type type)
{
	int r = 0;

	switch (type) {
	case JOB_NONE:
		break;
	case JOB_START:
		r = job_start(id);
		break;
	case JOB_STOP:
		job_stop(id);
		break;
	}
	settle();
	return r;
}

int manager_start(void)
{
	return manager_job(anchor, JOB_START);
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

/* Descriptors that came along: BARRIER=1 is answered by closing them, and nothing else is wanted yet. */
static void close_received(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			fd_close(fd);
		}
	}
}

static pid_t sender_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct ucred credentials;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
		return credentials.pid;
	}
	return 0;
}

/* Which unit a process belongs to: by its cgroup, or without cgroups by being its main process. */
static unit_id unit_of_process(pid_t pid)
{
	char name[UNIT_NAME_SIZE];

	if (cgroup_available())
		return cgroup_of_process(pid, name) < 0 ? UNIT_NONE : unit_find(&units, name);
	for (unit_id id = 0; id < units.count; id++)
		if (service_get(id)->process[ROLE_MAIN].pid == pid)
			return id;
	return UNIT_NONE;
}

static void handle_notify(struct str datagram, pid_t sender)
{
	struct notify_message parsed;
	unit_id id;

	if (sender <= 1)
		return;
	id = unit_of_process(sender);
	if (id == UNIT_NONE) {
		log_debug("a notification of process %d, which belongs to no unit, was ignored", sender);
		return;
	}
	if (notify_parse(datagram, &parsed) < 0) {
		log_warning("%s: process %d sent a malformed notification", units.units[id].name,
			    sender);
		return;
	}
	service_on_notify(id, sender, &parsed);
}

static void dispatch_notify(void)
{
	for (unsigned i = 0; i < NOTIFY_PER_PASS; i++) {
		char text[NOTIFY_SIZE_MAX + 1];
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * NOTIFY_FDS_MAX)];
		} control;
		struct iovec part = { .iov_base = text, .iov_len = NOTIFY_SIZE_MAX };
		struct msghdr message = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(notify_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0)
			return;
		if (message.msg_flags & MSG_TRUNC)
			log_warning("a notification longer than %d bytes was ignored", NOTIFY_SIZE_MAX);
		else
			handle_notify((struct str){ text, (size_t)n }, sender_of(&message));
		close_received(&message);
		job_run();
	}
}

static void dispatch_cgroups(void)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n = read(world.inotify_fd, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		at += (ssize_t)(sizeof(*event) + event->len);
		if (event->mask & IN_MODIFY)
			service_on_cgroup_event(event->wd);
	}
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
		dispatch_notify();
		break;
	case MANAGER_SOURCE_CGROUP:
		dispatch_cgroups();
		break;
	case MANAGER_SOURCE_LOG_LINK:
		(void)service_log_announce();
		break;
	case MANAGER_SOURCE_UNIT:
		if (detail >> 24 <= UNIT_TIMER && unit_ops_of((enum unit_type)(detail >> 24))->dispatch)
			unit_ops_of((enum unit_type)(detail >> 24))->dispatch(detail & UNIT_EPOLL_DETAIL_MAX);
		break;
	case MANAGER_SOURCE_END:
		break;
	}
	settle();
}

bool manager_on_exit(const siginfo_t *info)
{
	bool ours = service_on_exit(info);

	if (ours)
		settle();
	return ours;
}

uint64_t manager_next_deadline(void)
{
	uint64_t next = service_next_deadline();

	for (enum unit_type type = UNIT_SERVICE; type <= UNIT_TIMER; type++) {
		const struct unit_ops *ops = unit_ops_of(type);

		if (ops->next_deadline && ops->next_deadline() < next)
			next = ops->next_deadline();
	}
	return next;
}

void manager_expire(uint64_t now)
{
	unsigned count = service_expire(now, EXPIRE_PER_PASS);

	for (enum unit_type type = UNIT_SERVICE; type <= UNIT_TIMER; type++)
		if (unit_ops_of(type)->expire)
			count += unit_ops_of(type)->expire(now, EXPIRE_PER_PASS);
	if (count > 0)
		settle();
}

void manager_log_blockers(void)
{
	for (unit_id id = 0; id < units.count; id++)
		if (job_type_of(id) == JOB_STOP)
			log_warning("%s: still %s", units.units[id].name,
				    unit_ops_of((enum unit_type)units.units[id].type)->state_name(id));
}

/* When a service was up for the first time, or done; 0 for what is no service or never was. */
static uint64_t up_since(unit_id id)
{
	return units.units[id].type == UNIT_SERVICE ? service_get(id)->up_since : 0;
}

static unit_id last_before(unit_id id)
{
	size_t count;
	const struct unit_edge *edges = graph_edges(&units, id, &count);
	unit_id last = UNIT_NONE;

	for (size_t i = 0; i < count; i++) {
		unit_id other = edges[i].to;

		if (edges[i].kind == UNIT_AFTER && up_since(other) > 0 &&
		    (last == UNIT_NONE || up_since(other) > up_since(last)))
			last = other;
	}
	return last;
}

size_t manager_critical_chain(struct manager_link ret_chain[static MANAGER_CHAIN_MAX])
{
	unit_id last = UNIT_NONE;
	size_t count = 0;

	for (unit_id id = 0; id < units.count; id++)
		if (up_since(id) > 0 && (last == UNIT_NONE || up_since(id) > up_since(last)))
			last = id;
	while (last != UNIT_NONE && count < MANAGER_CHAIN_MAX) {
		unit_id before = last_before(last);
		uint64_t began = service_get(last)->start_began;

		memmove(ret_chain + 1, ret_chain, count * sizeof(*ret_chain));
		ret_chain[0] = (struct manager_link){
			.unit = &units.units[last],
			.began = before != UNIT_NONE && up_since(before) > began ? up_since(before)
										 : began,
			.ended = up_since(last),
		};
		count++;
		last = before;
	}
	return count;
}
