// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the types of jobs mean, by themselves and together, as in systemd: see job.h. */
#include "supervisor/job.h"

enum job_type job_collapse(enum job_type type, unit_id id)
{
	enum unit_active active = unit_active_state(id);
	bool down = unit_active_is_down(active) || active == ACTIVE_DEACTIVATING;
	const struct unit_ops *ops = unit_ops_of((enum unit_type)job_set()->units[id].type);
	bool reloads = ops->can_reload && ops->can_reload(id);

	switch (type) {
	case JOB_NONE:
	case JOB_START:
	case JOB_STOP:
	case JOB_RESTART:
	case JOB_RELOAD:
	case JOB_VERIFY_ACTIVE:
		return type;
	case JOB_TRY_RESTART:
		return down ? JOB_NONE : JOB_RESTART;
	case JOB_TRY_RELOAD:
		return down || !reloads ? JOB_NONE : JOB_RELOAD;
	case JOB_RELOAD_OR_START:
		return down ? JOB_START : JOB_RELOAD;
	case JOB_RELOAD_OR_RESTART:
		return !reloads ? JOB_RESTART : down ? JOB_START : JOB_RELOAD;
	case JOB_TRY_RELOAD_OR_RESTART:
		return down ? JOB_NONE : reloads ? JOB_RELOAD : JOB_RESTART;
	case JOB_TYPE_COUNT:
		break;
	}
	return JOB_NONE;
}

enum job_type job_merge(enum job_type a, enum job_type b, unit_id id)
{
	if (a == b)
		return a;
	if (a == JOB_STOP || b == JOB_STOP)
		return JOB_NONE;
	if (a == JOB_RESTART || b == JOB_RESTART)
		return JOB_RESTART;
	/* Of start, reload and verify-active: the last adds nothing. */
	if (a == JOB_VERIFY_ACTIVE || b == JOB_VERIFY_ACTIVE)
		return a == JOB_VERIFY_ACTIVE ? b : a;
	/* What is not up yet reads its configuration when it starts. */
	return unit_active_is_up(unit_active_state(id)) ? JOB_RELOAD : JOB_START;
}

bool job_redundant(enum job_type type, enum unit_active active)
{
	switch (type) {
	case JOB_START:
	case JOB_VERIFY_ACTIVE:
		return unit_active_is_up(active);
	case JOB_STOP:
		return unit_active_is_down(active);
	case JOB_RELOAD:
		return active == ACTIVE_RELOADING;
	case JOB_NONE:
		return true;
	case JOB_RESTART:
	case JOB_TRY_RESTART:
	case JOB_TRY_RELOAD:
	case JOB_RELOAD_OR_START:
	case JOB_RELOAD_OR_RESTART:
	case JOB_TRY_RELOAD_OR_RESTART:
	case JOB_TYPE_COUNT:
		return false;
	}
	return false;
}

const char *job_type_name(enum job_type type)
{
	static const char *const names[JOB_TYPE_COUNT] = {
		[JOB_NONE] = "none",
		[JOB_START] = "start",
		[JOB_STOP] = "stop",
		[JOB_RESTART] = "restart",
		[JOB_RELOAD] = "reload",
		[JOB_VERIFY_ACTIVE] = "verify-active",
		[JOB_TRY_RESTART] = "try-restart",
		[JOB_TRY_RELOAD] = "try-reload",
		[JOB_RELOAD_OR_START] = "reload-or-start",
		[JOB_RELOAD_OR_RESTART] = "reload-or-restart",
		[JOB_TRY_RELOAD_OR_RESTART] = "try-reload-or-restart",
	};

	return type < JOB_TYPE_COUNT ? names[type] : "?";
}

const char *job_result_name(enum job_result result)
{
	static const char *const names[JOB_RESULT_COUNT] = {
		[JOB_DONE] = "done",
		[JOB_FAILED] = "failed",
		[JOB_DEPENDENCY] = "dependency",
		[JOB_CANCELED] = "canceled",
		[JOB_TIMED_OUT] = "timeout",
		[JOB_SKIPPED] = "skipped",
		[JOB_ASSERT] = "assert",
		[JOB_UNSUPPORTED] = "unsupported",
	};

	return result < JOB_RESULT_COUNT ? names[result] : "?";
}
