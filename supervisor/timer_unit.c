// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Timer units as they run: see timer_unit.h. A timer has its slot from the loading of the units on, as what
 * it triggers may come up before it does, and counts.
 */
#include "supervisor/timer_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/pages.h"
#include "lib/klog.h"
#include "supervisor/job.h"
#include "supervisor/siphash.h"
#include "supervisor/timer_stamp.h"

/* The detail of the one epoll event that timers have. */
#define DETAIL_CLOCK_SET 0

struct slot {
	unit_id id; /* UNIT_NONE: free */
	struct timer_run run;
	struct worker worker; /* for the stamp */
};

static struct slot slots[TIMER_UNIT_MAX] _table_;
static uint16_t slot_of[UNIT_MAX] _table_; /* the slot + 1, or 0 */
static unsigned slot_count;
static const struct unit_world *world; /* what it points to may change at a reload */
static int clock_fd = -1;	       /* tells when the wall clock is set */
static uint64_t started;	       /* CLOCK_BOOTTIME ns: when PID 1 began to be what it is */
static uint64_t booted;		/* the same for the machine: 0, or in a container as @started */
static uint8_t machine_key[16]; /* the machine's id, or zeros */

static void feed(struct slot *slot, const struct timer_event *event);

static const struct unit *unit_of(const struct slot *slot)
{
	return &world->set->units[slot->id];
}

static struct slot *slot_get(unit_id id)
{
	return slot_of[id] ? &slots[slot_of[id] - 1] : NULL;
}

static enum unit_active active_of(const struct slot *slot)
{
	return timer_active((enum timer_state)slot->run.state);
}

static struct slot *slot_make(unit_id id)
{
	unsigned i = 0;

	if (slot_of[id])
		return slot_get(id);
	while (i < slot_count && slots[i].id != UNIT_NONE)
		i++;
	if (i == TIMER_UNIT_MAX)
		return NULL;
	if (i == slot_count)
		slot_count++;
	slots[i] = (struct slot){
		.id = id,
		.run = { .next_boot = CLOCK_TIME_MAX, .next_real = CLOCK_TIME_MAX, .deadline = CLOCK_TIME_MAX },
		.worker = WORKER_NONE,
	};
	slot_of[id] = (uint16_t)(i + 1);
	return &slots[i];
}

/* ---- clocks ---- */

/* A timer that never elapses and is canceled whenever the wall clock jumps (timerfd_create(2)). */
static void arm_clock(void)
{
	const struct itimerspec never = { .it_value.tv_sec = INT64_MAX / 1000000000 };

	if (timerfd_settime(clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
		log_error("calendar timers will not notice that the clock is set: %s",
			  error_name(errno));
}

static void open_clock(void)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = unit_epoll_data(UNIT_TIMER, DETAIL_CLOCK_SET),
	};

	clock_fd = fd_close(clock_fd);
	clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock_fd < 0 || epoll_ctl(world->epoll_fd, EPOLL_CTL_ADD, clock_fd, &event) < 0) {
		log_error("calendar timers will not notice that the clock is set: %s",
			  error_name(errno));
		return;
	}
	arm_clock();
}

static uint64_t wall_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	/* Before 1970 is no time that anything could be planned for. */
	return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct timer_now now_for(const struct slot *slot)
{
	const char *name = unit_of(slot)->name;
	struct timer_now now = {
		.boot = clock_now(),
		.real = wall_clock(),
		.booted = booted,
		.started = started,
		.fixed = siphash24(name, strlen(name), machine_key),
		.machine = siphash24("", 0, machine_key),
	};

	/* Never waits for entropy: it is for spreading load, not for secrets. */
	(void)!getrandom(&now.random, sizeof(now.random), GRND_NONBLOCK | GRND_INSECURE);
	return now;
}

static void read_machine_id(void)
{
	char text[64];
	ssize_t n = file_read(AT_FDCWD, "/etc/machine-id", text, sizeof(text));

	memset(machine_key, 0, sizeof(machine_key));
	if (n >= 32)
		(void)hex_decode((struct str){ text, 32 }, machine_key, sizeof(machine_key));
}

/* ---- the machine's actions ---- */

static void read_stamp(struct slot *slot)
{
	static const struct timer_event none = { .type = TIMER_EVENT_STAMP };
	int r;

	worker_abandon(&slot->worker);
	r = timer_stamp_read(unit_of(slot)->name, &slot->worker);
	if (r == 0)
		return;
	log_warning("%s: cannot learn when it last triggered: %s", unit_of(slot)->name, error_name(r));
	feed(slot, &none);
}

static void write_stamp(struct slot *slot)
{
	int r;

	worker_abandon(&slot->worker);
	r = timer_stamp_write(unit_of(slot)->name, slot->run.last_real, &slot->worker);
	if (r < 0)
		log_warning("%s: cannot note that it triggered: %s", unit_of(slot)->name,
			    error_name(r));
}

static void trigger(struct slot *slot)
{
	static const struct timer_event failed = { .type = TIMER_EVENT_TRIGGER_FAILED };
	int r = unit_trigger(slot->id);

	/* While the machine goes down nothing is triggered any more; the stop of this unit is on its way. */
	if (r == 0 || r == -ESHUTDOWN)
		return;
	log_error("%s: what it triggers cannot be started: %s", unit_of(slot)->name, error_name(r));
	feed(slot, &failed);
}

static void carry_out(struct slot *slot, enum timer_action_type action)
{
	switch (action) {
	case TIMER_DO_READ_STAMP:
		read_stamp(slot);
		return;
	case TIMER_DO_FORGET_STAMP:
		if (slot->worker.pid > 0)
			log_warning("%s: its stamp in %s cannot be read in time",
				    unit_of(slot)->name, TIMER_STAMP_DIRECTORY);
		worker_abandon(&slot->worker);
		return;
	case TIMER_DO_WRITE_STAMP:
		write_stamp(slot);
		return;
	case TIMER_DO_TRIGGER:
		trigger(slot);
		return;
	}
}

static void feed(struct slot *slot, const struct timer_event *event)
{
	const struct timer_now now = now_for(slot);
	enum timer_state state = (enum timer_state)slot->run.state;
	enum unit_active before = active_of(slot);
	struct timer_actions actions;

	timer_step(unit_of(slot), &slot->run, event, &now, &actions);
	if (slot->run.state != state) {
		log_debug("%s: %s -> %s", unit_of(slot)->name, timer_state_name(state),
			  timer_state_name((enum timer_state)slot->run.state));
		if (slot->run.state == TIMER_STATE_FAILED)
			log_error("%s: failed: %s", unit_of(slot)->name,
				  timer_result_name((enum timer_result)slot->run.result));
		unit_changed(slot->id, before, active_of(slot));
	}
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(slot, actions.list[i]);
}

static bool stop_pending(const struct slot *slot)
{
	return job_type_of(slot->id) == JOB_STOP;
}

bool timer_on_exit(const siginfo_t *info)
{
	for (unsigned i = 0; i < slot_count; i++) {
		struct slot *slot = &slots[i];
		struct timer_event event = { .type = TIMER_EVENT_STAMP };

		if (slot->id == UNIT_NONE || slot->worker.pid != info->si_pid)
			continue;
		event.stamp = timer_stamp_result(&slot->worker);
		if (slot->run.stamp_pending) {
			if (event.stamp > wall_clock())
				log_warning("%s: its stamp is of the future and is not used (was the clock wrong?)",
					    unit_of(slot)->name);
			feed(slot, &event);
		} else if (info->si_code != CLD_EXITED || info->si_status != 0) {
			log_warning("%s: cannot write its stamp to %s", unit_of(slot)->name,
				    TIMER_STAMP_DIRECTORY);
		}
		return true;
	}
	return false;
}

/* ---- the operations of the type ---- */

static void make_slots(void)
{
	for (unit_id id = 0; id < world->set->count; id++)
		if (world->set->units[id].type == UNIT_TIMER && !slot_make(id))
			log_error("%s: more than %d timer units", world->set->units[id].name,
				  TIMER_UNIT_MAX);
}

static void ops_init(const struct unit_world *w)
{
	world = w;
	slot_count = 0;
	pages_zero(slot_of, world->set->count * sizeof(slot_of[0]));
	started = clock_now();
	booted = world->container ? started : 0;
	read_machine_id();
	make_slots();
	if (slot_count > 0)
		open_clock();
}

static enum unit_active ops_active(unit_id id)
{
	const struct slot *slot = slot_get(id);

	return slot ? active_of(slot) : ACTIVE_INACTIVE;
}

static const char *ops_state_name(unit_id id)
{
	const struct slot *slot = slot_get(id);

	return timer_state_name(slot ? (enum timer_state)slot->run.state : TIMER_STATE_DEAD);
}

/* Why the timer cannot do what its file says, or NULL. */
static const char *why_not(unit_id id)
{
	const struct timer_settings *t = world->set->units[id].timer;
	unit_id triggered = unit_triggered(id);
	unsigned count = 0;

	for (const struct timer_value *v = t->values; v; v = v->next)
		count++;
	if (triggered == UNIT_NONE || world->set->units[triggered].load != UNIT_LOADED)
		return "there is no unit that it could start (Unit=)";
	return count > TIMER_VALUE_MAX ? "it has more than 64 lines of On…=" : NULL;
}

static int ops_start(unit_id id)
{
	static const struct timer_event start = { .type = TIMER_EVENT_START };
	struct slot *slot = slot_make(id);
	const char *why = why_not(id);

	if (!slot || why) {
		log_error("%s: cannot start: %s", world->set->units[id].name,
			  why ? why : "too many timers");
		return -EINVAL;
	}
	if (clock_fd < 0)
		open_clock();
	feed(slot, &start);
	return unit_active_is_down(active_of(slot)) ? -ECANCELED : 0;
}

static void feed_type(unit_id id, enum timer_event_type type)
{
	const struct timer_event event = { .type = type };

	if (slot_get(id))
		feed(slot_get(id), &event);
}

static void ops_stop(unit_id id)
{
	feed_type(id, TIMER_EVENT_STOP);
}

static void ops_reset_failed(unit_id id)
{
	feed_type(id, TIMER_EVENT_RESET_FAILED);
}

static void ops_triggered_changed(unit_id id, unit_id triggered _unused_, enum unit_active before,
				  enum unit_active after)
{
	const struct timer_event event = {
		.type = TIMER_EVENT_TRIGGERED,
		.before = before,
		.after = after,
	};

	if (slot_get(id))
		feed(slot_get(id), &event);
}

static uint64_t ops_next_deadline(void)
{
	uint64_t next = CLOCK_TIME_MAX;

	for (unsigned i = 0; i < slot_count; i++)
		if (slots[i].id != UNIT_NONE && slots[i].run.deadline < next)
			next = slots[i].run.deadline;
	return next;
}

static unsigned ops_expire(uint64_t now, unsigned limit)
{
	unsigned count = 0;

	for (unsigned i = 0; i < slot_count && count < limit; i++) {
		struct timer_event event = { .type = TIMER_EVENT_TIMEOUT };

		if (slots[i].id == UNIT_NONE || slots[i].run.deadline > now)
			continue;
		event.stopping = stop_pending(&slots[i]);
		feed(&slots[i], &event);
		count++;
	}
	return count;
}

static void ops_clock_changed(void)
{
	for (unsigned i = 0; i < slot_count; i++) {
		struct timer_event event = { .type = TIMER_EVENT_CLOCK_SET };

		if (slots[i].id == UNIT_NONE)
			continue;
		event.stopping = stop_pending(&slots[i]);
		feed(&slots[i], &event);
	}
}

static void ops_dispatch(uint32_t detail)
{
	uint64_t expirations;

	if (detail != DETAIL_CLOCK_SET ||
	    (read(clock_fd, &expirations, sizeof(expirations)) < 0 && errno != ECANCELED))
		return;
	log_info("the wall clock was set");
	arm_clock();
	ops_clock_changed();
}

static void ops_grown(unit_id first)
{
	for (unit_id id = first; id < world->set->count; id++)
		slot_of[id] = 0;
	make_slots();
}

static void ops_moved(const struct unit_set *old _unused_, const unit_id *new_ids)
{
	memset(slot_of, 0, sizeof(slot_of));
	for (unsigned i = 0; i < slot_count; i++) {
		struct slot *slot = &slots[i];

		if (slot->id != UNIT_NONE)
			slot->id = new_ids[slot->id];
		if (slot->id == UNIT_NONE) {
			worker_abandon(&slot->worker);
			continue;
		}
		/* Its lines may be others now. */
		slot->run.disabled = 0;
		slot_of[slot->id] = (uint16_t)(i + 1);
	}
	make_slots();
}

const struct unit_ops timer_ops = {
	.init = ops_init,
	.active = ops_active,
	.state_name = ops_state_name,
	.start = ops_start,
	.stop = ops_stop,
	.reset_failed = ops_reset_failed,
	.triggered_changed = ops_triggered_changed,
	.next_deadline = ops_next_deadline,
	.expire = ops_expire,
	.clock_changed = ops_clock_changed,
	.dispatch = ops_dispatch,
	.grown = ops_grown,
	.moved = ops_moved,
};
