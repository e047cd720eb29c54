// SPDX-License-Identifier: MIT OR Apache-2.0
/* Running a table of phases: see phase.h. */
#include "init/phase.h"

#include "init/fatal.h"
#include "init/record.h"
#include "lib/clock.h"
#include "lib/klog.h"

static void show(const struct phase *phase, const struct boot *boot, uint64_t took)
{
	char seconds[32];
	struct buf b = BUF(seconds);

	buf_add_seconds(&b, took, 3);
	log_notice("  %-16s %7s s%s%s", phase->name, seconds, boot->note.len > 0 ? "  " : "",
		   boot->note_text);
	if (took > phase->budget_ms * NS_PER_MS)
		log_warning("phase %s took %s s, more than its budget of %u.%03u s", phase->name,
			    seconds, phase->budget_ms / 1000, phase->budget_ms % 1000);
}

void phase_walk(const char *prefix, const struct phase *table, size_t count, struct boot *boot)
{
	for (const struct phase *phase = table; phase < table + count; phase++) {
		char name[64];
		struct buf b = BUF(name);
		uint64_t began = clock_now();
		uint64_t ended;
		int r = PHASE_SKIPPED;

		boot->note = BUF(boot->note_text);
		if (!(boot->container && phase->flags & PHASE_MACHINE))
			r = phase->run(boot);
		ended = clock_now();
		buf_add(&b, prefix);
		buf_add(&b, phase->name);
		record_add(name, began, ended,
			   r < 0		? "failed"
			   : r == PHASE_SKIPPED ? "skipped"
						: "ok");
		if (r == 0)
			show(phase, boot, ended - began);
		else if (r < 0 && phase->flags & PHASE_REQUIRED)
			fatal("%s failed: %s", name, error_name(r));
		else if (r < 0)
			log_warning("%s failed: %s; going on without", name, error_name(r));
	}
}
