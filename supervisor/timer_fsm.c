// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The state machine of timer units: see timer_fsm.h. What elapses next is always computed anew from what
 * is known (when the timer was started, when it last triggered, what became of the unit that it
 * triggers), after each event that changes one of these; nothing is counted down.
 */
#include "supervisor/timer_fsm.h"

#include "supervisor/calendar_parse.h"

/* What every function here needs. */
struct step {
	const struct unit *unit;
	const struct timer_settings *t;
	struct timer_run *run;
	const struct timer_now *now;
	struct timer_actions *actions;
};

static void act(struct step *step, enum timer_action_type type)
{
	if (step->actions->count < TIMER_ACTION_MAX)
		step->actions->list[step->actions->count++] = type;
}

static void enter(struct step *step, enum timer_state state)
{
	struct timer_run *run = step->run;

	run->state = (uint8_t)state;
	if (state != TIMER_STATE_WAITING)
		run->next_boot = run->next_real = run->deadline = CLOCK_TIME_MAX;
}

static void enter_dead(struct step *step, enum timer_result result)
{
	struct timer_run *run = step->run;

	if (run->result == TIMER_RESULT_SUCCESS)
		run->result = (uint8_t)result;
	if (run->stamp_pending)
		act(step, TIMER_DO_FORGET_STAMP);
	run->stamp_pending = false;
	enter(step, run->result == TIMER_RESULT_SUCCESS ? TIMER_STATE_DEAD : TIMER_STATE_FAILED);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* RandomizedDelaySec=, in the unit of @t's clock: @scale is ns in it. */
static uint64_t add_random(const struct step *step, uint64_t t, uint64_t scale)
{
	uint64_t range = step->t->randomized_delay / scale;
	uint64_t number = step->t->fixed_random_delay ? step->now->fixed : step->now->random;

	return range == 0 || t == CLOCK_TIME_MAX ? t : clock_add(t, number % range);
}

/* The wall clock's @real on CLOCK_BOOTTIME, as things are now; what is past is now. */
static uint64_t to_boot(const struct timer_now *now, uint64_t real)
{
	if (real == CLOCK_TIME_MAX)
		return CLOCK_TIME_MAX;
	return real <= now->real ? now->boot
				 : clock_add(now->boot, clock_multiply(real - now->real, NS_PER_US));
}

static uint64_t to_real(const struct timer_now *now, uint64_t boot)
{
	uint64_t past = boot < now->boot ? (now->boot - boot) / NS_PER_US : 0;

	return past < now->real ? now->real - past : 0;
}

/* When the calendar line elapses (us). What should have elapsed before the boot does so as if at the boot. */
static uint64_t calendar_elapse(const struct step *step, const struct timer_value *value)
{
	const struct timer_run *run = step->run;
	bool triggered = run->last_real > 0 || run->last_boot > 0;
	bool rebase = false;
	uint64_t after;
	uint64_t next;

	if (step->t->defer_reactivation && run->entered_real > 0) {
		after = triggered ? later(run->entered_real, run->last_real) : run->entered_real;
	} else if (triggered) {
		after = run->last_real;
		/* It comes from the stamp file. */
		rebase = run->last_boot < step->now->started;
	} else {
		after = run->since_real;
	}
	if (calendar_next(value->calendar, after, &next) < 0)
		return CLOCK_TIME_MAX;
	return rebase ? later(next, to_real(step->now, step->now->started)) : next;
}

/* What a span counts from; 0 for "what it counts from has not happened". */
static bool span_base(const struct step *step, enum timer_base base, uint64_t *ret_base)
{
	const struct timer_run *run = step->run;

	switch (base) {
	case TIMER_ON_ACTIVE:
		*ret_base = run->since_boot;
		return true;
	case TIMER_ON_BOOT:
		*ret_base = step->now->booted;
		return true;
	case TIMER_ON_STARTUP:
		*ret_base = step->now->started;
		return true;
	case TIMER_ON_UNIT_ACTIVE:
		*ret_base = later(run->left_boot, run->last_boot);
		return *ret_base > 0;
	case TIMER_ON_UNIT_INACTIVE:
		*ret_base = later(run->entered_boot, run->last_boot);
		return *ret_base > 0;
	case TIMER_ON_CALENDAR:
		return false;
	}
	return false;
}

static bool follows_unit(enum timer_base base)
{
	return base == TIMER_ON_UNIT_ACTIVE || base == TIMER_ON_UNIT_INACTIVE;
}

/* When the span elapses (ns), or CLOCK_TIME_MAX. @bit: its place in timer_run.disabled */
static uint64_t span_elapse(struct step *step, const struct timer_value *value, uint64_t bit,
			    bool clock_set)
{
	struct timer_run *run = step->run;
	uint64_t base;
	uint64_t next;

	if (!span_base(step, value->base, &base))
		return CLOCK_TIME_MAX;
	next = clock_add(base, value->span);
	/* It was for once: it has triggered, and its time is over. */
	if ((run->last_real > 0 || run->last_boot > 0) && !clock_set && next <= step->now->boot &&
	    !follows_unit(value->base)) {
		run->disabled |= bit;
		return CLOCK_TIME_MAX;
	}
	return next;
}

static void set_deadline(struct step *step)
{
	struct timer_run *run = step->run;
	uint64_t real = to_boot(step->now, run->next_real);

	run->deadline = sooner(timer_coalesce(run->next_boot, step->t->accuracy, step->now->machine),
			       timer_coalesce(real, step->t->accuracy, step->now->machine));
}

static void enter_waiting(struct step *step, bool clock_set)
{
	struct timer_run *run = step->run;
	bool leave_around = false;
	uint64_t bit = 1;

	run->next_boot = run->next_real = CLOCK_TIME_MAX;
	for (const struct timer_value *v = step->t->values; v && bit; v = v->next, bit <<= 1) {
		if (run->disabled & bit)
			continue;
		leave_around |= follows_unit(v->base);
		if (v->base == TIMER_ON_CALENDAR)
			run->next_real = sooner(run->next_real, calendar_elapse(step, v));
		else
			run->next_boot = sooner(run->next_boot, span_elapse(step, v, bit, clock_set));
	}
	if (run->next_boot == CLOCK_TIME_MAX && run->next_real == CLOCK_TIME_MAX &&
	    !step->t->on_clock_change && !step->t->on_timezone_change) {
		if (step->t->remain_after_elapse || leave_around)
			enter(step, TIMER_STATE_ELAPSED);
		else
			enter_dead(step, TIMER_RESULT_SUCCESS);
		return;
	}
	run->next_boot = add_random(step, run->next_boot, 1);
	run->next_real = add_random(step, run->next_real, NS_PER_US);
	enter(step, TIMER_STATE_WAITING);
	set_deadline(step);
}

static void enter_running(struct step *step)
{
	struct timer_run *run = step->run;

	run->last_boot = step->now->boot;
	run->last_real = step->now->real;
	enter(step, TIMER_STATE_RUNNING);
	if (step->t->persistent)
		act(step, TIMER_DO_WRITE_STAMP);
	act(step, TIMER_DO_TRIGGER);
}

static void on_start(struct step *step)
{
	const struct unit_settings *settings = step->unit->settings;
	struct timer_run *run = step->run;
	uint64_t bit = 1;

	if (run->state != TIMER_STATE_DEAD && run->state != TIMER_STATE_FAILED)
		return;
	run->result = TIMER_RESULT_SUCCESS;
	if (!rate_limit_below(&run->starts, settings->start_limit_burst,
			      settings->start_limit_interval, step->now->boot)) {
		enter_dead(step, TIMER_RESULT_START_LIMIT);
		return;
	}
	run->last_boot = run->last_real = 0;
	run->since_boot = step->now->boot;
	run->since_real = step->now->real;
	for (const struct timer_value *v = step->t->values; v && bit; v = v->next, bit <<= 1)
		if (v->base == TIMER_ON_ACTIVE)
			run->disabled &= ~bit;
	if (!step->t->persistent) {
		enter_waiting(step, false);
		return;
	}
	run->stamp_pending = true;
	enter(step, TIMER_STATE_WAITING);
	run->next_boot = run->next_real = CLOCK_TIME_MAX;
	run->deadline = clock_add(step->now->boot, TIMER_STAMP_TIMEOUT);
	act(step, TIMER_DO_READ_STAMP);
}

static void on_stamp(struct step *step, uint64_t stamp)
{
	struct timer_run *run = step->run;

	if (!run->stamp_pending)
		return;
	run->stamp_pending = false;
	/* One in the future tells that a clock was wrong: it is not used. */
	if (stamp < step->now->real)
		run->last_real = stamp;
	enter_waiting(step, false);
}

static void on_triggered(struct step *step, const struct timer_event *event)
{
	struct timer_run *run = step->run;
	bool up = !unit_active_is_down(event->after);
	uint64_t bit = 1;

	if (up && !run->triggered_up) {
		run->left_boot = step->now->boot;
	} else if (!up && run->triggered_up) {
		run->entered_boot = step->now->boot;
		run->entered_real = step->now->real;
	}
	run->triggered_up = up;
	for (const struct timer_value *v = step->t->values; v && bit; v = v->next, bit <<= 1)
		if (follows_unit(v->base))
			run->disabled &= ~bit;
	if (run->stamp_pending)
		return;
	if (run->state == TIMER_STATE_WAITING || run->state == TIMER_STATE_ELAPSED ||
	    (run->state == TIMER_STATE_RUNNING && !up))
		enter_waiting(step, false);
}

static void on_timeout(struct step *step, bool stopping)
{
	struct timer_run *run = step->run;

	if (run->state != TIMER_STATE_WAITING)
		return;
	if (stopping) {
		run->deadline = CLOCK_TIME_MAX;
	} else if (run->stamp_pending) {
		act(step, TIMER_DO_FORGET_STAMP);
		on_stamp(step, 0);
	} else if (run->next_boot <= step->now->boot || run->next_real <= step->now->real) {
		enter_running(step);
	} else {
		/* The two clocks may differ by less than a microsecond from what was computed. */
		set_deadline(step);
	}
}

static void on_clock_set(struct step *step, bool stopping)
{
	struct timer_run *run = step->run;

	if (run->state != TIMER_STATE_WAITING || run->stamp_pending || stopping)
		return;
	/* It triggered in what is the future now: the clock was set back, and that future comes again. */
	run->last_real = sooner(run->last_real, step->now->real);
	if (step->t->on_clock_change)
		enter_running(step);
	else
		enter_waiting(step, true);
}

static void on_reset_failed(struct step *step)
{
	step->run->starts = (struct rate_limit){ 0 };
	step->run->result = TIMER_RESULT_SUCCESS;
	if (step->run->state == TIMER_STATE_FAILED)
		enter(step, TIMER_STATE_DEAD);
}

void timer_step(const struct unit *unit, struct timer_run *run, const struct timer_event *event,
		const struct timer_now *now, struct timer_actions *ret_actions)
{
	struct step step = {
		.unit = unit,
		.t = unit->timer,
		.run = run,
		.now = now,
		.actions = ret_actions,
	};

	ret_actions->count = 0;
	switch (event->type) {
	case TIMER_EVENT_START:
		on_start(&step);
		return;
	case TIMER_EVENT_STOP:
		if (run->state != TIMER_STATE_DEAD && run->state != TIMER_STATE_FAILED)
			enter_dead(&step, TIMER_RESULT_SUCCESS);
		return;
	case TIMER_EVENT_RESET_FAILED:
		on_reset_failed(&step);
		return;
	case TIMER_EVENT_STAMP:
		on_stamp(&step, event->stamp);
		return;
	case TIMER_EVENT_TRIGGERED:
		on_triggered(&step, event);
		return;
	case TIMER_EVENT_TRIGGER_FAILED:
		if (run->state == TIMER_STATE_RUNNING)
			enter_dead(&step, TIMER_RESULT_RESOURCES);
		return;
	case TIMER_EVENT_CLOCK_SET:
		on_clock_set(&step, event->stopping);
		return;
	case TIMER_EVENT_TIMEOUT:
		on_timeout(&step, event->stopping);
		return;
	case TIMER_EVENT_COUNT:
		return;
	}
}

uint64_t timer_coalesce(uint64_t earliest, uint64_t accuracy, uint64_t machine)
{
	static const uint64_t grids[] = { 60 * NS_PER_S, 10 * NS_PER_S, NS_PER_S, 250 * NS_PER_MS };
	uint64_t latest = clock_add(earliest, accuracy);

	if (earliest == CLOCK_TIME_MAX || accuracy == 0)
		return earliest;
	if (latest == CLOCK_TIME_MAX)
		latest--;
	/* The last point of the widest grid that has one in the span. */
	for (size_t i = 0; i < ARRAY_SIZE(grids); i++) {
		uint64_t offset = machine % (60 * NS_PER_S) % grids[i];
		uint64_t point;

		if (latest < offset)
			continue;
		point = (latest - offset) / grids[i] * grids[i] + offset;
		if (point >= earliest)
			return point;
	}
	return latest;
}

/* ---- what the states are to others ---- */

static const struct {
	const char *name;
	enum unit_active active;
} states[] = {
	[TIMER_STATE_DEAD] = { "dead", ACTIVE_INACTIVE },
	[TIMER_STATE_WAITING] = { "waiting", ACTIVE_ACTIVE },
	[TIMER_STATE_RUNNING] = { "running", ACTIVE_ACTIVE },
	[TIMER_STATE_ELAPSED] = { "elapsed", ACTIVE_ACTIVE },
	[TIMER_STATE_FAILED] = { "failed", ACTIVE_FAILED },
};

enum unit_active timer_active(enum timer_state state)
{
	return states[state].active;
}

const char *timer_state_name(enum timer_state state)
{
	return states[state].name;
}

const char *timer_result_name(enum timer_result result)
{
	static const char *const names[] = {
		[TIMER_RESULT_SUCCESS] = "success",
		[TIMER_RESULT_RESOURCES] = "resources",
		[TIMER_RESULT_START_LIMIT] = "start-limit-hit",
	};

	return names[result];
}
