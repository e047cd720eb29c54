// SPDX-License-Identifier: MIT OR Apache-2.0
/* The unit that a boot is for: see critical.h. */
#include "init/critical.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "init/fatal.h"
#include "init/phase.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/deadline.h"
#include "supervisor/manager.h"
#include "supervisor/worker.h"

#define COUNT_DIRECTORY "/var/lib/orlop"
#define COUNT_PATH COUNT_DIRECTORY "/boot-attempts"
/* As for the random seed: some bytes and an fsync(2). */
#define COUNT_TIMEOUT (20 * NS_PER_S)

static struct {
	const char *unit; /* NULL: none, or it has come up */
	uint64_t timeout_ns;
	uint64_t deadline;
	uint64_t attempt; /* this boot is the so-manieth in a row */
} critical = { .deadline = CLOCK_TIME_MAX, .attempt = 1 };

static uint64_t attempts_before(void)
{
	char text[32];
	ssize_t n = file_read(AT_FDCWD, COUNT_PATH, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str word;
	uint64_t count;

	/* What cannot be read counts as none: rather one reboot too many than a machine that never tries. */
	return str_next_word(&rest, &word) && str_to_u64(word, &count) == 0 && count < 1000 ? count : 0;
}

static int write_count(void *argument)
{
	const uint64_t *count = argument;
	char text[32];
	struct buf b = BUF(text);
	int r = make_directories(COUNT_DIRECTORY, 0755);

	buf_printf(&b, "%llu\n", (unsigned long long)*count);
	return r < 0 ? r : file_replace(COUNT_PATH, text, b.len, 0644, true);
}

int critical_count(struct boot *boot)
{
	int r;

	if (!*boot->cmdline.critical)
		return PHASE_SKIPPED;
	critical.attempt = attempts_before() + 1;
	r = deadline_run(write_count, &critical.attempt, COUNT_TIMEOUT);
	if (r < 0)
		log_warning(COUNT_PATH ": %s", deadline_error(r));
	buf_printf(&boot->note, "%s, attempt %llu", boot->cmdline.critical,
		   (unsigned long long)critical.attempt);
	return r;
}

void critical_begin(const struct boot *boot)
{
	if (!*boot->cmdline.critical)
		return;
	critical.unit = boot->cmdline.critical;
	critical.timeout_ns = boot->cmdline.boot_timeout_ns;
	critical.deadline = clock_add(clock_now(), critical.timeout_ns);
}

void critical_unit_up(const struct unit *unit)
{
	struct worker worker;
	int r;

	if (!critical.unit || !str_is(str_from(unit->name), critical.unit))
		return;
	critical_forget();
	/* A disk can hang. If this one does, the next boot's count is one too high. */
	r = worker_fork(NULL, 0, &worker);
	if (r == 0)
		worker_forget(&worker);
	if (r != 1)
		return;
	(void)unlink(COUNT_PATH);
	_exit(EXIT_SUCCESS);
}

void critical_forget(void)
{
	critical.unit = NULL;
	critical.deadline = CLOCK_TIME_MAX;
}

uint64_t critical_deadline(void)
{
	return critical.deadline;
}

void critical_expire(uint64_t now)
{
	const char *unit = critical.unit;
	char seconds[32];
	struct buf b = BUF(seconds);

	if (now < critical.deadline)
		return;
	critical_forget();
	buf_add_seconds(&b, critical.timeout_ns, 0);
	log_error("%s, which this boot is for, did not come up within %s s:", unit, seconds);
	manager_log_blockers();
	if (critical.attempt < CRITICAL_ATTEMPTS)
		fatal("%s did not come up (attempt %llu of %u)", unit,
		      (unsigned long long)critical.attempt, CRITICAL_ATTEMPTS);
	log_error("%s has not come up for %llu boots in a row: the machine stays as it is; look at orlopctl status",
		  unit, (unsigned long long)critical.attempt);
}
