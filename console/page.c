// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Model and layout: see page.h. The first row is the machine, the last one the keys; between them is the body, a list
 * of lines that is counted and drawn by the same walk.
 */
#include "console/page.h"

#define RED "\x1b[31m"
#define YELLOW "\x1b[33m"
#define BOLD "\x1b[1m"
#define REVERSE "\x1b[7m"
#define PLAIN "\x1b[0m"
/* Rows that do not scroll. */
#define FIXED_ROWS 2

/* ---- what is told ---- */

static void set_text(char *to, size_t size, struct str value)
{
	struct buf b = buf_init(to, size);

	if (value.n >= size)
		value.n = size - 1;
	buf_add_str(&b, value);
}

/* The unit's entry; a new one goes where its name belongs. */
static struct page_unit *unit_get(struct page *page, struct str name)
{
	char key[PAGE_NAME_SIZE];
	unsigned at = 0;

	set_text(key, sizeof(key), name);
	while (at < page->unit_count && strcmp(page->units[at].name, key) < 0)
		at++;
	if (at < page->unit_count && strcmp(page->units[at].name, key) == 0)
		return &page->units[at];
	if (page->unit_count == PAGE_UNITS_MAX)
		return NULL;
	memmove(&page->units[at + 1], &page->units[at],
		(page->unit_count - at) * sizeof(page->units[0]));
	page->units[at] = (struct page_unit){ 0 };
	memcpy(page->units[at].name, key, sizeof(key));
	page->unit_count++;
	return &page->units[at];
}

static bool find_value(struct str body, const char *wanted, struct str *ret_value)
{
	struct str line;
	struct str key;

	while (str_split(&body, '\n', &line))
		if (str_split(&line, '=', &key) && str_is(key, wanted)) {
			*ret_value = line;
			return true;
		}
	return false;
}

static bool unit_record(struct page *page, struct str body)
{
	struct page_unit *unit;
	struct str value;

	if (!find_value(body, "name", &value) || value.n == 0)
		return false;
	unit = unit_get(page, value);
	if (!unit)
		return false;
	if (find_value(body, "active", &value))
		set_text(unit->active, sizeof(unit->active), value);
	if (find_value(body, "sub", &value))
		set_text(unit->sub, sizeof(unit->sub), value);
	return true;
}

static bool system_record(struct page *page, struct str body)
{
	struct str value;

	if (find_value(body, "state", &value))
		set_text(page->state, sizeof(page->state), value);
	if (find_value(body, "version", &value))
		set_text(page->version, sizeof(page->version), value);
	if (find_value(body, "kernel-ended", &value))
		(void)str_to_u64(value, &page->kernel_ended);
	if (find_value(body, "up", &value))
		(void)str_to_u64(value, &page->up);
	return true;
}

bool page_record(struct page *page, struct str record)
{
	struct str head;
	struct str tag;
	struct str kind;

	if (!str_split(&record, '\n', &head) || !str_next_word(&head, &tag) ||
	    !str_next_word(&head, &kind))
		return false;
	if (str_is(kind, "unit"))
		return unit_record(page, record);
	if (str_is(kind, "system"))
		return system_record(page, record);
	if (!str_is(kind, "reloaded"))
		return false;
	page->unit_count = 0;
	return true;
}

void page_forget_units(struct page *page)
{
	page->unit_count = 0;
	page->state[0] = '\0';
}

void page_error(struct page *page, struct str line)
{
	if (page->error_count == PAGE_ERRORS_MAX) {
		memmove(page->errors[0], page->errors[1],
			sizeof(page->errors) - sizeof(page->errors[0]));
		page->error_count--;
	}
	set_text(page->errors[page->error_count++], PAGE_ERROR_SIZE, line);
}

/* ---- keys ---- */

enum page_key page_key(struct str *input)
{
	static const struct {
		const char *sequence;
		enum page_key key;
	} keys[] = {
		{ "\x1b[A", PAGE_KEY_UP },	 { "\x1bOA", PAGE_KEY_UP },
		{ "\x1b[B", PAGE_KEY_DOWN },	 { "\x1bOB", PAGE_KEY_DOWN },
		{ "\x1b[5~", PAGE_KEY_PAGE_UP }, { "\x1b[6~", PAGE_KEY_PAGE_DOWN },
		{ " ", PAGE_KEY_PAGE_DOWN },	 { "\x1b[H", PAGE_KEY_HOME },
		{ "\x1b[1~", PAGE_KEY_HOME },	 { "\x1b[F", PAGE_KEY_END },
		{ "\x1b[4~", PAGE_KEY_END },
	};

	while (input->n > 0) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (str_starts(*input, keys[i].sequence)) {
				size_t n = strlen(keys[i].sequence);

				*input = (struct str){ input->p + n, input->n - n };
				return keys[i].key;
			}
		*input = (struct str){ input->p + 1, input->n - 1 };
	}
	return PAGE_KEY_NONE;
}

/* ---- the body ---- */

struct canvas {
	struct buf *b; /* NULL: lines are only counted */
	unsigned line;
	unsigned first;
	unsigned end;
	unsigned columns;
};

/* Printable ASCII and UTF-8 as it is; a character that is cut in two at the edge is left out. */
static void add_cells(struct canvas *canvas, struct str text, unsigned *room)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];

		if ((c & 0xc0) != 0x80) {
			if (*room == 0)
				return;
			--*room;
		}
		buf_add_char(canvas->b, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

static void add_line(struct canvas *canvas, const char *colour, struct str left, struct str right)
{
	unsigned line = canvas->line++;
	unsigned room = canvas->columns;

	if (!canvas->b || line < canvas->first || line >= canvas->end)
		return;
	buf_add(canvas->b, colour);
	add_cells(canvas, left, &room);
	add_cells(canvas, right, &room);
	buf_add(canvas->b, PLAIN "\x1b[K\r\n");
}

static const char *colour_of(const struct page_unit *unit)
{
	if (strcmp(unit->active, "failed") == 0)
		return RED;
	if (strcmp(unit->active, "active") == 0)
		return "";
	return strcmp(unit->active, "inactive") == 0 ? "\x1b[2m" : YELLOW;
}

static void add_unit(struct canvas *canvas, const struct page_unit *unit)
{
	char text[64];
	char name[PAGE_NAME_SIZE + 48];
	struct buf left = BUF(name);
	struct buf right = BUF(text);
	unsigned width = canvas->columns > 70 ? canvas->columns - 40 : 30;

	if (width >= PAGE_NAME_SIZE)
		width = PAGE_NAME_SIZE - 1;
	buf_printf(&left, "  %-*.*s ", (int)width, (int)width, unit->name);
	buf_printf(&right, "%-12s %s", unit->active, unit->sub);
	add_line(canvas, colour_of(unit), (struct str){ left.p, left.len },
		 (struct str){ right.p, right.len });
}

static void add_body(const struct page *page, struct canvas *canvas)
{
	static const struct str none = { "", 0 };

	add_line(canvas, BOLD, STR("Addresses"), none);
	for (unsigned i = 0; i < page->address_count; i++)
		add_line(canvas, "", STR("  "), str_from(page->addresses[i]));
	add_line(canvas, BOLD, STR("Last errors"), none);
	for (unsigned i = page->error_count; i > 0; i--)
		add_line(canvas, "", STR("  "), str_from(page->errors[i - 1]));
	add_line(canvas, BOLD, STR("Units"), none);
	/* What failed is what one looks for. */
	for (unsigned i = 0; i < page->unit_count; i++)
		if (strcmp(page->units[i].active, "failed") == 0)
			add_unit(canvas, &page->units[i]);
	for (unsigned i = 0; i < page->unit_count; i++)
		if (strcmp(page->units[i].active, "failed") != 0)
			add_unit(canvas, &page->units[i]);
}

static unsigned count_lines(const struct page *page)
{
	struct canvas canvas = { .columns = 80 };

	add_body(page, &canvas);
	return canvas.line;
}

static unsigned last_top(const struct page *page, unsigned rows)
{
	unsigned body = rows > FIXED_ROWS ? rows - FIXED_ROWS : 1;
	unsigned lines = count_lines(page);

	return lines > body ? lines - body : 0;
}

void page_scroll(struct page *page, enum page_key key, unsigned rows)
{
	unsigned leap = rows > FIXED_ROWS + 1 ? rows - FIXED_ROWS - 1 : 1;
	unsigned last = last_top(page, rows);

	switch (key) {
	case PAGE_KEY_NONE:
		break;
	case PAGE_KEY_UP:
		page->top -= page->top > 0;
		break;
	case PAGE_KEY_DOWN:
		page->top++;
		break;
	case PAGE_KEY_PAGE_UP:
		page->top -= page->top < leap ? page->top : leap;
		break;
	case PAGE_KEY_PAGE_DOWN:
		page->top += leap;
		break;
	case PAGE_KEY_HOME:
		page->top = 0;
		break;
	case PAGE_KEY_END:
		page->top = last;
		break;
	}
	if (page->top > last)
		page->top = last;
}

static void add_head(const struct page *page, struct canvas *canvas)
{
	char text[256];
	struct buf b = BUF(text);

	buf_printf(&b, " Orlop %s  %s  %s", page->version, page->host,
		   *page->state ? page->state : "PID 1 does not answer");
	if (page->up > 0) {
		buf_add(&b, "  booted in ");
		buf_add_seconds(&b, page->up, 1);
		buf_add(&b, " s (kernel ");
		buf_add_seconds(&b, page->kernel_ended, 1);
		buf_add(&b, " s)");
	}
	canvas->end = 1;
	add_line(canvas, REVERSE, (struct str){ b.p, b.len }, (struct str){ "", 0 });
}

void page_draw(const struct page *page, unsigned rows, unsigned columns, struct buf *b)
{
	struct canvas canvas = { .b = b };
	unsigned last = last_top(page, rows);
	unsigned top = page->top < last ? page->top : last;

	rows = rows < FIXED_ROWS + 1 ? FIXED_ROWS + 1 : rows > PAGE_ROWS_MAX ? PAGE_ROWS_MAX : rows;
	/* The last column is left free: writing there scrolls some terminals. */
	canvas.columns = columns < 2		      ? 1
			 : columns > PAGE_COLUMNS_MAX ? PAGE_COLUMNS_MAX - 1
						      : columns - 1;
	/* Ends a sequence that the last frame left unfinished (CAN), hides the cursor, goes home. */
	buf_add(b, "\x18" PLAIN "\x1b[?25l\x1b[H");
	add_head(page, &canvas);
	canvas.line = 0;
	canvas.first = top;
	canvas.end = top + rows - FIXED_ROWS;
	add_body(page, &canvas);
	buf_add(b, "\x1b[J");
	buf_printf(b, "\x1b[%u;1H" REVERSE " arrows, PgUp, PgDn, space: scroll" PLAIN "\x1b[K", rows);
}
