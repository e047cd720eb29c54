// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where what is said about a unit lies: its file, its drop-ins, the links in .wants/ and their like,
 * and the names that are links to other names (systemd.unit(5), "Unit File Load Path"). Looks at
 * directories, reads no unit file.
 */
#pragma once

#include "lib/directory.h"
#include "supervisor/unit.h"

#define UNIT_PATH_SIZE 512

/** unit_template_name() - foo@bar.service is described by foo@.service. Return: false if @name is no instance. */
bool unit_template_name(const char *name, char ret_template[static UNIT_NAME_SIZE]);

/** unit_is_template() - Return: whether @name is foo@.service, which is no unit without an instance. */
bool unit_is_template(const char *name);

/**
 * unit_instance_name() - foo@.service with the instance of bar@x.service: foo@x.service.
 * Return: false if @of is no instance, or the name too long.
 */
bool unit_instance_name(const char *template, const char *of, char ret_name[static UNIT_NAME_SIZE]);

/** unit_file_find() - the file of @name, or of its template. Return: 0 or -ENOENT. */
int unit_file_find(const char *const *search_path, const char *name,
		   char ret_path[static UNIT_PATH_SIZE]);

/** unit_file_is_mask() - Return: whether @path is empty, or a link to /dev/null. */
bool unit_file_is_mask(const char *path);

/**
 * unit_file_resolve() - follows links from name to name through the search path: default.target is
 * a link to multi-user.target, and sshd@1.service is ssh@1.service if sshd@.service is a link to ssh@.service.
 * @ret_name: @name itself if it is no alias
 * Return: 0, or -ELOOP for a circle.
 */
int unit_file_resolve(const char *const *search_path, const char *name,
		      char ret_name[static UNIT_NAME_SIZE]);

/**
 * unit_file_next_beside() - the next file in the directories NAME.@kind of a unit: for foo-bar@x.service
 * also those of foo-bar@.service, foo-@x.service and foo-@.service, and with @kind "d" those of "service". Files come in
 * the order of their names, whatever directory they are in; the same name in a stronger one hides it in others.
 *
 * @suffix: only files that end so
 * @after: the file before, "" for the first
 * Return: 1 with a file, 0 at the end.
 */
int unit_file_next_beside(const char *const *search_path, const char *name, const char *kind,
			  const char *suffix, const char *after,
			  char ret_file[static DIRECTORY_NAME_SIZE],
			  char ret_path[static UNIT_PATH_SIZE]);
