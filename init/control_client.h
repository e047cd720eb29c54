// SPDX-License-Identifier: MIT OR Apache-2.0
/* Clients of the control socket, a slot each in a static table, and what they are owed. For control*.c alone. */
#pragma once

#include <sys/types.h>

#include "init/control.h"
#include "init/control_parse.h"

#define CONTROL_DIRTY_WORDS (UNIT_MAX / 64)

struct control_client {
	int fd; /* -1: a free slot */
	uid_t uid;
	pid_t pid;
	bool wants_out; /* EPOLLOUT is watched */
	bool listing;
	bool subscribed;
	bool system_dirty;
	bool reloaded;
	unit_id list_next;
	uint32_t list_tag;
	uint32_t subscribe_tag;
	unit_id dirty_count;
	unit_id dirty_next; /* where to look for the next dirty unit */
};

extern struct control_client control_clients[CONTROL_CLIENT_MAX];

/** control_clients_init() - all slots are free. @source: upper half of the epoll data of clients. */
void control_clients_init(int epoll_fd, unsigned source);

unsigned control_client_index(const struct control_client *client);

/** control_client_watch() - watches @fd, which is to be @client's. Return: 0 or -errno. */
int control_client_watch(struct control_client *client, int fd);

/** control_client_drop() - closes the connection, with all that waits on it. */
void control_client_drop(struct control_client *client);

/**
 * control_receive() - the next record, which never waits. Descriptors that came with it are closed by somebody else: fd_drop().
 * Return: its length, which may be more than @size; 0 at the end; or -1, and errno is that of recvmsg(2).
 */
ssize_t control_receive(int fd, char *text, size_t size);

/** control_send() - Return: 0, or -errno of send(2), which never waits. */
int control_send(int fd, const struct buf *record);

/* Short answers: they go out now, or the client is dropped. */
void control_answer(struct control_client *client, const struct buf *record);
void control_answer_ok(struct control_client *client, uint32_t tag);
void control_refuse(struct control_client *client, uint32_t tag, enum control_error error,
		    const char *text);
void control_add_error(struct buf *record, uint32_t tag, enum control_error error, const char *text);

/** control_client_subscribe() - Return: false: it has already. */
bool control_client_subscribe(struct control_client *client, uint32_t tag);

/** control_client_mark() - the client shall be told of @id. */
void control_client_mark(struct control_client *client, unit_id id);

/** control_client_push() - sends some of what is owed, as far as the queue allows. */
void control_client_push(struct control_client *client);

/* ---- control_request.c ---- */

/** control_request() - carries out one request and answers it, or notes that it waits. */
void control_request(struct control_client *client, const struct control_request *request);

/** control_request_refused() - answers what was no request. */
void control_request_refused(struct control_client *client, uint32_t tag, enum control_error error);

/** control_requests_init() - what requests need from the loop. */
void control_requests_init(const struct control_hooks *hooks);

/** control_describe() - asks the loop. */
void control_describe(struct control_system *ret_system);

/** control_waits_drop() - nobody waits for answers to the client of this index any more. */
void control_waits_drop(unsigned client);

/** control_waits_moved() - units have new ids. */
void control_waits_moved(const unit_id *new_ids);
