// SPDX-License-Identifier: MIT OR Apache-2.0
/* Numbering, ring and disk: see journal.h. All memory is static. */
#include "logd/journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "lib/klog.h"

/* Given to the disk in one write. */
#define WRITE_SIZE (64 * 1024 + LOG_LINE_MAX)

static struct {
	struct ring ring;
	struct store store;
	struct store_position position; /* of the newest record */
	struct store_position written;	/* of the newest that the disk has */
	struct ring_cursor cursor;
	uint64_t lost; /* pushed out of the ring before the disk took them */
	bool urgent;
	bool complained;
	char boot_id[LOG_BOOT_ID_SIZE];
	_Alignas(16) char memory[JOURNAL_RING_SIZE];
} journal;

static char lines[WRITE_SIZE] _scratch_;

void journal_init(const struct store_limits *limits)
{
	ring_init(&journal.ring, journal.memory, sizeof(journal.memory));
	store_init(&journal.store, limits);
	log_boot_id(journal.boot_id);
	/*
	 * Without a disk nobody knows which numbers this boot has used. Records are further apart than a
	 * microsecond, so the time is above all of them.
	 */
	if (store_open(&journal.store, &journal.position) < 0)
		journal.position.number = clock_now() / NS_PER_US;
	journal.written = journal.position;
}

void journal_add(struct log_record *record)
{
	char line[LOG_LINE_MAX + 1];
	struct buf b = BUF(line);
	uint64_t oldest;

	if (record->boot_time == 0)
		record->boot_time = clock_now();
	if (record->wall_time == 0) {
		struct timespec now = { 0 };

		(void)clock_gettime(CLOCK_REALTIME, &now);
		record->wall_time = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	}
	record->number = journal.position.number + 1;
	if (log_record_encode(record, &b) < 0)
		return;
	oldest = journal.ring.first_number;
	if (ring_add(&journal.ring, record->number, (struct str){ b.p, b.len }) < 0)
		return;
	journal.position.number++;
	if (record->origin > journal.position.kernel)
		journal.position.kernel = record->origin;
	if (LOG_SEVERITY(record->priority) <= 2)
		journal.urgent = true;
	/* What was pushed out just now, of that what was not written. */
	if (oldest > 0 && journal.ring.first_number > journal.written.number + 1) {
		journal.lost += journal.ring.first_number - journal.written.number - 1;
		journal.written.number = journal.ring.first_number - 1;
	}
}

void journal_note(struct str unit, unsigned severity, const char *format, ...)
{
	char text[512];
	struct log_record record = {
		.priority = 5U << 3 | severity, /* facility syslog: about logging itself */
		.source = LOG_SOURCE_OWN,
		.unit = unit,
		.identifier = STR("orlop-logd"),
	};
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;
	record.text = (struct str){ text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1 };
	journal_add(&record);
}

/* Whole lines of the ring that fit, into lines. Return: the number of the last one, 0 for none. */
static uint64_t gather(struct buf *b)
{
	uint64_t last = 0;
	uint64_t after = journal.written.number;
	struct str line;

	for (;;) {
		struct ring_cursor cursor = journal.cursor;
		uint64_t number = ring_next(&journal.ring, after, &cursor, &line);

		if (number == 0 || line.n >= b->cap - b->len)
			return last;
		buf_add_str(b, line);
		journal.cursor = cursor;
		after = last = number;
	}
}

static void complain(int error)
{
	if (journal.complained)
		return;
	journal.complained = true;
	/* Comes back over /dev/kmsg as a line of the log. */
	log_warning("logd: " LOG_DIRECTORY ": %s; the log stays in memory until that is over",
		    error_name(error));
}

static void say_lost(void)
{
	uint64_t lost = journal.lost;

	if (lost == 0)
		return;
	journal.lost = 0;
	journal_note((struct str){ 0 }, 4, "%llu lines were lost, as there was no disk to write them to",
		     (unsigned long long)lost);
}

void journal_flush(void)
{
	struct buf b = BUF(lines);
	int r;

	if (journal.written.number == journal.position.number)
		return;
	r = store_open(&journal.store, &journal.written);
	while (r == 0 && journal.written.number < journal.position.number) {
		uint64_t last;

		buf_clear(&b);
		last = gather(&b);
		if (last == 0)
			break;
		r = store_write(&journal.store, (struct str){ b.p, b.len }, &journal.written,
				journal.urgent);
		if (r < 0)
			break;
		journal.written.number = last;
		if (last == journal.position.number)
			journal.written.kernel = journal.position.kernel;
		journal.urgent = false;
		say_lost();
	}
	if (r < 0) {
		complain(r);
		return;
	}
	journal.complained = false;
	/* So that a machine with a disk touches little of the ring. */
	if (journal.written.number == journal.position.number)
		ring_clear(&journal.ring);
}

uint64_t journal_kernel_position(void)
{
	return journal.position.kernel;
}

const struct ring *journal_ring(void)
{
	return &journal.ring;
}

const char *journal_boot_id(void)
{
	return journal.boot_id;
}

uint64_t journal_written(void)
{
	return journal.written.number;
}

uint64_t journal_deadline(void)
{
	uint64_t next = store_deadline(&journal.store);

	/* Nothing to write: nothing to try. */
	if (journal.store.fd < 0 && journal.written.number == journal.position.number)
		return CLOCK_TIME_MAX;
	return next;
}

void journal_tick(uint64_t now)
{
	store_tick(&journal.store, now);
	journal_flush();
}

void journal_on_child(pid_t pid)
{
	store_on_child(&journal.store, pid);
}

void journal_close(void)
{
	journal_flush();
	store_close(&journal.store);
}
