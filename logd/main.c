// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop-logd: keeps what services print. PID 1 hands it the read ends of their pipes over a socket
 * (descriptor 3, named "control") and keeps them itself as well, so that this process can end at any
 * moment and its successor goes on where it stopped. Records on the socket:
 *
 *   add UNIT console|quiet   with a pipe (SCM_RIGHTS)
 *   flush UNIT               UNIT's process has ended
 *
 * On SIGTERM it takes what still waits in the pipes and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "logd/source.h"

#define CONTROL_FD 3
#define RECORD_SIZE 512
#define EVENTS_PER_PASS 32

static struct source *sources;
static int epoll_fd = -1;

/* epoll data: a source's address, or the address of one of these. */
static char control_tag;
static char signal_tag;

static int watch(int fd, void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static struct source *find(struct str name, bool console)
{
	for (struct source *source = sources; source; source = source->next)
		if (source->console == console && str_is(name, source->file->name))
			return source;
	return NULL;
}

static void add(struct str name, bool console, int pipe_fd)
{
	struct source *source = find(name, console);
	int r;

	if (pipe_fd < 0 || fcntl(pipe_fd, F_SETFL, O_NONBLOCK) < 0) {
		fd_close(pipe_fd);
		return;
	}
	if (source) {
		source_set_pipe(source, pipe_fd);
	} else {
		source = source_new(name, pipe_fd, console);
		if (!source) {
			log_error("logd: cannot keep the output of " STR_FORMAT, STR_ARGS(name));
			return;
		}
		source->next = sources;
		sources = source;
	}
	r = watch(source->pipe_fd, source);
	if (r < 0)
		log_error("logd: %s: %s", source->file->name, error_name(r));
}

/* What the unit's process wrote before it ended is in its pipes by now. */
static void flush(struct str name)
{
	for (int console = 0; console <= 1; console++) {
		struct source *source = find(name, console);

		if (!source)
			continue;
		(void)source_read(source);
		source_flush(source);
	}
}

static void handle_record(struct str record, int pipe_fd)
{
	struct str verb;
	struct str name;
	struct str how;

	if (!str_next_word(&record, &verb) || !str_next_word(&record, &name)) {
		fd_close(pipe_fd);
	} else if (str_is(verb, "add") && str_next_word(&record, &how)) {
		add(name, str_is(how, "console"), pipe_fd);
	} else {
		fd_close(pipe_fd);
		if (str_is(verb, "flush"))
			flush(name);
	}
}

/* Return: false when PID 1's end is gone. */
static bool read_control(void)
{
	for (;;) {
		char text[RECORD_SIZE];
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(sizeof(int))];
		} control;
		struct iovec part = { .iov_base = text, .iov_len = sizeof(text) };
		struct msghdr message = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(CONTROL_FD, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		struct cmsghdr *header;
		int fd = -1;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
		    header->cmsg_len >= CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		if (n == 0) {
			fd_close(fd);
			return false;
		}
		handle_record((struct str){ text, (size_t)n }, fd);
	}
}

static int open_signals(void)
{
	sigset_t stop;
	int fd;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* The last lines of everybody, so that a stop loses nothing. */
static void drain(void)
{
	(void)read_control();
	for (struct source *source = sources; source; source = source->next) {
		while (source_read(source) > 0)
			;
		source_flush(source);
	}
}

int main(void)
{
	int signal_fd;
	int r;

	/* In a container there is none; PID 1 has given us its own standard error then. */
	if (klog_open() < 0)
		klog_use_standard_error();
	(void)fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signal_fd = open_signals();
	r = epoll_fd < 0 || signal_fd < 0 ? -errno : watch(CONTROL_FD, &control_tag);
	if (r == 0)
		r = watch(signal_fd, &signal_tag);
	if (r < 0) {
		log_error("logd: no control socket on descriptor %d (%s): orlop-logd is started by PID 1",
			  CONTROL_FD, error_name(r));
		return EXIT_FAILURE;
	}
	for (;;) {
		struct epoll_event events[EVENTS_PER_PASS];
		int n = epoll_wait(epoll_fd, events, EVENTS_PER_PASS, -1);
		bool control = false;

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &signal_tag) {
				drain();
				return EXIT_SUCCESS;
			}
			if (events[i].data.ptr == &control_tag)
				control = true;
			else
				(void)source_read(events[i].data.ptr);
		}
		/* Last: a record may replace a source that an event of this pass still points to. */
		if (control && !read_control()) {
			drain();
			return EXIT_SUCCESS;
		}
	}
}
