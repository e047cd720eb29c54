// SPDX-License-Identifier: MIT OR Apache-2.0
/* orlopctl boot: what took how long, the chain that the boot waited for; as text, JSON or a chart. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "ctl/boot_parse.h"
#include "ctl/chart.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/svg.h"
#include "ctl/verbs.h"
#include "lib/fd.h"
#include "lib/klog.h"

#define BOOT_PATH "/run/orlop/boot"
/* A record of all units that can be, of 128 bytes each, and later starts. */
#define BOOT_SIZE (4 * 1024 * 1024)
/* Entries that the text shows: the slowest ones. */
#define SLOWEST_SHOWN 20

static const char *kind_name(enum boot_kind kind)
{
	switch (kind) {
	case BOOT_KERNEL:
		return "kernel";
	case BOOT_INITRAMFS:
		return "initramfs";
	case BOOT_SYSTEM:
		return "system";
	case BOOT_UNIT:
		return "unit";
	}
	return "?";
}

static void print_span(const char *before, uint64_t ns)
{
	char memory[40];
	struct buf text = BUF(memory);

	format_span(ns, &text);
	printf("%s%s", before, memory);
}

static void print_parts(const struct boot_record *record)
{
	uint64_t last = record->kernel_end;

	if (record->up > 0)
		print_span("up in ", record->up);
	else
		fputs("not up yet", stdout);
	print_span(": kernel ", record->kernel_end);
	if (record->initramfs_end > last) {
		print_span(", initramfs ", record->initramfs_end - last);
		last = record->initramfs_end;
	}
	if (record->system_end > last) {
		print_span(", system ", record->system_end - last);
		last = record->system_end;
	}
	if (record->up > last)
		print_span(", units ", record->up - last);
	putchar('\n');
}

static void print_chain(const struct boot_record *record)
{
	if (record->chain_count == 0)
		return;
	printf("\n%sThe boot waited for%s\n", colour(COLOUR_BOLD), colour(COLOUR_NONE));
	for (size_t i = 0; i < record->chain_count; i++) {
		const struct boot_link *link = &record->chain[i];
		char took[40];
		char from[40];
		struct buf b = BUF(took);

		format_span(link->end - link->start, &b);
		b = BUF(from);
		format_span(link->start, &b);
		printf("%10s  " STR_FORMAT " (from %s)\n", took, STR_ARGS(link->name), from);
	}
}

static int by_duration(const void *a, const void *b)
{
	const struct boot_entry *left = a;
	const struct boot_entry *right = b;
	uint64_t l = left->end - left->start;
	uint64_t r = right->end - right->start;

	return l > r ? -1 : l < r;
}

static void print_slowest(struct boot_record *record, bool all)
{
	size_t shown = all || record->count < SLOWEST_SHOWN ? record->count : SLOWEST_SHOWN;

	qsort(record->entries, record->count, sizeof(record->entries[0]), by_duration);
	printf("\n%sWhat took longest%s\n", colour(COLOUR_BOLD), colour(COLOUR_NONE));
	for (size_t i = 0; i < shown; i++) {
		const struct boot_entry *entry = &record->entries[i];
		char took[40];
		struct buf b = BUF(took);

		format_span(entry->end - entry->start, &b);
		printf("%10s  %s%s" STR_FORMAT "%s%s\n", took,
		       entry->critical ? colour(COLOUR_YELLOW) : "",
		       entry->kind == BOOT_INITRAMFS ? "initramfs: "
		       : entry->kind == BOOT_SYSTEM  ? "system: "
						     : "",
		       STR_ARGS(entry->name), entry->critical ? colour(COLOUR_NONE) : "",
		       entry->failed ? "  FAILED" : "");
	}
	if (shown < record->count)
		printf("            and %zu more (--all)\n", record->count - shown);
}

static void print_json(const struct boot_record *record)
{
	struct json json = json_to(stdout);

	json_object(&json, NULL);
	if (record->up > 0)
		json_seconds(&json, "up", record->up);
	else
		json_null(&json, "up");
	json_seconds(&json, "kernelEnd", record->kernel_end);
	json_seconds(&json, "initramfsEnd", record->initramfs_end);
	json_seconds(&json, "systemEnd", record->system_end);
	json_array(&json, "entries");
	for (size_t i = 0; i < record->count; i++) {
		const struct boot_entry *entry = &record->entries[i];

		json_object(&json, NULL);
		json_str(&json, "name", entry->name);
		json_string(&json, "kind", kind_name(entry->kind));
		json_seconds(&json, "start", entry->start);
		json_seconds(&json, "end", entry->end);
		json_boolean(&json, "failed", entry->failed);
		json_boolean(&json, "critical", entry->critical);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_array(&json, "criticalChain");
	for (size_t i = 0; i < record->chain_count; i++) {
		json_object(&json, NULL);
		json_str(&json, "name", record->chain[i].name);
		json_seconds(&json, "start", record->chain[i].start);
		json_seconds(&json, "end", record->chain[i].end);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_end(&json, '}');
}

static int draw(const struct boot_record *record, const char *path)
{
	struct utsname name;
	char about[256] = "";
	struct buf b = BUF(about);
	FILE *out = svg_open(path);

	if (!out)
		return EXIT_FAILED;
	if (uname(&name) == 0)
		buf_printf(&b, "%.64s, Linux %.64s, %.32s", name.nodename, name.release, name.machine);
	chart_boot(out, record, about);
	return svg_close(out, path) < 0 ? EXIT_FAILED : EXIT_OK;
}

int verb_boot(const char *verb _unused_, const struct options *options,
	      char *const words[] _unused_, int count _unused_)
{
	static struct boot_record record;
	static char text[BOOT_SIZE];
	ssize_t n = file_read(AT_FDCWD, BOOT_PATH, text, sizeof(text));

	if (n < 0 && n != -EFBIG) {
		complain(BOOT_PATH ": %s", error_name((int)n));
		return EXIT_FAILED;
	}
	boot_parse((struct str){ text, n < 0 ? sizeof(text) - 1 : (size_t)n }, &record);
	if (options->svg)
		return draw(&record, options->svg);
	if (options->json) {
		print_json(&record);
		return EXIT_OK;
	}
	print_parts(&record);
	print_chain(&record);
	print_slowest(&record, options->all);
	return EXIT_OK;
}
