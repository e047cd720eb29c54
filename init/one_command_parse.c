// SPDX-License-Identifier: MIT OR Apache-2.0
/* Options of an init for one command: see one_command_parse.h. */
#include "init/one_command_parse.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/unit_parse.h"

#define VERBOSITY_MAX 3
#define ALL (ONE_COMMAND_OWN | ONE_COMMAND_TINI | ONE_COMMAND_DUMB_INIT)

/* What is wrong with a value, or NULL. */
typedef const char *option_function(struct one_command *settings, const char *value);

static const char *set_group(struct one_command *settings, const char *value _unused_)
{
	settings->signal_group = true;
	return NULL;
}

static const char *set_single(struct one_command *settings, const char *value _unused_)
{
	settings->session = false;
	settings->signal_group = false;
	return NULL;
}

static const char *set_subreaper(struct one_command *settings, const char *value _unused_)
{
	settings->subreaper = true;
	return NULL;
}

static const char *set_warn(struct one_command *settings, const char *value _unused_)
{
	settings->warn_reaped = true;
	return NULL;
}

static const char *set_verbose(struct one_command *settings, const char *value _unused_)
{
	if (settings->verbosity < VERBOSITY_MAX)
		settings->verbosity++;
	return NULL;
}

/* dumb-init has one step only. */
static const char *set_debug(struct one_command *settings, const char *value _unused_)
{
	settings->verbosity = VERBOSITY_MAX;
	return NULL;
}

static const char *set_parent_death(struct one_command *settings, const char *value)
{
	int number = unit_signal(str_from(value));

	if (number < 0)
		return "is no signal";
	settings->parent_death_signal = number;
	return NULL;
}

static const char *set_expected(struct one_command *settings, const char *value)
{
	uint64_t code;

	if (str_to_u64(str_from(value), &code) < 0 || code > 255)
		return "is no exit status (0 to 255)";
	settings->expected[code / 64] |= UINT64_C(1) << code % 64;
	return NULL;
}

static int rewrite_number(struct str s)
{
	uint64_t number;

	/* dumb-init takes numbers; 0 is not a signal but has a meaning on the right side. */
	if (str_to_u64(s, &number) == 0)
		return number < ONE_COMMAND_SIGNALS ? (int)number : -EINVAL;
	return unit_signal(s);
}

static const char *set_rewrite(struct one_command *settings, const char *value)
{
	struct str rest = str_from(value);
	struct str from;
	int old;
	int new;

	if (!str_split(&rest, ':', &from))
		return "is not OLD:NEW";
	old = rewrite_number(from);
	new = rewrite_number(rest);
	if (old < 1 || old >= ONE_COMMAND_SIGNALS || new < 0 || new >= ONE_COMMAND_SIGNALS)
		return "is not OLD:NEW with signals from 1 to 31, or 0 as NEW";
	settings->rewrite[old] = (uint8_t) new;
	return NULL;
}

static const struct option {
	char letter;
	const char *name; /* the long form, or NULL */
	uint8_t kinds;
	const char *value; /* what it takes, or NULL */
	option_function *set;
	enum one_command_outcome outcome; /* without @set */
	const char *help;
} options[] = {
	{ 'g', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, NULL, set_group, 0,
	  "send signals to the command's process group" },
	{ 's', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, NULL, set_subreaper, 0,
	  "take in orphans though not PID 1 (PR_SET_CHILD_SUBREAPER)" },
	{ 'p', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, "SIGNAL", set_parent_death, 0,
	  "get SIGNAL when the parent dies (PR_SET_PDEATHSIG)" },
	{ 'e', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, "CODE", set_expected, 0,
	  "end with status 0 where the command's is CODE" },
	{ 'w', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, NULL, set_warn, 0,
	  "warn of each orphan that is reaped" },
	{ 'c', "single-child", ONE_COMMAND_OWN | ONE_COMMAND_DUMB_INIT, NULL, set_single, 0,
	  "send signals to the command alone" },
	{ 'r', "rewrite", ONE_COMMAND_OWN | ONE_COMMAND_DUMB_INIT, "OLD:NEW", set_rewrite, 0,
	  "send signal NEW in the place of OLD; 0 sends nothing" },
	{ 'v', NULL, ONE_COMMAND_OWN | ONE_COMMAND_TINI, NULL, set_verbose, 0,
	  "say more; up to three times" },
	{ 'v', "verbose", ONE_COMMAND_DUMB_INIT, NULL, set_debug, 0, "say what is done" },
	{ 'h', "help", ALL, NULL, NULL, ONE_COMMAND_HELP, "print this" },
	{ 'V', "version", ONE_COMMAND_OWN | ONE_COMMAND_DUMB_INIT, NULL, NULL, ONE_COMMAND_VERSION,
	  "print the version" },
	/* tini has no short form of it. */
	{ '\0', "version", ONE_COMMAND_TINI, NULL, NULL, ONE_COMMAND_VERSION, "print the version" },
};

static const struct option *find_letter(enum one_command_kind kind, char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].kinds & kind && options[i].letter == letter && letter != '\0')
			return &options[i];
	return NULL;
}

static const struct option *find_name(enum one_command_kind kind, struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].kinds & kind && options[i].name && str_is(name, options[i].name))
			return &options[i];
	return NULL;
}

static const char *variable(char *const *environment, const char *name)
{
	size_t n = strlen(name);

	for (char *const *item = environment; *item; item++)
		if (strncmp(*item, name, n) == 0 && (*item)[n] == '=')
			return *item + n + 1;
	return NULL;
}

static void set_defaults(enum one_command_kind kind, char *const *environment,
			 struct one_command *settings)
{
	const char *text;
	uint64_t number;

	*settings = (struct one_command){ .verbosity = 1 };
	for (size_t i = 0; i < ONE_COMMAND_SIGNALS; i++)
		settings->rewrite[i] = (uint8_t)i;
	switch (kind) {
	case ONE_COMMAND_OWN:
		settings->subreaper = true;
		break;
	case ONE_COMMAND_TINI:
		settings->keep_ignored = true;
		settings->subreaper = variable(environment, "TINI_SUBREAPER");
		settings->signal_group = variable(environment, "TINI_KILL_PROCESS_GROUP");
		text = variable(environment, "TINI_VERBOSITY");
		if (text && str_to_u64(str_from(text), &number) == 0)
			settings->verbosity = number < VERBOSITY_MAX ? (unsigned)number : VERBOSITY_MAX;
		break;
	case ONE_COMMAND_DUMB_INIT:
		settings->exec_failed = 2;
		settings->suspend_too = true;
		text = variable(environment, "DUMB_INIT_SETSID");
		settings->session = settings->signal_group = !text || strcmp(text, "0") != 0;
		text = variable(environment, "DUMB_INIT_DEBUG");
		if (text && strcmp(text, "1") == 0)
			settings->verbosity = VERBOSITY_MAX;
		break;
	}
}

/*
 * A session without a terminal is orphaned, and what the terminal sends to stop it would do nothing:
 * SIGSTOP does. What -r says is said on purpose, and stays.
 */
static void stop_orphaned_session(struct one_command *settings)
{
	static const int by_terminal[] = { SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < ARRAY_SIZE(by_terminal); i++)
		if (settings->rewrite[by_terminal[i]] == by_terminal[i])
			settings->rewrite[by_terminal[i]] = SIGSTOP;
}

struct parse {
	enum one_command_kind kind;
	char *const *next; /* the word to look at */
	struct one_command settings;
	int outcome;
	struct one_command_problem problem;
};

static int refuse(struct parse *p, const char *reason, const char *word)
{
	p->problem = (struct one_command_problem){ reason, word };
	return -EINVAL;
}

/* @value: what stands right behind the option in the same word, or NULL. */
static int apply(struct parse *p, const struct option *option, const char *value)
{
	const char *reason;

	if (!option->set) {
		if (p->outcome == ONE_COMMAND_RUN)
			p->outcome = option->outcome;
		return 0;
	}
	if (option->value && !value)
		value = *p->next ? *p->next++ : NULL;
	if (option->value && !value)
		return refuse(p, "an option lacks its value", p->next[-1]);
	reason = option->set(&p->settings, value);
	return reason ? refuse(p, reason, value) : 0;
}

static int parse_long(struct parse *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *option = find_name(p->kind, (struct str){ word + 2, n - 2 });

	if (!option)
		return refuse(p, "there is no option", word);
	if (equals && !option->value)
		return refuse(p, "an option takes no value", word);
	return apply(p, option, equals ? equals + 1 : NULL);
}

static int parse_letters(struct parse *p, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option *option = find_letter(p->kind, *letter);
		int r;

		if (!option)
			return refuse(p, "there is no option", word);
		if (option->value)
			return apply(p, option, letter[1] ? letter + 1 : NULL);
		r = apply(p, option, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

int one_command_parse(enum one_command_kind kind, char *const *arguments, char *const *environment,
		      struct one_command *ret_settings, struct one_command_problem *ret_problem)
{
	struct parse p = { .kind = kind, .next = arguments, .outcome = ONE_COMMAND_RUN };

	set_defaults(kind, environment, &p.settings);
	while (*p.next && (*p.next)[0] == '-' && (*p.next)[1] != '\0') {
		const char *word = *p.next++;
		int r;

		if (strcmp(word, "--") == 0)
			break;
		r = word[1] == '-' ? parse_long(&p, word) : parse_letters(&p, word);
		if (r < 0) {
			*ret_problem = p.problem;
			return r;
		}
	}
	if (p.outcome == ONE_COMMAND_RUN && !*p.next) {
		*ret_problem = (struct one_command_problem){ "there is no command to run", NULL };
		return -EINVAL;
	}
	if (p.settings.session)
		stop_orphaned_session(&p.settings);
	p.settings.arguments = p.next;
	*ret_settings = p.settings;
	return p.outcome;
}

void one_command_usage(enum one_command_kind kind, const char *program, struct buf *text)
{
	buf_printf(text, "usage: %s%s [OPTION...] [--] COMMAND [ARGUMENT...]\n", program,
		   kind == ONE_COMMAND_OWN ? " --init" : "");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		char names[48];
		struct buf b = BUF(names);

		if (!(option->kinds & kind))
			continue;
		if (option->letter)
			buf_printf(&b, "-%c%s", option->letter, option->name ? ", " : "");
		if (option->name)
			buf_printf(&b, "--%s", option->name);
		if (option->value)
			buf_printf(&b, " %s", option->value);
		buf_printf(text, "  %-24s %s\n", names, option->help);
	}
}

int one_command_status(const struct one_command *settings, int code, int status)
{
	int result = code == CLD_EXITED ? status & 0xff : (128 + status) & 0xff;

	return settings->expected[result / 64] >> result % 64 & 1 ? 0 : result;
}

int one_command_signal(const struct one_command *settings, int signal)
{
	return signal > 0 && signal < ONE_COMMAND_SIGNALS ? settings->rewrite[signal] : signal;
}
