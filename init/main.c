// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Orlop's PID 1. One binary for four lives: /init in the initramfs (act 1), init on the root (acts 2
 * and 3), under the name modprobe the loader of kernel modules, and with --init, or as tini or
 * dumb-init, the init of one command. Which of them is decided here and nowhere else.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "init/act1.h"
#include "init/act2.h"
#include "init/fatal.h"
#include "init/modprobe.h"
#include "init/one_command.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/pages.h"
#include "lib/signals.h"

#ifndef ORLOP_VERSION
#define ORLOP_VERSION "0.1"
#endif

static char line[CMDLINE_SIZE] _table_;
static struct boot boot = { .line = line, .uevent_fd = -1 };

static int usage(const char *program, bool asked)
{
	fprintf(asked ? stdout : stderr,
		"Orlop " ORLOP_VERSION ", PID 1 for container hosts\n\n"
		"%s is started by the kernel (init=, or /init in an initramfs), or as PID 1 of a\n"
		"container, where its arguments are taken as the command line (orlop.unit=NAME ...).\n"
		"%s --init [OPTION...] -- COMMAND... runs one command as its init (--init --help).\n"
		"Under the name modprobe it loads kernel modules. See orlop(8).\n",
		program, program);
	return asked ? EXIT_SUCCESS : 2;
}

/*
 * Only the machine's PID 1 may say what Ctrl-Alt-Del does: in any other PID namespace the kernel refuses
 * with EINVAL, and without privilege with EPERM. SIGINT is blocked before, or an early press ended us.
 */
static bool in_container(void)
{
	return reboot(RB_DISABLE_CAD) < 0;
}

static bool in_initramfs(void)
{
	struct statfs fs;

	return statfs("/", &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC) &&
	       access("/init", X_OK) == 0;
}

static void join_arguments(int argc, char **argv)
{
	struct buf b = buf_init(boot.line, CMDLINE_SIZE);

	for (int i = 1; i < argc; i++) {
		if (i > 1)
			buf_add_char(&b, ' ');
		buf_add(&b, argv[i]);
	}
	if (b.overflow)
		log_warning("the arguments are longer than %d bytes and were cut", CMDLINE_SIZE - 1);
}

/* The names, beside its own, that the program is called by. */
static int other_life(const char *program, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum one_command_kind kind;
	} inits[] = {
		{ "tini", ONE_COMMAND_TINI },
		{ "tini-static", ONE_COMMAND_TINI },
		{ "docker-init", ONE_COMMAND_TINI },
		{ "dumb-init", ONE_COMMAND_DUMB_INIT },
	};

	if (strcmp(program, "modprobe") == 0)
		return modprobe_main(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		if (strcmp(program, inits[i].name) == 0)
			return one_command_main(inits[i].kind, argc, argv);
	if (argc > 1 && strcmp(argv[1], "--init") == 0) {
		argv[1] = argv[0];
		return one_command_main(ONE_COMMAND_OWN, argc - 1, argv + 1);
	}
	return -1;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *program = slash ? slash + 1 : argc > 0 ? argv[0] : "orlop";
	sigset_t all;
	int status;

	pages_keep_small();
	status = other_life(program, argc, argv);
	if (status >= 0)
		return status;
	if (getpid() != 1)
		return usage(program, argc == 2 && strcmp(argv[1], "--help") == 0);

	boot.began = clock_now();
	boot.kernel_ended = boot.began;
	boot.note = BUF(boot.note_text);
	/* Whoever executed us may have had signals ignored; no service is to inherit that (hc-11). */
	(void)signals_reset(0);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	boot.container = in_container();
	boot.initramfs = !boot.container && in_initramfs();

	/* Before anything is opened: a descriptor 0 to 2 of something else would get our output. */
	if (stdio_ensure() < 0)
		klog_set_console(false);
	(void)setsid();
	(void)umask(0022);
	(void)!chdir("/");
	fatal_catch_faults();
	if (boot.container) {
		klog_use_standard_error();
		join_arguments(argc, argv);
	}
	log_notice("Orlop " ORLOP_VERSION "%s", boot.container	 ? " in a container"
						: boot.initramfs ? ", act 1: finding the root"
								 : ", act 2: setting up the system");
	if (boot.initramfs)
		act1_run(&boot);
	act2_run(&boot);
}
