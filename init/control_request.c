// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the requests on the control socket do: see control_client.h and orlop-control(7). Who asks for a
 * job waits in a table until the supervisor tells of its end.
 */
#include <errno.h>

#include "init/control_client.h"
#include "init/control_record.h"
#include "lib/control_protocol.h"
#include "lib/klog.h"
#include "supervisor/manager.h"

/* A request that is answered when the unit has no job any more. */
struct wait {
	uint32_t tag;
	unit_id unit;
	uint8_t client;
	bool fresh; /* its own job is being made: one that is canceled meanwhile is the one before */
};

static struct wait waits[CONTROL_WAIT_MAX] _table_;
static unsigned wait_count;
static const struct control_hooks *hooks;

void control_requests_init(const struct control_hooks *h)
{
	hooks = h;
}

void control_describe(struct control_system *ret_system)
{
	hooks->describe(ret_system);
}

/* ---- those who wait ---- */

void control_waits_drop(unsigned client)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < wait_count; i++)
		if (waits[i].client != client)
			waits[kept++] = waits[i];
	wait_count = kept;
}

void control_waits_moved(const unit_id *new_ids)
{
	unsigned kept = 0;

	/* A unit with a job never vanishes. */
	for (unsigned i = 0; i < wait_count; i++) {
		waits[i].unit = new_ids[waits[i].unit];
		if (waits[i].unit != UNIT_NONE)
			waits[kept++] = waits[i];
	}
	wait_count = kept;
}

static bool may_wait(const struct control_client *client)
{
	unsigned own = 0;

	for (unsigned i = 0; i < wait_count; i++)
		own += waits[i].client == control_client_index(client);
	return wait_count < CONTROL_WAIT_MAX && (client->uid == 0 || own < CONTROL_WAIT_OTHERS_MAX);
}

/* The answer to one who waited for a job, with the state that it led to. */
static void answer_job(struct control_client *client, uint32_t tag, unit_id id, enum job_result result)
{
	char memory[CONTROL_RECORD_MAX];
	struct buf record = BUF(memory);

	buf_printf(&record, "%u done %s\n", tag, job_result_name(result));
	control_record_unit(&record, id);
	control_answer(client, &record);
}

void control_job_finished(unit_id id, enum job_result result)
{
	control_unit_changed(id);
	/* Taken out before it is answered: an answer may drop a client, and with it other waits. */
	for (unsigned i = 0; i < wait_count;) {
		struct wait wait = waits[i];

		if (wait.unit != id || (wait.fresh && result == JOB_CANCELED)) {
			i++;
			continue;
		}
		waits[i] = waits[--wait_count];
		answer_job(&control_clients[wait.client], wait.tag, id, result);
		i = 0;
	}
}

static void add_wait(const struct control_client *client, uint32_t tag, unit_id id, bool fresh)
{
	waits[wait_count++] = (struct wait){
		.tag = tag,
		.unit = id,
		.client = (uint8_t)control_client_index(client),
		.fresh = fresh,
	};
}

/* The wait for the job that is just being made; NULL: it was answered, or its client is gone. */
static struct wait *fresh_wait(void)
{
	for (unsigned i = 0; i < wait_count; i++)
		if (waits[i].fresh)
			return &waits[i];
	return NULL;
}

/* ---- requests ---- */

/* What the supervisor refuses, and how it is told. */
static const struct {
	int error;
	enum control_error code;
	const char *text;
} refusals[] = {
	{ -ENOENT, CONTROL_ERROR_REFUSED,
	  "it, or something that it requires, cannot be started; the log says what" },
	{ -EPERM, CONTROL_ERROR_REFUSED, "its file says that only other units may do that" },
	{ -ELOOP, CONTROL_ERROR_CYCLE,
	  "units that it requires wait for each other in a circle; the log names them" },
	{ -EDEADLK, CONTROL_ERROR_CYCLE, "it would have to start and to stop the same unit" },
	{ -EOPNOTSUPP, CONTROL_ERROR_NOT_SUPPORTED, "it cannot do that" },
	{ -ENOEXEC, CONTROL_ERROR_NOT_ACTIVE, "it is not active" },
	{ -ESHUTDOWN, CONTROL_ERROR_GOING_DOWN, "the machine is going down" },
};

static void refuse_errno(struct control_client *client, uint32_t tag, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].error == error) {
			control_refuse(client, tag, refusals[i].code, refusals[i].text);
			return;
		}
	control_refuse(client, tag, CONTROL_ERROR_FAILED, error_name(error));
}

static const enum job_type job_types[CONTROL_VERB_COUNT] = {
	[CONTROL_START] = JOB_START,
	[CONTROL_STOP] = JOB_STOP,
	[CONTROL_RESTART] = JOB_RESTART,
	[CONTROL_TRY_RESTART] = JOB_TRY_RESTART,
	[CONTROL_RELOAD] = JOB_RELOAD,
	[CONTROL_RELOAD_OR_RESTART] = JOB_RELOAD_OR_RESTART,
	[CONTROL_TRY_RELOAD_OR_RESTART] = JOB_TRY_RELOAD_OR_RESTART,
};

static void serve_job(struct control_client *client, const struct control_request *request, unit_id id)
{
	struct wait *wait;
	int r;

	if (!request->no_block && !may_wait(client)) {
		control_refuse(client, request->tag, CONTROL_ERROR_BUSY,
			       "too many requests wait for jobs");
		return;
	}
	log_info("%s: %s, asked for by process %d", manager_units()->units[id].name,
		 control_verbs[request->verb].name, client->pid);
	/* Noted before: the job may be over when manager_job() returns. */
	if (!request->no_block)
		add_wait(client, request->tag, id, true);
	r = manager_job(id, job_types[request->verb], JOB_MODE_REPLACE);
	control_unit_changed(id);
	wait = fresh_wait();
	if (wait)
		wait->fresh = false;
	/* Nothing to do, or refused: nobody will tell of its end. */
	if (wait && (r < 0 || job_type_of(id) == JOB_NONE))
		*wait = waits[--wait_count];
	if (r < 0)
		refuse_errno(client, request->tag, r);
	else if (request->no_block)
		control_answer_ok(client, request->tag);
	else if (wait && job_type_of(id) == JOB_NONE)
		answer_job(client, request->tag, id, JOB_DONE);
}

static void serve_wait(struct control_client *client, const struct control_request *request, unit_id id)
{
	if (job_type_of(id) == JOB_NONE)
		answer_job(client, request->tag, id, JOB_DONE);
	else if (!may_wait(client))
		control_refuse(client, request->tag, CONTROL_ERROR_BUSY,
			       "too many requests wait for jobs");
	else
		add_wait(client, request->tag, id, false);
}

static void serve_status(struct control_client *client, const struct control_request *request, unit_id id)
{
	char memory[CONTROL_RECORD_MAX];
	struct buf record = BUF(memory);

	buf_printf(&record, "%u ok\n", request->tag);
	control_record_unit(&record, id);
	control_answer(client, &record);
}

static void serve_list(struct control_client *client, const struct control_request *request)
{
	if (client->listing) {
		control_refuse(client, request->tag, CONTROL_ERROR_BUSY, "the last list is not over");
		return;
	}
	client->listing = true;
	client->list_next = 0;
	client->list_tag = request->tag;
	control_client_push(client);
}

static void serve_subscribe(struct control_client *client, const struct control_request *request)
{
	if (!control_client_subscribe(client, request->tag)) {
		control_refuse(client, request->tag, CONTROL_ERROR_BUSY, "it has subscribed already");
		return;
	}
	control_answer_ok(client, request->tag);
	/* Everything is news to it, and the system comes last. */
	for (unit_id id = 0; client->fd >= 0 && id < manager_units()->count; id++)
		control_client_mark(client, id);
	client->system_dirty = client->fd >= 0;
}

static void serve_version(struct control_client *client, const struct control_request *request)
{
	char memory[CONTROL_RECORD_MAX];
	struct buf record = BUF(memory);
	struct control_system about = { 0 };

	control_describe(&about);
	buf_printf(&record, "%u ok\n", request->tag);
	control_record_system(&record, &about);
	control_answer(client, &record);
}

static void serve_power(struct control_client *client, const struct control_request *request)
{
	static const enum power_action actions[CONTROL_VERB_COUNT] = {
		[CONTROL_REBOOT] = POWER_REBOOT,
		[CONTROL_POWEROFF] = POWER_OFF,
		[CONTROL_HALT] = POWER_HALT,
		[CONTROL_KEXEC] = POWER_KEXEC,
	};
	char why[64];
	struct buf b = BUF(why);

	buf_printf(&b, "asked for by process %d", client->pid);
	control_answer_ok(client, request->tag);
	hooks->go_down(actions[request->verb], request->now, why);
	control_system_changed();
}

static void serve_kill(struct control_client *client, const struct control_request *request, unit_id id)
{
	static const enum service_kill_who whom[] = {
		[CONTROL_WHOM_ALL] = SERVICE_KILL_ALL,
		[CONTROL_WHOM_MAIN] = SERVICE_KILL_MAIN,
		[CONTROL_WHOM_CONTROL] = SERVICE_KILL_CONTROL,
	};
	int r;

	log_info("%s: signal %d, asked for by process %d", manager_units()->units[id].name,
		 request->signal, client->pid);
	r = manager_kill(id, whom[request->whom], request->signal);
	if (r == -ESRCH)
		control_refuse(client, request->tag, CONTROL_ERROR_NOT_ACTIVE, "it has no such process");
	else if (r < 0)
		refuse_errno(client, request->tag, r);
	else
		control_answer_ok(client, request->tag);
}

/* Who may start units may also have them loaded: their number is limited, and others could use it up. */
static unit_id find_unit(const struct control_client *client, const char *name)
{
	unit_id id = unit_find(manager_units(), name);

	if (id == UNIT_NONE && client->uid == 0 && manager_find(name, &id) < 0)
		return UNIT_NONE;
	return id;
}

static void serve_unit(struct control_client *client, const struct control_request *request)
{
	unit_id id = find_unit(client, request->unit);

	if (id == UNIT_NONE) {
		control_refuse(client, request->tag, CONTROL_ERROR_NO_SUCH_UNIT,
			       "there is no such unit");
	} else if (request->verb == CONTROL_STATUS) {
		serve_status(client, request, id);
	} else if (request->verb == CONTROL_WAIT) {
		serve_wait(client, request, id);
	} else if (request->verb == CONTROL_KILL) {
		serve_kill(client, request, id);
	} else if (request->verb == CONTROL_RESET_FAILED) {
		manager_reset_failed(id);
		control_unit_changed(id);
		control_answer_ok(client, request->tag);
	} else {
		serve_job(client, request, id);
	}
}

static void serve_reset_all(struct control_client *client, const struct control_request *request)
{
	manager_reset_failed(UNIT_NONE);
	for (unit_id id = 0; id < manager_units()->count; id++)
		control_unit_changed(id);
	control_system_changed();
	control_answer_ok(client, request->tag);
}

static void serve_reload_units(struct control_client *client, const struct control_request *request)
{
	int r = manager_reload();

	if (r == 0)
		control_answer_ok(client, request->tag);
	else if (r == -EBADMSG || r == -ENOENT)
		control_refuse(client, request->tag, CONTROL_ERROR_BAD_FILES,
			       "the unit files cannot be used, and those from before go on to count; the log says why");
	else
		refuse_errno(client, request->tag, r);
}

void control_request(struct control_client *client, const struct control_request *request)
{
	if (control_verbs[request->verb].flags & CONTROL_ROOT_ONLY && client->uid != 0) {
		control_refuse(client, request->tag, CONTROL_ERROR_NOT_ALLOWED, "only root may do that");
		return;
	}
	switch (request->verb) {
	case CONTROL_VERSION:
		serve_version(client, request);
		return;
	case CONTROL_LIST:
		serve_list(client, request);
		return;
	case CONTROL_SUBSCRIBE:
		serve_subscribe(client, request);
		return;
	case CONTROL_STATUS:
	case CONTROL_WAIT:
	case CONTROL_START:
	case CONTROL_STOP:
	case CONTROL_RESTART:
	case CONTROL_TRY_RESTART:
	case CONTROL_RELOAD:
	case CONTROL_RELOAD_OR_RESTART:
	case CONTROL_TRY_RELOAD_OR_RESTART:
	case CONTROL_KILL:
		serve_unit(client, request);
		return;
	case CONTROL_RESET_FAILED:
		if (*request->unit)
			serve_unit(client, request);
		else
			serve_reset_all(client, request);
		return;
	case CONTROL_RELOAD_UNITS:
		serve_reload_units(client, request);
		return;
	case CONTROL_REBOOT:
	case CONTROL_POWEROFF:
	case CONTROL_HALT:
	case CONTROL_KEXEC:
		serve_power(client, request);
		return;
	case CONTROL_VERB_COUNT:
		return;
	}
}

void control_request_refused(struct control_client *client, uint32_t tag, enum control_error error)
{
	static const char *const texts[CONTROL_ERROR_COUNT] = {
		[CONTROL_ERROR_SYNTAX] = "a request is TAG VERB [WORD...], see orlop-control(7)",
		[CONTROL_ERROR_UNKNOWN_VERB] = "there is no such request",
		[CONTROL_ERROR_TOO_LONG] = "a request has at most 512 bytes",
		[CONTROL_ERROR_BAD_UNIT] = "that is not the name of a unit of a type that Orlop runs",
	};

	control_refuse(client, tag, error, texts[error] ? texts[error] : "refused");
}
