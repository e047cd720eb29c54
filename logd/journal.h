// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The one log of the machine: each record gets its number and times, goes into the ring in memory and from there
 * to the disk, as soon as the disk takes it; then its memory is used anew. While it does not, the ring keeps the last
 * JOURNAL_RING_SIZE bytes; what is pushed out unwritten is counted, and the log says so when it can.
 */
#pragma once

#include "logd/log_record_parse.h"
#include "logd/ring.h"
#include "logd/store.h"

/* Some five thousand lines of two hundred bytes, for a boot without a disk. */
#define JOURNAL_RING_SIZE (1024 * 1024)

/** journal_init() - opens the disk if it is there. */
void journal_init(const struct store_limits *limits);

/**
 * journal_add() - takes a record in. Its number is set, its times as well where they are 0.
 * It is in memory only until journal_flush().
 */
void journal_add(struct log_record *record);

/** journal_note() - adds a line of orlop-logd's own about @unit (empty: about the log itself). */
void journal_note(struct str unit, unsigned severity, const char *format, ...) _printf_(3, 4);

/** journal_flush() - gives to the disk what it has not yet. A disk that refuses is tried again later. */
void journal_flush(void);

/** journal_kernel_position() - Return: the kernel's number of the first of its records that is not kept yet. */
uint64_t journal_kernel_position(void);

/** journal_ring() - for readers: what is not on the disk is in here, and nothing else for long. */
const struct ring *journal_ring(void);

/** journal_boot_id() - Return: the ID of this boot. */
const char *journal_boot_id(void);

/** journal_written() - Return: the number of the newest record that the disk has. */
uint64_t journal_written(void);

uint64_t journal_deadline(void);
void journal_tick(uint64_t now);
void journal_on_child(pid_t pid);
void journal_close(void);
