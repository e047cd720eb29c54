// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The cgroups of services while they exist: opened with the first process, watched by inotify for
 * becoming empty and for processes that were killed for lack of memory, removed with the last one. A
 * watch is found by its number through a small hash table.
 */
#include <errno.h>
#include <sys/inotify.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/service_table.h"

#define WATCH_BUCKETS 256U
#define WATCH_NONE UINT32_MAX

static uint32_t buckets[WATCH_BUCKETS];

void watch_table_init(void)
{
	for (size_t i = 0; i < WATCH_BUCKETS; i++)
		buckets[i] = WATCH_NONE;
}

static struct service_watch *watch_at(uint32_t index)
{
	return &service_slot((unit_id)(index / WATCH_COUNT))->watch[index % WATCH_COUNT];
}

static uint32_t *bucket_of(int number)
{
	return &buckets[(uint32_t)number % WATCH_BUCKETS];
}

static void watch_add(unit_id id, enum service_watch_kind kind, const char *path)
{
	uint32_t index = (uint32_t)id * WATCH_COUNT + kind;
	struct service_watch *watch = watch_at(index);

	watch->number = inotify_add_watch(service_world.inotify_fd, path, IN_MODIFY);
	if (watch->number < 0) {
		/* Without the memory controller there is nothing to watch. */
		if (kind == WATCH_EVENTS)
			log_warning("%s: cannot watch %s: %s", service_unit(id)->name, path,
				    error_name(errno));
		watch->number = -1;
		return;
	}
	watch->next = *bucket_of(watch->number);
	*bucket_of(watch->number) = index;
}

static void watch_remove(unit_id id, enum service_watch_kind kind)
{
	uint32_t index = (uint32_t)id * WATCH_COUNT + kind;
	struct service_watch *watch = watch_at(index);
	uint32_t *link;

	if (watch->number < 0)
		return;
	(void)inotify_rm_watch(service_world.inotify_fd, watch->number);
	for (link = bucket_of(watch->number); *link != WATCH_NONE; link = &watch_at(*link)->next)
		if (*link == index) {
			*link = watch->next;
			break;
		}
	watch->number = -1;
}

void service_open_cgroup(unit_id id)
{
	struct service *service = service_slot(id);
	char path[512];
	struct buf b = BUF(path);
	int r;

	if (service->cgroup_fd >= 0)
		return;
	r = cgroup_create(service_unit(id), &service->cgroup_fd);
	if (r < 0) {
		log_warning("%s: cannot make its cgroup: %s; it runs in that of PID 1",
			    service_unit(id)->name, error_name(r));
		return;
	}
	if (service->cgroup_fd < 0)
		return;
	cgroup_watch_path(service_unit(id), &b);
	watch_add(id, WATCH_EVENTS, path);
	b.len = (size_t)(strrchr(path, '/') - path);
	path[b.len] = '\0';
	buf_add(&b, "/memory.events");
	watch_add(id, WATCH_MEMORY, path);
	service->oom_kills = (uint32_t)cgroup_oom_kills(service->cgroup_fd);
}

void service_release_cgroup(unit_id id)
{
	struct service *service = service_slot(id);

	watch_remove(id, WATCH_EVENTS);
	watch_remove(id, WATCH_MEMORY);
	service->cgroup_fd = fd_close(service->cgroup_fd);
	/* Processes that KillMode= protects are in there: watch on until they are gone. */
	if (cgroup_remove(service_unit(id)) < 0)
		service_open_cgroup(id);
}

bool service_oom_happened(unit_id id)
{
	struct service *service = service_slot(id);
	uint32_t kills = (uint32_t)cgroup_oom_kills(service->cgroup_fd);
	bool happened = kills > service->oom_kills;

	service->oom_kills = kills;
	if (happened)
		log_warning("%s: the kernel killed a process of it for lack of memory",
			    service_unit(id)->name);
	return happened;
}

/* Something happened somewhere where a PIDFile= is awaited: whose it is, all who wait find out. */
static void look_for_pid_files(void)
{
	for (unit_id id = 0; id < service_world.set->count; id++) {
		if (!service_slot(id)->run.awaits_pid_file)
			continue;
		/* First the watch, which may have to move down a directory that is new, then the look. */
		process_await_pid_file(id);
		if (process_find_main(id) == 0)
			service_feed(id, (struct service_event){ .type = EVENT_MAIN_FOUND });
	}
}

static void look_at(unit_id id, enum service_watch_kind kind)
{
	if (service_slot(id)->cgroup_fd < 0)
		return;
	if (kind == WATCH_MEMORY) {
		if (service_oom_happened(id))
			service_feed(id, (struct service_event){ .type = EVENT_OOM });
	} else if (!cgroup_populated(service_slot(id)->cgroup_fd)) {
		service_feed(id, (struct service_event){ .type = EVENT_CGROUP_EMPTY });
	}
}

void service_look_everywhere(void)
{
	for (unit_id id = 0; id < service_world.set->count; id++) {
		look_at(id, WATCH_MEMORY);
		look_at(id, WATCH_EVENTS);
	}
	look_for_pid_files();
}

void service_on_inotify(int number)
{
	uint32_t index = *bucket_of(number);

	while (index != WATCH_NONE && watch_at(index)->number != number)
		index = watch_at(index)->next;
	if (index == WATCH_NONE)
		look_for_pid_files();
	else
		look_at((unit_id)(index / WATCH_COUNT), index % WATCH_COUNT);
}

void watch_table_moved(void)
{
	watch_table_init();
	for (uint32_t index = 0; index < (uint32_t)service_world.set->count * WATCH_COUNT; index++) {
		struct service_watch *watch = watch_at(index);

		if (watch->number < 0)
			continue;
		watch->next = *bucket_of(watch->number);
		*bucket_of(watch->number) = index;
	}
}
