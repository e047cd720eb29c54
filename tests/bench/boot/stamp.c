// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * stamp: notes the time in the kernel log, then becomes the program it stands
 * in for.
 *
 * bench-boot puts it in the place of /init, of PID 1 on the verified root and
 * of containerd, in Orlop's image and in systemd's alike, so that neither init
 * is asked for its own times. The real program lies beside it under the name
 * STAMP_TARGET and gets the arguments and environment as they came.
 *
 * The record is one line of /dev/kmsg at debug level, which a quiet console
 * does not show:
 *
 *	orlop-bench: stamp NAME NANOSECONDS		(CLOCK_BOOTTIME)
 *
 * With STAMP_MODULES it first notes the names of the kernel modules that are
 * loaded, as "orlop-bench: modules NAME NAME ..."; PID 1's stamp does, for the
 * modules of act 1.
 *
 * The clock is read last, right before the exec, so that what this program
 * costs falls before the stamp, and is little: it has no libc, so one page is
 * read from the verified root instead of two hundred.
 *
 * Nothing is reported on failure: a missing stamp is noticed by the bench.
 */

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

#ifndef __x86_64__
#error "stamp.c knows the system call convention of x86-64 only; bench-boot runs there"
#endif

#define LINE_MAX_LENGTH 128
#define KMSG_PATH "/dev/kmsg"
#define KMSG_DEVICE ((1 << 8) | 11)
#define EXIT_NOT_FOUND 127

static const char prefix[] = "<7>orlop-bench: stamp " STAMP_NAME " ";

static long system_call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static long open_kmsg(void)
{
	return system_call(__NR_openat, AT_FDCWD, (long)KMSG_PATH, O_WRONLY | O_CLOEXEC, 0);
}

static unsigned long now_ns(void)
{
	struct __kernel_timespec {
		long tv_sec;
		long tv_nsec;
	} now = { 0, 0 };

	system_call(__NR_clock_gettime, CLOCK_BOOTTIME, (long)&now, 0, 0);
	return (unsigned long)now.tv_sec * 1000000000UL + (unsigned long)now.tv_nsec;
}

/* Appends `value` in decimal and returns the new length. */
static unsigned long append_number(char *line, unsigned long length, unsigned long value)
{
	char digits[20];
	unsigned long count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (count > 0)
		line[length++] = digits[--count];
	return length;
}

#ifdef STAMP_MODULES
/* The kernel cuts a record at about 1000 bytes; the modules of an initramfs take 300. */
#define MODULES_RECORD_MAX_LENGTH 900
#define MODULES_FILE_MAX_LENGTH 8192

/* Writes the first word of each line of /proc/modules as one record. */
static void note_modules(long kmsg)
{
	static const char modules_prefix[] = "<7>orlop-bench: modules";
	static char text[MODULES_FILE_MAX_LENGTH];
	static char record[MODULES_RECORD_MAX_LENGTH];
	unsigned long length = 0;
	long size = 0, count, in_name = 1;
	long fd = system_call(__NR_openat, AT_FDCWD, (long)"/proc/modules", O_RDONLY, 0);

	if (fd < 0)
		return;
	do {
		count = system_call(__NR_read, fd, (long)(text + size),
				    MODULES_FILE_MAX_LENGTH - size, 0);
		size += count > 0 ? count : 0;
	} while (count > 0);
	system_call(__NR_close, fd, 0, 0, 0);

	while (length < sizeof(modules_prefix) - 1) {
		record[length] = modules_prefix[length];
		length++;
	}
	record[length++] = ' ';
	for (long i = 0; i < size && length < MODULES_RECORD_MAX_LENGTH - 1; i++) {
		if (text[i] == '\n')
			in_name = 1;
		else if (in_name)
			record[length++] = text[i];
		if (text[i] == ' ')
			in_name = 0;
	}
	record[length++] = '\n';
	system_call(__NR_write, kmsg, (long)record, (long)length, 0);
}
#endif

__attribute__((used)) void stamp_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	char line[LINE_MAX_LENGTH];
	unsigned long length = 0;
	long kmsg;

	while (length < sizeof(prefix) - 1) {
		line[length] = prefix[length];
		length++;
	}

	kmsg = open_kmsg();
	if (kmsg < 0) {
		/*
		 * /init runs before anybody has mounted a devtmpfs. The node
		 * goes away again at once: the next program finds what it
		 * would have found.
		 */
		system_call(__NR_mknodat, AT_FDCWD, (long)KMSG_PATH, S_IFCHR | 0600, KMSG_DEVICE);
		kmsg = open_kmsg();
		system_call(__NR_unlinkat, AT_FDCWD, (long)KMSG_PATH, 0, 0);
	}
	if (kmsg >= 0) {
#ifdef STAMP_MODULES
		note_modules(kmsg);
#endif
		length = append_number(line, length, now_ns());
		line[length++] = '\n';
		system_call(__NR_write, kmsg, (long)line, (long)length, 0);
	}
	system_call(__NR_execve, (long)STAMP_TARGET, (long)argv, (long)envp, 0);
	system_call(__NR_exit_group, EXIT_NOT_FOUND, 0, 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call stamp_main\n");
