// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The [Install] sections of unit files and the links that come of them (systemd.unit(5), "[Install]
 * Section Options"). Nothing here talks to PID 1, so that it works on an image as well.
 */
#pragma once

#include "ctl/unit_files.h"

enum install_state {
	INSTALL_NOT_FOUND,
	INSTALL_MASKED,
	INSTALL_ALIAS, /* the name is a link to another unit */
	INSTALL_ENABLED,
	INSTALL_INDIRECT, /* has nothing but Also= */
	INSTALL_DISABLED,
	INSTALL_STATIC, /* no [Install]: others start it */
};

/* What a unit's [Install] says; each list is words with a NUL behind each, and an empty one at the end. */
#define INSTALL_LIST_SIZE 2048
struct install {
	char wanted_by[INSTALL_LIST_SIZE];
	char required_by[INSTALL_LIST_SIZE];
	char upheld_by[INSTALL_LIST_SIZE];
	char alias[INSTALL_LIST_SIZE];
	char also[INSTALL_LIST_SIZE];
	char default_instance[UNIT_NAME_SIZE];
};

/**
 * install_parse() - reads the [Install] lines of @text on top of what @install has; an empty value empties
 * its list. Specifiers are replaced for @unit. Pure.
 * Return: 0; -EINVAL: a wrong specifier or quote; -ENOSPC: a list is too long.
 */
int install_parse(struct str text, const char *unit, struct install *install);

/** install_next() - the word of a list behind @item, the first for NULL; NULL at the end. */
const char *install_next(const char *list, const char *item);

/** install_read() - all of a unit's files. Return: 0, -ENOENT, or as install_parse(). */
int install_read(const struct unit_directories *directories, const char *unit,
		 struct install *ret_install);

enum install_state install_state(const struct unit_directories *directories, const char *unit);
const char *install_state_name(enum install_state state);

/*
 * Told of each link: "made" or "removed", with its path and where it points (made only).
 */
typedef void install_report_fn(void *context, const char *what, const char *link, const char *target);

struct installer {
	struct unit_directories directories;
	bool force;
	install_report_fn *report;
	void *context;
};

/**
 * install_enable() - makes the links of @unit and of the units in its Also=.
 * Return: how many links there are now because of it (0: it has no [Install] section, as a static unit);
 * -ENOENT: no such unit file; -ERFKILL: it is masked; -EEXIST: a link of that name leads elsewhere;
 * -EDESTADDRREQ: a template that needs an instance; or another -errno. Errors are said.
 */
int install_enable(struct installer *installer, const char *unit);

/**
 * install_disable() - removes all links to @unit (to all instances of a template) in the strongest directory.
 * Return: how many were removed, or -errno.
 */
int install_disable(struct installer *installer, const char *unit);

/** install_mask() - a link to /dev/null. Return: 0 or -errno (-EEXIST: a unit file is in its place). */
int install_mask(struct installer *installer, const char *unit);
/** install_unmask() - Return: 1: removed; 0: it was not masked; or -errno. */
int install_unmask(struct installer *installer, const char *unit);
