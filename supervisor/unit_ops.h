// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What each type of unit can do: one table of operations a type, through which jobs, transactions and
 * the manager reach a unit. They never ask what type a unit is.
 *
 * The other direction: a unit type tells every change of state by unit_changed(), and starts what it
 * triggers by unit_trigger(). Both may be called from inside an event; jobs run when the event is over
 * (the manager settles after each).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/unit.h"

/* What the states of a unit are to others (`systemctl is-active`). */
enum unit_active {
	ACTIVE_INACTIVE,
	ACTIVE_ACTIVATING,
	ACTIVE_ACTIVE,
	ACTIVE_RELOADING,
	ACTIVE_DEACTIVATING,
	ACTIVE_FAILED,
};

struct rlimit;
struct spawn_fd; /* supervisor/spawn.h */

/** What unit types need from outside, set once. */
struct unit_world {
	const struct unit_set *set; /* changes at manager_reload(), before moved() is called */
	int epoll_fd;
	int inotify_fd;		     /* for cgroup.events */
	const struct rlimit *nofile; /* RLIMIT_NOFILE as PID 1 was given it */
	bool container;		     /* the machine ran before PID 1 did */
};

struct unit_ops {
	/* Forgets all units. Called once, before anything else; may be NULL. */
	void (*init)(const struct unit_world *world);

	enum unit_active (*active)(unit_id id);
	/* The state in the words of systemd ("running", "listening", "waiting"). */
	const char *(*state_name)(unit_id id);

	/*
	 * Whether one more start is within its start limit; called once for each start, before its
	 * conditions are looked at. NULL: always. Return: 0, or -ECANCELED: it is failed now.
	 */
	int (*may_start)(unit_id id);
	/*
	 * Begins to start it. Conditions, requirements and order have been seen to.
	 * Return: 0: it is up, or unit_changed() tells how it goes on; -EAGAIN: not now, ask again
	 * after its next change; another -errno: it cannot be, and its state says why.
	 */
	int (*start)(unit_id id);
	/* Begins to stop it: never refused. */
	void (*stop)(unit_id id);
	/* The same as the first half of a restart (RestartKillSignal=); NULL: as stop. */
	void (*stop_for_restart)(unit_id id);
	/* Begins to reload it. Return: as start. NULL: this type cannot be reloaded. */
	int (*reload)(unit_id id);
	/* Whether it can be reloaded at all; NULL: no. */
	bool (*can_reload)(unit_id id);
	/* Whether the last start ended inactive because a condition was not met; NULL: no. */
	bool (*skipped)(unit_id id);
	/* Whether the last reload went well; NULL: yes. */
	bool (*reloaded)(unit_id id);
	/* The job that it waits for in order to be started will not be: it need not wait. NULL: never does. */
	void (*abandoned)(unit_id id);
	/* The exit code of its main process, for FailureAction=exit; -1 or NULL: none. */
	int (*exit_status)(unit_id id);
	/* A failed unit is inactive again, and its start limit forgotten. */
	void (*reset_failed)(unit_id id);

	/* What @id triggers, @triggered, went from one state to another: for UNIT_TRIGGERS; may be NULL. */
	void (*triggered_changed)(unit_id id, unit_id triggered, enum unit_active before,
				  enum unit_active after);
	/* Any unit changed: of sockets alone, for the instances of their connections; may be NULL. */
	void (*any_changed)(unit_id id, enum unit_active after);
	/* Descriptors that @id has for the service that it triggers, for the service's LISTEN_FDS; may be
	 * NULL. They stay @id's. Return: how many of at most @size are in @ret_fds. */
	size_t (*listen_fds)(unit_id id, struct spawn_fd *ret_fds, size_t size);

	/* Deadlines of all units of the type; may be NULL. CLOCK_TIME_MAX: none. */
	uint64_t (*next_deadline)(void);
	/* Return: how many were due, at most @limit. */
	unsigned (*expire)(uint64_t now, unsigned limit);
	/* The wall clock was set, or the machine slept; may be NULL. */
	void (*clock_changed)(void);
	/* An epoll event whose data is unit_epoll_data(type, detail); may be NULL. */
	void (*dispatch)(uint32_t detail);

	/* Units from @first on were added to the set; may be NULL. */
	void (*grown)(unit_id first);
	/*
	 * All unit files were read again: unit N of the old set is unit new_ids[N] of @set, or UNIT_NONE:
	 * it is gone (only units that are down vanish). Descriptors and state move along; may be NULL.
	 */
	void (*moved)(const struct unit_set *old, const unit_id *new_ids);
};

extern const struct unit_ops service_ops;
extern const struct unit_ops target_ops;
extern const struct unit_ops socket_ops;
extern const struct unit_ops timer_ops;

/** unit_ops_of() - Return: the operations of @type. */
const struct unit_ops *unit_ops_of(enum unit_type type);

/** unit_active_state() - Return: whether @id is up, whatever its type. */
enum unit_active unit_active_state(unit_id id);

static inline bool unit_active_is_up(enum unit_active active)
{
	return active == ACTIVE_ACTIVE || active == ACTIVE_RELOADING;
}

static inline bool unit_active_is_down(enum unit_active active)
{
	return active == ACTIVE_INACTIVE || active == ACTIVE_FAILED;
}

const char *unit_active_name(enum unit_active active);

/** unit_changed() - @id went from one state to another (jobs, dependencies and triggers follow). */
void unit_changed(unit_id id, enum unit_active before, enum unit_active after);

/**
 * unit_trigger() - starts what @id triggers (UNIT_TRIGGERS), as a job that replaces others.
 * Return: 0; -ESHUTDOWN: the machine goes down; -ENOENT: it cannot be started; another -errno as
 * job_start().
 */
int unit_trigger(unit_id id);

/** unit_triggered() - Return: the first unit that @id triggers, or UNIT_NONE. */
unit_id unit_triggered(unit_id id);

/**
 * unit_start_connection() - Accept=yes: loads the instance @name, gives it @fd (LISTEN_FDNAMES=connection,
 * and StandardInput=socket) and starts it.
 * @fd: belongs to the service afterwards, or is closed on failure
 * @ret_id: the instance
 * Return: 0 or -errno.
 */
int unit_start_connection(unit_id socket, const char *name, int fd, unit_id *ret_id);

/* epoll data of unit types: the source, the type in 8 bits, and 24 bits of the type's own. */
#define UNIT_EPOLL_SOURCE 5
#define UNIT_EPOLL_DETAIL_MAX 0xffffffU

static inline uint64_t unit_epoll_data(enum unit_type type, uint32_t detail)
{
	return (uint64_t)UNIT_EPOLL_SOURCE << 32 | (uint64_t)type << 24 |
	       (detail & UNIT_EPOLL_DETAIL_MAX);
}
