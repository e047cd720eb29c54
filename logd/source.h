// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A stream of a unit's output: a pipe in, lines out to the unit's file and, for a stream that asks for it,
 * to the console. The streams of one unit share its file.
 * A line is complete with its newline, at LINE_SIZE bytes, or when the unit's process ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* A longer line is cut into several. */
#define LINE_SIZE 4096
/* systemd's UNIT_NAME_MAX, with the NUL. */
#define SOURCE_NAME_SIZE 256
/* A file over this size becomes NAME.log.1, and that NAME.log.2, up to SOURCE_ROTATIONS. */
#define SOURCE_FILE_MAX (UINT64_C(4) << 20)
#define SOURCE_ROTATIONS 2
/* Bytes taken from one pipe before the next one has its turn. */
#define SOURCE_READ_PER_PASS (64 * 1024)

struct log_file {
	struct log_file *next;
	char name[SOURCE_NAME_SIZE]; /* of the unit */
	int fd;			     /* -1: not open (yet, or the disk refused) */
	uint64_t size;
};

struct source {
	struct source *next;
	struct log_file *file;
	bool console;
	int pipe_fd;
	size_t length; /* of the line so far */
	char line[LINE_SIZE];
};

/**
 * source_new() - @pipe_fd belongs to the source from now on, also on failure.
 * Return: a source, or NULL: no memory, or a name that is no unit's.
 */
struct source *source_new(struct str name, int pipe_fd, bool console);

/** source_set_pipe() - the same stream with another pipe (PID 1 began anew). Takes @pipe_fd over. */
void source_set_pipe(struct source *source, int pipe_fd);

/** source_read() - takes what waits, at most SOURCE_READ_PER_PASS. Return: bytes taken, 0 for none. */
size_t source_read(struct source *source);

/** source_flush() - completes a line that has no newline. */
void source_flush(struct source *source);
