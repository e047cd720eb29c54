// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The options of orlopctl, as a table that the parser, --help, the completion and the man page check
 * share. They may stand before, between and behind the other words; "--" ends them.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/macros.h"

struct options {
	bool json;
	bool quiet;
	bool no_block;
	bool no_legend;
	bool all;
	bool full;
	bool failed;
	bool now;
	bool force;
	bool value_only;
	bool help;
	bool version;
	bool user;	   /* --user: refused, there are no user managers */
	const char *root;  /* --root=, NULL: this machine */
	const char *svg;   /* --svg[=FILE]; "-": standard output; NULL: no picture */
	const char *lines; /* -n, as given */
	const char *signal;
	const char *whom;
	const char *types;	/* -t, a list */
	const char *states;	/* --state=, a list */
	const char *properties; /* -p, a list */
	const char *output;	/* -o, "json" is --json */
};

enum option_argument {
	OPTION_FLAG,
	OPTION_REQUIRED,
	OPTION_OPTIONAL, /* only as --name=value */
	OPTION_IGNORED,	 /* of systemctl: nothing to do with it here */
};

struct option_info {
	char letter; /* '\0': none */
	const char *name;
	enum option_argument argument;
	size_t offset;	  /* in struct options */
	const char *what; /* the argument, for people */
	const char *help; /* NULL: not shown */
};

/* Ends with a row without a name. */
extern const struct option_info option_table[];

/* For errors: the option that is wrong. */
struct option_error {
	const char *word;
	const char *reason;
};

/**
 * options_parse() - takes the options out of @argv.
 * @argv: argv[0] is left alone; what is no option is moved to its front
 * Return: how many words are left behind argv[0], or -EINVAL with @ret_error.
 */
int options_parse(int argc, char **argv, struct options *ret_options, struct option_error *ret_error);

/** options_help() - writes the list of options. */
void options_help(FILE *out);
