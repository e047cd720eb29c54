// SPDX-License-Identifier: MIT OR Apache-2.0
/* systemd.exec(5): scheduling, the OOM killer's view, personality, keyring. See unit_directive.h. Pure. */
#include <errno.h>
#include <sched.h>

#include "supervisor/unit_directive.h"

int set_nice(struct directive_context *c, struct str value)
{
	int64_t nice;
	int r = directive_between(value, -20, 19, &nice);

	if (r < 0)
		return r;
	c->draft->exec.nice = (int8_t)nice;
	c->draft->exec.nice_set = true;
	return 0;
}

int set_oom_score(struct directive_context *c, struct str value)
{
	struct exec_settings *exec = &c->draft->exec;
	int64_t score = 0;
	int r = value.n > 0 ? directive_between(value, -1000, 1000, &score) : 0;

	if (r < 0)
		return r;
	exec->oom_score_adjust = (int16_t)score;
	exec->oom_score_adjust_set = value.n > 0;
	return 0;
}

static bool real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

int set_cpu_scheduling(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "other", "batch", "idle", "fifo", "rr", NULL };
	static const uint8_t policies[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR };
	struct exec_settings *exec = &c->draft->exec;
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	exec->cpu_scheduling_policy = policies[index];
	/* The kernel takes 1 to 99 for the real-time policies, and 0 for all others. */
	if (!real_time(policies[index]))
		exec->cpu_scheduling_priority = 0;
	else if (exec->cpu_scheduling_priority == 0)
		exec->cpu_scheduling_priority = 1;
	exec->cpu_scheduling_set = true;
	return 0;
}

int set_cpu_priority(struct directive_context *c, struct str value)
{
	struct exec_settings *exec = &c->draft->exec;
	int64_t priority;
	int r = directive_between(value, 0, 99, &priority);

	if (r < 0)
		return r;
	exec->cpu_scheduling_priority = (uint8_t)priority;
	exec->cpu_scheduling_set = true;
	return 0;
}

/* ioprio_set(2). */
enum io_class {
	IO_CLASS_NONE,
	IO_CLASS_REALTIME,
	IO_CLASS_BEST_EFFORT,
	IO_CLASS_IDLE,
};
#define IO_PRIORITY_NORMAL 4

int set_io_class(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "none", "realtime", "best-effort", "idle", NULL };
	struct exec_settings *exec = &c->draft->exec;
	int64_t class = directive_name_index(value, names);

	if (class < 0 && directive_between(value, 0, IO_CLASS_IDLE, &class) < 0)
		return -EINVAL;
	if (!exec->io_scheduling_set)
		exec->io_scheduling_priority = IO_PRIORITY_NORMAL;
	exec->io_scheduling_class = (uint8_t) class;
	exec->io_scheduling_set = true;
	return 0;
}

int set_io_priority(struct directive_context *c, struct str value)
{
	struct exec_settings *exec = &c->draft->exec;
	int64_t priority;
	int r = directive_between(value, 0, 7, &priority);

	if (r < 0)
		return r;
	if (!exec->io_scheduling_set)
		exec->io_scheduling_class = IO_CLASS_BEST_EFFORT;
	exec->io_scheduling_priority = (uint8_t)priority;
	exec->io_scheduling_set = true;
	return 0;
}

int set_timer_slack(struct directive_context *c, struct str value)
{
	/* The one time whose bare number is nanoseconds. */
	if (str_to_u64(value, &c->draft->exec.timer_slack) == 0)
		return 0;
	return unit_time(value, &c->draft->exec.timer_slack);
}

/* Several lines add up; the kernel's list of the sum is made when all files are read. */
int set_cpu_affinity(struct directive_context *c, struct str value)
{
	uint64_t *mask = c->draft->cpu_affinity;
	uint64_t sum[ARRAY_SIZE(c->draft->cpu_affinity)];
	int r;

	if (value.n == 0) {
		memset(mask, 0, sizeof(sum));
		return 0;
	}
	memcpy(sum, mask, sizeof(sum));
	r = unit_cpu_list(value, sum, sizeof(sum) * 8);
	if (r == 0)
		memcpy(mask, sum, sizeof(sum));
	return r;
}

int set_personality(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "x86", "x86-64", "arm", "arm64", NULL };
	int index = value.n > 0 ? directive_name_index(value, names) : 0;

	if (index < 0)
		return index;
	c->draft->exec.personality = value.n > 0 ? names[index] : NULL;
	return 0;
}

int set_keyring(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "inherit", "private", "shared", NULL };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	c->draft->exec.keyring_mode = names[index];
	return 0;
}
