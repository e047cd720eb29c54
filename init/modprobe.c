// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The modprobe personality: see modprobe.h. A process of its own that does one thing and ends; it says what
 * failed on standard error. The kernel starts it without descriptors, so standard error may be nowhere.
 */
#include "init/modprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "init/cmdline_parse.h"
#include "init/modules.h"
#include "lib/fd.h"
#include "lib/klog.h"

/* Exit statuses beyond 0. */
enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

struct request {
	bool all;     /* -a: every word is a module */
	bool quiet;   /* -q: what is not there is no message */
	bool verbose; /* -v: say what is loaded */
	bool show;    /* -D: print what would be loaded */
};

static const struct {
	char letter;
	const char *name;
	const char *help;
} options[] = {
	{ 'a', "all", "every word is a module or alias; no options follow" },
	{ 'b', "use-blacklist", "modprobe.blacklist= counts for names too, not only for aliases" },
	{ 'D', "show-depends", "print what would be loaded, in order, and load nothing" },
	{ 'h', "help", "print this" },
	{ 'n', "dry-run", "load nothing" },
	{ 'q', "quiet", "no message for a module or alias that is not there" },
	{ 'v', "verbose", "print what is loaded" },
};

static void say(int fd, const char *text)
{
	(void)fd_write_all(fd, text, strlen(text));
}

static void complain(const char *what, const char *on, const char *why)
{
	char text[512];
	struct buf b = BUF(text);

	buf_printf(&b, "modprobe: %s%s%s\n", what, on, why);
	say(STDERR_FILENO, text);
}

static void usage(int fd)
{
	char text[1024];
	struct buf b = BUF(text);

	buf_add(&b, "usage: modprobe [-bDnqv] [--] NAME|ALIAS [PARAM=VALUE ...]\n"
		    "       modprobe -a [-bDnqv] [--] NAME|ALIAS ...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		buf_printf(&b, "  -%c, --%-14s %s\n", options[i].letter, options[i].name,
			   options[i].help);
	say(fd, text);
}

/* One line for each module, as modprobe(8) prints it. */
static void print_report(void *userdata, const struct module_report *report)
{
	const struct request *request = userdata;
	char text[MODULES_OPTIONS_SIZE + 640];
	struct buf b = BUF(text);

	if (report->error < 0 && !report->soft) {
		complain(report->name, ": ", error_name(report->error));
	} else if (report->error == 0 && (request->show || request->verbose)) {
		buf_printf(&b, "insmod " STR_FORMAT "%s%s\n", STR_ARGS(report->path),
			   *report->options ? " " : "", report->options);
		say(STDOUT_FILENO, text);
	}
}

/* Sets what one letter asks for. Returns false for an unknown one. */
static bool set_option(char letter, struct request *request, struct modules *m)
{
	switch (letter) {
	case 'a':
		request->all = true;
		return true;
	case 'b':
		m->use_blacklist = true;
		return true;
	case 'D':
		request->show = true;
		m->dry_run = true;
		return true;
	case 'n':
		m->dry_run = true;
		return true;
	case 'q':
		request->quiet = true;
		return true;
	case 'v':
		request->verbose = true;
		return true;
	}
	return false;
}

static char option_letter(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(name, options[i].name) == 0)
			return options[i].letter;
	return '?';
}

/* Reads the options. Returns the index of the first word behind them, 0 after --help, or -EINVAL. */
static int read_options(int argc, char **argv, struct request *request, struct modules *m)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		const char *letters = argv[i] + 1;
		char single[2] = { 0 };

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (*letters == '-') {
			single[0] = option_letter(letters + 1);
			letters = single;
		}
		for (; *letters; letters++) {
			if (*letters == 'h') {
				usage(STDOUT_FILENO);
				return 0;
			}
			if (!set_option(*letters, request, m)) {
				complain("unknown option ", argv[i], "");
				usage(STDERR_FILENO);
				return -EINVAL;
			}
		}
	}
	return i;
}

static int load_one(struct modules *m, const struct request *request, const char *name, const char *more)
{
	int r = modules_load(m, str_from(name), more);

	if (r == -ENOENT && !request->quiet)
		complain(name, ": ", "no such module or alias, or one that it needs is missing");
	else if (r == -EPERM && m->use_blacklist && !request->quiet)
		complain(name, ": ", "not permitted, or blacklisted on the kernel command line");
	else if (r == -ELOOP)
		complain(name, ": ", "its soft dependencies nest too deep");
	return r < 0 ? STATUS_FAILED : 0;
}

static int load_words(struct modules *m, const struct request *request, int count, char **words)
{
	char more[MODULES_OPTIONS_SIZE];
	struct buf b = BUF(more);
	int status = 0;

	if (request->all) {
		for (int i = 0; i < count; i++)
			if (load_one(m, request, words[i], "") != 0)
				status = STATUS_FAILED;
		return status;
	}
	for (int i = 1; i < count; i++)
		buf_printf(&b, "%s%s", i > 1 ? " " : "", words[i]);
	if (b.overflow) {
		complain(words[0], ": ", "options are too long");
		return STATUS_USAGE;
	}
	return load_one(m, request, words[0], more);
}

int modprobe_main(int argc, char **argv)
{
	static char line[CMDLINE_SIZE] _table_;
	struct request request = { 0 };
	struct modules asked = { 0 };
	struct modules m;
	ssize_t n;
	int first = read_options(argc, argv, &request, &asked);
	int status;
	int r;

	if (first <= 0)
		return first < 0 ? STATUS_USAGE : 0;
	if (first >= argc) {
		usage(STDERR_FILENO);
		return STATUS_USAGE;
	}
	r = modules_open(&m, "");
	if (r < 0) {
		complain("/usr/lib/modules of this kernel: ", error_name(r), "");
		return STATUS_FAILED;
	}
	/* Without /proc there are no options; that is no reason to leave a module out. */
	n = file_read(AT_FDCWD, "/proc/cmdline", line, sizeof(line));
	m.cmdline = (struct str){ line, n > 0 ? (size_t)n : 0 };
	m.dry_run = asked.dry_run;
	m.use_blacklist = asked.use_blacklist;
	m.report = print_report;
	m.userdata = &request;
	status = load_words(&m, &request, argc - first, argv + first);
	modules_close(&m);
	return status;
}
