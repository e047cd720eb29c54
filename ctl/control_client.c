// SPDX-License-Identifier: MIT OR Apache-2.0
/* The client's end of the control socket: see control_client.h. */
#include "ctl/control_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/fd.h"

int client_open(struct control_client *client)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CONTROL_PATH };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	client->fd = -1;
	client->last_tag = 0;
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	client->fd = fd;
	return 0;
}

void client_close(struct control_client *client)
{
	client->fd = fd_close(client->fd);
}

static int64_t request(struct control_client *client, const char *format, va_list arguments)
{
	char text[CONTROL_REQUEST_MAX + 2];
	int head = snprintf(text, sizeof(text), "%u ", client->last_tag + 1);
	int rest = vsnprintf(text + head, sizeof(text) - (size_t)head, format, arguments);

	if (rest < 0 || head + rest > CONTROL_REQUEST_MAX)
		return -EMSGSIZE;
	while (send(client->fd, text, (size_t)(head + rest), MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return ++client->last_tag;
}

int64_t client_request(struct control_client *client, const char *format, ...)
{
	va_list arguments;
	int64_t tag;

	va_start(arguments, format);
	tag = request(client, format, arguments);
	va_end(arguments);
	return tag;
}

int client_receive(struct control_client *client, struct reply *ret_reply)
{
	for (;;) {
		ssize_t n = recv(client->fd, client->record, CONTROL_RECORD_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		return reply_parse((struct str){ client->record, (size_t)n }, ret_reply);
	}
}

int client_ask(struct control_client *client, struct reply *ret_reply, const char *format, ...)
{
	va_list arguments;
	int64_t tag;

	va_start(arguments, format);
	tag = request(client, format, arguments);
	va_end(arguments);
	return tag < 0 ? (int)tag : client_receive(client, ret_reply);
}

void unit_states_free(struct unit_state **units, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(units[i]);
	free(units);
}

int client_list(struct control_client *client, struct unit_state ***ret_units, size_t *ret_count)
{
	struct unit_state **units = NULL;
	struct reply reply;
	size_t count = 0;
	int64_t tag = client_request(client, "list");
	int r = tag < 0 ? (int)tag : 0;

	while (r == 0) {
		struct unit_state **more;

		r = client_receive(client, &reply);
		if (r == 0 && reply.kind == REPLY_OK) {
			*ret_units = units;
			*ret_count = count;
			return 0;
		}
		if (r == 0 && reply.kind == REPLY_ERROR)
			r = -EBUSY;
		if (r < 0 || reply.kind != REPLY_UNIT)
			continue;
		more = realloc(units, (count + 1) * sizeof(*units));
		if (!more) {
			r = -ENOMEM;
			continue;
		}
		units = more;
		units[count] = unit_state_new(reply.body);
		r = units[count] ? 0 : -ENOMEM;
		count += r == 0;
	}
	unit_states_free(units, count);
	return r;
}
