// SPDX-License-Identifier: MIT OR Apache-2.0
/* The record of a boot: see boot_parse.h. */
#include "ctl/boot_parse.h"

struct line {
	struct str name;
	struct str result;
	uint64_t start;
	uint64_t end;
};

static bool parse_line(struct str text, struct line *ret_line)
{
	struct line line;
	struct str start;
	struct str end;

	if (!str_next_word(&text, &line.name) || !str_next_word(&text, &start) ||
	    !str_next_word(&text, &end) || !str_next_word(&text, &line.result) ||
	    str_to_u64(start, &line.start) < 0 || str_to_u64(end, &line.end) < 0 || line.end < line.start)
		return false;
	*ret_line = line;
	return true;
}

/* Names are cut at so many bytes in the record; no phase has one as long. */
#define NAME_CUT 63

static bool is_unit(struct str name)
{
	return name.n == NAME_CUT || str_ends(name, ".service") || str_ends(name, ".socket") ||
	       str_ends(name, ".target") || str_ends(name, ".timer");
}

static void later(uint64_t *time, uint64_t other)
{
	if (other > *time)
		*time = other;
}

/* Keeps the entries sorted; the lines come by their ends, so few are moved far. */
static void insert(struct boot_record *record, const struct boot_entry *entry)
{
	size_t at = record->count;

	if (record->count == BOOT_ENTRIES_MAX)
		return;
	while (at > 0 && record->entries[at - 1].start > entry->start) {
		record->entries[at] = record->entries[at - 1];
		at--;
	}
	record->entries[at] = *entry;
	record->count++;
}

static void add_entry(struct boot_record *record, const struct line *line)
{
	struct boot_entry entry = {
		.name = line->name,
		.kind = BOOT_SYSTEM,
		.start = line->start,
		.end = line->end,
		.failed = str_is(line->result, "failed"),
	};

	if (str_is(line->name, "kernel")) {
		entry.kind = BOOT_KERNEL;
		record->kernel_end = line->end;
	} else if (str_starts(line->name, "initramfs.")) {
		entry.kind = BOOT_INITRAMFS;
		entry.name = (struct str){ line->name.p + 10, line->name.n - 10 };
		later(&record->initramfs_end, line->end);
	} else if (is_unit(line->name)) {
		entry.kind = BOOT_UNIT;
	} else {
		later(&record->system_end, line->end);
	}
	insert(record, &entry);
}

static uint64_t minus(uint64_t time, uint64_t origin)
{
	return time > origin ? time - origin : 0;
}

/* A container has no kernel of its own: its time begins with its first phase. */
static void move_origin(struct boot_record *record)
{
	uint64_t origin = record->count > 0 && record->kernel_end == 0 ? record->entries[0].start : 0;

	for (size_t i = 0; i < record->count; i++) {
		record->entries[i].start = minus(record->entries[i].start, origin);
		record->entries[i].end = minus(record->entries[i].end, origin);
	}
	for (size_t i = 0; i < record->chain_count; i++) {
		record->chain[i].start = minus(record->chain[i].start, origin);
		record->chain[i].end = minus(record->chain[i].end, origin);
	}
	record->initramfs_end = minus(record->initramfs_end, origin);
	record->system_end = minus(record->system_end, origin);
	record->up = minus(record->up, origin);
}

static void mark_critical(struct boot_record *record)
{
	for (size_t i = 0; i < record->chain_count; i++)
		for (size_t j = 0; j < record->count; j++)
			if (str_equal(record->entries[j].name, record->chain[i].name))
				record->entries[j].critical = true;
}

void boot_parse(struct str text, struct boot_record *ret_record)
{
	struct str row;

	memset(ret_record, 0, sizeof(*ret_record));
	while (str_split(&text, '\n', &row)) {
		struct line line;

		if (!parse_line(row, &line))
			continue;
		if (str_is(line.name, "critical")) {
			if (ret_record->chain_count < BOOT_CHAIN_MAX)
				ret_record->chain[ret_record->chain_count++] =
					(struct boot_link){ line.result, line.start, line.end };
		} else if (str_is(line.name, "up")) {
			ret_record->up = line.end;
			break;
		} else if (!str_is(line.result, "skipped") && !str_is(line.name, "initramfs.module")) {
			add_entry(ret_record, &line);
		}
	}
	mark_critical(ret_record);
	move_origin(ret_record);
}
