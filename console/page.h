// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The status page as data: what is known of the machine, and how it becomes a screen. The terminal is told everything
 * anew with each frame, so a frame that was cut short heals with the next one. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

/* PID 1 knows at most so many units (supervisor/unit.h). */
#define PAGE_UNITS_MAX 2048
/* Longer names are cut here: no screen is wider. */
#define PAGE_NAME_SIZE 128
#define PAGE_ERRORS_MAX 10
#define PAGE_ERROR_SIZE 256
#define PAGE_ADDRESSES_MAX 16
#define PAGE_ADDRESS_SIZE 96
/* A frame of 500 columns and 200 rows at most. */
#define PAGE_COLUMNS_MAX 500
#define PAGE_ROWS_MAX 200
#define PAGE_FRAME_SIZE (PAGE_COLUMNS_MAX * PAGE_ROWS_MAX * 2)

struct page_unit {
	char name[PAGE_NAME_SIZE];
	char active[16];
	char sub[24];
};

struct page {
	char host[65];
	char version[32];
	char state[16]; /* running, degraded, ... ; empty: PID 1 does not answer */
	uint64_t kernel_ended;
	uint64_t up; /* ns; 0: not yet */
	unsigned unit_count;
	unsigned address_count;
	unsigned error_count;
	unsigned top;				/* the first line of the body that is shown */
	struct page_unit units[PAGE_UNITS_MAX]; /* by name */
	char addresses[PAGE_ADDRESSES_MAX][PAGE_ADDRESS_SIZE];
	char errors[PAGE_ERRORS_MAX][PAGE_ERROR_SIZE]; /* the oldest first */
};

enum page_key {
	PAGE_KEY_NONE,
	PAGE_KEY_UP,
	PAGE_KEY_DOWN,
	PAGE_KEY_PAGE_UP,
	PAGE_KEY_PAGE_DOWN,
	PAGE_KEY_HOME,
	PAGE_KEY_END,
};

/** page_record() - a record of PID 1's control socket, orlop-control(7). Return: whether it changed something. */
bool page_record(struct page *page, struct str record);

/** page_forget_units() - PID 1 is gone: nothing is known of it. */
void page_forget_units(struct page *page);

/** page_error() - a line of the log, already laid out; cut if it is long. */
void page_error(struct page *page, struct str line);

/** page_key() - takes the next key off @input (VT100, xterm and the Linux console). What is no key is passed over. */
enum page_key page_key(struct str *input);

/** page_scroll() - moves what is shown, as far as there is something. */
void page_scroll(struct page *page, enum page_key key, unsigned rows);

/** page_draw() - appends a frame of @rows by @columns; colours and a few attributes are all that it asks of a terminal. */
void page_draw(const struct page *page, unsigned rows, unsigned columns, struct buf *b);
