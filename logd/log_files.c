// SPDX-License-Identifier: MIT OR Apache-2.0
/* The log's directories: see log_files.h. Names that are not ours are passed over. */
#include "logd/log_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"

/* The inode of the machine's own PID namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU
/* Numbers have at least so many digits, that names sort by them. */
#define NUMBER_DIGITS 6

/* When PID 1 started, in clock ticks since the boot: the 22nd field of /proc/1/stat, the 20th behind the name. */
static uint64_t first_process_start(void)
{
	char text[1024];
	ssize_t n = file_read(AT_FDCWD, "/proc/1/stat", text, sizeof(text));
	const char *end = n > 0 ? strrchr(text, ')') : NULL;
	struct str rest = end ? str_from(end + 1) : (struct str){ text, 0 };
	struct str word;
	uint64_t start = 0;

	for (int i = 0; i < 20; i++)
		if (!str_next_word(&rest, &word))
			return 0;
	return str_to_u64(word, &start) == 0 ? start : 0;
}

bool log_in_container(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INITIAL_PID_NAMESPACE;
}

void log_boot_id(char ret_id[static LOG_BOOT_ID_SIZE])
{
	uint8_t id[16] = { 0 };
	char text[64];
	char digits[33];
	struct buf b = BUF(digits);
	struct buf out = buf_init(ret_id, LOG_BOOT_ID_SIZE);
	ssize_t n = file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text));

	for (ssize_t i = 0; i < n; i++)
		if (isxdigit((unsigned char)text[i]))
			buf_add_char(&b, text[i]);
	(void)hex_decode((struct str){ b.p, b.len }, id, sizeof(id));
	if (log_in_container()) {
		uint64_t start = first_process_start();

		for (size_t i = 0; i < sizeof(start); i++)
			id[8 + i] ^= (uint8_t)(start >> (8 * i));
	}
	buf_add_hex(&out, id, sizeof(id));
}

/* Digits in front of @rest, a number from 1 on. */
static bool take_number(struct str *rest, uint32_t *ret_number)
{
	size_t n = 0;
	uint64_t value;

	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (n < NUMBER_DIGITS || str_to_u64((struct str){ rest->p, n }, &value) < 0 || value == 0 ||
	    value > UINT32_MAX)
		return false;
	*rest = (struct str){ rest->p + n, rest->n - n };
	*ret_number = (uint32_t)value;
	return true;
}

static bool parse_boot(const char *name, struct log_boot *ret_boot)
{
	struct str rest = str_from(name);
	uint8_t id[16];

	if (!take_number(&rest, &ret_boot->index) || rest.n != LOG_BOOT_ID_SIZE || rest.p[0] != '-' ||
	    hex_decode((struct str){ rest.p + 1, rest.n - 1 }, id, sizeof(id)) != (int)sizeof(id))
		return false;
	memcpy(ret_boot->id, rest.p + 1, LOG_BOOT_ID_SIZE);
	return true;
}

static bool parse_file(const char *name, uint32_t *ret_number)
{
	struct str rest = str_from(name);

	return take_number(&rest, ret_number) && str_is(rest, ".log");
}

/* The nearest above @from, or with @down the nearest below it. */
static bool nearer(uint32_t number, uint32_t from, uint32_t best, bool down)
{
	return down ? number < from && number > best : number > from && (best == 0 || number < best);
}

static int find_boot(int directory, uint32_t from, bool down, struct log_boot *ret_boot)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	struct log_boot best = { 0 };
	struct log_boot boot;
	const char *name;
	int r = directory_open(&d, directory, ".");

	if (r < 0)
		return r;
	while ((r = directory_next(&d, &name)) > 0)
		if (parse_boot(name, &boot) && nearer(boot.index, from, best.index, down))
			best = boot;
	if (r < 0 || best.index == 0)
		return r;
	*ret_boot = best;
	return 1;
}

int log_boot_next(int directory, uint32_t after, struct log_boot *ret_boot)
{
	return find_boot(directory, after, false, ret_boot);
}

int log_boot_previous(int directory, uint32_t before, struct log_boot *ret_boot)
{
	return find_boot(directory, before, true, ret_boot);
}

static int find_file(int directory, uint32_t from, bool down, uint32_t *ret_number)
{
	_cleanup_directory_ struct directory d = { .fd = -1 };
	uint32_t best = 0;
	uint32_t number;
	const char *name;
	int r = directory_open(&d, directory, ".");

	if (r < 0)
		return r;
	while ((r = directory_next(&d, &name)) > 0)
		if (parse_file(name, &number) && nearer(number, from, best, down))
			best = number;
	if (r < 0 || best == 0)
		return r;
	*ret_number = best;
	return 1;
}

int log_file_next(int boot_directory, uint32_t after, uint32_t *ret_number)
{
	return find_file(boot_directory, after, false, ret_number);
}

int log_file_previous(int boot_directory, uint32_t before, uint32_t *ret_number)
{
	return find_file(boot_directory, before, true, ret_number);
}

void log_boot_name(const struct log_boot *boot, char ret_name[static LOG_BOOT_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, LOG_BOOT_NAME_SIZE);

	buf_printf(&b, "%0*u-%s", NUMBER_DIGITS, boot->index, boot->id);
}

void log_file_name(uint32_t number, char ret_name[static LOG_FILE_NAME_SIZE])
{
	struct buf b = buf_init(ret_name, LOG_FILE_NAME_SIZE);

	buf_printf(&b, "%0*u.log", NUMBER_DIGITS, number);
}

int log_boot_open(int directory, const struct log_boot *boot)
{
	char name[LOG_BOOT_NAME_SIZE];
	int fd;

	log_boot_name(boot, name);
	fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static int boot_by_id(int directory, const char *id, struct log_boot *ret_boot)
{
	struct log_boot boot = { 0 };
	int r;

	while ((r = log_boot_next(directory, boot.index, &boot)) > 0)
		if (strcmp(boot.id, id) == 0) {
			*ret_boot = boot;
			return 1;
		}
	return r;
}

static int boot_by_offset(int directory, int64_t offset, struct log_boot *ret_boot)
{
	struct log_boot boot = { .index = offset > 0 ? 0 : UINT32_MAX };
	int64_t steps;

	if (offset > UINT32_MAX || offset < -(int64_t)UINT32_MAX)
		return 0;
	/* Down from the last, or up from the first, which is 1. */
	steps = offset > 0 ? offset : 1 - offset;
	for (int64_t i = 0; i < steps; i++) {
		int r = offset > 0 ? log_boot_next(directory, boot.index, &boot)
				   : log_boot_previous(directory, boot.index, &boot);

		if (r <= 0)
			return r;
	}
	*ret_boot = boot;
	return 1;
}

int log_boots_for(int directory, const struct log_query *query, uint32_t *ret_first, uint32_t *ret_last)
{
	struct log_boot boot = { 0 };
	int r = 1;

	/* What follows a known record is of the last boot. */
	if (query->after > 0) {
		r = boot_by_offset(directory, 0, &boot);
	} else {
		switch (query->boot) {
		case LOG_BOOT_ALL:
			*ret_first = 1;
			*ret_last = UINT32_MAX;
			return 1;
		case LOG_BOOT_OFFSET:
			r = boot_by_offset(directory, query->boot_offset, &boot);
			break;
		case LOG_BOOT_ID:
			r = boot_by_id(directory, query->boot_id, &boot);
			break;
		}
	}
	if (r <= 0)
		return r;
	*ret_first = *ret_last = boot.index;
	return 1;
}
