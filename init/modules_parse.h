// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The text indexes that depmod(8) writes beside the kernel modules: modules.dep, modules.softdep,
 * modules.alias and modules.builtin (modules.dep(5)). Pure: each function searches a whole file's text;
 * nothing is copied but slices. '-' and '_' are the same in module names, as everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

/* Longest module name with its NUL (MODULE_NAME_LEN is 56 on 64-bit kernels). */
#define MODULE_NAME_SIZE 64

/**
 * module_name_from_path() - makes "dm_verity" of "kernel/drivers/md/dm-verity.ko.xz" or of "dm-verity".
 * Return: 0, or -EINVAL: empty, too long, or with bytes that no module name has.
 */
int module_name_from_path(struct str path, char ret_name[static MODULE_NAME_SIZE]);

/** module_name_equal() - Return: whether two names are the same module's, '-' being '_'. */
bool module_name_equal(struct str a, struct str b);

/** A line of modules.dep. Slices point into the text. */
struct module_dependency {
	struct str path;	 /* relative to the directory of the indexes */
	struct str dependencies; /* paths separated by spaces; to be loaded from the last to the first */
};

/** modules_dep_find() - finds the line of the module @name in modules.dep. Return: whether there is one. */
bool modules_dep_find(struct str text, struct str name, struct module_dependency *ret);

/** modules_last_path() - takes the last path off @dependencies. Return: false when there is none left. */
bool modules_last_path(struct str *dependencies, struct str *ret_path);

/** modules_builtin_has() - Return: whether modules.builtin lists the module @name. */
bool modules_builtin_has(struct str text, struct str name);

enum modules_softdep_when {
	MODULES_SOFTDEP_NONE, /* neither "pre:" nor "post:" came yet: no dependency, as for modprobe(8) */
	MODULES_SOFTDEP_PRE,  /* to be loaded before the module */
	MODULES_SOFTDEP_POST, /* and after it */
};

/** A walk over the soft dependencies of one module. Begins as { .rest = text of modules.softdep }. */
struct modules_softdep_walk {
	struct str rest;
	struct str line;
	enum modules_softdep_when section;
};

/**
 * modules_softdep_next() - the next soft dependency of the module @name, over all its lines.
 * @ret_name: a module's name or an alias
 * Return: true with it, false at the end.
 */
bool modules_softdep_next(struct modules_softdep_walk *walk, struct str name,
			  enum modules_softdep_when when, struct str *ret_name);

/**
 * modules_alias_next() - the next module one of whose aliases matches @alias.
 * @rest: the text of modules.alias for the first call; kept between calls
 * Return: true with the module's name, false at the end.
 */
bool modules_alias_next(struct str *rest, struct str alias, struct str *ret_module);

/**
 * modules_alias_match() - Return: whether @text matches @pattern as fnmatch(3) without flags would:
 * '*', '?', "[abc]", "[a-c]", "[!a]" and '\'. '-' and '_' are the same outside brackets, as for kmod.
 * Time is bounded by the product of the two lengths.
 */
bool modules_alias_match(struct str pattern, struct str text);
