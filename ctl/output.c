// SPDX-License-Identifier: MIT OR Apache-2.0
/* How orlopctl talks to people: see output.h. */
#include "ctl/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

static const char *program_name = "orlopctl";
static bool coloured;
static unsigned width;

void output_begin(const char *program)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;
	bool tty = isatty(STDOUT_FILENO);

	program_name = program;
	coloured = tty && !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
	width = tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

const char *colour(enum colour which)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",  [COLOUR_GREEN] = "\033[32m",
		[COLOUR_RED] = "\033[31m",  [COLOUR_YELLOW] = "\033[33m",
		[COLOUR_GREY] = "\033[90m", [COLOUR_BOLD] = "\033[1m",
	};

	return coloured ? codes[which] : "";
}

unsigned output_width(void)
{
	return width;
}

void complain(const char *format, ...)
{
	va_list arguments;

	(void)fflush(stdout);
	fprintf(stderr, "%s: ", program_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

enum colour state_colour(const char *active)
{
	if (strcmp(active, "active") == 0)
		return COLOUR_GREEN;
	if (strcmp(active, "failed") == 0)
		return COLOUR_RED;
	return strcmp(active, "inactive") == 0 ? COLOUR_NONE : COLOUR_YELLOW;
}

void format_span(uint64_t ns, struct buf *text)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	uint64_t seconds = ns / NS_PER_S;
	unsigned parts = 0;

	if (ns < NS_PER_S) {
		buf_printf(text, "%llums", (unsigned long long)(ns / NS_PER_MS));
		return;
	}
	if (seconds < 60) {
		buf_add_seconds(text, ns, 3);
		buf_add_char(text, 's');
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units) && parts < 2; i++) {
		uint64_t count = seconds / units[i].seconds;

		if (count == 0 && parts == 0)
			continue;
		parts++;
		seconds %= units[i].seconds;
		if (count > 0)
			buf_printf(text, "%s%llu%s", parts > 1 ? " " : "",
				   (unsigned long long)count, units[i].name);
	}
}

void format_size(uint64_t bytes, struct buf *text)
{
	static const char letters[] = "BKMGTPE";
	unsigned power = 0;
	double value = (double)bytes;

	while (value >= 1024 && power < sizeof(letters) - 2) {
		value /= 1024;
		power++;
	}
	if (power == 0)
		buf_printf(text, "%lluB", (unsigned long long)bytes);
	else
		buf_printf(text, "%.1f%c", value, letters[power]);
}

uint64_t moment_seconds(uint64_t ns)
{
	struct timespec now;
	uint64_t wall;
	uint64_t ago = clock_now();

	(void)clock_gettime(CLOCK_REALTIME, &now);
	wall = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	ago = ago > ns ? ago - ns : 0;
	return wall > ago ? (wall - ago) / NS_PER_S : 0;
}

void format_moment(uint64_t ns, struct buf *text)
{
	time_t seconds = (time_t)moment_seconds(ns);
	char formatted[64];
	struct tm parts;

	if (localtime_r(&seconds, &parts) &&
	    strftime(formatted, sizeof(formatted), "%a %Y-%m-%d %H:%M:%S %Z", &parts) > 0)
		buf_add(text, formatted);
}

bool list_has(const char *list, const char *word)
{
	struct str rest = str_from(list);
	struct str item;

	while (str_split(&rest, ',', &item))
		if (str_is(item, word))
			return true;
	return false;
}

/* ---- tables ---- */

void table_row(struct table *table, enum colour row_colour, const char *const cells[])
{
	size_t size = (table->rows + 1) * table->columns;
	char **more = realloc(table->cells, size * sizeof(*more));
	enum colour *colours;

	if (!more)
		abort();
	table->cells = more;
	colours = realloc(table->colours, (table->rows + 1) * sizeof(*colours));
	if (!colours)
		abort();
	table->colours = colours;
	for (unsigned i = 0; i < table->columns; i++) {
		more[table->rows * table->columns + i] = strdup(cells[i]);
		if (!more[table->rows * table->columns + i])
			abort();
	}
	colours[table->rows++] = row_colour;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static size_t columns_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((uint8_t)*text & 0xc0) != 0x80;
	return count;
}

/* The last column is cut at the terminal's edge, with an ellipsis. */
static void print_last(const char *text, size_t room)
{
	size_t left = room;

	if (columns_of(text) <= room) {
		fputs(text, stdout);
		return;
	}
	for (; *text && (left > 1 || ((uint8_t)*text & 0xc0) == 0x80); text++) {
		putchar(*text);
		left -= ((uint8_t)text[1] & 0xc0) != 0x80;
	}
	fputs("\u2026", stdout);
}

static void print_row(const struct table *table, size_t row, const size_t *widths, bool bold, bool full)
{
	size_t at = 0;
	unsigned used = table->columns;

	/* No spaces at the end of a line. */
	while (used > 1 && !*table->cells[row * table->columns + used - 1])
		used--;
	for (unsigned i = 0; i < used; i++) {
		const char *cell = table->cells[row * table->columns + i];
		enum colour c = bold		  ? COLOUR_BOLD
				: i == 0 || i > 3 ? COLOUR_NONE
						  : table->colours[row];
		size_t length = columns_of(cell);

		if (c != COLOUR_NONE)
			fputs(colour(c), stdout);
		if (i + 1 == table->columns) {
			print_last(cell, full || width <= at + 8 ? SIZE_MAX : width - at);
			length = widths[i];
		} else {
			fputs(cell, stdout);
		}
		if (c != COLOUR_NONE)
			fputs(colour(COLOUR_NONE), stdout);
		if (i + 1 < used)
			printf("%*s", (int)(widths[i] - length + 2), "");
		at += widths[i] + 2;
	}
	putchar('\n');
}

void table_print(const struct table *table, bool head, bool full)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < table->rows * table->columns; i++) {
		size_t length = columns_of(table->cells[i]);

		if (length > widths[i % table->columns])
			widths[i % table->columns] = length;
	}
	for (size_t row = 0; row < table->rows; row++)
		print_row(table, row, widths, head && row == 0, full);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->colours);
	*table = (struct table){ .columns = table->columns };
}
