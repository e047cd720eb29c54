// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The log on disk, written: the file at hand, the change to the next one, and the removal of the oldest
 * when there is too much. What can be lost, by cause:
 *
 *   orlop-logd is killed    nothing that store_write() has taken: it is in the kernel's page cache
 *   the power is cut        what was written since the last sync, at most STORE_SYNC_INTERVAL ago;
 *                           a critical line is synced at once
 *   the disk refuses        nothing is kept here; the caller tries again
 *
 * Nothing waits for the disk but write(2) itself: a child syncs.
 */
#pragma once

#include <sys/types.h>

#include "lib/clock.h"
#include "logd/log_files.h"

/* A power cut costs at most the lines of the last half minute. */
#define STORE_SYNC_INTERVAL (30 * NS_PER_S)
/* A disk that refuses is asked again so often. */
#define STORE_RETRY_INTERVAL NS_PER_S
/* Age is looked at so often. */
#define STORE_TIDY_INTERVAL (3600 * NS_PER_S)
/* The log is at most this many files of equal size, so that removing one frees a small part. */
#define STORE_FILES 16
/* Room for a few records in even the smallest file. */
#define STORE_FILE_MIN (64 * 1024)

struct store_limits {
	uint64_t max_size; /* bytes, of all files together; no more than a tenth of the file system */
	uint64_t max_age;   /* ns; older files are removed */
	uint64_t max_boots; /* boots that are kept */
};

/* 64 MiB, a month, and a boot a day for three months. */
#define STORE_LIMITS_DEFAULT    \
	((struct store_limits){ \
		.max_size = UINT64_C(64) << 20, .max_age = 30 * 86400 * NS_PER_S, .max_boots = 100 })

/* What the files of this boot know about where to go on. */
struct store_position {
	uint64_t number; /* of the last record */
	uint64_t kernel; /* the greatest origin, that is the kernel's number of its next record; 0: none yet */
};

struct store {
	struct store_limits limits;
	struct log_boot boot;
	int directory; /* LOG_DIRECTORY */
	int boot_directory;
	int fd; /* the file at hand; -1: none is open */
	uint32_t file;
	uint64_t size;
	uint64_t file_size; /* at which the next one begins */
	uint64_t file_began;
	uint64_t next_try;
	uint64_t next_tidy;
	uint64_t sync_due; /* CLOCK_TIME_MAX: all is on the disk */
	pid_t sync_child;
	int error; /* -errno of the last failure, 0: works */
};

/** store_init() - opens nothing yet. */
void store_init(struct store *store, const struct store_limits *limits);

/**
 * store_open() - makes directories, finds or begins this boot, and takes off what a kill has left half written.
 * @position: raised to what the files of this boot say
 * Return: 0 (also if it is open already) or -errno.
 */
int store_open(struct store *store, struct store_position *position);

/**
 * store_write() - appends whole lines, all or nothing.
 * @position: of the records before these, for the head of a new file
 * @urgent: to be on the disk soon
 * Return: 0 or -errno; store_open() is due then.
 */
int store_write(struct store *store, struct str lines, const struct store_position *position,
		bool urgent);

/** store_deadline() - Return: when store_tick() has something to do. */
uint64_t store_deadline(const struct store *store);

/** store_tick() - syncs and tidies up what is due. */
void store_tick(struct store *store, uint64_t now);

/** store_on_child() - a child has ended: maybe the one that syncs. */
void store_on_child(struct store *store, pid_t pid);

/** store_close() - syncs, waits for that, and closes. */
void store_close(struct store *store);
