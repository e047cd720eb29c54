// SPDX-License-Identifier: MIT OR Apache-2.0
/* The verbs enable, disable, reenable, mask, unmask and is-enabled. */
#include <errno.h>

#include "ctl/install.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

static void report(void *context, const char *what, const char *link, const char *target)
{
	const struct options *options = context;

	if (options->quiet)
		return;
	if (target)
		printf("%s %s -> %s\n", what, link, target);
	else
		printf("%s %s\n", what, link);
}

static int begin(struct installer *installer, const struct options *options)
{
	installer->force = options->force;
	installer->report = report;
	installer->context = (void *)(uintptr_t)options;
	return unit_directories_init(&installer->directories, options->root);
}

static int status_of(int error)
{
	switch (error) {
	case -ENOENT:
		return EXIT_NOT_INSTALLED;
	case -ERFKILL:
		return EXIT_NOT_CONFIGURED;
	case -EACCES:
	case -EPERM:
		return EXIT_NOT_ALLOWED;
	default:
		return EXIT_FAILED;
	}
}

/* PID 1 has to see what changed; without one (in an image, in a chroot) there is nothing to tell. */
static int tell_pid_1(const struct options *options, const char *now, char *const words[], int count)
{
	struct control_client client;
	int status = EXIT_OK;

	if (options->root)
		return EXIT_OK;
	if (client_open(&client) < 0) {
		if (!options->now)
			return EXIT_OK;
		return connect_or_say(&client);
	}
	client_close(&client);
	status = verb_daemon_reload("daemon-reload", options, NULL, 0);
	if (status == EXIT_OK && options->now)
		status = verb_job(now, options, words, count);
	return status;
}

static void explain_static(const char *unit)
{
	complain("%s has no [Install] section that says by whom it is wanted: it is started by other "
		 "units, or by hand",
		 unit);
}

/* A link that we cannot remove still enables it. */
static void explain_rest(const struct installer *installer, const char *unit)
{
	if (install_state(&installer->directories, unit) == INSTALL_ENABLED)
		complain("%s is still enabled by links outside of %s; mask it to be sure", unit,
			 installer->directories.inside[0]);
}

int verb_enable(const char *verb, const struct options *options, char *const words[], int count)
{
	bool enable = strcmp(verb, "disable") != 0;
	struct installer installer;
	int status = EXIT_OK;
	int told;

	if (begin(&installer, options) < 0)
		return EXIT_FAILED;
	for (int i = 0; i < count; i++) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);
		int r = unit_name_complete(words[i], &b);

		if (r == 0 && (!enable || strcmp(verb, "reenable") == 0))
			r = install_disable(&installer, name);
		if (r >= 0 && enable)
			r = install_enable(&installer, name);
		if (r == 0 && enable)
			explain_static(name);
		if (r >= 0 && !enable)
			explain_rest(&installer, name);
		if (r < 0 && status == EXIT_OK)
			status = status_of(r);
	}
	told = tell_pid_1(options, enable ? "start" : "stop", words, count);
	return status != EXIT_OK ? status : told;
}

int verb_mask(const char *verb, const struct options *options, char *const words[], int count)
{
	bool mask = strcmp(verb, "mask") == 0;
	struct installer installer;
	int status = EXIT_OK;
	int told;

	if (begin(&installer, options) < 0)
		return EXIT_FAILED;
	for (int i = 0; i < count; i++) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);
		int r = unit_name_complete(words[i], &b);

		if (r == 0)
			r = mask ? install_mask(&installer, name) : install_unmask(&installer, name);
		if (r < 0 && status == EXIT_OK)
			status = status_of(r);
	}
	told = tell_pid_1(options, "stop", words, mask ? count : 0);
	return status != EXIT_OK ? status : told;
}

/* 0 if any of them is enabled (static, alias and indirect count, as for systemctl); 4 if none exists; else 1. */
int verb_is_enabled(const char *verb _unused_, const struct options *options, char *const words[],
		    int count)
{
	struct unit_directories directories;
	struct json json = json_to(stdout);
	bool enabled = false;
	bool found = false;

	if (unit_directories_init(&directories, options->root) < 0)
		return EXIT_FAILED;
	if (options->json)
		json_object(&json, NULL);
	for (int i = 0; i < count; i++) {
		char name[UNIT_NAME_SIZE];
		struct buf b = BUF(name);
		enum install_state state = INSTALL_NOT_FOUND;

		if (unit_name_complete(words[i], &b) == 0)
			state = install_state(&directories, name);
		found = found || state != INSTALL_NOT_FOUND;
		enabled = enabled || state == INSTALL_ENABLED || state == INSTALL_STATIC ||
			  state == INSTALL_ALIAS || state == INSTALL_INDIRECT;
		if (options->json)
			json_string(&json, name, install_state_name(state));
		else if (!options->quiet)
			puts(install_state_name(state));
	}
	if (options->json)
		json_end(&json, '}');
	return enabled ? EXIT_OK : found ? EXIT_FAILED : EXIT_NO_UNIT;
}
