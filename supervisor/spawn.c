// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Fork, prepare, execute: see spawn.h. In the parent there is one clone3(2) and nothing that can
 * block. Everything below child_run() is the child: it never returns, never cleans up and may
 * allocate. It inherits nothing by accident: signals, descriptors, limits and environment are all set.
 */
#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>

#include "lib/fd.h"
#include "supervisor/confine.h"

/* systemd's DefaultLimitNOFILE=: select(2) in old programs breaks above 1024. */
#define NOFILE_SOFT 1024
#define NOFILE_HARD 524288
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

static const struct {
	const char *name;
	int exit_code;
} stages[STAGE_COUNT] = {
	[STAGE_CGROUP] = { "enter the cgroup", 219 },
	[STAGE_SIGNALS] = { "reset signals", 207 },
	[STAGE_SESSION] = { "open a session", 220 },
	[STAGE_OOM] = { "set the OOM score", 206 },
	[STAGE_LIMITS] = { "set limits", 205 },
	[STAGE_NICE] = { "set the nice level", 201 },
	[STAGE_STDIN] = { "open standard input", 208 },
	[STAGE_STDOUT] = { "open standard output", 209 },
	[STAGE_STDERR] = { "open standard error", 222 },
	[STAGE_DIRECTORY] = { "change directory to", 200 },
	[STAGE_DESCRIPTORS] = { "pass descriptors", 202 },
	[STAGE_CAPABILITIES] = { "set capabilities", 218 },
	[STAGE_SELINUX] = { "set the security context", 229 },
	[STAGE_NO_NEW_PRIVILEGES] = { "set no_new_privs", 227 },
	[STAGE_SYSTEM_CALLS] = { "filter system calls", 228 },
	[STAGE_MEMORY] = { "prepare arguments", 203 },
	[STAGE_EXEC] = { "exec", 203 },
};

const char *spawn_stage_name(enum spawn_stage stage)
{
	return stages[stage].name;
}

int spawn_stage_exit_code(enum spawn_stage stage)
{
	return stages[stage].exit_code;
}

const char *spawn_hint(enum spawn_stage stage, int error)
{
	if (stage != STAGE_EXEC)
		return "";
	if (error == ENOENT)
		return " (is the package in the image, and its interpreter or loader?)";
	if (error == EACCES)
		return " (is it executable, and on a file system that is not noexec?)";
	if (error == ENOEXEC)
		return " (is it built for this architecture? scripts need an interpreter, which this host has not)";
	return "";
}

static _noreturn_ void child_fail(int status_fd, enum spawn_stage stage, int error)
{
	struct spawn_status status = { .stage = (int32_t)stage, .error = error < 0 ? -error : error };

	(void)!write(status_fd, &status, sizeof(status));
	_exit(stages[stage].exit_code);
}

/* What rt_sigaction(2) takes, which is not glibc's struct; the same on every architecture that matters here. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/*
 * execve(2) keeps ignored signals ignored and the mask as it is: both must be put back by hand. By the
 * bare system call, as glibc refuses 32 and 33, its own, which whoever started PID 1 may have ignored.
 */
static int reset_signals(void)
{
	const struct kernel_sigaction action = { .handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(action.mask)) < 0)
			return -errno;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

static int set_oom_score(const struct exec_settings *s)
{
	char text[16];
	struct buf b = BUF(text);

	/* PID 1's own -1000 must not be inherited: without a setting a service has 0. */
	buf_printf(&b, "%d", s->oom_score_adjust_set ? s->oom_score_adjust : 0);
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text);
}

/* LimitNOFILE=infinity means as many as the kernel allows, and that is fs.nr_open. */
static int set_limit(unsigned resource, const struct rlimit *limit)
{
	char text[32];
	uint64_t most;
	struct rlimit less = *limit;
	ssize_t n;

	if (setrlimit((__rlimit_resource_t)resource, limit) == 0)
		return 0;
	if (errno != EPERM || resource != RLIMIT_NOFILE)
		return -1;
	n = file_read(AT_FDCWD, "/proc/sys/fs/nr_open", text, sizeof(text));
	errno = EPERM;
	if (n <= 0 || str_to_u64((struct str){ text, (size_t)n - 1 }, &most) < 0)
		return -1;
	if (less.rlim_max > most)
		less.rlim_max = most;
	if (less.rlim_cur > most)
		less.rlim_cur = most;
	return setrlimit(RLIMIT_NOFILE, &less);
}

static int set_limits(const struct spawn_request *request)
{
	const struct exec_settings *s = request->unit->exec;
	struct rlimit nofile = { .rlim_cur = NOFILE_SOFT, .rlim_max = NOFILE_HARD };

	if (request->nofile->rlim_max < NOFILE_HARD)
		nofile = *request->nofile;
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *limit = s->limits_set >> i & 1 ? &s->limits[i]
					     : i == RLIMIT_NOFILE   ? &nofile
								    : NULL;

		if (limit && set_limit(i, limit) < 0)
			return -errno;
	}
	return 0;
}

/* Opens what @target names on descriptor @number. */
static int set_stream(const struct spawn_request *request, enum stdio_target target, int number)
{
	const char *tty = request->unit->exec->tty_path ? request->unit->exec->tty_path
							  : "/dev/console";
	_cleanup_fd_ int opened = -1;
	int fd = -1;

	switch (target) {
	case STDIO_INHERIT:
	case STDIO_NULL:
		opened = open("/dev/null", (number == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC | O_NOCTTY);
		break;
	case STDIO_JOURNAL:
	case STDIO_JOURNAL_CONSOLE:
		fd = target == STDIO_JOURNAL ? request->log_fd : request->log_console_fd;
		if (fd < 0)
			opened = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NOCTTY);
		break;
	case STDIO_KMSG:
		opened = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
		/* A container has none: PID 1's own standard error, still on 2 here, is its log. */
		if (opened < 0 && errno == ENOENT)
			fd = STDERR_FILENO;
		break;
	case STDIO_KMSG_CONSOLE:
	case STDIO_TTY_FORCE:
	case STDIO_TTY_FAIL:
	case STDIO_FILE:
	case STDIO_APPEND:
	case STDIO_TRUNCATE:
	case STDIO_FD:
	case STDIO_DATA:
		return -ENOTSUP;
	case STDIO_SOCKET:
		/* The connection, or the one socket that there is (systemd.exec(5), StandardInput=socket). */
		fd = request->socket_fd;
		if (fd < 0 && request->fd_count == 1)
			fd = request->fds[0].fd;
		if (fd < 0)
			return -EINVAL;
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
			return -errno;
		break;
	case STDIO_TTY:
		opened = open(tty, O_RDWR | O_CLOEXEC | O_NOCTTY);
		/* StandardInput=tty: the terminal becomes the controlling one of the service's session. */
		if (opened >= 0 && number == 0 && ioctl(opened, TIOCSCTTY, 1) < 0)
			return -errno;
		break;
	}
	if (fd < 0)
		fd = opened;
	if (fd < 0)
		return -errno;
	return dup2(fd, number) < 0 ? -errno : 0;
}

/* Copies @fd to the first free number from @first on, to be closed at exec. Return: the copy or -errno. */
static int move_up(int fd, unsigned first)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, (int)first);

	return r < 0 ? -errno : r;
}

/*
 * The descriptors a child keeps: 0 to 2, from 3 on those that are passed, and the status pipe until the
 * exec. All sources move above the numbers that they are to have, so that none is overwritten.
 */
static int set_descriptors(const struct spawn_request *request, int *status_fd)
{
	unsigned first = 3 + (unsigned)request->fd_count;
	int copies[SPAWN_FD_MAX];
	int r;

	if (request->fd_count > SPAWN_FD_MAX)
		return -E2BIG;
	if (request->fd_count > 0) {
		r = move_up(*status_fd, first);
		if (r < 0)
			return r;
		*status_fd = r;
	}
	for (size_t i = 0; i < request->fd_count; i++) {
		copies[i] = move_up(request->fds[i].fd, first);
		if (copies[i] < 0)
			return copies[i];
	}
	for (size_t i = 0; i < request->fd_count; i++)
		if (dup2(copies[i], 3 + (int)i) < 0)
			return -errno;
	if ((unsigned)*status_fd > first && close_range(first, (unsigned)*status_fd - 1, 0) < 0)
		return -errno;
	return close_range((unsigned)*status_fd + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* ---- environment and arguments: in the child, on the heap ---- */

struct strings {
	char **list;
	size_t count;
};

static int strings_add(struct strings *strings, const char *text)
{
	char **list = reallocarray(strings->list, strings->count + 2, sizeof(*list));

	if (!list)
		return -ENOMEM;
	strings->list = list;
	list[strings->count] = strdup(text);
	if (!list[strings->count])
		return -ENOMEM;
	list[++strings->count] = NULL;
	return 0;
}

static int environment_set(struct strings *env, const char *assignment)
{
	size_t n = (size_t)(strchr(assignment, '=') - assignment) + 1;

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->list[i], assignment, n) == 0) {
			env->list[i] = strdup(assignment);
			return env->list[i] ? 0 : -ENOMEM;
		}
	return strings_add(env, assignment);
}

static const char *environment_get(const struct strings *env, struct str name)
{
	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->list[i], name.p, name.n) == 0 && env->list[i][name.n] == '=')
			return env->list[i] + name.n + 1;
	return "";
}

static int environment_printf(struct strings *env, const char *format, ...) _printf_(2, 3);
static int environment_printf(struct strings *env, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? -ENOMEM : environment_set(env, text);
}

/* LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES (sd_listen_fds(3)). */
static int set_listen_environment(const struct spawn_request *request, struct strings *env)
{
	char *names = NULL;
	size_t size;
	FILE *out = open_memstream(&names, &size);
	int r;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < request->fd_count; i++)
		fprintf(out, "%s%s", i > 0 ? ":" : "", request->fds[i].name);
	if (fclose(out) != 0)
		return -ENOMEM;
	r = environment_printf(env, "LISTEN_PID=%d", getpid());
	if (r == 0)
		r = environment_printf(env, "LISTEN_FDS=%zu", request->fd_count);
	if (r == 0)
		r = environment_printf(env, "LISTEN_FDNAMES=%s", names);
	free(names);
	return r;
}

static int build_environment(const struct spawn_request *request, struct strings *env)
{
	const struct text_list *own = &request->unit->exec->environment;
	uint8_t id[16];
	char hex[sizeof(id) * 2 + 1];
	struct buf b = BUF(hex);
	int r = environment_set(env, DEFAULT_PATH);

	/* An identifier and no key: a service must not wait until the kernel has entropy (hc-69). */
	if (r == 0 && getrandom(id, sizeof(id), GRND_INSECURE) == (ssize_t)sizeof(id)) {
		buf_add_hex(&b, id, sizeof(id));
		r = environment_printf(env, "INVOCATION_ID=%s", hex);
	}
	if (r == 0 && request->notify_path)
		r = environment_printf(env, "NOTIFY_SOCKET=%s", request->notify_path);
	if (r == 0 && request->main_pid > 0)
		r = environment_printf(env, "MAINPID=%d", request->main_pid);
	if (r == 0 && request->watchdog != CLOCK_TIME_MAX) {
		r = environment_printf(env, "WATCHDOG_USEC=%llu",
				       (unsigned long long)(request->watchdog / NS_PER_US));
		if (r == 0)
			r = environment_printf(env, "WATCHDOG_PID=%d", getpid());
	}
	for (const char *const *item = request->environment; r == 0 && item && *item; item++)
		r = environment_set(env, *item);
	if (r == 0 && request->fd_count > 0)
		r = set_listen_environment(request, env);
	for (const char *item = text_list_next(own, NULL); r == 0 && item;
	     item = text_list_next(own, item))
		r = environment_set(env, item);
	return r;
}

static bool is_name_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* Replaces ${NAME} anywhere in a word (systemd.service(5), "Command lines"). $$ is a dollar sign. */
static int add_expanded(struct strings *argv, const struct strings *env, const char *word)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return -ENOMEM;
	for (const char *p = word; *p; p++) {
		const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;

		if (p[0] == '$' && p[1] == '$') {
			fputc('$', out);
			p++;
		} else if (end) {
			fputs(environment_get(env, (struct str){ p + 2, (size_t)(end - p) - 2 }), out);
			p = end;
		} else {
			fputc(*p, out);
		}
	}
	if (fclose(out) != 0)
		return -ENOMEM;
	r = strings_add(argv, text);
	free(text);
	return r;
}

/* A word that is just $NAME becomes as many words as the value has, maybe none. */
static bool lone_variable(const char *word)
{
	if (word[0] != '$' || !is_name_char(word[1], true))
		return false;
	for (word += 2; *word; word++)
		if (!is_name_char(*word, false))
			return false;
	return true;
}

static int build_arguments(const struct exec_command *command, const struct strings *env,
			   struct strings *argv)
{
	int r = 0;

	for (const char *item = text_list_next(&command->arguments, NULL); r == 0 && item;
	     item = text_list_next(&command->arguments, item)) {
		struct str rest;
		struct str word;

		if (command->flags & EXEC_NO_EXPANSION) {
			r = strings_add(argv, item);
			continue;
		}
		if (!lone_variable(item)) {
			r = add_expanded(argv, env, item);
			continue;
		}
		rest = str_from(environment_get(env, str_from(item + 1)));
		while (r == 0 && str_next_word(&rest, &word)) {
			char *copy = strndup(word.p, word.n);

			r = copy ? strings_add(argv, copy) : -ENOMEM;
			free(copy);
		}
	}
	return r;
}

static _noreturn_ void child_exec(const struct exec_command *command, char **argv, char **env,
				  int status_fd)
{
	if (command->path[0] == '/') {
		(void)execve(command->path, argv, env);
	} else {
		/* A bare name is looked for in the fixed path, not in one that the unit sets. */
		(void)putenv((char *)(uintptr_t)DEFAULT_PATH);
		(void)execvpe(command->path, argv, env);
	}
	child_fail(status_fd, STAGE_EXEC, -errno);
}

/* Type=idle: its output shall not mix with that of the boot (systemd.service(5)). */
#define IDLE_WAIT_MS 5000

static void wait_for_idle(const struct spawn_request *request)
{
	struct pollfd idle = { .fd = request->idle_fds[0], .events = POLLIN };

	if (request->idle_fds[0] < 0)
		return;
	/* Its own copy of the write end would keep the pipe open. */
	(void)close(request->idle_fds[1]);
	(void)poll(&idle, 1, IDLE_WAIT_MS);
}

static _noreturn_ void child_run(const struct spawn_request *request, int status_fd)
{
	static const enum spawn_stage of_confine[] = {
		[CONFINE_CAPABILITIES] = STAGE_CAPABILITIES,
		[CONFINE_SELINUX] = STAGE_SELINUX,
		[CONFINE_NO_NEW_PRIVILEGES] = STAGE_NO_NEW_PRIVILEGES,
		[CONFINE_SYSTEM_CALLS] = STAGE_SYSTEM_CALLS,
	};
	const struct exec_settings *s = request->unit->exec;
	const char *directory = s->working_directory ? s->working_directory : "/";
	enum confine_stage confine_stage;
	struct strings env = { 0 };
	struct strings argv = { 0 };
	int r;

	r = reset_signals();
	if (r < 0)
		child_fail(status_fd, STAGE_SIGNALS, r);
	if (setsid() < 0)
		child_fail(status_fd, STAGE_SESSION, -errno);
	r = set_oom_score(s);
	/* Without CAP_SYS_RESOURCE it cannot be lowered: a container, and as in systemd no reason to fail. */
	if (r < 0 && r != -EACCES && r != -EPERM)
		child_fail(status_fd, STAGE_OOM, r);
	r = set_limits(request);
	if (r < 0)
		child_fail(status_fd, STAGE_LIMITS, r);
	if (s->nice_set && setpriority(PRIO_PROCESS, 0, s->nice) < 0)
		child_fail(status_fd, STAGE_NICE, -errno);
	r = set_stream(request, s->stdio[0].target, 0);
	if (r < 0)
		child_fail(status_fd, STAGE_STDIN, r);
	r = set_stream(request, s->stdio[1].target, 1);
	if (r < 0)
		child_fail(status_fd, STAGE_STDOUT, r);
	r = set_stream(request, s->stdio[2].target, 2);
	if (r < 0)
		child_fail(status_fd, STAGE_STDERR, r);
	if (chdir(directory) < 0)
		child_fail(status_fd, STAGE_DIRECTORY, -errno);
	(void)umask(s->umask);
	wait_for_idle(request);
	r = set_descriptors(request, &status_fd);
	if (r < 0)
		child_fail(status_fd, STAGE_DESCRIPTORS, r);
	/* Everything that allocates comes before the filter, which may forbid that. */
	r = build_environment(request, &env);
	if (r == 0)
		r = build_arguments(request->command, &env, &argv);
	if (r < 0 || argv.count == 0)
		child_fail(status_fd, STAGE_MEMORY, r < 0 ? r : -EINVAL);
	if (!(request->command->flags & (EXEC_FULLY_PRIVILEGED | EXEC_KEEP_IDENTITY))) {
		r = confine(s, &confine_stage);
		if (r < 0)
			child_fail(status_fd, of_confine[confine_stage], r);
	}
	child_exec(request->command, argv.list, env.list, status_fd);
}

int spawn(const struct spawn_request *request, struct spawned *ret_spawned)
{
	int pidfd = -1;
	int status[2];
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	sigset_t all;
	sigset_t before;
	long pid;

	/* Non-blocking: PID 1 reads from it only what is there. */
	if (pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	if (request->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned)request->cgroup_fd;
	}
	/* No handler of PID 1 may run in the child before it has reset them. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child_run(request, status[1]);
	if (pid < 0)
		pid = -errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(status[1]);
	if (pid < 0) {
		fd_close(status[0]);
		return (int)pid;
	}
	*ret_spawned = (struct spawned){ .pid = (pid_t)pid, .pidfd = pidfd, .status_fd = status[0] };
	return 0;
}
