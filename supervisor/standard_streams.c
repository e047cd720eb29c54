// SPDX-License-Identifier: MIT OR Apache-2.0
/* Opening a service's standard streams: see standard_streams.h. */
#include "supervisor/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/kd.h>
#include <linux/vt.h>

#include "lib/fd.h"
#include "supervisor/child_error.h"
#include "supervisor/spawn.h"
#include "supervisor/user.h"

static const char *terminal(const struct exec_settings *exec)
{
	return exec->tty_path ? exec->tty_path : "/dev/console";
}

static bool is_terminal(enum stdio_target target)
{
	return target == STDIO_TTY || target == STDIO_TTY_FORCE || target == STDIO_TTY_FAIL;
}

bool streams_use_terminal(const struct exec_settings *exec)
{
	return is_terminal(exec->stdio[0].target) || is_terminal(exec->stdio[1].target) ||
	       is_terminal(exec->stdio[2].target);
}

/* Sane line settings, text mode, Unicode keys: what is left when the last user of it was killed. */
static int reset_terminal(int fd)
{
	struct termios t;

	(void)ioctl(fd, TIOCNXCL);
	(void)ioctl(fd, KDSETMODE, KD_TEXT);
	(void)ioctl(fd, KDSKBMODE, K_UNICODE);
	if (tcgetattr(fd, &t) < 0)
		return -errno;
	t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | ISTRIP | INLCR | IGNCR | IUCLC);
	t.c_iflag |= ICRNL | IMAXBEL | IUTF8;
	t.c_oflag |= ONLCR | OPOST;
	t.c_cflag |= CREAD;
	t.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
	t.c_cc[VINTR] = 03;
	t.c_cc[VQUIT] = 034;
	t.c_cc[VERASE] = 0177;
	t.c_cc[VKILL] = 025;
	t.c_cc[VEOF] = 04;
	t.c_cc[VSTART] = 021;
	t.c_cc[VSTOP] = 023;
	t.c_cc[VSUSP] = 032;
	t.c_cc[VLNEXT] = 026;
	t.c_cc[VWERASE] = 027;
	t.c_cc[VREPRINT] = 022;
	t.c_cc[VEOL] = 0;
	t.c_cc[VEOL2] = 0;
	t.c_cc[VTIME] = 0;
	t.c_cc[VMIN] = 1;
	if (tcsetattr(fd, TCSANOW, &t) < 0)
		return -errno;
	(void)tcflush(fd, TCIOFLUSH);
	return 0;
}

/* Hanging up tells whoever still has the terminal open that it is theirs no longer. */
static int hang_up(int fd)
{
	/* It hits the caller too, once the terminal is its own: the signal is of no use here. */
	void (*before)(int) = signal(SIGHUP, SIG_IGN);
	int r = ioctl(fd, TIOCVHANGUP) < 0 ? -errno : 0;

	(void)signal(SIGHUP, before);
	return r;
}

int streams_terminal(const struct exec_settings *exec)
{
	_cleanup_fd_ int fd = -1;
	int r = 0;

	if (!exec_has(exec, EXEC_FLAG_TTY_RESET) && !exec_has(exec, EXEC_FLAG_TTY_VHANGUP))
		return 0;
	/* Not waiting for a carrier that a serial line may not have. */
	fd = open(terminal(exec), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return child_error(-errno, "%s", terminal(exec));
	if (exec_has(exec, EXEC_FLAG_TTY_VHANGUP))
		r = hang_up(fd);
	/* Behind a hang-up this descriptor is dead, and the next open starts afresh. */
	if (r == 0 && exec_has(exec, EXEC_FLAG_TTY_RESET)) {
		fd_close(fd);
		fd = open(terminal(exec), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? -errno : reset_terminal(fd);
	}
	return r < 0 ? child_error(r, "%s", terminal(exec)) : 0;
}

int streams_give_terminal(const struct exec_settings *exec, const struct identity *identity)
{
	if (!is_terminal(exec->stdio[0].target) || identity->uid == USER_NONE)
		return 0;
	/* A terminal on a read-only file system keeps its owner, as in systemd. */
	if ((fchown(STDIN_FILENO, identity->uid, (gid_t)-1) < 0 || fchmod(STDIN_FILENO, 0620) < 0) &&
	    errno != EROFS)
		return child_error(-errno, "%s", terminal(exec));
	return 0;
}

/* Standard input becomes the controlling terminal of the service's session. */
static int open_terminal(const struct exec_settings *exec, enum stdio_target target, int number)
{
	int fd = open(terminal(exec), O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (number != 0)
		return fd;
	/*
	 * "tty-force" takes it from a session that has it. "tty" would wait until it is free: a PID 1 that
	 * owns no terminal sees only those that were left behind, so it takes them too.
	 */
	if (ioctl(fd, TIOCSCTTY, target != STDIO_TTY_FAIL) < 0)
		return -errno;
	return fd;
}

/* file:, append: and truncate: also take a socket in the file system, to which they connect. */
static int open_file(const struct stdio_settings *s, int number, mode_t mask)
{
	int flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd;
	int r;

	if (s->target == STDIO_APPEND)
		flags |= O_APPEND;
	if (s->target == STDIO_TRUNCATE)
		flags |= O_TRUNC;
	before = umask(mask);
	fd = open(s->argument, flags | O_NOCTTY | O_CLOEXEC, 0666);
	r = -errno;
	(void)umask(before);
	if (fd >= 0 || r != -ENXIO || strlen(s->argument) >= sizeof(address.sun_path))
		return fd >= 0 ? fd : r;
	memcpy(address.sun_path, s->argument, strlen(s->argument) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return shutdown(fd, number == 0 ? SHUT_WR : SHUT_RD) < 0 ? -errno : fd;
}

/* StandardInputText= and StandardInputData=: a file in memory that can be read once and sought in. */
static int open_data(const struct stdio_settings *s)
{
	int fd = memfd_create("data", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, s->argument, s->size);

	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd;
}

/* The descriptor that the unit's sockets gave that name; without one the input's is meant by "stdin". */
static int named_descriptor(const struct spawn_request *request, const char *name)
{
	for (size_t i = 0; i < request->fd_count; i++)
		if (strcmp(request->fds[i].name, name) == 0)
			return request->fds[i].fd;
	return -ENOENT;
}

/* Output without a setting of its own goes where the stream before it goes. */
static int inherited(const struct exec_settings *exec, int number)
{
	if (number == 0)
		return -1;
	/* Not a file that only the input was to have (systemd.exec(5), StandardOutput=inherit). */
	if (number == 1 && exec->stdio[0].target <= STDIO_NULL)
		return -1;
	return number - 1;
}

static int open_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	/* A container has none: PID 1's own standard error, still on 2 here, is its log. */
	return fd >= 0 ? fd : errno == ENOENT ? STDERR_FILENO : -errno;
}

static int open_null(int number)
{
	return open("/dev/null", (number == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC | O_NOCTTY);
}

/* Return: a descriptor to be put on @number (one of PID 1's, or new), or -errno. */
static int open_stream(const struct spawn_request *request, int number)
{
	const struct exec_settings *exec = request->unit->exec;
	const struct stdio_settings *s = &exec->stdio[number];
	int fd = -1;

	switch (s->target) {
	case STDIO_INHERIT:
		fd = inherited(exec, number);
		break;
	case STDIO_NULL:
		break;
	case STDIO_JOURNAL:
		fd = request->log_fd;
		break;
	case STDIO_JOURNAL_CONSOLE:
	case STDIO_KMSG_CONSOLE:
		/* The log is kept by orlop-logd, which writes it to the console too. */
		fd = request->log_console_fd;
		break;
	case STDIO_KMSG:
		fd = open_kernel_log();
		return fd < 0 ? child_error(fd, "/dev/kmsg") : fd;
	case STDIO_TTY:
	case STDIO_TTY_FORCE:
	case STDIO_TTY_FAIL:
		fd = open_terminal(exec, s->target, number);
		return fd < 0 ? child_error(fd, "%s", terminal(exec)) : fd;
	case STDIO_SOCKET:
		fd = request->socket_fd;
		if (fd < 0)
			return child_error(-ENOTCONN, "not one socket came with it");
		/* PID 1 has it non-blocking; as a stream it is what programs know. */
		return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0 ? -errno : fd;
	case STDIO_FILE:
	case STDIO_APPEND:
	case STDIO_TRUNCATE:
		fd = open_file(s, number, (mode_t)exec->umask);
		return fd < 0 ? child_error(fd, "%s", s->argument) : fd;
	case STDIO_FD:
		fd = named_descriptor(request, s->argument);
		return fd < 0 ? child_error(fd, "descriptor %s", s->argument) : fd;
	case STDIO_DATA:
		fd = open_data(s);
		return fd < 0 ? child_error(fd, "StandardInputText=") : fd;
	}
	if (fd < 0)
		fd = open_null(number);
	return fd < 0 ? child_error(-errno, "/dev/null") : fd;
}

int streams_set(const struct spawn_request *request, int number)
{
	int fd = open_stream(request, number);

	if (fd < 0)
		return fd;
	if (fd == number)
		return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
	return dup2(fd, number) < 0 ? -errno : 0;
}
