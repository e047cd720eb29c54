// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Command line, clock, identity, sysctl, loopback: see setup.h. Each step stands alone; what it finds
 * broken it says and leaves at its default. The random seed is in random_seed.c.
 */
#include "init/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "init/fatal.h"
#include "init/record.h"
#include "init/sysctl_parse.h"
#include "lib/clock.h"
#include "lib/directory.h"
#include "lib/fd.h"
#include "lib/klog.h"

#define EPOCH_FILE "/usr/lib/orlop/epoch"
#define STATE_DIRECTORY "/var/lib/orlop"
#define MACHINE_ID_STATE STATE_DIRECTORY "/machine-id"

int setup_log(struct boot *boot)
{
	struct cmdline_problem problems[CMDLINE_PROBLEM_MAX];
	size_t count;
	ssize_t n = 0;
	int r = 0;

	/* The host's kernel log is not a container's to write to. */
	if (!boot->container) {
		/*
		 * By default the kernel drops what a program writes to /dev/kmsg beyond ten lines in five
		 * seconds. Where printk.devkmsg= is on the command line it refuses, and that is respected.
		 * The newline belongs to the word.
		 */
		(void)file_write(AT_FDCWD, "/proc/sys/kernel/printk_devkmsg", "on\n");
		r = klog_open();
	}
	if (r < 0)
		log_warning("/dev/kmsg: %s; messages go to the console only", error_name(r));
	if (!boot->container) {
		n = file_read(AT_FDCWD, "/proc/cmdline", boot->line, CMDLINE_SIZE);
		if (n < 0) {
			log_error("/proc/cmdline: %s",
				  n == -EFBIG ? "longer than 8 KiB" : error_name((int)n));
			return (int)n;
		}
	}
	r = cmdline_parse(str_from(boot->line), &boot->cmdline, problems, &count);
	klog_set_level((enum klog_level)boot->cmdline.log_level);
	fatal_configure(boot->cmdline.fatal, boot->container);
	/* Act 1 has said it already. */
	if (record_kernel_ended() > 0)
		return 0;
	for (size_t i = 0; i < count && i < CMDLINE_PROBLEM_MAX; i++)
		log_warning("command line: " STR_FORMAT "=" STR_FORMAT ": %s",
			    STR_ARGS(problems[i].key), STR_ARGS(problems[i].value), problems[i].reason);
	if (count > CMDLINE_PROBLEM_MAX)
		log_warning("command line: %zu more problems", count - CMDLINE_PROBLEM_MAX);
	if (r < 0)
		fatal("the command line cannot be used safely: see above");
	return 0;
}

int setup_clock(struct boot *boot)
{
	struct timespec epoch = { 0 };
	struct timespec now;
	char text[32];
	uint64_t seconds;
	ssize_t n = file_read(AT_FDCWD, EPOCH_FILE, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str word;

	if (n == -ENOENT)
		return 1;
	if (n < 0 || !str_next_word(&rest, &word) || str_to_u64(word, &seconds) < 0) {
		log_error(EPOCH_FILE ": %s", n < 0 ? error_name((int)n) : "not a number of seconds");
		return n < 0 ? (int)n : -EINVAL;
	}
	epoch.tv_sec = (time_t)seconds;
	if (clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec >= epoch.tv_sec)
		return 1;
	if (clock_settime(CLOCK_REALTIME, &epoch) < 0) {
		log_error("cannot set the clock: %s", error_name(errno));
		return -errno;
	}
	buf_add(&boot->note, "was before the image was made; set forward");
	return 0;
}

/* 32 hexadecimal digits and a newline, not all zero (machine-id(5)). */
static bool valid_machine_id(struct str text)
{
	uint8_t id[16];
	uint8_t any = 0;

	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n != 32 || hex_decode(text, id, sizeof(id)) != sizeof(id))
		return false;
	for (size_t i = 0; i < sizeof(id); i++)
		any |= id[i];
	return any != 0;
}

static int make_machine_id(const struct boot *boot, struct buf *b)
{
	uint8_t id[16];
	char kept[64];
	ssize_t n;

	if (*boot->cmdline.machine_id) {
		buf_add(b, boot->cmdline.machine_id);
		buf_add_char(b, '\n');
		return 0;
	}
	n = file_read(AT_FDCWD, MACHINE_ID_STATE, kept, sizeof(kept));
	if (n > 0 && valid_machine_id((struct str){ kept, (size_t)n })) {
		buf_add_str(b, (struct str){ kept, 32 });
		buf_add_char(b, '\n');
		return 0;
	}
	/* Even before the pool is ready this differs between machines: it is an identifier, not a key. */
	if (getrandom(id, sizeof(id), GRND_INSECURE) != (ssize_t)sizeof(id))
		return -EIO;
	/* A valid UUID of version 4, as machine-id(5) asks for. */
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	buf_add_hex(b, id, sizeof(id));
	buf_add_char(b, '\n');
	if (make_directories(STATE_DIRECTORY, 0755) == 0) {
		int r = file_replace(MACHINE_ID_STATE, b->p, b->len, 0444, false);

		if (r < 0)
			log_warning(MACHINE_ID_STATE
				    ": %s; the machine-id will change with the next boot",
				    error_name(r));
	}
	return 0;
}

static int set_hostname(const struct boot *boot)
{
	char text[65];
	struct str name = str_from(boot->cmdline.hostname);
	ssize_t n;

	if (name.n == 0) {
		n = file_read(AT_FDCWD, "/etc/hostname", text, sizeof(text));
		name = (struct str){ text, n > 0 ? (size_t)n : 0 };
		if (name.n > 0 && name.p[name.n - 1] == '\n')
			name.n--;
	}
	if (name.n == 0)
		name = STR("localhost");
	if (sethostname(name.p, name.n) < 0) {
		if (boot->container && errno == EPERM)
			return 0;
		log_error("cannot set the host name: %s", error_name(errno));
		return -errno;
	}
	return 0;
}

int setup_identity(struct boot *boot)
{
	char id[64];
	struct buf b = BUF(id);
	int r = make_machine_id(boot, &b);

	if (r == 0)
		r = file_replace("/etc/machine-id", b.p, b.len, 0444, false);
	/* A container's /etc may be read-only, and has its own machine-id then. */
	if (r < 0 && !(boot->container && (r == -EROFS || r == -EACCES)))
		log_error("/etc/machine-id: %s", error_name(r));
	else
		r = 0;
	buf_add_str(&boot->note, (struct str){ b.p, b.len > 0 ? b.len - 1 : 0 });
	return r == 0 ? set_hostname(boot) : r;
}

static int apply_sysctl_file(const char *path)
{
	static char text[SYSCTL_FILE_MAX] _scratch_;
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct sysctl_line line;
	unsigned number = 0;
	int r;

	if (n < 0) {
		log_warning("%s: %s", path, n == -EFBIG ? "longer than 16 KiB" : error_name((int)n));
		return 0;
	}
	while ((r = sysctl_next(&rest, &line, &number)) != 0) {
		if (r < 0) {
			log_warning("%s:%u: not a KEY = VALUE line", path, number);
			continue;
		}
		r = file_write(AT_FDCWD, line.path, line.value);
		if (r < 0 && !line.optional)
			log_warning("%s:%u: %s = %s: %s", path, number, line.path, line.value,
				    error_name(r));
	}
	return 0;
}

int setup_sysctl(struct boot *boot _unused_)
{
	static const char *const directories[] = { "/etc/sysctl.d", "/usr/lib/sysctl.d" };
	char previous[DIRECTORY_NAME_SIZE] = "";
	bool any = false;

	/* By name over all directories; a name in /etc hides the same name in /usr/lib (sysctl.d(5)). */
	for (;;) {
		char best[DIRECTORY_NAME_SIZE] = "";
		const char *where = NULL;
		char path[DIRECTORY_NAME_SIZE + 32];
		struct buf b = BUF(path);

		for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
			char name[DIRECTORY_NAME_SIZE];

			if (directory_next_sorted(AT_FDCWD, directories[i], previous, ".conf", name) <= 0)
				continue;
			if (*best && strcmp(name, best) >= 0)
				continue;
			memcpy(best, name, sizeof(best));
			where = directories[i];
		}
		if (!where)
			return any ? 0 : 1;
		buf_printf(&b, "%s/%s", where, best);
		(void)apply_sysctl_file(path);
		memcpy(previous, best, sizeof(previous));
		any = true;
	}
}

int setup_loopback(struct boot *boot _unused_)
{
	struct ifreq request = { .ifr_name = "lo" };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		log_error("lo: %s", error_name(errno));
		return -errno;
	}
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
		log_error("cannot set lo up: %s", error_name(errno));
		return -errno;
	}
	return 0;
}
