// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the machine is called and what runs on it: see machine.h. Reads files of /proc and /etc. */
#include "supervisor/machine.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include "lib/fd.h"
#include "lib/str.h"
#include "supervisor/unit_parse.h"

/* os-release(5) has some twenty short lines. */
#define OS_RELEASE_MAX 4096

const char *machine_architecture(void)
{
#if defined(__x86_64__)
	return "x86-64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "this architecture has no name yet"
#endif
}

/* The first line of a file without dashes: ids are written both ways. */
static void read_id(const char *root, const char *path, char ret_id[static 33])
{
	char full[256];
	char text[64];
	struct buf b = BUF(full);
	struct buf id = buf_init(ret_id, 33);
	struct str line = { 0 };
	struct str rest;
	ssize_t n;

	buf_printf(&b, "%s%s", root, path);
	n = b.overflow ? -1 : file_read(AT_FDCWD, full, text, sizeof(text));
	if (n <= 0)
		return;
	rest = (struct str){ text, (size_t)n };
	str_split(&rest, '\n', &line);
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != '-')
			buf_add_char(&id, line.p[i]);
}

/* NAME=value, shell-like quotes. */
static void take_release_line(struct unit_machine *machine, struct str line)
{
	const struct {
		const char *name;
		char *field;
	} fields[] = {
		{ "IMAGE_ID", machine->image_id },     { "IMAGE_VERSION", machine->image_version },
		{ "BUILD_ID", machine->build_id },     { "ID", machine->os_id },
		{ "VERSION_ID", machine->os_version }, { "VARIANT_ID", machine->variant_id },
	};
	struct str name = { 0 };

	if (!str_split(&line, '=', &name))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char value[MACHINE_TEXT_SIZE];
		struct buf b = BUF(value);

		if (str_is(name, fields[i].name) && unit_next_word(&line, &b) > 0)
			memcpy(fields[i].field, value, sizeof(value));
	}
}

static void read_release(struct unit_machine *machine, const char *root)
{
	static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
	char text[OS_RELEASE_MAX];
	ssize_t n = -1;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && n < 0; i++) {
		char full[256];
		struct buf b = BUF(full);

		buf_printf(&b, "%s%s", root, paths[i]);
		n = b.overflow ? -1 : file_read(AT_FDCWD, full, text, sizeof(text));
	}
	if (n > 0) {
		struct str rest = { text, (size_t)n };
		struct str line;

		/* The default of os-release(5). */
		memcpy(machine->os_id, "linux", sizeof("linux"));
		while (str_split(&rest, '\n', &line))
			take_release_line(machine, str_trim(line));
	}
}

void machine_read(struct unit_machine *ret_machine, const char *root)
{
	struct unit_machine machine = { 0 };
	struct utsname names;
	struct buf b = BUF(machine.architecture);

	buf_add(&b, machine_architecture());
	if (uname(&names) == 0) {
		b = BUF(machine.host_name);
		buf_add(&b, names.nodename);
		b = BUF(machine.kernel_release);
		buf_add(&b, names.release);
	}
	read_id(root, "/proc/sys/kernel/random/boot_id", machine.boot_id);
	read_id(root, "/etc/machine-id", machine.machine_id);
	read_release(&machine, root);
	*ret_machine = machine;
}
