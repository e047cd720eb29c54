// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/job: who starts and stops when. Services are the test's: it sees which are started and
 * stopped, in which order, and says what becomes of them.
 */
// LDFLAGS: -Wl,--wrap=unit_ops_of,--wrap=klog
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/klog.h"
#include "supervisor/job.h"
#include "supervisor/service.h"

static struct unit_set set;
static struct service services[UNIT_MAX];
static char happened[4096];
static struct buf log_buffer;
static char said[4096];
static struct buf messages;

void __wrap_klog(enum klog_level level, const char *format, ...);
void __wrap_klog(enum klog_level level _unused_, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_printf(&messages, "%s\n", line);
}

static void note(const char *what, unit_id id)
{
	/* The longest chain says more than anybody looks at. */
	if (log_buffer.len > sizeof(happened) - 64)
		return;
	buf_printf(&log_buffer, "%s%s%s", log_buffer.len > 0 ? " " : "", what, set.units[id].name);
	/* Names are one letter and a suffix: the letter is enough. */
	log_buffer.len = (size_t)(strrchr(happened, '.') - happened);
	happened[log_buffer.len] = '\0';
}

static void become(unit_id id, enum service_state state, enum service_result result)
{
	enum unit_active before = service_active(services[id].run.state);

	services[id].run.state = state;
	services[id].run.result = result;
	if (before != service_active(state))
		unit_changed(id, before, service_active(state));
}

static int fake_start(unit_id id)
{
	note("+", id);
	/* Over its start limit: failed it is and failed it stays. */
	if (services[id].run.result == RESULT_START_LIMIT)
		return -ECANCELED;
	become(id, SERVICE_START, RESULT_SUCCESS);
	return 0;
}

static void fake_stop(unit_id id)
{
	note("-", id);
	become(id, SERVICE_STOP_SIGTERM, RESULT_SUCCESS);
}

static enum unit_active fake_active(unit_id id)
{
	return service_active(services[id].run.state);
}

static const struct unit_ops fake_ops = {
	.active = fake_active,
	.start = fake_start,
	.stop = fake_stop,
};

const struct unit_ops *__wrap_unit_ops_of(enum unit_type type);
const struct unit_ops *__wrap_unit_ops_of(enum unit_type type)
{
	return type == UNIT_TARGET ? &target_ops : &fake_ops;
}

enum unit_active unit_active_state(unit_id id)
{
	return __wrap_unit_ops_of((enum unit_type)set.units[id].type)->active(id);
}

static void on_finished(unit_id id, enum job_type type, enum job_result result, uint64_t began _unused_)
{
	static const char *const words[] = {
		"done:",    "failed:",	"dependency:", "canceled:",
		"timeout:", "skipped:", "assert:",     "unsupported:",
	};

	(void)type;
	note(words[result], id);
}

static const struct job_observer observer = { .finished = on_finished };

/* ---- building a set ---- */

static int setup(void **state _unused_)
{
	set.count = 0;
	set.edge_count = 0;
	target_ops.init(NULL);
	memset(services, 0, sizeof(services));
	log_buffer = BUF(happened);
	messages = BUF(said);
	return 0;
}

static unit_id add(const char *name)
{
	unit_id id = unit_find(&set, name);
	enum unit_type type;

	if (id != UNIT_NONE)
		return id;
	assert_int_equal(unit_name_type(str_from(name), &type), 0);
	set.units[set.count] = (struct unit){ .name = name, .type = (uint8_t)type };
	set.units[set.count].load = UNIT_LOADED;
	return set.count++;
}

static void edge(const char *from, const char *to, enum unit_dependency kind)
{
	set.edges[set.edge_count++] =
		(struct unit_edge){ .from = add(from), .to = add(to), .kind = (uint8_t)kind };
}

static void needs(const char *from, const char *to)
{
	edge(from, to, UNIT_REQUIRES);
	edge(from, to, UNIT_AFTER);
}

static void wants(const char *from, const char *to)
{
	edge(from, to, UNIT_WANTS);
}

static void after(const char *from, const char *to)
{
	edge(from, to, UNIT_AFTER);
}

static void ready(void)
{
	static struct unit_edge sorted[UNIT_EDGE_MAX];
	uint32_t at = 0;

	for (unit_id id = 0; id < set.count; id++) {
		set.first_edge[id] = at;
		for (uint32_t i = 0; i < set.edge_count; i++)
			if (set.edges[i].from == id)
				sorted[at++] = set.edges[i];
	}
	set.first_edge[set.count] = at;
	memcpy(set.edges, sorted, at * sizeof(sorted[0]));
	at = 0;
	for (unit_id id = 0; id < set.count; id++) {
		set.first_reverse[id] = at;
		for (uint32_t i = 0; i < set.edge_count; i++)
			if (set.edges[i].to == id)
				set.reverse[at++] = set.edges[i];
	}
	set.first_reverse[set.count] = at;
	job_table_init(&set, &observer);
}

/* ---- what happens ---- */

static int start(const char *name)
{
	int r = job_start(add(name));

	job_run();
	return r;
}

static void up(const char *name)
{
	become(add(name), SERVICE_RUNNING, RESULT_SUCCESS);
	job_run();
}

static void down(const char *name)
{
	become(add(name), SERVICE_INACTIVE, RESULT_SUCCESS);
	job_run();
}

static void fails(const char *name)
{
	become(add(name), SERVICE_FAILED, RESULT_EXIT_CODE);
	job_run();
}

/* What happened since the last time. */
#define HAPPENED(expected)                               \
	do {                                             \
		assert_string_equal(happened, expected); \
		log_buffer = BUF(happened);              \
	} while (0)

static void test_order_of_start(void **state _unused_)
{
	wants("t.target", "a.service");
	wants("t.target", "b.service");
	wants("t.target", "c.service");
	needs("b.service", "a.service");
	after("t.target", "b.service");
	ready();
	assert_int_equal(start("t.target"), 0);
	/* b waits for a; c waits for nobody. */
	HAPPENED("+a +c");
	assert_int_equal(job_type_of(add("b.service")), JOB_START);
	assert_int_equal(job_type_of(add("t.target")), JOB_START);
	up("a.service");
	HAPPENED("done:a +b");
	up("b.service");
	HAPPENED("done:b done:t");
	assert_int_equal(unit_active_state(add("t.target")), ACTIVE_ACTIVE);
	assert_int_equal(job_pending(), 1);
	up("c.service");
	HAPPENED("done:c");
	assert_int_equal(job_pending(), 0);
	/* Once more is nothing to do, and told so to whoever asked. */
	assert_int_equal(start("t.target"), 0);
	HAPPENED("done:t");
}

static void test_stop_in_reverse_hc_88(void **state _unused_)
{
	wants("t.target", "c.service");
	needs("b.service", "a.service");
	needs("c.service", "b.service");
	after("t.target", "c.service");
	ready();
	start("t.target");
	up("a.service");
	up("b.service");
	up("c.service");
	HAPPENED("+a done:a +b done:b +c done:c done:t");
	job_stop_all();
	job_run();
	HAPPENED("done:t -c");
	down("c.service");
	HAPPENED("done:c -b");
	/* A failing stop is a stop. */
	fails("b.service");
	HAPPENED("done:b -a");
	down("a.service");
	HAPPENED("done:a");
	assert_int_equal(job_pending(), 0);
	assert_int_equal(start("a.service"), -ESHUTDOWN);
}

static void test_failure_of_a_requirement(void **state _unused_)
{
	wants("t.target", "c.service");
	wants("t.target", "d.service");
	needs("b.service", "a.service");
	needs("c.service", "b.service");
	after("d.service", "a.service");
	ready();
	start("t.target");
	HAPPENED("done:t +a");
	fails("a.service");
	/* All that requires it, directly or not; what only comes after it is started. */
	HAPPENED("failed:a dependency:b dependency:c +d");
	up("d.service");
	assert_int_equal(job_pending(), 0);
}

static void test_wanted_failure_does_not_matter(void **state _unused_)
{
	wants("b.service", "a.service");
	after("b.service", "a.service");
	ready();
	start("b.service");
	HAPPENED("+a");
	fails("a.service");
	HAPPENED("failed:a +b");
}

/* A failed attempt that will be repeated is over for those that wait. */
static void test_auto_restart_ends_the_job(void **state _unused_)
{
	needs("b.service", "a.service");
	ready();
	start("b.service");
	become(add("a.service"), SERVICE_FAILED_BEFORE_AUTO_RESTART, RESULT_EXIT_CODE);
	become(add("a.service"), SERVICE_AUTO_RESTART, RESULT_EXIT_CODE);
	job_run();
	HAPPENED("+a failed:a dependency:b");
	assert_int_equal(job_pending(), 0);
}

/* hc-27: a start that is refused where it stands is over, and does not wait for ever. */
static void test_refused_start_hc_27(void **state _unused_)
{
	needs("b.service", "a.service");
	ready();
	services[add("a.service")].run.state = SERVICE_FAILED;
	services[add("a.service")].run.result = RESULT_START_LIMIT;
	start("b.service");
	HAPPENED("+a failed:a dependency:b");
	assert_int_equal(job_pending(), 0);
}

static void test_oneshot_that_is_done(void **state _unused_)
{
	needs("b.service", "a.service");
	ready();
	start("b.service");
	down("a.service");
	HAPPENED("+a done:a +b");
}

static void test_what_cannot_start(void **state _unused_)
{
	wants("t.target", "a.service");
	wants("t.target", "c.service");
	needs("b.service", "missing.service");
	needs("a.service", "b.service");
	set.units[add("missing.service")].load = UNIT_NOT_FOUND;
	ready();
	assert_int_equal(start("t.target"), 0);
	HAPPENED("done:t +c");
	assert_non_null(strstr(said, "b.service: cannot start: it requires missing.service, which is "
				     "nowhere in the search path"));
	assert_non_null(strstr(said, "a.service: cannot start: it requires b.service"));
	assert_int_equal(start("a.service"), -ENOENT);
}

static void test_circle_of_wanted_units_hc_47(void **state _unused_)
{
	wants("t.target", "a.service");
	wants("t.target", "b.service");
	wants("t.target", "c.service");
	after("a.service", "b.service");
	after("b.service", "a.service");
	ready();
	assert_int_equal(start("t.target"), 0);
	assert_non_null(strstr(said, "units wait for each other in a circle: "));
	assert_non_null(strstr(said, " is left out"));
	/* One of the two is started, and everything else. */
	assert_int_equal(job_type_of(add("c.service")), JOB_START);
	assert_int_equal((job_type_of(add("a.service")) == JOB_START) +
				 (job_type_of(add("b.service")) == JOB_START),
			 1);
	assert_int_equal(job_pending(), 2);
}

static void test_circle_of_required_units_hc_47(void **state _unused_)
{
	needs("a.service", "b.service");
	needs("b.service", "a.service");
	ready();
	assert_int_equal(start("a.service"), -ELOOP);
	HAPPENED("");
	assert_int_equal(job_pending(), 0);
	assert_non_null(strstr(said, "all of them are required by a.service"));
}

/* hc-50: a later wish takes the place of an earlier one that is under way. */
static void test_stop_replaces_start_hc_50(void **state _unused_)
{
	needs("b.service", "a.service");
	ready();
	start("b.service");
	HAPPENED("+a");
	job_stop(add("a.service"));
	job_run();
	/* Who requires it is stopped with it, before it has begun. */
	assert_int_equal(job_type_of(add("b.service")), JOB_NONE);
	assert_non_null(strstr(happened, "canceled:a"));
	assert_true(str_ends((struct str){ happened, log_buffer.len }, "-a"));
	down("a.service");
	assert_int_equal(job_pending(), 0);
}

static void test_start_replaces_stop_hc_50(void **state _unused_)
{
	add("a.service");
	ready();
	start("a.service");
	up("a.service");
	job_stop(0);
	job_run();
	HAPPENED("+a done:a -a");
	start("a.service");
	HAPPENED("canceled:a +a");
	up("a.service");
	HAPPENED("done:a");
}

static void test_dependants_stop_too(void **state _unused_)
{
	needs("b.service", "a.service");
	edge("c.service", "a.service", UNIT_PART_OF);
	wants("d.service", "a.service");
	ready();
	for (unit_id id = 0; id < set.count; id++)
		(void)job_start(id);
	job_run();
	up("a.service");
	up("b.service");
	up("c.service");
	up("d.service");
	log_buffer = BUF(happened);
	job_stop(add("a.service"));
	job_run();
	/* b before a, as it came after it; c in no order; d stays. */
	assert_non_null(strstr(happened, "-b"));
	assert_non_null(strstr(happened, "-c"));
	assert_null(strstr(happened, "-a"));
	assert_null(strstr(happened, "d"));
	down("b.service");
	assert_non_null(strstr(happened, "-a"));
}

/* A unit that is bound to another goes when that one goes by itself. */
static void test_bound_units_follow(void **state _unused_)
{
	edge("b.service", "a.service", UNIT_BINDS_TO);
	after("b.service", "a.service");
	ready();
	start("b.service");
	up("a.service");
	up("b.service");
	HAPPENED("+a done:a +b done:b");
	fails("a.service");
	HAPPENED("-b");
}

static void test_conflicts(void **state _unused_)
{
	edge("b.service", "a.service", UNIT_CONFLICTS);
	after("b.service", "a.service");
	ready();
	start("a.service");
	up("a.service");
	start("b.service");
	/* b waits until a is down, as there is an order between them, whichever. */
	HAPPENED("+a done:a -a");
	down("a.service");
	HAPPENED("done:a +b");
	/* The other way round as well. */
	up("b.service");
	start("a.service");
	HAPPENED("done:b -b");
	down("b.service");
	HAPPENED("done:b +a");
}

/* Without an order both happen at once (Conflicts= in systemd.unit(5)). */
static void test_conflicts_without_order(void **state _unused_)
{
	edge("b.service", "a.service", UNIT_CONFLICTS);
	ready();
	start("a.service");
	up("a.service");
	HAPPENED("+a done:a");
	start("b.service");
	assert_non_null(strstr(happened, "+b"));
	assert_non_null(strstr(happened, "-a"));
}

/* A chain of all units that fit, up and down: no stack grows with it. */
static void test_long_chain_hc_47(void **state _unused_)
{
	static char names[UNIT_MAX][16];

	for (unsigned i = 0; i < UNIT_MAX; i++) {
		struct buf b = BUF(names[i]);

		buf_printf(&b, "u%u.target", i);
		set.units[i] = (struct unit){ .name = names[i], .type = UNIT_TARGET };
		set.units[i].load = UNIT_LOADED;
	}
	set.count = UNIT_MAX;
	for (unit_id i = 0; i + 1 < UNIT_MAX; i++) {
		set.edges[2 * i] = (struct unit_edge){ i, (unit_id)(i + 1), UNIT_REQUIRES };
		set.edges[2 * i + 1] = (struct unit_edge){ i, (unit_id)(i + 1), UNIT_AFTER };
		set.first_edge[i] = 2U * i;
		set.first_reverse[i] = i == 0 ? 0 : 2U * (i - 1U);
		set.reverse[2 * i] = set.edges[2 * i];
		set.reverse[2 * i + 1] = set.edges[2 * i + 1];
	}
	set.edge_count = 2 * (UNIT_MAX - 1);
	set.first_edge[UNIT_MAX - 1] = set.first_edge[UNIT_MAX] = set.edge_count;
	set.first_reverse[UNIT_MAX - 1] = set.edge_count - 2;
	set.first_reverse[UNIT_MAX] = set.edge_count;
	job_table_init(&set, &observer);
	assert_int_equal(job_start(0), 0);
	job_run();
	assert_int_equal(job_pending(), 0);
	for (unit_id i = 0; i < UNIT_MAX; i++)
		assert_int_equal(unit_active_state(i), ACTIVE_ACTIVE);
	job_stop_all();
	job_run();
	assert_int_equal(job_pending(), 0);
	for (unit_id i = 0; i < UNIT_MAX; i++)
		assert_int_equal(unit_active_state(i), ACTIVE_INACTIVE);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order_of_start),
		TEST(test_stop_in_reverse_hc_88),
		TEST(test_failure_of_a_requirement),
		TEST(test_wanted_failure_does_not_matter),
		TEST(test_auto_restart_ends_the_job),
		TEST(test_refused_start_hc_27),
		TEST(test_oneshot_that_is_done),
		TEST(test_what_cannot_start),
		TEST(test_circle_of_wanted_units_hc_47),
		TEST(test_circle_of_required_units_hc_47),
		TEST(test_stop_replaces_start_hc_50),
		TEST(test_start_replaces_stop_hc_50),
		TEST(test_dependants_stop_too),
		TEST(test_bound_units_follow),
		TEST(test_conflicts),
		TEST(test_conflicts_without_order),
		TEST(test_long_chain_hc_47),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
