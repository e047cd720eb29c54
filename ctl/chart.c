// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The boot chart: see chart.h. One row an entry, in the order of their starts, so that the picture is
 * a staircase that reads from the upper left to the lower right. The acts are tinted bands behind the
 * bars; what the boot waited for is dark.
 */
#include "ctl/chart.h"

#include "ctl/svg.h"
#include "lib/clock.h"

#define CHART_WIDTH 1200.0
#define MARGIN 28.0
#define HEAD 96.0 /* title, axis */
#define FOOT 56.0 /* legend */
#define ROW 19.0
#define BAR 13.0
/* Room for the label of a bar that ends at the right edge is on its left. */
#define LABEL_SIZE 11.0
/* The narrowest bar that can be seen. */
#define BAR_MIN 1.5
/* At most so many marks on the axis. */
#define TICKS_MAX 12

struct look {
	const char *label;
	const char *bar;
	const char *dark; /* on the critical chain */
	const char *band;
};

static const struct look looks[] = {
	[BOOT_KERNEL] = { "kernel", "#9aa5b1", "#5f6b7a", "#f3f4f6" },
	[BOOT_INITRAMFS] = { "act 1: initramfs", "#e0b252", "#b07d12", "#fdf6e3" },
	[BOOT_SYSTEM] = { "act 2: system", "#6fae7d", "#2f7d45", "#eef7f0" },
	[BOOT_UNIT] = { "units", "#7fa8d9", "#1f5fa8", "#eef4fb" },
};
#define FAILED_BAR "#d64545"

static double total_of(const struct boot_record *record)
{
	uint64_t end = record->up;

	for (size_t i = 0; i < record->count; i++)
		if (record->entries[i].end > end)
			end = record->entries[i].end;
	return end > 0 ? (double)end : 1;
}

static double x_at(double total, uint64_t ns)
{
	return MARGIN + (CHART_WIDTH - 2 * MARGIN) * (double)ns / total;
}

/* 1, 2 or 5 times a power of ten milliseconds, so that there are at most TICKS_MAX. */
static uint64_t tick_step(double total)
{
	static const uint64_t factors[] = { 1, 2, 5 };

	for (uint64_t power = NS_PER_MS;; power *= 10)
		for (size_t i = 0; i < ARRAY_SIZE(factors); i++)
			if (total / (double)(factors[i] * power) <= TICKS_MAX)
				return factors[i] * power;
}

static void seconds(uint64_t ns, int decimals, struct buf *text)
{
	buf_clear(text);
	buf_add_seconds(text, ns, decimals);
	buf_add(text, " s");
}

static void draw_axis(struct svg *svg, double total, double bottom)
{
	uint64_t step = tick_step(total);
	int decimals = step >= NS_PER_S		 ? 0
		       : step >= 100 * NS_PER_MS ? 1
		       : step >= 10 * NS_PER_MS	 ? 2
						 : 3;

	for (uint64_t ns = 0; (double)ns <= total; ns += step) {
		double x = x_at(total, ns);
		char memory[40];
		struct buf text = BUF(memory);

		svg_element(svg, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#d5dae0\" stroke-width=\"1\"/>",
			    x, HEAD - 8, bottom);
		seconds(ns, decimals, &text);
		svg_text(svg, x, HEAD - 14,
			 ns == 0 ? "fill=\"#5f6b7a\" font-size=\"11\""
				 : "fill=\"#5f6b7a\" font-size=\"11\" text-anchor=\"middle\"",
			 str_from(memory));
	}
}

/* A band from where the act before ended. */
static void draw_band(struct svg *svg, double total, uint64_t from, uint64_t to,
		      enum boot_kind kind, double bottom)
{
	double left = x_at(total, from);
	double width = x_at(total, to) - left;
	struct str label = str_from(looks[kind].label);
	struct str number = { label.p, strcspn(label.p, ":") };

	if (to <= from)
		return;
	svg_element(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
		    left, HEAD - 34, width, bottom - HEAD + 34, looks[kind].band);
	if (from > 0)
		svg_element(svg,
			    "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"1\" "
			    "stroke-dasharray=\"4 3\"/>",
			    left, HEAD - 34, bottom, looks[kind].dark);
	if (svg_text_width(label, 11) + 10 > width)
		label = number;
	if (svg_text_width(label, 11) + 6 > width)
		return;
	svg_element(svg, "<g fill=\"%s\" font-weight=\"bold\">", looks[kind].dark);
	svg_text(svg, left + 5, HEAD - 40 + 4, "font-size=\"11\"", label);
	svg_element(svg, "</g>");
}

static void draw_bands(struct svg *svg, const struct boot_record *record, double total, double bottom)
{
	uint64_t kernel = record->kernel_end;
	uint64_t first = record->initramfs_end > kernel ? record->initramfs_end : kernel;
	uint64_t second = record->system_end > first ? record->system_end : first;
	uint64_t end = record->up > second ? record->up : (uint64_t)total;

	draw_band(svg, total, 0, kernel, BOOT_KERNEL, bottom);
	draw_band(svg, total, kernel, first, BOOT_INITRAMFS, bottom);
	draw_band(svg, total, first, second, BOOT_SYSTEM, bottom);
	draw_band(svg, total, second, end, BOOT_UNIT, bottom);
}

static void draw_entry(struct svg *svg, const struct boot_entry *entry, double total, double y)
{
	const struct look *look = &looks[entry->kind];
	double left = x_at(total, entry->start);
	double width = x_at(total, entry->end) - left;
	double label_width;
	char memory[128];
	char took[40];
	struct buf text = BUF(memory);
	struct buf time = BUF(took);
	bool on_left;

	width = width < BAR_MIN ? BAR_MIN : width;
	seconds(entry->end - entry->start, 3, &time);
	buf_printf(&text, STR_FORMAT "  %s%s", STR_ARGS(entry->name), took,
		   entry->failed ? "  failed" : "");
	label_width = svg_text_width((struct str){ memory, text.len }, LABEL_SIZE);
	on_left = left + width + 6 + label_width > CHART_WIDTH - MARGIN / 2 &&
		  left - 6 - label_width > 0;
	svg_element(svg, "<g>");
	svg_title(svg, (struct str){ memory, text.len });
	svg_element(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%s\" fill=\"%s\"/>",
		    left, y + (ROW - BAR) / 2, width, BAR, width > 6 ? "2" : "0",
		    entry->failed     ? FAILED_BAR
		    : entry->critical ? look->dark
				      : look->bar);
	svg_text(svg, on_left ? left - 5 : left + width + 5, y + ROW / 2 + 4,
		 on_left ? entry->critical ? "font-size=\"11\" fill=\"#1f2933\" font-weight=\"bold\" text-anchor=\"end\""
					   : "font-size=\"11\" fill=\"#3e4c59\" text-anchor=\"end\""
		 : entry->critical ? "font-size=\"11\" fill=\"#1f2933\" font-weight=\"bold\""
				   : "font-size=\"11\" fill=\"#3e4c59\"",
		 (struct str){ memory, text.len });
	svg_element(svg, "</g>");
}

static void draw_up(struct svg *svg, const struct boot_record *record, double total, double bottom)
{
	double x = x_at(total, record->up);

	if (record->up == 0)
		return;
	svg_element(svg, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#1f2933\" stroke-width=\"1.5\"/>", x,
		    HEAD - 34, bottom);
	svg_text(svg, x - 5, HEAD - 36,
		 "font-size=\"11\" fill=\"#1f2933\" font-weight=\"bold\" text-anchor=\"end\"",
		 STR("up"));
}

static void draw_legend(struct svg *svg, double y)
{
	static const struct {
		const char *colour;
		const char *text;
	} items[] = {
		{ "#9aa5b1", "kernel" },
		{ "#e0b252", "act 1: initramfs" },
		{ "#6fae7d", "act 2: system" },
		{ "#7fa8d9", "units" },
		{ "#1f5fa8", "dark: what the boot waited for" },
		{ FAILED_BAR, "failed" },
	};
	double x = MARGIN;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		struct str text = str_from(items[i].text);

		svg_element(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"12\" rx=\"2\" fill=\"%s\"/>",
			    x, y, items[i].colour);
		svg_text(svg, x + 20, y + 10, "font-size=\"11\" fill=\"#3e4c59\"", text);
		x += 20 + svg_text_width(text, 11) + 20;
	}
}

void chart_boot(FILE *out, const struct boot_record *record, const char *about)
{
	double total = total_of(record) * 1.005;
	double bottom = HEAD + ROW * (double)record->count + 6;
	char memory[96];
	char took[40];
	struct buf title = BUF(memory);
	struct buf time = BUF(took);
	struct svg svg;

	seconds(record->up, 3, &time);
	buf_printf(&title, record->up > 0 ? "Boot: up in %s" : "Boot: not up yet", took);
	svg_begin(&svg, out, CHART_WIDTH, bottom + FOOT, memory);
	svg_text(&svg, MARGIN, 30, "font-size=\"18\" font-weight=\"bold\" fill=\"#1f2933\"",
		 str_from(memory));
	svg_text(&svg, CHART_WIDTH - MARGIN, 30,
		 "font-size=\"12\" fill=\"#5f6b7a\" text-anchor=\"end\"", str_from(about));
	draw_bands(&svg, record, total, bottom);
	draw_axis(&svg, total, bottom);
	for (size_t i = 0; i < record->count; i++)
		draw_entry(&svg, &record->entries[i], total, HEAD + ROW * (double)i + 3);
	draw_up(&svg, record, total, bottom);
	draw_legend(&svg, bottom + 22);
	svg_end(&svg);
}
