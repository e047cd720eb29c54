// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/timer_fsm: when each kind of timer elapses, on clocks that the test turns; every state with
 * every event; and long random lives, in which nothing fires early, twice or never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervisor/timer_fsm.h"

#define MINUTE (60 * NS_PER_S)
#define US_PER_S UINT64_C(1000000)
/* The wall clock at the start of each test: some time in 2026. */
#define TODAY (UINT64_C(1767225600) * US_PER_S)

/* A calendar of the test's own: every @period us, @phase behind the epoch. */
struct calendar {
	uint64_t period;
	uint64_t phase;
};

int calendar_next(const struct calendar *calendar, uint64_t after, uint64_t *ret);
int calendar_next(const struct calendar *calendar, uint64_t after, uint64_t *ret)
{
	if (calendar->period == 0)
		return -1;
	if (after < calendar->phase)
		*ret = calendar->phase;
	else
		*ret = ((after - calendar->phase) / calendar->period + 1) * calendar->period +
		       calendar->phase;
	return 0;
}

static struct unit_draft draft;
static struct unit unit = { .name = "a.timer", .settings = &draft.settings, .timer = &draft.timer };
static struct timer_settings *const t = &draft.timer;
static struct timer_value values[3];
static struct calendar daily = { .period = 24 * 3600 * US_PER_S };
static struct timer_run run;
static struct timer_now now;

static int setup(void **state _unused_)
{
	unit_draft_begin(&draft, "a.timer", UNIT_TIMER);
	t->accuracy = 0;
	run = (struct timer_run){
		.next_boot = CLOCK_TIME_MAX,
		.next_real = CLOCK_TIME_MAX,
		.deadline = CLOCK_TIME_MAX,
	};
	now = (struct timer_now){
		.boot = 100 * NS_PER_S, .real = TODAY, .started = 2 * NS_PER_S, .random = 7, .fixed = 11
	};
	return 0;
}

static void pass(uint64_t ns)
{
	now.boot += ns;
	now.real += ns / NS_PER_US;
}

static void add_span(unsigned i, enum timer_base base, uint64_t span)
{
	values[i] = (struct timer_value){ .base = base, .span = span };
	if (i > 0)
		values[i - 1].next = &values[i];
	t->values = values;
}

static void add_calendar(unsigned i, const struct calendar *calendar)
{
	add_span(i, TIMER_ON_CALENDAR, 0);
	values[i].calendar = calendar;
}

static void describe(const struct timer_actions *actions, struct buf *b)
{
	static const char *const names[] = {
		[TIMER_DO_READ_STAMP] = "read",
		[TIMER_DO_FORGET_STAMP] = "forget",
		[TIMER_DO_WRITE_STAMP] = "write",
		[TIMER_DO_TRIGGER] = "trigger",
	};

	buf_add(b, timer_state_name((enum timer_state)run.state));
	if (run.result != TIMER_RESULT_SUCCESS)
		buf_printf(b, " (%s)", timer_result_name((enum timer_result)run.result));
	for (unsigned i = 0; i < actions->count; i++)
		buf_printf(b, "%s%s", i == 0 ? ": " : ", ", names[actions->list[i]]);
}

/* One event; @expected is "STATE (RESULT): ACTION, ACTION". */
static void step_event(struct timer_event event, const char *expected, int line)
{
	struct timer_actions actions;
	char text[128];
	struct buf b = BUF(text);

	timer_step(&unit, &run, &event, &now, &actions);
	describe(&actions, &b);
	if (strcmp(text, expected) != 0)
		fail_msg("line %d: \"%s\" instead of \"%s\"", line, text, expected);
}

#define STEP(expected, event, ...) \
	step_event((struct timer_event){ .type = (event), ##__VA_ARGS__ }, expected, __LINE__)

/* Goes on to the deadline, which must be @after ns away. */
static void elapse(uint64_t after, const char *expected, int line)
{
	if (run.deadline != now.boot + after)
		fail_msg("line %d: due in %ld ms instead of %ld ms", line,
			 (long)((int64_t)(run.deadline - now.boot) / (int64_t)NS_PER_MS),
			 (long)(after / NS_PER_MS));
	pass(after);
	step_event((struct timer_event){ .type = TIMER_EVENT_TIMEOUT }, expected, line);
}

#define ELAPSE(after, expected) elapse(after, expected, __LINE__)

/* What it triggers runs for @ns and is done. */
static void unit_runs(uint64_t ns, const char *expected, int line)
{
	step_event((struct timer_event){ .type = TIMER_EVENT_TRIGGERED,
					 .before = ACTIVE_INACTIVE,
					 .after = ACTIVE_ACTIVATING },
		   timer_state_name((enum timer_state)run.state), line);
	pass(ns);
	step_event((struct timer_event){ .type = TIMER_EVENT_TRIGGERED,
					 .before = ACTIVE_ACTIVATING,
					 .after = ACTIVE_INACTIVE },
		   expected, line);
}

#define UNIT_RUNS(ns, expected) unit_runs(ns, expected, __LINE__)

static void test_on_active(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, 5 * NS_PER_S);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(5 * NS_PER_S, "running: trigger");
	/* It was for once. */
	UNIT_RUNS(NS_PER_S, "elapsed");
	assert_int_equal(run.deadline, CLOCK_TIME_MAX);
	STEP("dead", TIMER_EVENT_STOP);
	/* And once more for each start. */
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(5 * NS_PER_S, "running: trigger");
}

static void test_does_not_remain(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, 5 * NS_PER_S);
	t->remain_after_elapse = false;
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(5 * NS_PER_S, "running: trigger");
	UNIT_RUNS(NS_PER_S, "dead");
}

static void test_on_boot(void **state _unused_)
{
	add_span(0, TIMER_ON_BOOT, 15 * MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(15 * MINUTE - 100 * NS_PER_S, "running: trigger");
	setup(NULL);
	/* Started after its time: at once. */
	add_span(0, TIMER_ON_BOOT, MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	assert_true(run.deadline <= now.boot);
	STEP("running: trigger", TIMER_EVENT_TIMEOUT);
	UNIT_RUNS(NS_PER_S, "elapsed");
	setup(NULL);
	/* In a container, from the container's start. */
	now.booted = now.started = 90 * NS_PER_S;
	add_span(0, TIMER_ON_BOOT, MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(50 * NS_PER_S, "running: trigger");
}

static void test_on_startup(void **state _unused_)
{
	add_span(0, TIMER_ON_STARTUP, 2 * MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(22 * NS_PER_S, "running: trigger");
}

static void test_on_unit_active(void **state _unused_)
{
	/* As fstrim and its like have it: some time after the boot, and then again and again. */
	add_span(0, TIMER_ON_BOOT, 15 * MINUTE);
	add_span(1, TIMER_ON_UNIT_ACTIVE, 60 * MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(15 * MINUTE - 100 * NS_PER_S, "running: trigger");
	for (int i = 0; i < 3; i++) {
		UNIT_RUNS(MINUTE, "waiting");
		ELAPSE(59 * MINUTE, "running: trigger");
	}
	/* A start by hand begins a new span. */
	UNIT_RUNS(MINUTE, "waiting");
	pass(30 * MINUTE);
	UNIT_RUNS(MINUTE, "waiting");
	ELAPSE(59 * MINUTE, "running: trigger");
}

static void test_on_unit_inactive(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, 0);
	add_span(1, TIMER_ON_UNIT_INACTIVE, MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(0, "running: trigger");
	UNIT_RUNS(10 * MINUTE, "waiting");
	ELAPSE(MINUTE, "running: trigger");
	UNIT_RUNS(10 * MINUTE, "waiting");
	ELAPSE(MINUTE, "running: trigger");
}

static void test_unit_that_never_ran(void **state _unused_)
{
	/* OnUnitActiveSec= alone has nothing to count from: it waits until somebody starts the unit. */
	add_span(0, TIMER_ON_UNIT_ACTIVE, MINUTE);
	t->remain_after_elapse = false;
	STEP("elapsed", TIMER_EVENT_START);
	STEP("waiting", TIMER_EVENT_TRIGGERED, .before = ACTIVE_INACTIVE, .after = ACTIVE_ACTIVE);
	ELAPSE(MINUTE, "running: trigger");
}

static void test_calendar(void **state _unused_)
{
	add_calendar(0, &daily);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(24 * 60 * MINUTE, "running: trigger");
	UNIT_RUNS(MINUTE, "waiting");
	ELAPSE(24 * 60 * MINUTE - MINUTE, "running: trigger");
	/* A run that takes longer than a day skips what it missed but for one. */
	UNIT_RUNS(60 * 60 * MINUTE, "waiting");
	assert_true(run.deadline <= now.boot);
	STEP("running: trigger", TIMER_EVENT_TIMEOUT);
	UNIT_RUNS(MINUTE, "waiting");
	ELAPSE(12 * 60 * MINUTE - MINUTE, "running: trigger");
}

static void test_clock_set_hc_70(void **state _unused_)
{
	add_calendar(0, &daily);
	add_span(1, TIMER_ON_ACTIVE, 100 * 60 * MINUTE);
	STEP("waiting", TIMER_EVENT_START);
	pass(60 * MINUTE);
	/* Forward, over the time: it elapses at once, and then when it would. */
	now.real += 24 * 3600 * US_PER_S;
	STEP("waiting", TIMER_EVENT_CLOCK_SET);
	assert_true(run.deadline <= now.boot);
	STEP("running: trigger", TIMER_EVENT_TIMEOUT);
	UNIT_RUNS(0, "waiting");
	assert_int_equal(run.deadline, now.boot + 23 * 60 * MINUTE);
	/* Back by ten years: it does not wait ten years, and a span does not care. */
	now.real -= 3650 * 24 * 3600 * US_PER_S;
	STEP("waiting", TIMER_EVENT_CLOCK_SET);
	assert_int_equal(run.deadline, now.boot + 23 * 60 * MINUTE);
	assert_int_equal(run.next_boot, 100 * NS_PER_S + 100 * 60 * MINUTE);
	/* The event may come late: the deadline of the old clock has passed, the time of the new has not come. */
	now.real -= 3600 * US_PER_S;
	pass(23 * 60 * MINUTE);
	STEP("waiting", TIMER_EVENT_TIMEOUT);
	ELAPSE(60 * MINUTE, "running: trigger");
}

static void test_on_clock_change(void **state _unused_)
{
	t->on_clock_change = true;
	STEP("waiting", TIMER_EVENT_START);
	assert_int_equal(run.deadline, CLOCK_TIME_MAX);
	STEP("running: trigger", TIMER_EVENT_CLOCK_SET);
	UNIT_RUNS(0, "waiting");
	STEP("waiting", TIMER_EVENT_CLOCK_SET, .stopping = true);
}

static void test_persistent(void **state _unused_)
{
	add_calendar(0, &daily);
	t->persistent = true;
	/* It last triggered the day before yesterday: what was missed is done now, once. */
	STEP("waiting: read", TIMER_EVENT_START);
	assert_int_equal(run.deadline, now.boot + TIMER_STAMP_TIMEOUT);
	STEP("waiting", TIMER_EVENT_STAMP, .stamp = TODAY - 40 * 3600 * US_PER_S);
	assert_true(run.deadline <= now.boot);
	STEP("running: write, trigger", TIMER_EVENT_TIMEOUT);
	UNIT_RUNS(MINUTE, "waiting");
	ELAPSE(24 * 60 * MINUTE - MINUTE, "running: write, trigger");
	STEP("dead", TIMER_EVENT_STOP);
	/* It triggered today: nothing was missed. */
	pass(MINUTE);
	STEP("waiting: read", TIMER_EVENT_START);
	STEP("waiting", TIMER_EVENT_STAMP, .stamp = now.real - 1);
	ELAPSE(24 * 60 * MINUTE - MINUTE, "running: write, trigger");
	STEP("dead", TIMER_EVENT_STOP);
	/* A stamp of the future is not believed. */
	STEP("waiting: read", TIMER_EVENT_START);
	STEP("waiting", TIMER_EVENT_STAMP, .stamp = now.real + 1000 * 24 * 3600 * US_PER_S);
	ELAPSE(24 * 60 * MINUTE, "running: write, trigger");
}

static void test_missed_is_spread(void **state _unused_)
{
	/* RandomizedDelaySec= holds for what is caught up with at boot, too: from the boot on. */
	add_calendar(0, &daily);
	t->persistent = true;
	t->randomized_delay = 1000 * NS_PER_S;
	now.random = 777 * US_PER_S;
	STEP("waiting: read", TIMER_EVENT_START);
	STEP("waiting", TIMER_EVENT_STAMP, .stamp = TODAY - 40 * 3600 * US_PER_S);
	ELAPSE(777 * NS_PER_S - 98 * NS_PER_S, "running: write, trigger");
}

static void test_stamp_that_hangs(void **state _unused_)
{
	add_calendar(0, &daily);
	t->persistent = true;
	STEP("waiting: read", TIMER_EVENT_START);
	ELAPSE(TIMER_STAMP_TIMEOUT, "waiting: forget");
	STEP("waiting", TIMER_EVENT_STAMP, .stamp = 1);
	ELAPSE(24 * 60 * MINUTE - TIMER_STAMP_TIMEOUT, "running: write, trigger");
	STEP("dead", TIMER_EVENT_STOP);
	STEP("waiting: read", TIMER_EVENT_START);
	STEP("dead: forget", TIMER_EVENT_STOP);
}

static void test_random_delay(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, MINUTE);
	t->randomized_delay = 10 * NS_PER_S;
	now.random = 23 * NS_PER_S;
	STEP("waiting", TIMER_EVENT_START);
	assert_int_equal(run.deadline, now.boot + MINUTE + 3 * NS_PER_S);
	STEP("dead", TIMER_EVENT_STOP);
	/* FixedRandomDelay=: whatever the dice say. */
	t->fixed_random_delay = true;
	STEP("waiting", TIMER_EVENT_START);
	assert_int_equal(run.deadline, now.boot + MINUTE + 11);
}

static void test_defer_reactivation(void **state _unused_)
{
	add_calendar(0, &daily);
	t->defer_reactivation = true;
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(24 * 60 * MINUTE, "running: trigger");
	/* What elapsed while it ran is left out. */
	UNIT_RUNS(60 * 60 * MINUTE, "waiting");
	ELAPSE(12 * 60 * MINUTE, "running: trigger");
}

static void test_nobody_to_trigger(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, NS_PER_S);
	STEP("waiting", TIMER_EVENT_START);
	ELAPSE(NS_PER_S, "running: trigger");
	STEP("failed (resources)", TIMER_EVENT_TRIGGER_FAILED);
	STEP("dead", TIMER_EVENT_RESET_FAILED);
}

static void test_start_limit(void **state _unused_)
{
	add_span(0, TIMER_ON_ACTIVE, NS_PER_S);
	for (int i = 0; i < 5; i++) {
		STEP("waiting", TIMER_EVENT_START);
		STEP("dead", TIMER_EVENT_STOP);
	}
	STEP("failed (start-limit-hit)", TIMER_EVENT_START);
}

static void test_coalesce(void **state _unused_)
{
	const uint64_t machine = UINT64_C(123456789012345678);

	assert_int_equal(timer_coalesce(CLOCK_TIME_MAX, MINUTE, machine), CLOCK_TIME_MAX);
	assert_int_equal(timer_coalesce(77, 0, machine), 77);
	/* All that elapses within a minute is one wake-up. */
	for (uint64_t at = 0; at < 50 * NS_PER_S; at += NS_PER_S) {
		uint64_t point = timer_coalesce(1000 * MINUTE + at, 2 * MINUTE, machine);

		assert_int_equal(point % MINUTE, machine % MINUTE);
	}
	srand(1);
	for (int i = 0; i < 100000; i++) {
		uint64_t at = ((uint64_t)rand() << 20) + (uint64_t)rand();
		uint64_t accuracy = (uint64_t)rand() << (rand() % 12);
		uint64_t point = timer_coalesce(at, accuracy, machine ^ (uint64_t)rand());

		assert_true(point >= at && point <= at + accuracy);
	}
}

/* ---- every state with every event ---- */

static void go_to(enum timer_state wanted)
{
	struct timer_actions actions;
	static const struct timer_event start = { .type = TIMER_EVENT_START };
	static const struct timer_event expire = { .type = TIMER_EVENT_TIMEOUT };
	static const struct timer_event done = { .type = TIMER_EVENT_TRIGGERED,
						 .after = ACTIVE_INACTIVE };
	static const struct timer_event fail = { .type = TIMER_EVENT_TRIGGER_FAILED };

	setup(NULL);
	add_span(0, TIMER_ON_ACTIVE, NS_PER_S);
	if (wanted == TIMER_STATE_DEAD)
		return;
	timer_step(&unit, &run, &start, &now, &actions);
	if (wanted == TIMER_STATE_WAITING)
		return;
	pass(NS_PER_S);
	timer_step(&unit, &run, &expire, &now, &actions);
	if (wanted == TIMER_STATE_RUNNING)
		return;
	pass(NS_PER_S);
	timer_step(&unit, &run, wanted == TIMER_STATE_FAILED ? &fail : &done, &now, &actions);
}

static void test_every_state_and_event_hc_34(void **state _unused_)
{
	enum { DE = TIMER_STATE_DEAD, WA, RU, EL, FA };
	/* What a timer that elapses once, a second after its start, becomes. */
	static const uint8_t expected[TIMER_STATE_COUNT][TIMER_EVENT_COUNT] = {
		/*       START STOP RESET STAMP TRIGGERED FAILED CLOCK TIMEOUT */
		[DE] = { WA, DE, DE, DE, DE, DE, DE, DE },
		[WA] = { WA, DE, WA, WA, WA, WA, WA, RU },
		[RU] = { RU, DE, RU, RU, EL, FA, RU, RU },
		[EL] = { EL, DE, EL, EL, EL, EL, EL, EL },
		[FA] = { WA, FA, DE, FA, FA, FA, FA, FA },
	};

	for (enum timer_state from = TIMER_STATE_DEAD; from < TIMER_STATE_COUNT; from++)
		for (enum timer_event_type type = TIMER_EVENT_START; type < TIMER_EVENT_COUNT; type++) {
			struct timer_event event = { .type = type, .after = ACTIVE_INACTIVE };
			struct timer_actions actions;

			go_to(from);
			assert_int_equal(run.state, from);
			if (type == TIMER_EVENT_TIMEOUT)
				pass(NS_PER_S);
			timer_step(&unit, &run, &event, &now, &actions);
			if (run.state != expected[from][type])
				fail_msg("event %d in %s: %s", (int)type, timer_state_name(from),
					 timer_state_name((enum timer_state)run.state));
			assert_true(run.state == TIMER_STATE_WAITING || run.deadline == CLOCK_TIME_MAX);
		}
}

/* ---- long random lives ---- */

static void random_timer(void)
{
	static struct calendar calendar;
	unsigned count = 1 + (unsigned)rand() % 3;

	setup(NULL);
	draft.settings.start_limit_burst = 0;
	for (unsigned i = 0; i < count; i++)
		add_span(i, (enum timer_base)(rand() % (TIMER_ON_CALENDAR + 1)),
			 (uint64_t)(rand() % 1000) * NS_PER_S);
	calendar = (struct calendar){ .period = (uint64_t)(1 + rand() % 5000) * US_PER_S };
	for (unsigned i = 0; i < count; i++)
		values[i].calendar = &calendar;
	t->persistent = rand() % 2;
	t->on_clock_change = rand() % 4 == 0;
	t->remain_after_elapse = rand() % 2;
	t->defer_reactivation = rand() % 4 == 0;
	t->accuracy = (uint64_t)(rand() % 3) * NS_PER_S;
	t->randomized_delay = (uint64_t)(rand() % 3) * NS_PER_S;
	now.machine = (uint64_t)rand() * (uint64_t)rand();
}

static struct timer_event random_event(void)
{
	struct timer_event event = { .type = (enum timer_event_type)(rand() % TIMER_EVENT_COUNT) };
	enum unit_active last = run.triggered_up ? ACTIVE_ACTIVE : ACTIVE_INACTIVE;

	pass((uint64_t)(rand() % 100) * NS_PER_S);
	if (event.type == TIMER_EVENT_TIMEOUT) {
		if (run.deadline == CLOCK_TIME_MAX)
			event.type = TIMER_EVENT_START;
		else if (run.deadline > now.boot)
			pass(run.deadline - now.boot);
	} else if (event.type == TIMER_EVENT_CLOCK_SET) {
		now.real = TODAY + (uint64_t)(rand() % 100000) * US_PER_S;
	} else if (event.type == TIMER_EVENT_STAMP) {
		event.stamp = rand() % 2 ? 0 : TODAY - (uint64_t)(rand() % 1000000) * US_PER_S;
	} else if (event.type == TIMER_EVENT_TRIGGERED) {
		event.before = last;
		event.after = rand() % 2 ? ACTIVE_ACTIVE : ACTIVE_INACTIVE;
	} else if (event.type == TIMER_EVENT_STOP && rand() % 4) {
		event.type = TIMER_EVENT_START;
	}
	now.random = (uint64_t)rand();
	return event;
}

static bool does(const struct timer_actions *actions, enum timer_action_type type)
{
	for (unsigned i = 0; i < actions->count; i++)
		if (actions->list[i] == type)
			return true;
	return false;
}

static void test_random_lives(void **state _unused_)
{
	unsigned triggers = 0;

	srand(20261125);
	for (int life = 0; life < 2000; life++) {
		random_timer();
		for (int i = 0; i < 100; i++) {
			struct timer_run before = run;
			struct timer_event event = random_event();
			struct timer_actions actions;
			bool due;

			timer_step(&unit, &run, &event, &now, &actions);
			due = before.next_boot <= now.boot || before.next_real <= now.real;
			if (does(&actions, TIMER_DO_TRIGGER)) {
				triggers++;
				assert_true((event.type == TIMER_EVENT_TIMEOUT && due) ||
					    (event.type == TIMER_EVENT_CLOCK_SET && t->on_clock_change));
				assert_int_equal(run.state, TIMER_STATE_RUNNING);
				assert_int_equal(does(&actions, TIMER_DO_WRITE_STAMP), t->persistent);
			}
			/* What was due does not wait on. */
			if (event.type == TIMER_EVENT_TIMEOUT &&
			    before.state == TIMER_STATE_WAITING && !before.stamp_pending && due)
				assert_true(does(&actions, TIMER_DO_TRIGGER));
			/* No deadline but in waiting, and none that comes again without having done anything. */
			assert_true(run.state == TIMER_STATE_WAITING || run.deadline == CLOCK_TIME_MAX);
			if (event.type == TIMER_EVENT_TIMEOUT && before.state == TIMER_STATE_WAITING &&
			    run.state == TIMER_STATE_WAITING && !before.stamp_pending)
				assert_true(run.deadline > now.boot);
			assert_true(!run.stamp_pending || run.state == TIMER_STATE_WAITING);
		}
		STEP(run.state == TIMER_STATE_FAILED ? "failed (resources)"
		     : run.stamp_pending	     ? "dead: forget"
						     : "dead",
		     TIMER_EVENT_STOP);
	}
	/* The lives were not all dull. */
	assert_true(triggers > 2000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_on_active, setup),
		cmocka_unit_test_setup(test_does_not_remain, setup),
		cmocka_unit_test_setup(test_on_boot, setup),
		cmocka_unit_test_setup(test_on_startup, setup),
		cmocka_unit_test_setup(test_on_unit_active, setup),
		cmocka_unit_test_setup(test_on_unit_inactive, setup),
		cmocka_unit_test_setup(test_unit_that_never_ran, setup),
		cmocka_unit_test_setup(test_calendar, setup),
		cmocka_unit_test_setup(test_clock_set_hc_70, setup),
		cmocka_unit_test_setup(test_on_clock_change, setup),
		cmocka_unit_test_setup(test_persistent, setup),
		cmocka_unit_test_setup(test_missed_is_spread, setup),
		cmocka_unit_test_setup(test_stamp_that_hangs, setup),
		cmocka_unit_test_setup(test_random_delay, setup),
		cmocka_unit_test_setup(test_defer_reactivation, setup),
		cmocka_unit_test_setup(test_nobody_to_trigger, setup),
		cmocka_unit_test_setup(test_start_limit, setup),
		cmocka_unit_test(test_coalesce),
		cmocka_unit_test_setup(test_every_state_and_event_hc_34, setup),
		cmocka_unit_test(test_random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
