// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Conditions about the host: its kernel, firmware, processors, memory, power and names. See
 * condition.h. Each test reads one or two small files; none waits for anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/fd.h"
#include "supervisor/condition_test.h"
#include "supervisor/machine.h"
#include "supervisor/unit_parse.h"

/* The kernel's own limit is 4 KiB on x86, 2 KiB elsewhere. */
#define COMMAND_LINE_SIZE 4096
/* The first processor's paragraph of /proc/cpuinfo. */
#define CPUINFO_SIZE 8192
#define RELEASE_SIZE 4096

static int is_boolean(const char *argument, bool truth)
{
	bool wanted;
	int r = unit_boolean(str_from(argument), &wanted);

	return r < 0 ? r : wanted == truth;
}

/* ---- kernel ---- */

int test_kernel_command_line(const char *argument, const char *root)
{
	char text[COMMAND_LINE_SIZE];
	char word[COMMAND_LINE_SIZE];
	size_t n = strlen(argument);
	bool whole = strchr(argument, '=') != NULL;
	struct buf b = BUF(word);
	struct str line;

	if (!condition_first_line(root, "/proc/cmdline", text, sizeof(text), &line))
		return -ENODATA;
	while (unit_next_raw_word(&line, &b) > 0) {
		if (strcmp(word, argument) == 0)
			return 1;
		if (!whole && strncmp(word, argument, n) == 0 && word[n] == '=')
			return 1;
	}
	return 0;
}

/* Words, each an operator and a version, or a pattern; all must hold. */
int test_kernel_version(const char *argument, const char *root _unused_)
{
	struct str rest = str_from(argument);
	struct utsname names;
	char word[128];
	struct buf b = BUF(word);
	int r;

	if (uname(&names) < 0)
		return -errno;
	while ((r = unit_next_word(&rest, &b)) > 0) {
		struct str version = { b.p, b.len };
		enum comparison comparison = comparison_take(&version);
		int order;

		/* "> 6.1" is one condition too. */
		if (comparison != COMPARE_NONE && version.n == 0) {
			if (unit_next_word(&rest, &b) <= 0)
				return -EINVAL;
			version = (struct str){ b.p, b.len };
		}
		if (comparison == COMPARE_NONE || comparison == COMPARE_PATTERN ||
		    comparison == COMPARE_NOT_PATTERN) {
			/* It is the end of the word, and so has a NUL. */
			order = fnmatch(version.p, names.release, 0);
			comparison = comparison == COMPARE_NONE ? COMPARE_PATTERN : comparison;
		} else {
			order = version_compare(str_from(names.release), version);
		}
		if (!comparison_holds(comparison, order))
			return 0;
	}
	return r < 0 ? r : 1;
}

int test_kernel_module(const char *argument, const char *root)
{
	char path[128];
	char state[32];
	struct buf b = BUF(path);
	struct str line;

	buf_add(&b, "/sys/module/");
	for (const char *p = argument; *p; p++)
		buf_add_char(&b, *p == '-' ? '_' : *p);
	if (b.overflow || strchr(argument, '/'))
		return -EINVAL;
	if (!condition_exists(root, path))
		return 0;
	/* What is built in has no state. */
	buf_add(&b, "/initstate");
	return !condition_first_line(root, path, state, sizeof(state), &line) || str_is(line, "live");
}

int test_architecture(const char *argument, const char *root _unused_)
{
	return strcmp(argument, "native") == 0 || strcmp(argument, machine_architecture()) == 0;
}

/* ---- names, users, security ---- */

int test_host(const char *argument, const char *root)
{
	struct unit_machine machine;
	char id[33];
	struct buf b = BUF(id);

	machine_read(&machine, root);
	for (const char *p = argument; *p; p++)
		if (*p != '-')
			buf_add_char(&b, *p);
	if (!b.overflow && b.len == 32 &&
	    (strcmp(id, machine.machine_id) == 0 || strcmp(id, machine.boot_id) == 0))
		return 1;
	return fnmatch(argument, machine.host_name, FNM_CASEFOLD) == 0;
}

/* PID 1 is root, and that is the user and the group that it asks about. */
int test_user(const char *argument, const char *root _unused_)
{
	return strcmp(argument, "root") == 0 || strcmp(argument, "0") == 0 ||
	       strcmp(argument, "@system") == 0;
}

int test_group(const char *argument, const char *root)
{
	return test_user(argument, root);
}

int test_environment(const char *argument, const char *root _unused_)
{
	const char *equals = strchr(argument, '=');
	char name[256];
	struct buf b = BUF(name);
	const char *value;

	buf_add_str(&b, (struct str){ argument,
				      equals ? (size_t)(equals - argument) : strlen(argument) });
	if (b.overflow)
		return -EINVAL;
	value = getenv(name);
	return value && (!equals || strcmp(value, equals + 1) == 0);
}

int test_security(const char *argument, const char *root)
{
	static const struct {
		const char *name;
		const char *path;
	} paths[] = {
		{ "selinux", "/sys/fs/selinux/enforce" },
		{ "smack", "/sys/fs/smackfs" },
		{ "tomoyo", "/sys/kernel/security/tomoyo/version" },
		{ "ima", "/sys/kernel/security/ima" },
		{ "tpm2", "/sys/class/tpmrm/tpmrm0" },
		{ "audit", "/proc/self/loginuid" },
	};
	char text[16];
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(argument, paths[i].name) == 0)
			return condition_exists(root, paths[i].path);
	if (strcmp(argument, "apparmor") == 0) {
		n = condition_read(root, "/sys/module/apparmor/parameters/enabled", text, sizeof(text));
		return n > 0 && text[0] == 'Y';
	}
	if (strcmp(argument, "uefi-secureboot") == 0) {
		/* Four bytes of attributes, and one that tells. */
		n = condition_read(root,
				   "/sys/firmware/efi/efivars/"
				   "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
				   text, sizeof(text));
		return n == 5 && text[4] == 1;
	}
	return 0;
}

/* The line NAME: VALUE of a file such as /proc/self/status. */
static bool find_line(char *text, ssize_t n, const char *name, struct str *ret_value)
{
	struct str rest = { text, n > 0 ? (size_t)n : 0 };
	struct str line;

	while (str_split(&rest, '\n', &line)) {
		struct str key;

		if (!str_split(&line, ':', &key) || !str_is(str_trim(key), name))
			continue;
		*ret_value = str_trim(line);
		return true;
	}
	return false;
}

int test_capability(const char *argument, const char *root)
{
	char text[4096];
	uint8_t bytes[8];
	struct str value;
	cap_value_t capability;
	ssize_t n = condition_read(root, "/proc/self/status", text, sizeof(text));

	if (cap_from_name(argument, &capability) < 0 || capability < 0 || capability > 63)
		return -EINVAL;
	if (!find_line(text, n, "CapBnd", &value) || hex_decode(value, bytes, sizeof(bytes)) != 8)
		return -ENODATA;
	return bytes[7 - capability / 8] >> capability % 8 & 1;
}

int test_controllers(const char *argument, const char *root)
{
	char text[256];
	struct str line = { 0 };
	struct str wanted = str_from(argument);
	struct str name;

	if (strcmp(argument, "v2") == 0 || strcmp(argument, "v1") == 0)
		return argument[1] == '2';
	if (!condition_first_line(root, "/sys/fs/cgroup/cgroup.controllers", text, sizeof(text), &line))
		return -ENODATA;
	while (str_next_word(&wanted, &name)) {
		struct str rest = line;
		struct str one = { 0 };
		bool found = false;

		while (!found && str_next_word(&rest, &one))
			found = str_equal(one, name);
		if (!found)
			return 0;
	}
	return 1;
}

/* ---- hardware ---- */

static int compare_amount(struct str argument, uint64_t amount)
{
	enum comparison comparison = comparison_take(&argument);
	uint64_t wanted;
	int r = unit_size(argument, 1024, &wanted);

	return r < 0 ? r : comparison_holds(comparison, (amount > wanted) - (amount < wanted));
}

int test_memory(const char *argument, const char *root)
{
	char text[4096];
	struct str value;
	struct str number;
	uint64_t kib;
	ssize_t n = condition_read(root, "/proc/meminfo", text, sizeof(text));

	if (!find_line(text, n, "MemTotal", &value) || !str_next_word(&value, &number) ||
	    str_to_u64(number, &kib) < 0)
		return -ENODATA;
	return compare_amount(str_from(argument), kib * 1024);
}

int test_cpus(const char *argument, const char *root _unused_)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	return compare_amount(str_from(argument), (uint64_t)CPU_COUNT(&set));
}

int test_cpu_feature(const char *argument, const char *root)
{
	char text[CPUINFO_SIZE];
	char path[256];
	struct buf b = BUF(path);
	struct str flags;
	struct str flag;
	ssize_t n;
	int fd;

	/* Only the first processor: the file as a whole may be a megabyte. */
	if (condition_path(root, "/proc/cpuinfo", &b) < 0)
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	fd_close(fd);
	if (!find_line(text, n, "flags", &flags) && !find_line(text, n, "Features", &flags))
		return -ENODATA;
	while (str_next_word(&flags, &flag))
		if (str_is(flag, argument))
			return 1;
	return 0;
}

/* /sys/class/power_supply: mains that is on line, or no battery that is being emptied. */
int test_ac_power(const char *argument, const char *root)
{
	_cleanup_directory_ struct directory supplies = { .fd = -1 };
	char path[512];
	struct buf b = BUF(path);
	const char *name;
	bool mains = false;
	bool discharging = false;

	if (condition_path(root, "/sys/class/power_supply", &b) < 0)
		return -ENAMETOOLONG;
	if (directory_open(&supplies, AT_FDCWD, path) < 0)
		return is_boolean(argument, true);
	while (directory_next(&supplies, &name) > 0) {
		char text[32];
		struct str line;

		b = BUF(path);
		buf_printf(&b, "/sys/class/power_supply/%s/online", name);
		if (!b.overflow && condition_first_line(root, path, text, sizeof(text), &line) &&
		    str_is(line, "1"))
			mains = true;
		b = BUF(path);
		buf_printf(&b, "/sys/class/power_supply/%s/status", name);
		if (!b.overflow && condition_first_line(root, path, text, sizeof(text), &line) &&
		    str_is(line, "Discharging"))
			discharging = true;
	}
	return is_boolean(argument, mains || !discharging);
}

/* ---- the system ---- */

/* The state volume was made in this boot: init leaves a file. systemd's own name for it counts as well. */
int test_first_boot(const char *argument, const char *root)
{
	return is_boolean(argument, condition_exists(root, "/run/orlop/first-boot") ||
					    condition_exists(root, "/run/systemd/first-boot"));
}

/* The value of a field of os-release(5), unquoted. */
static bool release_field(struct str text, struct str field, struct buf *ret_value)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		struct str name;

		line = str_trim(line);
		if (str_split(&line, '=', &name) && str_equal(name, field))
			return unit_next_word(&line, ret_value) >= 0;
	}
	return false;
}

/* Words FIELD OPERATOR VALUE, without blanks in them; all must hold. */
int test_os_release(const char *argument, const char *root)
{
	char text[RELEASE_SIZE];
	struct str rest = str_from(argument);
	char word[256];
	struct buf b = BUF(word);
	ssize_t n = condition_read(root, "/etc/os-release", text, sizeof(text));
	int r;

	if (n == -ENOENT)
		n = condition_read(root, "/usr/lib/os-release", text, sizeof(text));
	if (n < 0)
		return (int)n;
	while ((r = unit_next_word(&rest, &b)) > 0) {
		size_t length = strcspn(word, "<>=!");
		struct str field = { word, length };
		struct str wanted = { word + length, b.len - length };
		enum comparison comparison = comparison_take(&wanted);
		char actual[256];
		struct buf a = BUF(actual);
		struct str found;

		if (comparison == COMPARE_NONE)
			return -EINVAL;
		/* A field that is not there is an empty one. */
		(void)release_field((struct str){ text, (size_t)n }, field, &a);
		found = (struct str){ actual, a.len };
		if (comparison == COMPARE_PATTERN || comparison == COMPARE_NOT_PATTERN) {
			if (!comparison_holds(comparison, fnmatch(wanted.p, actual, 0)))
				return 0;
		} else if (comparison == COMPARE_EQUAL || comparison == COMPARE_NOT_EQUAL) {
			if (!comparison_holds(comparison, !str_equal(found, wanted)))
				return 0;
		} else if (!comparison_holds(comparison, version_compare(found, wanted))) {
			return 0;
		}
	}
	return r < 0 ? r : 1;
}

/* "12.34" or "5%": hundredths of a percent. */
static int hundredths(struct str s, uint64_t *ret_value)
{
	struct str whole = { 0 };
	uint64_t percent;
	uint64_t rest = 0;

	if (str_ends(s, "%"))
		s.n--;
	(void)str_split(&s, '.', &whole);
	if (s.n > 2 || str_to_u64(whole, &percent) < 0 || percent > 100 ||
	    (s.n > 0 && str_to_u64(s, &rest) < 0))
		return -EINVAL;
	rest *= s.n == 1 ? 10 : 1;
	*ret_value = percent * 100 + rest;
	return 0;
}

/* "LIMIT%[/10s|1min|5min]": met while the kernel's average is at most that. Without PSI there is no pressure. */
static int test_pressure(const char *argument, const char *root, const char *path, const char *kind)
{
	struct str window = str_from(argument);
	struct str limit = { 0 };
	const char *average = "avg300=";
	char text[256];
	uint64_t most;
	uint64_t actual;
	ssize_t n;
	struct str rest;
	struct str line;

	(void)str_split(&window, '/', &limit);
	window = str_trim(window);
	if (str_is(window, "10s") || str_is(window, "10sec"))
		average = "avg10=";
	else if (str_is(window, "1min") || str_is(window, "60s"))
		average = "avg60=";
	else if (window.n > 0 && !str_is(window, "5min") && !str_is(window, "300s"))
		return -EINVAL;
	if (hundredths(str_trim(limit), &most) < 0)
		return -EINVAL;
	n = condition_read(root, path, text, sizeof(text));
	if (n < 0)
		return 1;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		struct str word;

		if (!str_next_word(&line, &word) || !str_is(word, kind))
			continue;
		while (str_next_word(&line, &word))
			if (str_starts(word, average)) {
				size_t skip = strlen(average);

				word = (struct str){ word.p + skip, word.n - skip };
				return hundredths(word, &actual) < 0 ? -ENODATA : actual <= most;
			}
	}
	return -ENODATA;
}

int test_memory_pressure(const char *argument, const char *root)
{
	return test_pressure(argument, root, "/proc/pressure/memory", "full");
}

int test_cpu_pressure(const char *argument, const char *root)
{
	return test_pressure(argument, root, "/proc/pressure/cpu", "some");
}

int test_io_pressure(const char *argument, const char *root)
{
	return test_pressure(argument, root, "/proc/pressure/io", "full");
}

const char *condition_check(enum condition_type type, struct str argument)
{
	bool on;

	if ((type == CONDITION_AC_POWER || type == CONDITION_FIRST_BOOT) &&
	    unit_boolean(argument, &on) < 0)
		return "yes or no, after | and ! if any";
	if (type == CONDITION_FIRMWARE && !str_is(argument, "uefi") &&
	    !str_is(argument, "device-tree") && !str_starts(argument, "device-tree-compatible("))
		return "uefi, device-tree or device-tree-compatible(NAME): Orlop asks for no other";
	if ((type == CONDITION_MEMORY_PRESSURE || type == CONDITION_CPU_PRESSURE ||
	     type == CONDITION_IO_PRESSURE) &&
	    memchr(argument.p, ':', argument.n))
		return "a percentage and maybe a window, such as 10%/1min: slices are not asked";
	return NULL;
}
