// SPDX-License-Identifier: MIT OR Apache-2.0
/* The options of orlopctl: see options.h. */
#include "ctl/options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(struct options, field)

const struct option_info option_table[] = {
	{ 'h', "help", OPTION_FLAG, AT(help), NULL, "this list" },
	{ '\0', "version", OPTION_FLAG, AT(version), NULL, "the version, and that of PID 1" },
	{ '\0', "json", OPTION_FLAG, AT(json), NULL, "data as JSON" },
	{ 'q', "quiet", OPTION_FLAG, AT(quiet), NULL, "say nothing that the exit status says too" },
	{ 'a', "all", OPTION_FLAG, AT(all), NULL, "list, verify: also what is not in use" },
	{ 't', "type", OPTION_REQUIRED, AT(types), "TYPE,...", "list: only units of these types" },
	{ '\0', "state", OPTION_REQUIRED, AT(states), "STATE,...", "list: only units in these states" },
	{ '\0', "failed", OPTION_FLAG, AT(failed), NULL, "list: as --state=failed" },
	{ '\0', "no-legend", OPTION_FLAG, AT(no_legend), NULL, "tables without head and foot" },
	{ 'l', "full", OPTION_FLAG, AT(full), NULL, "cut no line to the width of the terminal" },
	{ 'n', "lines", OPTION_REQUIRED, AT(lines), "N", "status: so many lines of log (10)" },
	{ 'p', "property", OPTION_REQUIRED, AT(properties), "NAME,...", "show: only these" },
	{ '\0', "value", OPTION_FLAG, AT(value_only), NULL, "show: values without names" },
	{ '\0', "no-block", OPTION_FLAG, AT(no_block), NULL, "do not wait until the work is done" },
	{ 's', "signal", OPTION_REQUIRED, AT(signal), "SIGNAL", "kill: which one (SIGTERM)" },
	{ '\0', "kill-whom", OPTION_REQUIRED, AT(whom), "WHOM",
	  "kill: all (the default), main or control" },
	{ '\0', "kill-who", OPTION_REQUIRED, AT(whom), NULL, NULL },
	{ '\0', "root", OPTION_REQUIRED, AT(root), "DIR", "work on the files of this root directory" },
	{ '\0', "now", OPTION_FLAG, AT(now), NULL, "enable: also start; disable, mask: also stop" },
	{ 'f', "force", OPTION_FLAG, AT(force), NULL,
	  "enable, mask: over other links; reboot, ...: at once, stopping nothing" },
	{ '\0', "svg", OPTION_OPTIONAL, AT(svg), "[=FILE]", "boot, deps: a picture" },
	{ 'o', "output", OPTION_REQUIRED, AT(output), NULL, NULL },
	{ '\0', "user", OPTION_FLAG, AT(user), NULL, NULL },
	{ '\0', "system", OPTION_IGNORED, 0, NULL, NULL },
	{ '\0', "no-pager", OPTION_IGNORED, 0, NULL, NULL },
	{ '\0', "no-ask-password", OPTION_IGNORED, 0, NULL, NULL },
	{ '\0', "no-reload", OPTION_IGNORED, 0, NULL, NULL },
	{ '\0', "no-wall", OPTION_IGNORED, 0, NULL, NULL },
	{ '\0', "plain", OPTION_IGNORED, 0, NULL, NULL },
	{ 0 },
};

static int set(const struct option_info *option, struct options *options, const char *value)
{
	void *field = (char *)options + option->offset;

	switch (option->argument) {
	case OPTION_FLAG:
		*(bool *)field = true;
		break;
	case OPTION_OPTIONAL:
		*(const char **)field = value ? value : "-";
		break;
	case OPTION_REQUIRED:
		*(const char **)field = value;
		break;
	case OPTION_IGNORED:
		break;
	}
	return 0;
}

static int fail(struct option_error *error, const char *word, const char *reason)
{
	*error = (struct option_error){ word, reason };
	return -EINVAL;
}

/* --name, --name=value, --name value. Return: words used beside this one, or -EINVAL. */
static int parse_long(const char *word, const char *next, struct options *options,
		      struct option_error *error)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);

	for (const struct option_info *option = option_table; option->name; option++) {
		const char *value = equals ? equals + 1 : NULL;

		if (strlen(option->name) != length || strncmp(option->name, name, length) != 0)
			continue;
		if (value && (option->argument == OPTION_FLAG || option->argument == OPTION_IGNORED))
			return fail(error, word, "takes no value");
		if (value || option->argument != OPTION_REQUIRED)
			return set(option, options, value);
		if (!next)
			return fail(error, word, "wants a value");
		(void)set(option, options, next);
		return 1;
	}
	return fail(error, word, "there is no such option");
}

/* -abc, -n5, -n 5. Return: as parse_long(). */
static int parse_letters(const char *word, const char *next, struct options *options,
			 struct option_error *error)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option_info *option = option_table;

		while (option->name && option->letter != *letter)
			option++;
		if (!option->name)
			return fail(error, word, "there is no such option");
		if (option->argument != OPTION_REQUIRED) {
			(void)set(option, options, NULL);
			continue;
		}
		if (!letter[1] && !next)
			return fail(error, word, "wants a value");
		(void)set(option, options, letter[1] ? letter + 1 : next);
		return letter[1] ? 0 : 1;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct option_error *ret_error)
{
	struct options options = { 0 };
	int words = 0;
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		int r;

		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[1 + words++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		r = argv[i][1] == '-' ? parse_long(argv[i], next, &options, ret_error)
				      : parse_letters(argv[i], next, &options, ret_error);
		if (r < 0)
			return r;
		i += r;
	}
	*ret_options = options;
	return words;
}

void options_help(FILE *out)
{
	for (const struct option_info *option = option_table; option->name; option++) {
		char name[48];
		const char *separator = option->argument == OPTION_REQUIRED ? "=" : "";

		if (!option->help)
			continue;
		(void)snprintf(name, sizeof(name), "--%s%s%s", option->name, separator,
			       option->what ? option->what : "");
		fprintf(out, "  %c%c %-22s %s\n", option->letter ? '-' : ' ',
			option->letter ? option->letter : ' ', name, option->help);
	}
}
