// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * PID 1's end of /run/orlop/control, as orlop-control(7) specifies it. Anybody may connect and read;
 * what changes something is for root (SO_PEERCRED). No client can make PID 1 wait or grow: sockets are
 * non-blocking, each client has at most one request read in a pass, answers wait in the kernel's
 * queue of its socket and nowhere else. Long answers (lists, changes) are written only while that
 * queue is mostly empty and go on where they stopped; a short answer that finds it full ends the
 * connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "init/power.h"
#include "supervisor/job.h"

/* Connections at a time: people, the console page and a few agents use some five. */
#define CONTROL_CLIENT_MAX 64
/* Of them for others than root, and for any one of these: root always finds a place. */
#define CONTROL_CLIENT_OTHERS_MAX 32
#define CONTROL_CLIENT_USER_MAX 8
/* Requests that wait for the end of a job, of all clients together. */
#define CONTROL_WAIT_MAX 256

/* Of them for a connection of others than root: they cannot use up what root needs. */
#define CONTROL_WAIT_OTHERS_MAX 4

/* What "version" and the system record say of the machine. */
struct control_system {
	bool container;
	uint64_t kernel_ended; /* ns */
	uint64_t up;	       /* when the first job queue was empty, ns; 0: not yet */
	enum power_action power;
};

/* What the socket needs from the loop. */
struct control_hooks {
	void (*describe)(struct control_system *ret_system);
	/* @at_once: without stopping anything; then it does not return. */
	void (*go_down)(enum power_action action, bool at_once, const char *why);
};

/**
 * control_open() - makes the socket and watches it.
 * @epoll_fd: the data of its events is @listen_source << 32, that of clients @client_source << 32 plus
 * their index
 * Return: 0 or -errno.
 */
int control_open(int epoll_fd, unsigned listen_source, unsigned client_source,
		 const struct control_hooks *hooks);

/** control_accept() - takes new clients, a few in a pass. */
void control_accept(void);

/** control_serve() - an event (epoll's @events) of the client that @data names. */
void control_serve(uint64_t data, uint32_t events);

/** control_next_deadline() - Return: when control_expire() is due (ns), or CLOCK_TIME_MAX. */
uint64_t control_next_deadline(void);
void control_expire(uint64_t now);

/** control_unit_changed() - for those who subscribed. */
void control_unit_changed(unit_id id);

/** control_job_finished() - answers those who wait for the job of @id. */
void control_job_finished(unit_id id, enum job_result result);

/** control_reloaded() - the unit files were read again: unit N is new_ids[N] now, or UNIT_NONE: gone. */
void control_reloaded(const unit_id *new_ids);

/** control_system_changed() - the machine came up, or goes down. */
void control_system_changed(void);
