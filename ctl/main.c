// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlopctl: the one command people type, orlopctl(8). Finds the verb, takes the options, calls it. Under
 * the name systemctl it is the same program, for the scripts and the fingers that know that one;
 * and as reboot, poweroff or halt it does that.
 */
#include <string.h>

#include "ctl/logs.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

static int say_version(const struct options *options)
{
	return verb_find("version")->run("version", options, NULL, 0);
}

static int run(const char *program, int argc, char **argv)
{
	/* It has options of its own, and its help. */
	bool logs = argc > 1 && strcmp(argv[1], "logs") == 0;
	struct option_error error;
	struct options options;
	const struct verb *verb;
	int count = logs ? 0 : options_parse(argc, argv, &options, &error);
	char *const *words = argv + 2;
	const char *name;

	if (logs)
		return logs_main(argc - 1, argv + 1);
	if (count < 0) {
		complain("%s: %s (see %s --help)", error.word, error.reason, program);
		return EXIT_USAGE;
	}
	if (options.help) {
		verbs_help(stdout, program);
		return EXIT_OK;
	}
	if (options.output && strcmp(options.output, "json") == 0)
		options.json = true;
	if (options.user) {
		complain("--user: Orlop has no user managers");
		return EXIT_USAGE;
	}
	if (options.version)
		return say_version(&options);
	name = count > 0 ? argv[1] : strcmp(program, "systemctl") == 0 ? "list" : "status";
	verb = verb_find(name);
	count = count > 0 ? count - 1 : 0;
	if (!verb || !verb->run) {
		complain("%s: there is no such verb (see %s --help)", name, program);
		return EXIT_USAGE;
	}
	if (count == 0 && verb->flags & VERB_WANTS_UNIT) {
		complain("%s: of which unit? (see %s --help)", name, program);
		return EXIT_USAGE;
	}
	if (count > 0 && verb->flags & VERB_NO_WORDS) {
		complain("%s: takes no %s (see %s --help)", name, words[0], program);
		return EXIT_USAGE;
	}
	return verb->run(name, &options, words, count);
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *program = slash ? slash + 1 : argc > 0 ? argv[0] : "orlopctl";
	int status;

	output_begin(program);
	if (strcmp(program, "reboot") == 0 || strcmp(program, "poweroff") == 0 ||
	    strcmp(program, "halt") == 0) {
		static const struct options none;

		status = verb_find(program)->run(program, &none, NULL, 0);
	} else {
		status = run(program, argc, argv);
	}
	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) != 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	return status;
}
