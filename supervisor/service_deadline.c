// SPDX-License-Identifier: MIT OR Apache-2.0
/* The deadlines of all services: a binary heap of units, from index 1 on, the smallest first. */
#include "lib/klog.h"
#include "supervisor/service_table.h"

static unit_id heap[UNIT_MAX + 1] _table_;
static uint32_t heap_size;

void deadline_init(void)
{
	heap_size = 0;
}

static uint64_t deadline_of_unit(unit_id id)
{
	const struct service_run *run = &service_slot(id)->run;

	return run->watchdog_due < run->deadline ? run->watchdog_due : run->deadline;
}

static uint64_t deadline_of(uint32_t position)
{
	return deadline_of_unit(heap[position]);
}

static void heap_place(uint32_t position, unit_id id)
{
	heap[position] = id;
	service_slot(id)->heap_index = position;
}

static void heap_sift(uint32_t position)
{
	unit_id id = heap[position];
	uint64_t deadline = deadline_of_unit(id);

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

void deadline_update(unit_id id)
{
	uint32_t position = service_slot(id)->heap_index;

	if (deadline_of_unit(id) == CLOCK_TIME_MAX) {
		unit_id last;

		if (position == 0)
			return;
		service_slot(id)->heap_index = 0;
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

static void log_timeout(unit_id id)
{
	enum service_state state = (enum service_state)service_slot(id)->run.state;

	if (state == SERVICE_AUTO_RESTART)
		return;
	if (state == SERVICE_RUNNING)
		log_warning("%s: has run for as long as RuntimeMaxSec= lets it", service_unit(id)->name);
	else
		log_warning("%s: timed out in %s", service_unit(id)->name, service_state_name(state));
}

/*
 * hc-6: the notice that a process ended may have been lost. Before anything is done about a timeout
 * the kernel is asked; the exit is handled then as if it had been noticed.
 */
static bool exit_was_missed(unit_id id)
{
	bool missed = false;

	for (enum service_role role = ROLE_MAIN; role < ROLE_COUNT; role++) {
		const struct service_process *process = &service_slot(id)->process[role];
		siginfo_t info = { 0 };

		if (process->pid == 0 ||
		    waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == 0)
			continue;
		log_warning("%s: the end of process %d was not noticed before",
			    service_unit(id)->name, info.si_pid);
		missed = service_on_exit(&info) || missed;
		(void)waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
	}
	return missed;
}

unsigned service_expire(uint64_t now, unsigned limit, bool watchdogs)
{
	unsigned count = 0;

	while (count < limit && heap_size > 0 && deadline_of(1) <= now) {
		unit_id id = heap[1];
		struct service_run *run = &service_slot(id)->run;
		bool watchdog = run->watchdog_due < run->deadline;

		if (watchdog && !watchdogs) {
			/* A moment later, when what is waiting has been read. */
			run->watchdog_due = clock_add(now, NS_PER_MS);
			deadline_update(id);
			continue;
		}
		count++;
		if (exit_was_missed(id))
			continue;
		if (watchdog)
			log_error("%s: watchdog: it gave no sign of life in time",
				  service_unit(id)->name);
		else
			log_timeout(id);
		service_feed(id, (struct service_event){ .type = watchdog ? EVENT_WATCHDOG
									  : EVENT_TIMEOUT });
	}
	return count;
}
