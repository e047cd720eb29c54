// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Unit files where they lie: on this machine, or in a root directory that an image is made of. There,
 * /etc is what the machine makes its /etc of, ROOT/usr/share/factory/etc, if there is such.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/options.h"
#include "supervisor/unit.h"

#define FILE_PATH_SIZE 1024
#define UNIT_DIRECTORIES 3

struct unit_directories {
	char outside[UNIT_DIRECTORIES][FILE_PATH_SIZE]; /* where we find it */
	const char *inside[UNIT_DIRECTORIES];		/* what the machine calls it */
	const char *search_path[UNIT_DIRECTORIES + 1];	/* the first, for unit_load() */
};

/** unit_directories_init() - strongest first. @root: NULL for this machine. Return: 0 or -ENAMETOOLONG. */
int unit_directories_init(struct unit_directories *directories, const char *root);

/**
 * unit_files_find() - the file of a unit, or of its template if it has none of its own.
 * @ret_path: outside
 * @ret_directory: which of the directories it is in
 * Return: 0, or -ENOENT.
 */
int unit_files_find(const struct unit_directories *directories, const char *name,
		    char ret_path[static FILE_PATH_SIZE], unsigned *ret_directory);

/** unit_template_of() - "a@b.service" to "a@.service". Return: false if @name is no instance. */
bool unit_template_of(const char *name, char ret_template[static UNIT_NAME_SIZE]);

/** unit_file_masked() - whether @path is a link to /dev/null. */
bool unit_file_masked(const char *path);

/**
 * unit_file_parts() - calls @part with the unit's file and then with each of its drop-ins, in the order in which
 * they count. Return: 0, or what @part returned if that was not 0, or -ENOENT.
 */
int unit_file_parts(const struct unit_directories *directories, const char *name,
		    int (*part)(void *context, const char *path), void *context);

/** unit_file_names() - all units that have a file, sorted. @ret_names: array and names are the caller's. */
int unit_file_names(const struct unit_directories *directories, char ***ret_names, size_t *ret_count);
