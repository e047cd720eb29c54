// SPDX-License-Identifier: MIT OR Apache-2.0
/* The client's end of /run/orlop/control: a socket, and the tags of what was asked on it. */
#pragma once

#include "ctl/reply_parse.h"
#include "lib/macros.h"

/* Requests that may be unanswered at a time: their answers fit into the queue of the socket. */
#define CLIENT_WINDOW 32

struct control_client {
	int fd;
	uint32_t last_tag;
	char record[CONTROL_RECORD_MAX + 1];
};

/** client_open() - connects to PID 1. Return: 0 or -errno (-ENOENT, -ECONNREFUSED: PID 1 is not Orlop). */
int client_open(struct control_client *client);
void client_close(struct control_client *client);

/** client_request() - sends "TAG " and the text. Return: the tag (from 1), or -errno. */
int64_t client_request(struct control_client *client, const char *format, ...) _printf_(2, 3);

/**
 * client_receive() - waits for the next record.
 * @ret_reply: points into @client, until the next call
 * Return: 0; -EBADMSG; -ECONNRESET: PID 1 has closed the connection; or -errno.
 */
int client_receive(struct control_client *client, struct reply *ret_reply);

/** client_ask() - a request with one record as its answer. Return: as the two above. */
int client_ask(struct control_client *client, struct reply *ret_reply, const char *format, ...)
	_printf_(3, 4);

/** client_list() - all units. @ret_units: array and its units are the caller's. Return: 0 or -errno. */
int client_list(struct control_client *client, struct unit_state ***ret_units, size_t *ret_count);

void unit_states_free(struct unit_state **units, size_t count);
