// SPDX-License-Identifier: MIT OR Apache-2.0
/* Within the services only: the slots, and what the files about them ask of each other. */
#pragma once

#include "supervisor/service.h"

/* ---- service.c ---- */

extern struct service_world service_world;

struct service *service_slot(unit_id id);
const struct unit *service_unit(unit_id id);
/* Gives the machine an event and carries out what it answers. */
void service_feed(unit_id id, struct service_event event);

/* ---- service_process.c: who runs ---- */

void process_table_init(void);
/* The units have new ids: the table, and the data of epoll, are made anew. */
void process_table_moved(void);
uint32_t process_index(unit_id id, enum service_role role);
/* Takes over a process that is there; both descriptors belong to the table (@status_fd: or -1). */
void process_record(unit_id id, enum service_role role, pid_t pid, int pidfd, int status_fd);
void process_forget(unit_id id, enum service_role role);
/* Return: the process_index() of @pid, or UINT32_MAX. */
uint32_t process_find(pid_t pid);
/* Signals it, and lets it go on if it was stopped. */
void process_tell(unit_id id, enum service_role role, int signal);
/* Makes @pid the main process, if it is one of the unit's. Return: 0; -ESRCH: it is gone; -EPERM: it is not the unit's. */
int process_adopt(unit_id id, pid_t pid);
/* Finds the main process by PIDFile= or by guessing, and adopts it. Return: 0, or -errno: it is not known. */
int process_find_main(unit_id id);
/* The main process has ended: whether PIDFile= names its successor, which is adopted then. */
bool process_succeeded(unit_id id);
/* Looks for PIDFile= again whenever something happens where it is to be. */
void process_await_pid_file(unit_id id);
void process_stop_awaiting(unit_id id);

/* ---- service_cgroup.c: where ---- */

void watch_table_init(void);
/* The units have new ids. */
void watch_table_moved(void);
void service_open_cgroup(unit_id id);
/* Removes the cgroup, or goes on watching it where processes are left. */
void service_release_cgroup(unit_id id);
/* Return: whether the kernel killed something for lack of memory since the last time. */
bool service_oom_happened(unit_id id);

/* ---- service_spawn.c ---- */

void service_spawn(unit_id id, enum service_role role, const struct exec_command *command);

/* ---- service_deadline.c ---- */

void deadline_init(void);
/* Puts the unit where its deadlines belong, or takes it out. */
void deadline_update(unit_id id);
/* ---- service_notify.c ---- */

void service_status_clear(unit_id id);
void service_status_moved(const unit_id *new_ids, unit_id count);
/* NotifyAccess= as it counts. */
enum notify_access service_notify_access(const struct unit *unit);
