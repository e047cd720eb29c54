// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Clients: see server.h. A client is in one of three states: its line is not complete; it is being answered; all that
 * is there has been sent and more will follow. Answers go from the disk through one buffer for each
 * client, and only as fast as it reads. What the disk has not (yet) comes from the journal's ring.
 */
#include "logd/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
#include "logd/group_parse.h"
#include "logd/journal.h"
#include "logd/log_format.h"
#include "logd/log_reader.h"

/* Room for some lines beside the longest one. */
#define OUT_SIZE (LOG_FORMAT_SIZE + 16 * 1024)
#define GROUP_FILE_MAX 65536

enum client_state {
	CLIENT_FREE,
	CLIENT_ASKING,
	CLIENT_ANSWERED, /* being answered */
	CLIENT_ENDING,	 /* nothing more but what is in the buffer */
};

struct client {
	enum client_state state;
	int fd;
	int directory;
	bool blocked;	    /* its socket is full */
	bool ring;	    /* the query is about this boot, too */
	uint64_t last;	    /* number of the last record of this boot that was sent */
	uint64_t idle_at;   /* the newest number when there was nothing more to send */
	uint64_t ring_skip; /* of the ring's matches, as they are before the last N */
	struct ring_cursor cursor;
	char boot_id[LOG_BOOT_ID_SIZE]; /* of the last record */
	size_t in_length;
	size_t out_start;
	size_t out_end;
	struct log_reader reader;
	char in[LOG_QUERY_SIZE];
	char out[OUT_SIZE];
};

static struct {
	int epoll_fd;
	uint32_t kind;
	int fd;
	gid_t group; /* 0: root alone */
	char host[65];
} server = { .fd = -1 };

/* By itself: beside values that are not zero it would be in the file of the program. */
static struct client clients[SERVER_CLIENTS_MAX];

/* ---- the socket ---- */

static gid_t find_group(const char *name)
{
	static char text[GROUP_FILE_MAX] _scratch_;
	gid_t group = 0;
	ssize_t n = *name ? file_read(AT_FDCWD, "/etc/group", text, sizeof(text)) : -1;

	if (n > 0)
		(void)group_parse((struct str){ text, (size_t)n }, str_from(name), &group);
	return group;
}

static int make_socket(void)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET_PATH };
	mode_t mode = server.group > 0 ? 0660 : 0600;

	if (fd < 0)
		return -errno;
	if (unlink(LOG_SOCKET_PATH) < 0 && errno == ENOENT)
		(void)make_directories("/run/orlop", 0755);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(LOG_SOCKET_PATH, mode) < 0 ||
	    (server.group > 0 && chown(LOG_SOCKET_PATH, 0, server.group) < 0) ||
	    listen(fd, SERVER_CLIENTS_MAX) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int server_open(int epoll_fd, uint32_t kind, int fd, const char *group)
{
	server.epoll_fd = epoll_fd;
	server.kind = kind;
	server.group = find_group(group);
	(void)gethostname(server.host, sizeof(server.host) - 1);
	server.fd = fd >= 0 ? fd : make_socket();
	return server.fd;
}

static void client_end(struct client *client)
{
	if (client->state == CLIENT_ANSWERED || client->state == CLIENT_ENDING)
		log_reader_close(&client->reader);
	client->fd = fd_close(client->fd);
	client->directory = fd_close(client->directory);
	client->state = CLIENT_FREE;
}

/* The mode of the socket has let it in; this is for a socket that was made with another one. */
static bool may_read(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	gid_t groups[64];
	socklen_t groups_length = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	if (peer.uid == 0 || (server.group > 0 && peer.gid == server.group))
		return true;
	if (server.group == 0 || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_length) < 0)
		return false;
	for (size_t i = 0; i < groups_length / sizeof(groups[0]); i++)
		if (groups[i] == server.group)
			return true;
	return false;
}

void server_accept(void)
{
	for (;;) {
		int fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
		uint32_t i = 0;

		if (fd < 0)
			return;
		while (i < SERVER_CLIENTS_MAX && clients[i].state != CLIENT_FREE)
			i++;
		event.data.u64 = (uint64_t)server.kind << 32 | i;
		if (i == SERVER_CLIENTS_MAX || !may_read(fd) ||
		    epoll_ctl(server.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
			static const char busy[] = "error too many readers\n";
			static const char denied[] = "error not permitted\n";
			const char *answer = i == SERVER_CLIENTS_MAX ? busy : denied;

			(void)send(fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
			fd_close(fd);
			continue;
		}
		clients[i].state = CLIENT_ASKING;
		clients[i].fd = fd;
		clients[i].directory = -1;
		clients[i].reader.fd = clients[i].reader.boot_directory = -1;
		clients[i].idle_at = UINT64_MAX;
		clients[i].in_length = clients[i].out_start = clients[i].out_end = 0;
		clients[i].blocked = false;
	}
}

/* ---- answers ---- */

static size_t out_room(struct client *client)
{
	if (client->out_start > 0) {
		memmove(client->out, client->out + client->out_start,
			client->out_end - client->out_start);
		client->out_end -= client->out_start;
		client->out_start = 0;
	}
	return OUT_SIZE - client->out_end;
}

/* The caller has asked for room. */
static void out_add(struct client *client, struct str text)
{
	memcpy(client->out + client->out_end, text.p, text.n);
	client->out_end += text.n;
}

static void send_out(struct client *client)
{
	while (client->out_start < client->out_end) {
		ssize_t n = send(client->fd, client->out + client->out_start,
				 client->out_end - client->out_start, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			client->blocked = true;
			return;
		}
		if (n < 0) {
			client_end(client);
			return;
		}
		client->out_start += (size_t)n;
	}
	if (client->state == CLIENT_ENDING)
		client_end(client);
}

static void refuse(struct client *client, const char *problem)
{
	struct buf b = buf_init(client->out, OUT_SIZE);

	buf_printf(&b, "error %s\n", problem);
	client->out_start = 0;
	client->out_end = b.len;
	client->state = CLIENT_ENDING;
}

static bool is_about_this_boot(const struct log_query *query)
{
	switch (query->boot) {
	case LOG_BOOT_ALL:
		return true;
	case LOG_BOOT_OFFSET:
		return query->boot_offset == 0;
	case LOG_BOOT_ID:
		return strcmp(query->boot_id, journal_boot_id()) == 0;
	}
	return false;
}

/* How many of the ring's records that no disk has match. */
static uint64_t count_ring(const struct log_query *query)
{
	struct ring_cursor cursor = { 0 };
	uint64_t number = journal_written();
	uint64_t count = 0;
	struct str line;

	while ((number = ring_next(journal_ring(), number, &cursor, &line)) > 0) {
		struct log_record record;

		line.n--;
		count += log_record_parse(line, &record) == 0 && log_query_match(query, &record);
	}
	return count;
}

/* One line for each boot: INDEX ID FIRST LAST, times in seconds since 1970. */
static void answer_boots(struct client *client)
{
	struct log_boot boot = { 0 };
	struct buf b = buf_init(client->out, OUT_SIZE);

	buf_add(&b, "ok\n");
	while (client->directory >= 0 && log_boot_next(client->directory, boot.index, &boot) > 0) {
		struct log_boot_times times;

		if (OUT_SIZE - b.len < 128 || log_boot_times(client->directory, &boot, &times) < 0)
			continue;
		buf_printf(&b, "%u %s %llu.%06llu %llu.%06llu\n", boot.index, boot.id,
			   (unsigned long long)times.first / 1000000,
			   (unsigned long long)times.first % 1000000,
			   (unsigned long long)times.last / 1000000,
			   (unsigned long long)times.last % 1000000);
	}
	client->out_end = b.len;
	client->state = CLIENT_ENDING;
}

static void answer(struct client *client, struct str line)
{
	struct log_query query;
	const char *problem;
	int r;

	if (log_query_parse(line, &query, &problem) < 0) {
		refuse(client, problem);
		return;
	}
	client->directory = open(LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (query.verb == LOG_QUERY_BOOTS) {
		answer_boots(client);
		return;
	}
	client->ring = is_about_this_boot(&query);
	client->last = query.after;
	client->ring_skip = 0;
	client->boot_id[0] = '\0';
	client->cursor = (struct ring_cursor){ 0 };
	r = log_reader_open(&client->reader, client->directory, &query);
	if (r == -ENOENT && client->ring)
		r = log_reader_open(&client->reader, -1, &query);
	if (r < 0) {
		refuse(client, r == -ENOENT ? "no such boot" : error_name(r));
		return;
	}
	if (query.lines != UINT64_MAX && client->ring) {
		uint64_t count = count_ring(&query);

		client->ring_skip = count > query.lines ? count - query.lines : 0;
		client->reader.query.lines -= count < query.lines ? count : query.lines;
	}
	client->state = CLIENT_ANSWERED;
	out_add(client, STR("ok\n"));
}

static void read_query(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_length,
			 sizeof(client->in) - client->in_length, MSG_DONTWAIT);
	const char *newline;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_end(client);
		return;
	}
	newline = memchr(client->in + client->in_length, '\n', (size_t)n);
	client->in_length += (size_t)n;
	if (newline)
		answer(client, (struct str){ client->in, (size_t)(newline - client->in) });
	else if (client->in_length == sizeof(client->in))
		refuse(client, "the line is too long");
}

/* One record into the buffer, which has room for the longest. */
static void add_record(struct client *client, const struct log_record *record, struct str line,
		       const char *boot_id)
{
	if (client->reader.query.json) {
		const struct log_format_context context = { .host = server.host, .boot_id = boot_id };
		struct buf b = buf_init(client->out + client->out_end, OUT_SIZE - client->out_end);

		log_format_json(&b, record, &context);
		buf_add_char(&b, '\n');
		if (!b.overflow)
			client->out_end += b.len;
		return;
	}
	/* Each boot is announced, as records do not carry it. */
	if (strcmp(client->boot_id, boot_id) != 0) {
		struct buf id = BUF(client->boot_id);

		buf_add(&id, boot_id);
		out_add(client, STR("# boot "));
		out_add(client, (struct str){ id.p, id.len });
		out_add(client, STR("\n"));
	}
	out_add(client, line);
	out_add(client, STR("\n"));
}

/* The next record that is on no disk. */
static int next_in_ring(struct client *client, struct log_record *ret_record, struct str *ret_line)
{
	uint64_t after = journal_written() > client->last ? journal_written() : client->last;

	while (client->ring &&
	       (after = ring_next(journal_ring(), after, &client->cursor, ret_line)) > 0) {
		ret_line->n--;
		client->last = after;
		if (log_record_parse(*ret_line, ret_record) < 0 ||
		    !log_query_match(&client->reader.query, ret_record))
			continue;
		if (client->ring_skip == 0)
			return LOG_READER_RECORD;
		client->ring_skip--;
	}
	return LOG_READER_END;
}

/* Fills the buffer. Return: whether there is more work right away. */
static bool fill(struct client *client)
{
	const char *this_boot = journal_boot_id();

	while (out_room(client) >= LOG_FORMAT_SIZE) {
		struct log_record record;
		struct str line;
		const char *boot = log_reader_boot(&client->reader);
		int r = log_reader_next(&client->reader, &record, &line);

		if (r == LOG_READER_MORE)
			return true;
		if (r == LOG_READER_RECORD) {
			bool now = strcmp(log_reader_boot(&client->reader), this_boot) == 0;

			/* It was in the ring when it was not yet on the disk. */
			if (now && record.number <= client->last)
				continue;
			if (now)
				client->last = record.number;
			boot = log_reader_boot(&client->reader);
		} else if (r == LOG_READER_END) {
			r = next_in_ring(client, &record, &line);
			boot = this_boot;
		}
		if (r != LOG_READER_RECORD) {
			if (r < 0 || !client->reader.query.follow)
				client->state = CLIENT_ENDING;
			return false;
		}
		add_record(client, &record, line, boot);
	}
	return true;
}

void server_dispatch(uint32_t index, uint32_t events)
{
	struct client *client = &clients[index];

	if (client->state == CLIENT_FREE)
		return;
	client->blocked = false;
	if (events & EPOLLHUP)
		client_end(client);
	/* After its line a client only reads: what it sends more is not looked at. */
	else if (client->state == CLIENT_ASKING)
		read_query(client);
}

void server_rest(void)
{
	for (unsigned i = 0; i < SERVER_CLIENTS_MAX; i++) {
		struct client *client = &clients[i];

		if (client->state == CLIENT_FREE || client->out_start == client->out_end)
			pages_give_back(client->out, sizeof(client->out));
		if (client->state == CLIENT_FREE || client->reader.start == client->reader.end)
			pages_give_back(client->reader.buffer, sizeof(client->reader.buffer));
	}
}

bool server_work(void)
{
	uint64_t newest = journal_ring()->last_number;
	bool more = false;

	for (unsigned i = 0; i < SERVER_CLIENTS_MAX; i++) {
		struct client *client = &clients[i];
		bool again = false;

		if (client->state == CLIENT_FREE || client->state == CLIENT_ASKING || client->blocked)
			continue;
		if (client->state == CLIENT_ANSWERED && client->idle_at != newest) {
			again = fill(client);
			client->idle_at = again ? UINT64_MAX : newest;
		}
		send_out(client);
		more |= again && !client->blocked && client->state == CLIENT_ANSWERED;
	}
	return more;
}
