// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * probe: what bench-boot asks the guest, asked the same way under both inits.
 *
 * It runs as a oneshot unit ordered after containerd.service, in Orlop's image
 * and in systemd's, and is started through a stamp: "containerd is ready" is,
 * for both, the moment when the first unit that waited for it runs. It lets the
 * machine come to rest, takes the memory and the processes that are not
 * containerd's, collects the stamps from the kernel log (stamp.c), prints all
 * of it as one line of JSON on the console and powers the machine off.
 *
 *	orlop-bench: result {"stamps":{...},"processes":[...],...}
 *
 * A process is containerd's if its cgroup path has the component
 * "containerd.service". Kernel threads have no memory of their own and are
 * left out, as is this process.
 *
 * Any failure ends the run with a line "orlop-bench: error ..." and a power-off:
 * the bench takes a run without a result as failed.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

/* udev keeps idle workers for a few seconds; after this long nothing moves. */
#define SETTLE_SECONDS 30
/* A record of /dev/kmsg is at most this long (the kernel's PRINTK_MESSAGE_MAX is 2048). */
#define KMSG_RECORD_MAX 8192
#define PATH_LENGTH 64
#define TEXT_LENGTH 4096
#define STAMP_MARK "orlop-bench: stamp "
#define MODULES_MARK "orlop-bench: modules "

static FILE *console;

static _Noreturn void power_off(void)
{
	fflush(console);
	/* Let the UART send its last bytes: the serial log ends with the machine. */
	sleep(1);
	sync();
	reboot(RB_POWER_OFF);
	_exit(EXIT_FAILURE);
}

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	fputs("\norlop-bench: error ", console);
	va_start(arguments, format);
	vfprintf(console, format, arguments);
	va_end(arguments);
	fputc('\n', console);
	power_off();
}

/* Reads a small file of /proc as text. Returns its length, or -errno. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while ((size_t)length < size - 1) {
		ssize_t count = read(fd, text + length, size - 1 - (size_t)length);
		if (count < 0) {
			int error = errno;
			close(fd);
			return -error;
		}
		if (count == 0)
			break;
		length += count;
	}
	close(fd);
	text[length] = '\0';
	return length;
}

/* The number of KiB behind `key` ("Pss:"), or -1. */
static long kib_of(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0)
			return strtol(line + length, NULL, 10);
	}
	return -1;
}

static void print_quoted(const char *text)
{
	fputc('"', console);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', console);
		fputc(iscntrl((unsigned char)*text) ? ' ' : *text, console);
	}
	fputc('"', console);
}

/* Prints the members "stamps" and, where a stamp has noted them, "act1_modules". */
static void print_notes(void)
{
	static char record[KMSG_RECORD_MAX], modules[KMSG_RECORD_MAX];
	bool first = true;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		fail("/dev/kmsg: %s", strerror(errno));
	fputs("\"stamps\":{", console);
	for (;;) {
		ssize_t length = read(fd, record, sizeof(record) - 1);
		char name[PATH_LENGTH];
		const char *mark;
		unsigned long ns;
		char *end;

		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* records were overwritten: go on with the oldest left */
		if (length <= 0)
			break;
		record[length] = '\0';
		/* Behind the text of a record come lines with its device. */
		end = strchr(record, '\n');
		if (end)
			*end = '\0';
		mark = strstr(record, MODULES_MARK);
		if (mark)
			snprintf(modules, sizeof(modules), "%s", mark + strlen(MODULES_MARK));
		mark = strstr(record, STAMP_MARK);
		if (!mark)
			continue;
		if (sscanf(mark + strlen(STAMP_MARK), "%63s %lu", name, &ns) != 2)
			fail("kernel log: a stamp that cannot be read: %s", mark);
		fputs(first ? "" : ",", console);
		print_quoted(name);
		fprintf(console, ":%lu", ns);
		first = false;
	}
	close(fd);
	fputs("},\"act1_modules\":", console);
	print_quoted(modules);
}

static bool is_containerds(const char *pid)
{
	char path[PATH_LENGTH], text[TEXT_LENGTH];

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return false;
	return strstr(text, "/containerd.service") != NULL;
}

/* Prints the elements of the array "processes". */
static void print_processes(void)
{
	char path[PATH_LENGTH], text[TEXT_LENGTH];
	bool first = true;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		fail("/proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		const char *pid = entry->d_name;
		long pss, anonymous;

		if (!isdigit((unsigned char)pid[0]) || strlen(pid) > 10 || atol(pid) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", pid);
		/* A kernel thread answers ESRCH; one that has just ended, ENOENT. */
		if (read_text(path, text, sizeof(text)) <= 0)
			continue;
		pss = kib_of(text, "Pss:");
		anonymous = kib_of(text, "Pss_Anon:");
		if (pss < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", pid);
		if (read_text(path, text, sizeof(text)) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		fprintf(console, "%s{\"pid\":%s,\"name\":", first ? "" : ",", pid);
		print_quoted(text);
		fprintf(console, ",\"pss_kib\":%ld,\"pss_anonymous_kib\":%ld,\"containerd\":%s}",
			pss, anonymous, is_containerds(pid) ? "true" : "false");
		first = false;
	}
	closedir(proc);
}

/* Prints the elements of the array "modules": the loaded kernel modules. */
static void print_modules(void)
{
	char line[TEXT_LENGTH];
	bool first = true;
	FILE *modules = fopen("/proc/modules", "re");

	if (!modules)
		fail("/proc/modules: %s", strerror(errno));
	while (fgets(line, sizeof(line), modules)) {
		line[strcspn(line, " \n")] = '\0';
		fputs(first ? "" : ",", console);
		print_quoted(line);
		first = false;
	}
	fclose(modules);
}

int main(void)
{
	char meminfo[TEXT_LENGTH];
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	console = fd < 0 ? stderr : fdopen(fd, "w");
	sleep(SETTLE_SECONDS);
	if (read_text("/proc/meminfo", meminfo, sizeof(meminfo)) < 0)
		fail("/proc/meminfo: %s", strerror(errno));
	fputs("\norlop-bench: result {", console);
	print_notes();
	fputs(",\"processes\":[", console);
	print_processes();
	fputs("],\"modules\":[", console);
	print_modules();
	fprintf(console, "],\"memory_available_kib\":%ld}\n", kib_of(meminfo, "MemAvailable:"));
	power_off();
}
