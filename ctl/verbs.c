// SPDX-License-Identifier: MIT OR Apache-2.0
/* The verbs of orlopctl: see verbs.h. */
#include "ctl/verbs.h"

#include <errno.h>

#include "ctl/output.h"
#include "lib/klog.h"
#include "supervisor/unit.h"

#define ON_UNITS (VERB_WANTS_UNIT | VERB_UNITS)
#define ALIAS(name, run, flags)                             \
	{                                                   \
		name, NULL, NULL, run, (flags) | VERB_ALIAS \
	}

const struct verb verb_table[] = {
	{ "status", "[UNIT...]", "how units are; without one, the whole machine", verb_status,
	  VERB_UNITS },
	{ "list", "[PATTERN...]", "units in use; with --all all that are loaded", verb_list, VERB_UNITS },
	{ "show", "[UNIT...]", "properties as NAME=VALUE, for scripts", verb_show, VERB_UNITS },
	{ "is-active", "UNIT...", "whether any of them is active", verb_is_active, ON_UNITS },
	{ "is-failed", "[UNIT...]", "whether any has failed", verb_is_active, VERB_UNITS },
	{ "is-system-running", "", "whether all is well", verb_is_running, VERB_NO_WORDS },
	{ "start", "UNIT...", "start, with all that they require", verb_job, ON_UNITS },
	{ "stop", "UNIT...", "stop, with all that cannot be without", verb_job, ON_UNITS },
	{ "restart", "UNIT...", "stop and start again", verb_job, ON_UNITS },
	{ "try-restart", "UNIT...", "restart those that are active", verb_job, ON_UNITS },
	{ "reload", "UNIT...", "have services read their configuration again", verb_job, ON_UNITS },
	{ "reload-or-restart", "UNIT...", "reload those that can, restart the others", verb_job,
	  ON_UNITS },
	{ "try-reload-or-restart", "UNIT...", "the same, for those that are active", verb_job, ON_UNITS },
	{ "kill", "UNIT...", "send a signal to their processes", verb_kill, ON_UNITS },
	{ "reset-failed", "[UNIT...]", "forget failures and start limits", verb_reset_failed, VERB_UNITS },
	{ "logs", "[OPTION...] [UNIT...]", "what they printed (orlopctl logs --help)", NULL,
	  VERB_UNITS | VERB_RAW },
	{ "list-unit-files", "[PATTERN...]", "unit files that are installed", verb_list_files,
	  VERB_UNITS },
	{ "cat", "UNIT...", "their files and drop-ins", verb_cat, ON_UNITS },
	{ "is-enabled", "UNIT...", "whether any is enabled", verb_is_enabled, ON_UNITS },
	{ "enable", "UNIT...", "link them as their [Install] sections say", verb_enable, ON_UNITS },
	{ "disable", "UNIT...", "remove these links", verb_enable, ON_UNITS },
	{ "mask", "UNIT...", "make it impossible to start them", verb_mask, ON_UNITS },
	{ "unmask", "UNIT...", "make it possible again", verb_mask, ON_UNITS },
	{ "verify", "[UNIT|FILE...]", "look for faults in unit files", verb_verify, VERB_UNITS },
	{ "daemon-reload", "", "have PID 1 read all unit files again", verb_daemon_reload, VERB_NO_WORDS },
	{ "deps", "[UNIT]", "what it needs, as a tree or a picture", verb_deps, VERB_UNITS },
	{ "boot", "", "what took how long", verb_boot, VERB_NO_WORDS },
	{ "reboot", "", "stop everything and reboot", verb_power, VERB_NO_WORDS },
	{ "poweroff", "", "the same, and switch off", verb_power, VERB_NO_WORDS },
	{ "halt", "", "the same, and halt", verb_power, VERB_NO_WORDS },
	{ "kexec", "", "the same, and start the kernel that was loaded", verb_power, VERB_NO_WORDS },
	{ "version", "", "the version, and that of PID 1", verb_version, VERB_NO_WORDS },
	ALIAS("list-units", verb_list, VERB_UNITS),
	ALIAS("list-dependencies", verb_deps, VERB_UNITS),
	ALIAS("condrestart", verb_job, ON_UNITS),
	ALIAS("force-reload", verb_job, ON_UNITS),
	ALIAS("reload-or-try-restart", verb_job, ON_UNITS),
	ALIAS("reenable", verb_enable, ON_UNITS),
	ALIAS("daemon-reexec", verb_daemon_reload, VERB_NO_WORDS),
	ALIAS("isolate", verb_isolate, ON_UNITS),
	{ 0 },
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *verb = verb_table; verb->name; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

void verbs_help(FILE *out, const char *program)
{
	fprintf(out, "%s VERB [OPTION...] [WORD...]\n\n", program);
	for (const struct verb *verb = verb_table; verb->name; verb++) {
		char left[48];

		if (verb->flags & VERB_ALIAS)
			continue;
		(void)snprintf(left, sizeof(left), "%s %s", verb->name, verb->words);
		fprintf(out, "  %-32s %s\n", left, verb->help);
	}
	fputc('\n', out);
	options_help(out);
	fputs("\nA UNIT without a suffix is a service. See orlopctl(8).\n", out);
}

int unit_name_complete(const char *word, struct buf *ret_name)
{
	static const char *const suffixes[] = { ".service", ".socket",	  ".target", ".timer",
						".mount",   ".path",	  ".swap",   ".slice",
						".scope",   ".automount", ".device" };
	bool complete = false;
	enum unit_type type;

	buf_clear(ret_name);
	buf_add(ret_name, word);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		complete = complete || str_ends(str_from(word), suffixes[i]);
	if (!complete)
		buf_add(ret_name, ".service");
	if (!ret_name->overflow &&
	    unit_name_type((struct str){ ret_name->p, ret_name->len }, &type) != -EINVAL)
		return 0;
	complain("%s: that is not the name of a unit", word);
	return -EINVAL;
}

int connect_or_say(struct control_client *client)
{
	int r = client_open(client);

	if (r == 0)
		return 0;
	if (r == -ENOENT || r == -ECONNREFUSED)
		complain(CONTROL_PATH ": nobody is there; is Orlop PID 1 of this machine?");
	else
		complain(CONTROL_PATH ": %s", error_name(r));
	return EXIT_FAILED;
}

int protocol_error(int error)
{
	if (error == -ECONNRESET || error == -EPIPE)
		complain("PID 1 has closed the connection");
	else
		complain(CONTROL_PATH ": %s", error_name(error));
	return EXIT_FAILED;
}
