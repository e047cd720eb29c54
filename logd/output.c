// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes and units: see output.h. All memory is static; a unit that was seen once keeps its entry. */
#include "logd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "logd/console_writer.h"
#include "logd/journal.h"
#include "logd/syslog_parse.h"
#include "logd/unit_of.h"

/* Taken from one pipe before the next one has its turn: what a pipe holds by default (pipe(7)). */
#define PORTION (64 * 1024)
/* A pipe's content and what came meanwhile; more is of processes that live on. */
#define FLUSH_PORTIONS 4

struct stream {
	int fd; /* -1: none */
	bool ready;
};

struct unit {
	char name[LOG_UNIT_SIZE]; /* empty: the entry is free */
	struct rate_limit limit;
	unsigned priority;
	unsigned level_max; /* less important lines are dropped */
	uint32_t pid;
	bool level_prefix;
	char identifier[LOG_IDENTIFIER_MAX + 1];
	struct stream stream[2]; /* to the log alone; to the console as well */
};

static struct {
	int epoll_fd;
	uint32_t kind;
	struct rate_limit_settings rate;
	int scratch[2]; /* a pipe of our own, in which the content of others is looked at */
	unsigned count;
	bool dropped;		  /* some unit has lines to be told of */
	struct rate_limit others; /* lines that come from no unit */
} output = { .scratch = { -1, -1 } };

/* By itself: beside values that are not zero it would be in the file of the program. */
static struct unit units[OUTPUT_UNITS_MAX];

int output_init(int epoll_fd, uint32_t kind, const struct rate_limit_settings *rate)
{
	output.rate = *rate;
	output.epoll_fd = epoll_fd;
	output.kind = kind;
	return pipe2(output.scratch, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

/* Return: the entry of @name, a new one if it has none, or NULL. */
static struct unit *unit_get(struct str name)
{
	struct unit *unit;

	for (unsigned i = 0; i < output.count; i++)
		if (str_is(name, units[i].name))
			return &units[i];
	if (output.count == OUTPUT_UNITS_MAX || !unit_name_is_valid(name))
		return NULL;
	unit = &units[output.count++];
	memcpy(unit->name, name.p, name.n);
	unit->priority = LOG_PRIORITY_DEFAULT;
	unit->level_prefix = true;
	unit->level_max = LOG_SEVERITY_MAX;
	unit->stream[0].fd = unit->stream[1].fd = -1;
	return unit;
}

/* ---- lines ---- */

static void say_dropped(struct rate_limit *limit, struct str name, uint64_t now)
{
	uint64_t dropped = rate_limit_take_dropped(limit, &output.rate, now);

	if (dropped > 0)
		journal_note(name, 4,
			     "%llu lines of " STR_FORMAT " were dropped: more than %llu in %llu s",
			     (unsigned long long)dropped, STR_ARGS(name.n > 0 ? name : STR("no unit")),
			     (unsigned long long)output.rate.burst,
			     (unsigned long long)(output.rate.interval / NS_PER_S));
}

static bool admit(struct rate_limit *limit, struct str name)
{
	uint64_t now = clock_now();
	bool allowed;

	/* First what was dropped before, then this line. */
	say_dropped(limit, name, now);
	allowed = rate_limit_allow(limit, &output.rate, now);
	output.dropped |= !allowed;
	return allowed;
}

bool output_admit(struct str name)
{
	struct unit *unit = name.n > 0 ? unit_get(name) : NULL;

	return admit(unit ? &unit->limit : &output.others, unit ? str_from(unit->name) : STR(""));
}

static void add_line(struct unit *unit, bool console, struct str line)
{
	struct log_record record = {
		.priority = unit->priority,
		.source = LOG_SOURCE_OUTPUT,
		.pid = unit->pid,
		.unit = str_from(unit->name),
		.identifier = str_from(unit->identifier),
	};

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	record.text = unit->level_prefix ? syslog_take_level(line, &record.priority) : line;
	if (LOG_SEVERITY(record.priority) > unit->level_max || !admit(&unit->limit, record.unit))
		return;
	journal_add(&record);
	if (console)
		console_add(record.unit, record.text);
}

/* Makes records of the lines in @data. @all: also of a last one without newline. Return: bytes that are done with. */
static size_t take_lines(struct unit *unit, bool console, struct str data, bool all)
{
	size_t taken = 0;

	while (taken < data.n) {
		struct str rest = { data.p + taken, data.n - taken };
		size_t most = rest.n < LOG_TEXT_MAX ? rest.n : LOG_TEXT_MAX;
		const char *newline = memchr(rest.p, '\n',
					     rest.n < LOG_TEXT_MAX + 1 ? rest.n : LOG_TEXT_MAX + 1);
		size_t n = newline ? (size_t)(newline - rest.p) : most;

		if (!newline && n < LOG_TEXT_MAX && !all)
			break;
		add_line(unit, console, (struct str){ rest.p, n });
		taken += n + (newline ? 1 : 0);
	}
	return taken;
}

/* Return: what the pipe holds, up to @size bytes, without taking it out; 0 for nothing. */
static size_t look(int fd, char *data, size_t size)
{
	ssize_t n = tee(fd, output.scratch[1], size, SPLICE_F_NONBLOCK);
	size_t got = 0;

	while (n > 0 && got < (size_t)n) {
		ssize_t part = read(output.scratch[0], data + got, (size_t)n - got);

		if (part <= 0 && errno != EINTR)
			break;
		got += part > 0 ? (size_t)part : 0;
	}
	return got;
}

static void take_out(int fd, size_t size)
{
	char data[4096];

	while (size > 0) {
		ssize_t n = read(fd, data, size < sizeof(data) ? size : sizeof(data));

		if (n <= 0 && errno != EINTR)
			return;
		size -= n > 0 ? (size_t)n : 0;
	}
}

/* One portion of a stream. What was looked at is on the disk, or in memory if there is none, before it is taken out. */
static void read_stream(struct unit *unit, bool console, bool all)
{
	static char data[PORTION] _scratch_;
	struct stream *stream = &unit->stream[console];
	size_t n = stream->fd >= 0 ? look(stream->fd, data, sizeof(data)) : 0;
	size_t taken = take_lines(unit, console, (struct str){ data, n }, all);

	if (taken == 0) {
		stream->ready = false;
		return;
	}
	journal_flush();
	take_out(stream->fd, taken);
}

/* ---- what PID 1 says ---- */

static void read_option(struct unit *unit, struct str word)
{
	struct str key;
	uint64_t value;

	(void)str_split(&word, '=', &key);
	if (str_is(key, "priority") && str_to_u64(word, &value) == 0 && value <= LOG_PRIORITY_MAX) {
		unit->priority = (unsigned)value;
	} else if (str_is(key, "prefix")) {
		unit->level_prefix = !str_is(word, "no");
	} else if (str_is(key, "max") && str_to_u64(word, &value) == 0 && value <= LOG_SEVERITY_MAX) {
		unit->level_max = (unsigned)value;
	} else if (str_is(key, "pid") && str_to_u64(word, &value) == 0 && value <= INT32_MAX) {
		unit->pid = (uint32_t)value;
	} else if (str_is(key, "identifier")) {
		struct buf b = BUF(unit->identifier);

		buf_add_str(&b, (struct str){ word.p, word.n < LOG_IDENTIFIER_MAX
							      ? word.n
							      : LOG_IDENTIFIER_MAX });
	}
}

static void control_add(struct unit *unit, struct str options, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct stream *stream;
	bool console;
	struct str word;

	if (!str_next_word(&options, &word)) {
		fd_close(fd);
		return;
	}
	console = str_is(word, "console");
	while (str_next_word(&options, &word))
		read_option(unit, word);
	stream = &unit->stream[console];
	/* It may be the same pipe again, and then the epoll set would keep the old entry. */
	if (stream->fd >= 0)
		(void)epoll_ctl(output.epoll_fd, EPOLL_CTL_DEL, stream->fd, NULL);
	fd_close(stream->fd);
	*stream = (struct stream){ .fd = fd, .ready = true };
	event.data.u64 = (uint64_t)output.kind << 32 | (uint32_t)((unit - units) * 2 + console);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(output.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_error("logd: %s: its output cannot be read: %s", unit->name, error_name(errno));
		stream->fd = fd_close(fd);
	}
}

/* What the unit's process wrote before it ended is in its pipes by now. */
static void control_flush(struct unit *unit)
{
	for (int console = 0; console <= 1; console++)
		for (int i = 0; i < FLUSH_PORTIONS; i++) {
			read_stream(unit, console, true);
			if (!unit->stream[console].ready)
				break;
		}
	unit->pid = 0;
}

void output_control(struct str record, int fd)
{
	struct str verb;
	struct str name;
	struct unit *unit;

	if (!str_next_word(&record, &verb) || !str_next_word(&record, &name)) {
		fd_close(fd);
		return;
	}
	unit = unit_get(name);
	if (!unit) {
		log_error("logd: cannot keep the output of " STR_FORMAT, STR_ARGS(name));
		fd_close(fd);
	} else if (str_is(verb, "add") && fd >= 0) {
		control_add(unit, record, fd);
	} else {
		fd_close(fd);
		if (str_is(verb, "flush"))
			control_flush(unit);
		else if (str_is(verb, "process"))
			read_option(unit, record.n > 0 ? str_trim(record) : record);
	}
}

/* ---- the loop's ---- */

void output_dispatch(uint32_t index)
{
	if (index / 2 < output.count)
		units[index / 2].stream[index % 2].ready = true;
}

bool output_work(void)
{
	bool more = false;

	for (unsigned i = 0; i < output.count; i++)
		for (int console = 0; console <= 1; console++)
			if (units[i].stream[console].ready) {
				read_stream(&units[i], console, false);
				more |= units[i].stream[console].ready;
			}
	return more;
}

void output_drain(void)
{
	for (unsigned i = 0; i < output.count; i++)
		control_flush(&units[i]);
	/* There is no later to say it in. */
	output_tick(CLOCK_TIME_MAX);
}

uint64_t output_deadline(void)
{
	uint64_t next = rate_limit_deadline(&output.others, &output.rate);

	if (!output.dropped)
		return CLOCK_TIME_MAX;
	for (unsigned i = 0; i < output.count; i++) {
		uint64_t deadline = rate_limit_deadline(&units[i].limit, &output.rate);

		if (deadline < next)
			next = deadline;
	}
	return next;
}

void output_tick(uint64_t now)
{
	if (!output.dropped)
		return;
	say_dropped(&output.others, (struct str){ "", 0 }, now);
	for (unsigned i = 0; i < output.count; i++)
		say_dropped(&units[i].limit, str_from(units[i].name), now);
	journal_flush();
	output.dropped = output_deadline() != CLOCK_TIME_MAX;
}
