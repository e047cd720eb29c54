// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Services as they run: processes, cgroups, descriptors and deadlines, one slot for each unit. Feeds
 * events to the state machine (service_fsm.h) and carries out what it answers. Nothing here decides
 * when a service should start or stop: that is job.h.
 */
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>

#include "supervisor/log_link.h"
#include "supervisor/service_fsm.h"
#include "supervisor/spawn.h"

enum service_role {
	ROLE_MAIN,
	ROLE_CONTROL,
	ROLE_COUNT,
};

/* One process of a service that is being watched. */
struct service_process {
	pid_t pid; /* 0: none */
	int pidfd;
	int status_fd; /* exec status, until it has spoken */
	uint32_t next; /* in the pid table */
};

struct service {
	struct service_run run;
	struct service_process process[ROLE_COUNT];
	struct log_pipe log[2]; /* for the log alone, and for log and console */
	int cgroup_fd;
	int cgroup_watch; /* inotify watch on its cgroup.events */
	uint64_t oom_kills;
	uint32_t heap_index;   /* in the deadline heap, from 1; 0: not in it */
	uint64_t start_began;  /* ns: when it left inactive the last time */
	uint64_t main_started; /* ns: when the main process was made */
	uint64_t up_since;     /* ns: when it became active */
	char status[128];      /* STATUS= of sd_notify */
};

/** What the rest of the supervisor is told. */
struct service_observer {
	/* The service's state changed, and perhaps its activity with it. */
	void (*changed)(unit_id id, enum unit_active before, enum unit_active after);
};

/** What the table of services needs from outside, set once. */
struct service_world {
	const struct unit_set *set;
	const struct service_observer *observer;
	int epoll_fd;
	int inotify_fd;
	const char *notify_path;
	struct rlimit nofile;
};

/** service_table_init() - empties all slots. Return: 0. */
void service_table_init(const struct service_world *world);

const struct service *service_get(unit_id id);

/** service_start() / service_stop() - gives the machine that event. */
void service_start(unit_id id);
void service_stop(unit_id id);

/** service_on_exit() - a child of PID 1 has ended and is still a zombie (waitid WNOWAIT). Return: whether it was a service's. */
bool service_on_exit(const siginfo_t *info);

/** service_on_exec_status() - the exec status pipe of unit and role (the data of its epoll entry) has something to say. */
void service_on_exec_status(unit_id id, enum service_role role);

/** service_on_cgroup_event() - inotify says that a cgroup.events file changed. */
void service_on_cgroup_event(int watch);

/** service_on_notify() - a message of @sender's, who belongs to the cgroup of @id. */
struct notify_message;
void service_on_notify(unit_id id, pid_t sender, const struct notify_message *message);

/** service_next_deadline() - Return: when service_expire() is due, or CLOCK_TIME_MAX. */
uint64_t service_next_deadline(void);
/** service_expire() - gives EVENT_TIMEOUT to those whose deadline has passed, at most @limit of them. Return: how many. */
unsigned service_expire(uint64_t now, unsigned limit);

/** service_log_lost() - a new orlop-logd runs: all pipes must be announced again. */
void service_log_lost(void);
/** service_log_announce() - announces pipes until done or the socket is full. Return: 0 or -EAGAIN. */
int service_log_announce(void);

/* epoll data of an exec status pipe: this tag, the role and the unit. */
#define SERVICE_SOURCE_STATUS (UINT64_C(1) << 32)
