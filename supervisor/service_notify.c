// SPDX-License-Identifier: MIT OR Apache-2.0
/* What services say by sd_notify(3), and who of them may: see service.h. */
#include <errno.h>

#include "lib/klog.h"
#include "supervisor/fd_store.h"
#include "supervisor/notify_parse.h"
#include "supervisor/process.h"
#include "supervisor/service_table.h"

/* Apart from the slots: most services never say anything, and pages that are not touched cost nothing. */
static char status[UNIT_MAX][NOTIFY_STATUS_SIZE] _table_;

const char *service_status_text(unit_id id)
{
	return status[id];
}

void service_status_clear(unit_id id)
{
	if (status[id][0] != '\0')
		status[id][0] = '\0';
}

void service_status_moved(const unit_id *new_ids, unit_id count)
{
	static char before[UNIT_MAX][NOTIFY_STATUS_SIZE] _scratch_;

	for (unit_id id = 0; id < count; id++) {
		if (status[id][0] == '\0')
			continue;
		memcpy(before[id], status[id], sizeof(status[id]));
		status[id][0] = '\0';
	}
	for (unit_id id = 0; id < count; id++) {
		if (before[id][0] == '\0')
			continue;
		if (new_ids[id] != UNIT_NONE)
			memcpy(status[new_ids[id]], before[id], sizeof(before[id]));
		before[id][0] = '\0';
	}
}

enum notify_access service_notify_access(const struct unit *unit)
{
	const struct service_settings *s = unit->service;

	/* What cannot work without is given it (systemd.service(5), NotifyAccess=). */
	if ((s->notify_access == NOTIFY_NONE || s->notify_access == NOTIFY_DEFAULT) &&
	    (s->type == SERVICE_NOTIFY || s->type == SERVICE_NOTIFY_RELOAD ||
	     s->watchdog != CLOCK_TIME_MAX || s->file_descriptor_store_max > 0))
		return NOTIFY_MAIN;
	return s->notify_access == NOTIFY_DEFAULT ? NOTIFY_NONE : s->notify_access;
}

static bool may_notify(unit_id id, pid_t sender)
{
	const struct service *service = service_slot(id);

	switch (service_notify_access(service_unit(id))) {
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

static void tell(unit_id id, enum service_event_type type, uint64_t value)
{
	service_feed(id, (struct service_event){ .type = type, .value = value });
}

static void change_main(unit_id id, pid_t sender, uint64_t pid)
{
	enum service_state state = (enum service_state)service_slot(id)->run.state;
	int r;

	/* Only a service that is on its way up, up, or asked to go has a main process to change. */
	if (state < SERVICE_START || state > SERVICE_STOP_SIGTERM || state == SERVICE_EXITED)
		return;
	if (pid <= INT32_MAX && (pid_t)pid == service_slot(id)->process[ROLE_MAIN].pid)
		return;
	r = pid <= INT32_MAX ? process_adopt(id, (pid_t)pid) : -EINVAL;
	if (r < 0) {
		log_warning("%s: process %d names %llu as main process: %s", service_unit(id)->name,
			    sender, (unsigned long long)pid,
			    r == -EPERM ? "not one of the service's" : error_name(r));
		return;
	}
	tell(id, EVENT_MAIN_FOUND, 0);
}

static void store_fds(unit_id id, const struct notify_message *message, int *fds, size_t fd_count)
{
	const char *name = *message->fd_name ? message->fd_name : "stored";
	unsigned limit = service_unit(id)->service->file_descriptor_store_max;

	if (message->fd_store_remove) {
		if (*message->fd_name)
			fd_store_remove(id, message->fd_name);
		return;
	}
	if (!message->fd_store || limit == 0)
		return;
	for (size_t i = 0; i < fd_count; i++) {
		int r = fd_store_add(id, fds[i], name, limit, !message->fd_no_poll);

		fds[i] = -1;
		if (r < 0)
			log_warning("%s: a descriptor that it stores is dropped: %s",
				    service_unit(id)->name,
				    r == -E2BIG ? "it has FileDescriptorStoreMax= of them"
						: error_name(r));
	}
}

/* READY=, RELOADING= and STOPPING=: the strongest counts (sd_notify(3)). */
static void change_state(unit_id id, const struct notify_message *message)
{
	bool fresh = message->has_monotonic && message->monotonic >= service_slot(id)->reload_began;

	if (message->stopping) {
		tell(id, EVENT_STOPPING, 0);
		return;
	}
	/* Both: it began to reload and has done so. */
	if (message->reloading)
		tell(id, EVENT_RELOADING, fresh);
	if (message->ready)
		tell(id, EVENT_READY, 0);
}

void service_on_notify(unit_id id, pid_t sender, const struct notify_message *message, int *fds,
		       size_t fd_count)
{
	if (!may_notify(id, sender)) {
		log_warning("%s: process %d may not notify (see NotifyAccess=)",
			    service_unit(id)->name, sender);
		return;
	}
	if (message->main_pid > 0)
		change_main(id, sender, message->main_pid);
	if (*message->status)
		memcpy(status[id], message->status, sizeof(status[id]));
	if (message->has_errno)
		service_slot(id)->status_errno = message->errno_value <= INT32_MAX
							 ? (int)message->errno_value
							 : 0;
	if (message->extend_timeout > 0)
		tell(id, EVENT_EXTEND, message->extend_timeout);
	change_state(id, message);
	if (message->has_watchdog_period)
		tell(id, EVENT_WATCHDOG_USEC, message->watchdog_period);
	if (message->watchdog)
		tell(id, EVENT_WATCHDOG_PING, 0);
	if (message->watchdog_trigger) {
		log_error("%s: asks for its watchdog", service_unit(id)->name);
		tell(id, EVENT_WATCHDOG, 0);
	}
	store_fds(id, message, fds, fd_count);
}
