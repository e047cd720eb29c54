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

/* The files of its cgroup that are watched by inotify. */
enum service_watch_kind {
	WATCH_EVENTS, /* cgroup.events: empty or not */
	WATCH_MEMORY, /* memory.events: killed for lack of memory */
	WATCH_COUNT,
};

struct service_watch {
	int number;    /* of inotify; -1: none */
	uint32_t next; /* in the watch table */
};

struct service {
	struct service_run run;
	struct service_process process[ROLE_COUNT];
	struct service_watch watch[WATCH_COUNT];
	struct log_pipe log[2]; /* for the log alone, and for log and console */
	int cgroup_fd;
	int socket_fd;	     /* the connection of an Accept=yes instance, or -1 */
	int pid_file_watch;  /* inotify watch on where PIDFile= is to appear, or -1 */
	uint32_t heap_index; /* in the deadline heap, from 1; 0: not in it */
	uint32_t oom_kills;
	int status_errno;      /* ERRNO= of sd_notify */
	bool main_alien;       /* main is no child of PID 1: its pidfd is watched */
	uint64_t start_began;  /* ns: when it left inactive the last time */
	uint64_t main_started; /* ns: when the main process was made */
	uint64_t up_since;     /* ns: when it became active the last time; 0: never */
	uint64_t changed;      /* ns: when its activity changed the last time */
	uint64_t reload_began; /* ns on CLOCK_MONOTONIC: when the reload signal was sent */
};

/** What the rest of the supervisor is told and asked. */
struct service_observer {
	/* A start because of Restart=. Return: 0; -EBUSY: a stop waits for it; another -errno: it cannot be. */
	int (*restart)(unit_id id);
	/* It reloads by itself. */
	void (*propagate_reload)(unit_id id);
	/* Whether a stop job waits for it, and whether any job does. */
	bool (*stop_queued)(unit_id id);
	bool (*job_queued)(unit_id id);
	/* A new orlop-logd runs, and has yet to be told of the pipes of other unit types. */
	void (*log_lost)(void);
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

/** service_table_init() - empties all slots. */
void service_table_init(const struct service_world *world);

const struct service *service_get(unit_id id);

/** service_status_text() - Return: STATUS= of sd_notify, maybe empty. */
const char *service_status_text(unit_id id);

/** service_main_pid() - Return: the main process, or 0. */
pid_t service_main_pid(unit_id id);

/** service_of_process() - Return: the service that has @pid as main or control process, or UNIT_NONE. */
unit_id service_of_process(pid_t pid);

/** service_stop_for_restart() - stops it as the first half of a restart. */
void service_stop_for_restart(unit_id id);

/** service_set_connection() - @fd, which it owns from now on, is what started it (Accept=yes). */
void service_set_connection(unit_id id, int fd);

enum service_kill_who {
	SERVICE_KILL_MAIN,
	SERVICE_KILL_CONTROL,
	SERVICE_KILL_ALL,
};

/** service_kill() - sends @signal (`orlopctl kill`). Return: 0; -ESRCH: there is no such process; or -errno. */
int service_kill(unit_id id, enum service_kill_who who, int signal);

/** service_on_exit() - a child of PID 1 has ended and is still a zombie (waitid WNOWAIT). Return: whether it was a service's. */
bool service_on_exit(const siginfo_t *info);

/** service_on_alien_exit() - the pidfd of a main process that is no child of ours is readable. */
void service_on_alien_exit(unit_id id);

/** service_on_exec_status() - the exec status pipe of unit and role (the data of its epoll entry) has something to say. */
void service_on_exec_status(unit_id id, enum service_role role);

/** service_look_everywhere() - events of inotify were lost: all cgroups are looked at. */
void service_look_everywhere(void);

/** service_on_inotify() - inotify says that something happened at the watch @number. */
void service_on_inotify(int number);

/**
 * service_on_notify() - a message of @sender's, who belongs to the cgroup of @id.
 * @fds: came with it; those that are kept are set to -1, the rest stays the caller's
 */
struct notify_message;
void service_on_notify(unit_id id, pid_t sender, const struct notify_message *message, int *fds,
		       size_t fd_count);

/** service_next_deadline() - Return: when service_expire() is due, or CLOCK_TIME_MAX. */
uint64_t service_next_deadline(void);

/**
 * service_expire() - gives EVENT_TIMEOUT and EVENT_WATCHDOG to those for which it is time, at most @limit.
 * @watchdogs: whether watchdogs count now; not while notifications are unread (hc-33)
 * Return: how many.
 */
unsigned service_expire(uint64_t now, unsigned limit, bool watchdogs);

/** service_jobs_over() - no job is left: Type=idle services that wait may go on. */
void service_jobs_over(void);

/** service_log_lost() - a new orlop-logd runs: all pipes must be announced again. */
void service_log_lost(void);
/** service_log_announce() - announces pipes until done or the socket is full. Return: 0 or -EAGAIN. */
int service_log_announce(void);

/* epoll data of an exec status pipe: this tag, the role and the unit. */
#define SERVICE_SOURCE_STATUS (UINT64_C(1) << 32)
/* epoll data of the pidfd of a main process that is no child of PID 1: this tag and the unit. */
#define SERVICE_SOURCE_ALIEN (UINT64_C(7) << 32)
