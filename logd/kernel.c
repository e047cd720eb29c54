// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Kernel records: see kernel.h. A restarted orlop-logd reads the kernel's log from its start again and
 * passes over what the journal has already, by the kernel's own numbers.
 */
#include "logd/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/netlink.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "logd/journal.h"
#include "logd/kmsg_parse.h"
#include "logd/unit_of.h"

#define RECORDS_PER_PASS 256
/* Documentation/admin-guide/devices.txt: char 1:11. */
#define KMSG_DEVICE makedev(1, 11)
/* libaudit's MAX_AUDIT_MESSAGE_LENGTH. */
#define AUDIT_LENGTH_MAX 8970
/* Events that are remembered to tell that a message has come in the other way before. */
#define AUDIT_SEEN 64
/* From the kernel's log: facility "kernel"; from the netlink: "security". */
#define AUDIT_PRIORITY (13U << 3 | 4U)

static struct {
	uint64_t serial;
	unsigned type;
	size_t length; /* of the text: records of one event have one type more than once */
} seen[AUDIT_SEEN];

/* ---- audit ---- */

/* Return: whether this message has been here before; it has from now on. */
static bool audit_known(uint64_t serial, unsigned type, size_t length)
{
	static unsigned next;

	for (size_t i = 0; i < AUDIT_SEEN; i++)
		if (seen[i].serial == serial && seen[i].type == type && seen[i].length == length)
			return true;
	seen[next].serial = serial;
	seen[next].type = type;
	seen[next].length = length;
	next = (next + 1) % AUDIT_SEEN;
	return false;
}

/* @record: the rest of it, times and origin. Text is as it is printed, not escaped. */
static void add_audit(struct log_record *record, unsigned type, struct str text)
{
	char sentence[LOG_TEXT_MAX];
	struct buf b = BUF(sentence);
	struct audit_message message;

	if (audit_parse(text, &message) < 0 || audit_known(message.serial, type, message.text.n))
		return;
	if (type != AUDIT_TYPE_AVC || !audit_add_denial(&b, message.text) || b.overflow) {
		buf_clear(&b);
		buf_printf(&b, "type %u: ", type);
		if (message.text.n > sizeof(sentence) - 32)
			message.text.n = sizeof(sentence) - 32;
		buf_add_str(&b, message.text);
	}
	record->source = LOG_SOURCE_AUDIT;
	record->identifier = STR("audit");
	record->text = (struct str){ b.p, b.len };
	journal_add(record);
}

int audit_open(void)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1),
	};

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

bool audit_read(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[NLMSG_SPACE(AUDIT_LENGTH_MAX)];
	} data;

	for (unsigned i = 0; i < RECORDS_PER_PASS; i++) {
		struct sockaddr_nl sender = { 0 };
		socklen_t length = sizeof(sender);
		ssize_t n = recvfrom(fd, &data, sizeof(data), MSG_DONTWAIT,
				     (struct sockaddr *)&sender, &length);
		struct log_record record = { .priority = AUDIT_PRIORITY };

		if (n < 0 && errno == ENOBUFS) {
			journal_note(STR(""), 4, "audit messages were lost: they came too fast");
			continue;
		}
		if (n < 0) {
			journal_flush();
			return errno == EINTR;
		}
		/* Only the kernel speaks here, and audit's own length does not count its header (linux/audit.h). */
		if (sender.nl_pid != 0 || (size_t)n < NLMSG_HDRLEN)
			continue;
		add_audit(&record, data.header.nlmsg_type,
			  (struct str){ data.bytes + NLMSG_HDRLEN, (size_t)n - NLMSG_HDRLEN });
	}
	journal_flush();
	return true;
}

/* "audit: type=1400 audit(...): ..." in the kernel's log. */
static bool take_audit(struct log_record *record, struct str text)
{
	static const char prefix[] = "audit: type=";
	struct str rest = text;
	struct str number;
	uint64_t type;

	if (!str_starts(rest, prefix))
		return false;
	rest = (struct str){ rest.p + sizeof(prefix) - 1, rest.n - sizeof(prefix) + 1 };
	if (!str_split(&rest, ' ', &number) || str_to_u64(number, &type) < 0 || type > UINT16_MAX ||
	    !str_starts(rest, "audit("))
		return false;
	record->priority = AUDIT_PRIORITY;
	add_audit(record, (unsigned)type, rest);
	return true;
}

/* ---- kmsg ---- */

int kmsg_open(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == KMSG_DEVICE ? TAKE_FD(fd) : -ENODEV;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The kernel stamps its records without suspends, and without the date. */
static void set_times(struct log_record *record, uint64_t time)
{
	uint64_t now = read_clock(CLOCK_MONOTONIC);
	uint64_t age = now > time ? now - time : 0;
	uint64_t boot = clock_now();
	uint64_t wall = read_clock(CLOCK_REALTIME);

	record->boot_time = boot > age ? boot - age : 1;
	record->wall_time = (wall > age ? wall - age : 0) / NS_PER_US;
}

static void handle(struct str data)
{
	char raw[KMSG_SIZE_MAX + 1];
	struct buf text = BUF(raw);
	struct kmsg_record kernel;
	struct log_record record = { .source = LOG_SOURCE_KERNEL };

	if (kmsg_parse(data, &kernel) < 0 || kernel.number < journal_kernel_position())
		return;
	log_unescape(&text, kernel.text);
	record.origin = kernel.number + 1;
	record.priority = kernel.priority;
	record.identifier = kernel.identifier;
	set_times(&record, kernel.time);
	record.text = (struct str){ text.p, text.len < LOG_TEXT_MAX ? text.len : LOG_TEXT_MAX };
	if (LOG_FACILITY(record.priority) == 0) {
		record.identifier = STR("kernel");
		if (take_audit(&record, record.text))
			return;
	} else if (str_is(record.identifier, "orlop")) {
		/* What PID 1 says about a unit belongs to the unit's log; "logd: " is this program. */
		record.unit = unit_in_message(record.text);
		record.pid = str_starts(record.text, "logd: ") ? (uint32_t)getpid() : 1;
	}
	journal_add(&record);
}

bool kmsg_read(int fd)
{
	static char data[KMSG_SIZE_MAX + 1] _scratch_;

	for (unsigned i = 0; i < RECORDS_PER_PASS; i++) {
		ssize_t n = read(fd, data, sizeof(data) - 1);

		/* The kernel has overwritten what came next; it goes on with the oldest that it has. */
		if (n < 0 && errno == EPIPE) {
			journal_note(STR(""), 4, "lines of the kernel were lost: its log was full");
			continue;
		}
		if (n <= 0) {
			journal_flush();
			return n < 0 && errno == EINTR;
		}
		handle((struct str){ data, (size_t)n });
	}
	journal_flush();
	return true;
}
