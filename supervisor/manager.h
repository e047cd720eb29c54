// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The supervisor as init sees it: load the units, start one, feed it events, stop all. It owns the unit
 * sets, the notify socket and the watches on cgroups; init owns the epoll instance and the order in
 * which kinds of events are handled.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>

#include "supervisor/job.h"
#include "supervisor/service.h"

/* Kinds of epoll data that are the supervisor's: the upper 32 bits. Smaller numbers are init's. */
enum manager_source {
	MANAGER_SOURCE_EXEC_STATUS = 1,
	MANAGER_SOURCE_NOTIFY,
	MANAGER_SOURCE_CGROUP,
	MANAGER_SOURCE_LOG_LINK,
	MANAGER_SOURCE_UNIT = UNIT_EPOLL_SOURCE,
	MANAGER_SOURCE_FD_STORE = 6, /* FD_STORE_SOURCE */
	MANAGER_SOURCE_ALIEN = 7,    /* SERVICE_SOURCE_ALIEN */
	MANAGER_SOURCE_END,
};

struct manager_observer {
	/* A unit came up, or did not. @unit is good until the next manager_reload(). */
	void (*started)(const struct unit *unit, enum job_result result, uint64_t began, uint64_t ended);
	void (*stopped)(const struct unit *unit, uint64_t began, uint64_t ended);
	/* Any job is over, also those of started and stopped. May be NULL. */
	void (*finished)(unit_id id, enum job_type type, enum job_result result);
	/* The state of a unit changed, in any way. May be NULL. */
	void (*changed)(unit_id id);
	/* Unit N is unit new_ids[N] now, or UNIT_NONE: gone. Before any job goes on; may be NULL. */
	void (*reloaded)(const unit_id *new_ids);
	/* FailureAction= and its like are due. @exit_status: for ACTION_EXIT; -1: none. May be NULL. */
	void (*emergency)(const struct unit *unit, enum emergency_action action, int exit_status,
			  const char *why);
	/* No job is left. */
	void (*idle)(void);
};

/** manager_in_container() - says, before manager_init(), that the machine ran before PID 1 did. */
void manager_in_container(void);

/**
 * manager_init() - makes the notify socket and the cgroup tree.
 * @runtime_directory: /run/orlop, where the notify socket is made
 * Return: 0 or -errno.
 */
int manager_init(int epoll_fd, const char *runtime_directory, const struct manager_observer *observer);

/**
 * manager_load() - loads @name and what it needs from the search path (NULL: the standard one).
 * Faults in unit files are logged as warnings.
 * Return: 0; -ENOENT: there is no such unit; or -errno.
 */
int manager_load(const char *name, const char *const *search_path);

/** manager_units() - Return: the units that are loaded; their ids are good until the next manager_reload(). */
const struct unit_set *manager_units(void);

/**
 * manager_find() - the unit called @name, loaded now if it was not yet: an instance, or a unit that
 * nothing named so far.
 * Return: 0; -EINVAL: no name of a unit; -ENOENT: it has no file; -ENOSPC: there is no room for it.
 */
int manager_find(const char *name, unit_id *ret_id);

/**
 * manager_job() - wishes that something be done with @id, with all that hangs on it.
 * Return: 0: the job is there (or there was nothing to do), and the observer tells how it ends; -EPERM:
 * RefuseManualStart= or RefuseManualStop=; or as job_request().
 */
int manager_job(unit_id id, enum job_type type, enum job_mode mode);

/** manager_kill() - sends @signal to the processes of a service. Return: as service_kill(); -EOPNOTSUPP: it is none. */
int manager_kill(unit_id id, enum service_kill_who who, int signal);

/** manager_reset_failed() - @id, or with UNIT_NONE every unit, is no longer failed and may start again. */
void manager_reset_failed(unit_id id);

/**
 * manager_reload() - reads all unit files anew. All or nothing: with a unit that was good before and is
 * not now, or without room, everything stays as it was (hc-46). What runs goes on: state, processes,
 * cgroups, descriptors and jobs go to the unit of the same name; a unit whose file is gone stays for
 * as long as it is not down.
 * Return: 0; -EBADMSG: a unit cannot be used (it was logged); or -errno.
 */
int manager_reload(void);

/** manager_start() - starts what manager_load() loaded. Return: as job_start(). */
int manager_start(void);

/** manager_stop_all() - begins to stop everything, in order. manager_quiet() tells when it is over. */
void manager_stop_all(void);

/** manager_quiet() - Return: whether no job is pending. */
bool manager_quiet(void);

/**
 * manager_collect() - makes room once the units have become many: forgets those of connections that are over, by reading all
 * units again. Units get other numbers, so nobody may hold one.
 */
void manager_collect(void);

/** manager_dispatch() - handles an epoll event whose source is the supervisor's. */
void manager_dispatch(uint64_t data);

/** manager_on_exit() - a child is a zombie (waitid(2) WNOWAIT) and about to be reaped. Return: whether it was a service's. */
bool manager_on_exit(const siginfo_t *info);

/** manager_next_deadline() - Return: when manager_expire() is due (CLOCK_BOOTTIME ns). */
uint64_t manager_next_deadline(void);
void manager_expire(uint64_t now);

/** manager_log_blockers() - logs the units whose jobs are not over, for a boot or a shutdown that takes too long. */
void manager_log_blockers(void);

/* One unit that the boot waited for. */
struct manager_link {
	const struct unit *unit;
	uint64_t began; /* ns: when the wait for it began: its own start or the end of the one before */
	uint64_t ended;
};

/* Longer chains are cut at their beginning. */
#define MANAGER_CHAIN_MAX 6

/**
 * manager_critical_chain() - the services that decided when everything was up: the last one that came up,
 * before it the last one that it had to wait for, and so on, the first one first.
 * Return: how many are in @ret_chain.
 */
size_t manager_critical_chain(struct manager_link ret_chain[static MANAGER_CHAIN_MAX]);
