// SPDX-License-Identifier: MIT OR Apache-2.0
/* The text of the control socket's records: see control_record.h. */
#include "init/control_record.h"

#include <signal.h>
#include <sys/wait.h>

#include "lib/control_protocol.h"
#include "supervisor/cgroup.h"
#include "supervisor/manager.h"
#include "supervisor/service.h"

static void add_number(struct buf *record, const char *key, uint64_t value)
{
	buf_printf(record, "%s=%llu\n", key, (unsigned long long)value);
}

/* As much of @value as fits into @limit bytes once it is one line. */
static void add_text(struct buf *record, const char *key, const char *value, size_t limit)
{
	size_t start;

	buf_printf(record, "%s=", key);
	start = record->len;
	for (size_t i = 0; value[i] != '\0' && record->len - start < limit; i++)
		buf_add_escaped(record, (struct str){ value + i, 1 });
	buf_add_char(record, '\n');
}

static const char *load_name(enum unit_load_state load)
{
	switch (load) {
	case UNIT_STUB:
		return "stub";
	case UNIT_LOADED:
		return "loaded";
	case UNIT_NOT_FOUND:
		return "not-found";
	case UNIT_MASKED:
		return "masked";
	case UNIT_BAD:
		return "bad-setting";
	}
	return "?";
}

static void add_service(struct buf *record, const struct unit *unit, unit_id id)
{
	const struct service *service = service_get(id);
	const struct service_run *run = &service->run;

	buf_printf(record, "result=%s\n", service_result_name(run->result));
	add_number(record, "since", run->entered);
	add_number(record, "start-began", service->start_began);
	add_number(record, "up-since", service->up_since);
	add_number(record, "main-pid", (uint64_t)service->process[ROLE_MAIN].pid);
	add_number(record, "control-pid", (uint64_t)service->process[ROLE_CONTROL].pid);
	add_number(record, "restarts", run->restarts);
	if (run->main_code == CLD_EXITED)
		buf_printf(record, "main-exit=exited %d\n", run->main_status);
	else if (run->main_code == CLD_KILLED || run->main_code == CLD_DUMPED)
		buf_printf(record, "main-exit=killed %d\n", run->main_status);
	if (*service_status_text(id))
		add_text(record, "status", service_status_text(id), 256);
	if (cgroup_available()) {
		buf_add(record, "cgroup=");
		cgroup_path(unit, record);
		buf_add_char(record, '\n');
	}
}

void control_record_unit(struct buf *record, unit_id id)
{
	const struct unit *unit = &manager_units()->units[id];
	enum unit_active active = unit_active_state(id);

	buf_printf(record, "name=%s\ntype=%s\nload=%s\nactive=%s\n", unit->name,
		   unit_type_name((enum unit_type)unit->type),
		   load_name((enum unit_load_state)unit->load), unit_active_name(active));
	buf_printf(record, "sub=%s\njob=%s\n", unit_ops_of((enum unit_type)unit->type)->state_name(id),
		   job_type_of(id) == JOB_NONE ? "none" : job_type_name(job_type_of(id)));
	if (unit->type == UNIT_SERVICE)
		add_service(record, unit, id);
	if (unit->path)
		add_text(record, "path", unit->path, 1024);
	add_text(record, "description", unit->description, CONTROL_DESCRIPTION_MAX);
}

/* "failed" counts; a machine with a failed unit is degraded, as systemd says it. */
static unsigned count_failed(void)
{
	unsigned count = 0;

	for (unit_id id = 0; id < manager_units()->count; id++)
		count += unit_active_state(id) == ACTIVE_FAILED;
	return count;
}

static const char *system_state(const struct control_system *system, unsigned failed)
{
	if (system->power != POWER_NONE)
		return "stopping";
	if (system->up == 0)
		return "starting";
	return failed > 0 ? "degraded" : "running";
}

void control_record_system(struct buf *record, const struct control_system *system)
{
	unsigned failed = count_failed();

	add_number(record, "protocol", CONTROL_PROTOCOL);
	buf_add(record, "version=" ORLOP_VERSION "\n");
	buf_printf(record, "state=%s\npower=%s\ncontainer=%s\n", system_state(system, failed),
		   power_name(system->power), system->container ? "yes" : "no");
	add_number(record, "units", manager_units()->count);
	add_number(record, "failed", failed);
	add_number(record, "jobs", job_pending());
	add_number(record, "began", system->container ? system->kernel_ended : 0);
	add_number(record, "kernel-ended", system->kernel_ended);
	add_number(record, "up", system->up);
}
