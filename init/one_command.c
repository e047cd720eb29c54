// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * An init for one command: see one_command.h. All signals are blocked and taken one at a time by
 * sigwaitinfo(2), so nothing is lost between two looks, and no handler runs. Children are reaped until
 * none is left to reap whenever any SIGCHLD came: those coalesce, and the one that is seen may
 * speak of another child. There is no descriptor, no allocation and no timer in it.
 */
#include "init/one_command.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/signals.h"

#ifndef ORLOP_VERSION
#define ORLOP_VERSION "0.1"
#endif

/* Exit statuses of our own; those of shells where there is a choice. */
enum {
	STATUS_FAILED = 1,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

/* Verbosity from which on a line is said (struct one_command). */
enum loudness {
	SAY_ERROR,
	SAY_WARNING,
	SAY_INFO,
	SAY_DEBUG,
};

/* What we change of the signals and give back to the command. */
struct signals_before {
	sigset_t mask;
	struct sigaction child;
	struct sigaction terminal_input;
	struct sigaction terminal_output;
};

static const char *program;
static struct one_command settings;
static pid_t command;
/* The kernel's answer to leaving the terminal comes back to us and is not the command's business. */
static bool swallow_hangup;
static bool swallow_continue;

static void say(enum loudness loudness, const char *format, ...) _printf_(2, 3);

static void say(enum loudness loudness, const char *format, ...)
{
	int saved = errno;
	char text[512];
	char line[sizeof(text) + 64];
	struct buf b = BUF(line);
	va_list args;

	if ((unsigned)loudness > settings.verbosity)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_printf(&b, "%.32s: %s\n", program, text);
	(void)!write(STDERR_FILENO, b.p, b.len);
	errno = saved;
}

static const char *name_of(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? name : "(real-time)";
}

/* ---- before the command ---- */

/*
 * A fault of ours must end us, so its signal is not blocked. The terminal's SIGTTIN and SIGTTOU are
 * ignored where the command has the terminal: only what we say ourselves could cause them.
 */
static int take_signals(sigset_t *ret_waited, struct signals_before *ret_before)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction usual = { .sa_handler = SIG_DFL };

	sigfillset(ret_waited);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(ret_waited, faults[i]);
	/* A signal that is blocked waits to be taken even if it is ignored; these two must not be. */
	if (!settings.suspend_too) {
		sigdelset(ret_waited, SIGTTIN);
		sigdelset(ret_waited, SIGTTOU);
	}
	if (sigprocmask(SIG_SETMASK, ret_waited, &ret_before->mask) < 0)
		return -errno;
	/* Ignored, as a careless parent may leave it, children would go without telling how they ended. */
	if (sigaction(SIGCHLD, &usual, &ret_before->child) < 0)
		return -errno;
	if (settings.suspend_too)
		return 0;
	if (sigaction(SIGTTIN, &ignore, &ret_before->terminal_input) < 0 ||
	    sigaction(SIGTTOU, &ignore, &ret_before->terminal_output) < 0)
		return -errno;
	return 0;
}

/*
 * The command's session is to have the terminal, so ours lets go of it. As the leader of a session we
 * get SIGHUP and SIGCONT for that, once.
 */
static void leave_terminal(void)
{
	if (ioctl(STDIN_FILENO, TIOCNOTTY) < 0) {
		say(SAY_DEBUG, "no controlling terminal to leave: %s", error_name(errno));
		return;
	}
	if (getsid(0) == getpid())
		swallow_hangup = swallow_continue = true;
}

static int become_reaper(void)
{
	if (settings.parent_death_signal > 0 &&
	    prctl(PR_SET_PDEATHSIG, (unsigned long)settings.parent_death_signal) < 0) {
		say(SAY_ERROR, "cannot ask for a signal when the parent dies: %s", error_name(errno));
		return -errno;
	}
	if (getpid() == 1)
		return 0;
	if (settings.subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1UL) < 0) {
		say(SAY_ERROR, "cannot become a subreaper: %s", error_name(errno));
		return -errno;
	}
	if (!settings.subreaper)
		say(SAY_WARNING, "not PID 1 and no subreaper (-s): orphans go elsewhere");
	return 0;
}

/* ---- the command's side of the fork ---- */

static int give_back_signals(const struct signals_before *before)
{
	if (!settings.keep_ignored)
		return signals_reset(0);
	(void)sigaction(SIGCHLD, &before->child, NULL);
	(void)sigaction(SIGTTIN, &before->terminal_input, NULL);
	(void)sigaction(SIGTTOU, &before->terminal_output, NULL);
	return sigprocmask(SIG_SETMASK, &before->mask, NULL) < 0 ? -errno : 0;
}

/* A session or a process group of its own, and the terminal if there is one. */
static int stand_alone(void)
{
	if (settings.session) {
		if (setsid() < 0)
			return -errno;
		if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
			say(SAY_DEBUG, "no terminal to take: %s", error_name(errno));
		return 0;
	}
	/* dumb-init's single child stays in our own group, which has the terminal. */
	if (settings.suspend_too)
		return 0;
	if (setpgid(0, 0) < 0)
		return -errno;
	/* SIGTTOU for a group that is not in front is still ignored here. */
	if (tcsetpgrp(STDIN_FILENO, getpgrp()) < 0 && errno != ENOTTY && errno != ENXIO && errno != EBADF)
		return -errno;
	return 0;
}

static _noreturn_ void run_command(const struct signals_before *before)
{
	int r = stand_alone();

	if (r < 0)
		say(SAY_ERROR, "the command cannot be set apart: %s", error_name(r));
	if (r == 0) {
		r = give_back_signals(before);
		if (r < 0)
			say(SAY_ERROR, "the command's signals cannot be set: %s", error_name(r));
	}
	if (r < 0)
		_exit(STATUS_FAILED);
	(void)execvp(settings.arguments[0], settings.arguments);
	r = errno;
	say(SAY_ERROR, "exec %s: %s", settings.arguments[0], error_name(r));
	if (settings.exec_failed > 0)
		_exit(settings.exec_failed);
	_exit(r == ENOENT ? STATUS_NOT_FOUND : r == EACCES ? STATUS_NOT_EXECUTABLE : STATUS_FAILED);
}

/* ---- while it runs ---- */

/* ESRCH is no fault: the command may be gone and not reaped yet. */
static void send(int number)
{
	pid_t target = settings.signal_group ? -command : command;

	if (kill(target, number) < 0 && errno != ESRCH)
		say(SAY_WARNING, "cannot send SIG%s: %s", name_of(number), error_name(errno));
	else
		say(SAY_DEBUG, "sent SIG%s to %s %d", name_of(number),
		    settings.signal_group ? "group" : "process", (int)command);
}

static void pass_on(int number)
{
	int instead = one_command_signal(&settings, number);

	if (number == SIGHUP && swallow_hangup) {
		swallow_hangup = false;
		return;
	}
	if (number == SIGCONT && swallow_continue) {
		swallow_continue = false;
		return;
	}
	if (instead > 0)
		send(instead);
	/* The shell that we are a job of sees the job stopped, and continues it with SIGCONT. */
	if (settings.suspend_too && (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU))
		(void)kill(getpid(), SIGSTOP);
}

/* Reaps until there is nothing to reap. Return: the exit status once the command is gone, or -1. */
static int reap(void)
{
	int result = -1;

	for (;;) {
		siginfo_t info = { 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0) {
			if (errno == EINTR)
				continue;
			return result;
		}
		if (info.si_pid == 0)
			return result;
		if (info.si_pid == command)
			result = one_command_status(&settings, info.si_code, info.si_status);
		else if (settings.warn_reaped)
			say(SAY_WARNING, "reaped process %d", (int)info.si_pid);
		else
			say(SAY_DEBUG, "reaped process %d", (int)info.si_pid);
	}
}

static int watch_over(const sigset_t *waited)
{
	for (;;) {
		int number = sigwaitinfo(waited, NULL);
		int status;

		if (number < 0)
			continue; /* EINTR: we were stopped and go on */
		if (number != SIGCHLD) {
			pass_on(number);
			continue;
		}
		status = reap();
		if (status < 0)
			continue;
		/* What is left of its session may tidy up, as far as it gets. */
		if (settings.session)
			send(SIGTERM);
		say(SAY_INFO, "the command ended, status %d", status);
		return status;
	}
}

static void print(int fd, const struct buf *text)
{
	(void)fd_write_all(fd, text->p, text->len);
}

int one_command_main(enum one_command_kind kind, int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	static char *const none[] = { NULL };
	struct one_command_problem problem;
	struct signals_before before;
	char memory[2048];
	struct buf text = BUF(memory);
	sigset_t waited;
	int r;

	program = slash ? slash + 1 : argc > 0 ? argv[0] : "orlop";
	r = one_command_parse(kind, argc > 0 ? argv + 1 : none, environ, &settings, &problem);
	if (r < 0) {
		buf_printf(&text, "%s: %s%s%s\n", program, problem.word ? problem.word : "",
			   problem.word ? ": " : "", problem.reason);
		one_command_usage(kind, program, &text);
		print(STDERR_FILENO, &text);
		return STATUS_FAILED;
	}
	if (r != ONE_COMMAND_RUN) {
		if (r == ONE_COMMAND_HELP)
			one_command_usage(kind, program, &text);
		else
			buf_printf(&text, "%s (Orlop " ORLOP_VERSION ")\n", program);
		print(STDOUT_FILENO, &text);
		return EXIT_SUCCESS;
	}
	if (become_reaper() < 0)
		return STATUS_FAILED;
	r = take_signals(&waited, &before);
	if (r < 0) {
		say(SAY_ERROR, "signals: %s", error_name(r));
		return STATUS_FAILED;
	}
	if (settings.session)
		leave_terminal();
	command = fork();
	if (command == 0)
		run_command(&before);
	if (command < 0) {
		say(SAY_ERROR, "no process for the command: %s", error_name(errno));
		return STATUS_FAILED;
	}
	say(SAY_INFO, "%s is process %d", settings.arguments[0], (int)command);
	/* Not to keep a file system busy that is none of our business. */
	if (kind != ONE_COMMAND_TINI)
		(void)!chdir("/");
	return watch_over(&waited);
}
