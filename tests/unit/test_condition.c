// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/condition: a root made in a temporary directory, and what conditions find there. */
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/condition.h"
#include "supervisor/condition_test.h"
#include "supervisor/machine.h"

static char root[64];

static const char *below(const char *name)
{
	static char path[512];
	struct buf b = BUF(path);
	char *slash;

	buf_printf(&b, "%s/%s", root, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(make_directories(path, 0755), 0);
	*slash = '/';
	return path;
}

static void put(const char *name, const char *text)
{
	assert_int_equal(file_replace(below(name), text, strlen(text), 0644, false), 0);
}

static int setup(void **state _unused_)
{
	struct buf b = BUF(root);

	buf_add(&b, "/tmp/test_condition.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st _unused_, int kind _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static int teardown(void **state _unused_)
{
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool met(enum condition_type type, const char *argument)
{
	struct condition c = { .argument = argument, .type = (uint8_t)type };
	const struct condition *which = NULL;
	bool plain = conditions_test(&c, root, &which) == CONDITIONS_MET;

	assert_true(plain ? which == NULL : which == &c);
	return plain;
}

/* Not met, and the opposite is. */
static bool unmet(enum condition_type type, const char *argument)
{
	struct condition c = { .argument = argument, .type = (uint8_t)type, .negate = true };
	const struct condition *which = NULL;

	return !met(type, argument) && conditions_test(&c, root, &which) == CONDITIONS_MET;
}

/* Cannot be found out: not met, whichever way round it is asked. */
static bool unknown(enum condition_type type, const char *argument)
{
	struct condition c = { .argument = argument, .type = (uint8_t)type, .negate = true };
	const struct condition *which = NULL;

	return !met(type, argument) && conditions_test(&c, root, &which) == CONDITION_UNMET;
}

static void test_logic(void **state _unused_)
{
	/* Columns: [trigger][met], in a chain; the result by systemd.unit(5). */
	static const struct {
		const char *chain; /* T t: trigger met, not met; M m: plain */
		bool met;
	} cases[] = {
		{ "", true },	  { "M", true },    { "m", false },  { "T", true },
		{ "t", false },	  { "tT", true },   { "Tt", true },  { "tt", false },
		{ "MT", true },	  { "Mt", false },  { "mT", false }, { "tMT", true },
		{ "TMm", false }, { "ttTM", true }, { "MM", true },
	};

	put("there", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int assertion = 0; assertion < 2; assertion++) {
			struct condition chain[4];
			const struct condition *which = NULL;
			size_t n = strlen(cases[i].chain);
			enum condition_result r;

			for (size_t k = 0; k < n; k++) {
				char c = cases[i].chain[k];

				chain[k] = (struct condition){
					.next = k + 1 < n ? &chain[k + 1] : NULL,
					.argument = c == 'T' || c == 'M' ? "/there" : "/not-there",
					.type = CONDITION_PATH_EXISTS,
					.assertion = assertion,
					.trigger = c == 'T' || c == 't',
				};
			}
			r = conditions_test(n > 0 ? chain : NULL, root, &which);
			if (r != (cases[i].met ? CONDITIONS_MET
				  : assertion  ? ASSERTION_FAILED
					       : CONDITION_UNMET))
				fail_msg("\"%s\" gives %d", cases[i].chain, (int)r);
			assert_true((which != NULL) == !cases[i].met);
		}
}

static void test_conditions_and_assertions_apart(void **state _unused_)
{
	struct condition assertion = { .argument = "/no", .type = CONDITION_PATH_EXISTS, .assertion = true };
	struct condition c = { .next = &assertion, .argument = "/no", .type = CONDITION_PATH_EXISTS };
	const struct condition *which = NULL;

	/* A unit that is skipped has not failed. */
	assert_int_equal(conditions_test(&c, root, &which), CONDITION_UNMET);
	assert_ptr_equal(which, &c);
	assert_string_equal(condition_name(which), "ConditionPathExists");
	put("no", "");
	assert_int_equal(conditions_test(&c, root, &which), CONDITIONS_MET);
	assertion.negate = true;
	assert_int_equal(conditions_test(&c, root, &which), ASSERTION_FAILED);
	assert_string_equal(condition_name(which), "AssertPathExists");
}

static void test_paths(void **state _unused_)
{
	put("dir/file", "text");
	put("empty", "");
	assert_int_equal(mkdir(below("void"), 0755), 0);
	assert_int_equal(symlink("dir", below("link")), 0);
	assert_int_equal(symlink("nowhere", below("dangling")), 0);
	put("program", "#!");
	assert_int_equal(chmod(below("program"), 0755), 0);

	assert_true(met(CONDITION_PATH_EXISTS, "/dir/file") &&
		    unmet(CONDITION_PATH_EXISTS, "/dangling"));
	assert_true(met(CONDITION_PATH_IS_DIRECTORY, "/link") &&
		    unmet(CONDITION_PATH_IS_DIRECTORY, "/empty"));
	assert_true(met(CONDITION_PATH_IS_SYMBOLIC_LINK, "/dangling") &&
		    unmet(CONDITION_PATH_IS_SYMBOLIC_LINK, "/dir"));
	assert_true(unmet(CONDITION_PATH_IS_MOUNT_POINT, "/dir"));
	assert_true(met(CONDITION_PATH_IS_READ_WRITE, "/dir"));
	assert_true(met(CONDITION_DIRECTORY_NOT_EMPTY, "/dir") &&
		    unmet(CONDITION_DIRECTORY_NOT_EMPTY, "/void") &&
		    unmet(CONDITION_DIRECTORY_NOT_EMPTY, "/no"));
	assert_true(met(CONDITION_FILE_NOT_EMPTY, "/dir/file") &&
		    unmet(CONDITION_FILE_NOT_EMPTY, "/empty") &&
		    unmet(CONDITION_FILE_NOT_EMPTY, "/dir"));
	assert_true(met(CONDITION_FILE_IS_EXECUTABLE, "/program") &&
		    unmet(CONDITION_FILE_IS_EXECUTABLE, "/empty"));
	assert_true(unknown(CONDITION_PATH_IS_ENCRYPTED, "/no") &&
		    unmet(CONDITION_PATH_IS_ENCRYPTED, "/dir"));
}

static void test_glob(void **state _unused_)
{
	put("a/one.conf", "");
	put("a/b/two.conf", "");
	put("a/.hidden", "");
	assert_true(met(CONDITION_PATH_EXISTS_GLOB, "/a/*.conf"));
	assert_true(met(CONDITION_PATH_EXISTS_GLOB, "/a/*/two.[cx]onf"));
	assert_true(met(CONDITION_PATH_EXISTS_GLOB, "/?/b"));
	assert_true(met(CONDITION_PATH_EXISTS_GLOB, "/a/one.conf"));
	assert_true(unmet(CONDITION_PATH_EXISTS_GLOB, "/a/*.txt"));
	assert_true(unmet(CONDITION_PATH_EXISTS_GLOB, "/no/*"));
	assert_true(unmet(CONDITION_PATH_EXISTS_GLOB, "/a/b/*/x"));
	assert_true(unmet(CONDITION_PATH_EXISTS_GLOB, "/a/*hidden"));
	assert_true(met(CONDITION_PATH_EXISTS_GLOB, "/a/.h*"));
}

static void test_kernel(void **state _unused_)
{
	struct utsname names;
	char exactly[96];
	struct buf b = BUF(exactly);

	assert_int_equal(uname(&names), 0);
	buf_printf(&b, "= %s", names.release);
	assert_true(unknown(CONDITION_KERNEL_COMMAND_LINE, "quiet"));
	put("proc/cmdline", "root=/dev/vda quiet \"a=two words\" nosmt-\n");
	assert_true(met(CONDITION_KERNEL_COMMAND_LINE, "quiet"));
	assert_true(met(CONDITION_KERNEL_COMMAND_LINE, "root"));
	assert_true(met(CONDITION_KERNEL_COMMAND_LINE, "root=/dev/vda"));
	assert_true(met(CONDITION_KERNEL_COMMAND_LINE, "a=two words"));
	assert_true(unmet(CONDITION_KERNEL_COMMAND_LINE, "root=/dev/vdb"));
	assert_true(unmet(CONDITION_KERNEL_COMMAND_LINE, "roo") &&
		    unmet(CONDITION_KERNEL_COMMAND_LINE, "words"));

	assert_true(met(CONDITION_KERNEL_VERSION, ">= 2.6") &&
		    met(CONDITION_KERNEL_VERSION, ">2.6 <99"));
	assert_true(unmet(CONDITION_KERNEL_VERSION, "< 2.6") &&
		    unmet(CONDITION_KERNEL_VERSION, ">=2.6 <3"));
	assert_true(met(CONDITION_KERNEL_VERSION, exactly) && met(CONDITION_KERNEL_VERSION, "[2-9]*"));
	assert_true(unmet(CONDITION_KERNEL_VERSION, "2.4.*") && unknown(CONDITION_KERNEL_VERSION, ">="));

	put("sys/module/dm_verity/initstate", "live\n");
	put("sys/module/built_in/x", "");
	put("sys/module/going/initstate", "going\n");
	assert_true(met(CONDITION_KERNEL_MODULE_LOADED, "dm-verity"));
	assert_true(met(CONDITION_KERNEL_MODULE_LOADED, "built_in"));
	assert_true(unmet(CONDITION_KERNEL_MODULE_LOADED, "going") &&
		    unmet(CONDITION_KERNEL_MODULE_LOADED, "absent"));
	assert_true(met(CONDITION_ARCHITECTURE, "native") &&
		    met(CONDITION_ARCHITECTURE, machine_architecture()) &&
		    unmet(CONDITION_ARCHITECTURE, "vax"));
}

static void test_versions(void **state _unused_)
{
	/* In order, from the UAPI specification. */
	static const char *const versions[] = { "~1",	 "",	"1~rc1", "1",	 "1-2",
						"1^git", "1.0", "1.1",	 "1.1a", "1.2",
						"1.10",	 "2",	"10" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		for (size_t k = 0; k < ARRAY_SIZE(versions); k++) {
			int order = version_compare(str_from(versions[i]), str_from(versions[k]));

			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_msg("%s and %s compare as %d", versions[i], versions[k], order);
		}
	assert_int_equal(version_compare(STR("01.2"), STR("1.02")), 0);
}

static void test_machine(void **state _unused_)
{
	struct unit_machine machine;

	put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	put("proc/sys/kernel/random/boot_id", "01234567-89ab-cdef-0123-456789abcdee\n");
	put("usr/lib/os-release", "NAME=\"A B\"\nID=debian\nVERSION_ID=\"13.1\"\nBUILD_ID='7'\n");
	machine_read(&machine, root);
	assert_string_equal(machine.machine_id, "0123456789abcdef0123456789abcdef");
	assert_string_equal(machine.boot_id, "0123456789abcdef0123456789abcdee");
	assert_string_equal(machine.os_id, "debian");
	assert_string_equal(machine.os_version, "13.1");
	assert_string_equal(machine.build_id, "7");
	assert_string_equal(machine.variant_id, "");
	assert_true(*machine.host_name && *machine.kernel_release);

	assert_true(met(CONDITION_HOST, "01234567-89ab-cdef-0123-456789abcdef"));
	assert_true(met(CONDITION_HOST, machine.host_name) && met(CONDITION_HOST, "*"));
	assert_true(unmet(CONDITION_HOST, "no-such-*"));
	assert_true(met(CONDITION_OS_RELEASE, "ID=debian VERSION_ID>=13"));
	assert_true(unmet(CONDITION_OS_RELEASE, "ID=debian VERSION_ID>=13.2"));
	assert_true(unmet(CONDITION_OS_RELEASE, "ID!=debian") && met(CONDITION_OS_RELEASE, "ID=$deb*"));
	assert_true(unknown(CONDITION_OS_RELEASE, "ID"));
}

static void test_firmware_and_virtual_machines(void **state _unused_)
{
	assert_true(unmet(CONDITION_FIRMWARE, "uefi") && unmet(CONDITION_FIRMWARE, "device-tree"));
	put("sys/firmware/efi/x", "");
	assert_true(met(CONDITION_FIRMWARE, "uefi") && unknown(CONDITION_FIRMWARE, "smbios-field(a=b)"));

	unsetenv("container");
	assert_true(met(CONDITION_VIRTUALIZATION, "no") && unmet(CONDITION_VIRTUALIZATION, "vm"));
	put("sys/class/dmi/id/sys_vendor", "QEMU\n");
	assert_true(met(CONDITION_VIRTUALIZATION, "yes") && met(CONDITION_VIRTUALIZATION, "vm"));
	assert_true(met(CONDITION_VIRTUALIZATION, "qemu") && unmet(CONDITION_VIRTUALIZATION, "kvm"));
	assert_true(unmet(CONDITION_VIRTUALIZATION, "container"));
	put(".dockerenv", "");
	assert_true(met(CONDITION_VIRTUALIZATION, "container") &&
		    met(CONDITION_VIRTUALIZATION, "docker"));
	assert_true(unmet(CONDITION_VIRTUALIZATION, "vm"));
	put("proc/self/uid_map", "         0          0 4294967295\n");
	assert_true(unmet(CONDITION_VIRTUALIZATION, "private-users"));
	put("proc/self/uid_map", "         0     100000      65536\n");
	assert_true(met(CONDITION_VIRTUALIZATION, "private-users"));
}

static void test_security_and_capability(void **state _unused_)
{
	static const char secure_boot[] = "\6\0\0\0\1";
	const char *variable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

	assert_true(unmet(CONDITION_SECURITY, "selinux") && unmet(CONDITION_SECURITY, "unheard-of"));
	put("sys/fs/selinux/enforce", "1");
	assert_true(met(CONDITION_SECURITY, "selinux"));
	assert_true(unmet(CONDITION_SECURITY, "uefi-secureboot"));
	assert_int_equal(file_replace(below(variable), secure_boot, 5, 0644, false), 0);
	assert_true(met(CONDITION_SECURITY, "uefi-secureboot"));

	assert_true(unknown(CONDITION_CAPABILITY, "CAP_KILL"));
	put("proc/self/status", "Name:\tx\nCapBnd:\t0000000000000021\nNoNewPrivs:\t0\n");
	assert_true(met(CONDITION_CAPABILITY, "CAP_KILL") && met(CONDITION_CAPABILITY, "cap_chown"));
	assert_true(unmet(CONDITION_CAPABILITY, "CAP_SYS_TIME") &&
		    unknown(CONDITION_CAPABILITY, "CAP_NO"));
	assert_true(met(CONDITION_USER, "root") && met(CONDITION_USER, "@system") &&
		    unmet(CONDITION_USER, "joe"));
	assert_true(met(CONDITION_GROUP, "0") && unmet(CONDITION_GROUP, "1000"));
}

static void test_hardware(void **state _unused_)
{
	cpu_set_t set;

	put("proc/meminfo", "MemTotal:        2097152 kB\nMemFree: 1 kB\n");
	assert_true(met(CONDITION_MEMORY, "2G") && met(CONDITION_MEMORY, "= 2G") &&
		    met(CONDITION_MEMORY, "<3G"));
	assert_true(unmet(CONDITION_MEMORY, "3G") && unknown(CONDITION_MEMORY, "much"));
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_true(met(CONDITION_CPUS, "1") && unmet(CONDITION_CPUS, "< 1"));
	put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme avx2\nbugs\t\t: x\n");
	assert_true(met(CONDITION_CPU_FEATURE, "avx2") && unmet(CONDITION_CPU_FEATURE, "avx"));

	assert_true(met(CONDITION_AC_POWER, "yes"));
	put("sys/class/power_supply/BAT0/status", "Discharging\n");
	assert_true(unmet(CONDITION_AC_POWER, "yes") && met(CONDITION_AC_POWER, "no"));
	put("sys/class/power_supply/AC/online", "1\n");
	assert_true(met(CONDITION_AC_POWER, "yes"));
	put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	assert_true(met(CONDITION_CONTROL_GROUP_CONTROLLER, "cpu memory") &&
		    met(CONDITION_CONTROL_GROUP_CONTROLLER, "v2") &&
		    unmet(CONDITION_CONTROL_GROUP_CONTROLLER, "v1") &&
		    unmet(CONDITION_CONTROL_GROUP_CONTROLLER, "cpu rdma"));
}

static void test_state_of_the_system(void **state _unused_)
{
	setenv("ORLOP_TEST", "value", 1);
	assert_true(met(CONDITION_ENVIRONMENT, "ORLOP_TEST") &&
		    met(CONDITION_ENVIRONMENT, "ORLOP_TEST=value"));
	assert_true(unmet(CONDITION_ENVIRONMENT, "ORLOP_TEST=val") &&
		    unmet(CONDITION_ENVIRONMENT, "ORLOP_NO"));
	assert_true(unmet(CONDITION_FIRST_BOOT, "yes") && met(CONDITION_FIRST_BOOT, "no"));
	put("run/orlop/first-boot", "");
	assert_true(met(CONDITION_FIRST_BOOT, "yes"));

	put("etc/.updated", "");
	assert_int_equal(mkdir(below("usr"), 0755), 0);
	assert_true(met(CONDITION_NEEDS_UPDATE, "/var"));

	/* A kernel that does not tell has no pressure. */
	assert_true(met(CONDITION_MEMORY_PRESSURE, "1%"));
	put("proc/pressure/memory", "some avg10=9.00 avg60=9.00 avg300=9.00 total=1\n"
				    "full avg10=5.00 avg60=3.50 avg300=0.25 total=1\n");
	assert_true(met(CONDITION_MEMORY_PRESSURE, "1%") && unmet(CONDITION_MEMORY_PRESSURE, "0.2%"));
	assert_true(met(CONDITION_MEMORY_PRESSURE, "5%/10s") &&
		    unmet(CONDITION_MEMORY_PRESSURE, "4.99% / 10s"));
	assert_true(met(CONDITION_MEMORY_PRESSURE, "3.5%/1min") &&
		    unknown(CONDITION_MEMORY_PRESSURE, "1%/1h"));
	put("proc/pressure/cpu", "some avg10=1.00 avg60=1.00 avg300=1.00 total=1\n");
	assert_true(met(CONDITION_CPU_PRESSURE, "1%") && unmet(CONDITION_CPU_PRESSURE, "0.50%"));
	assert_true(met(CONDITION_IO_PRESSURE, "0%"));
}

static void test_check(void **state _unused_)
{
	assert_null(condition_check(CONDITION_AC_POWER, STR("true")));
	assert_non_null(condition_check(CONDITION_AC_POWER, STR("maybe")));
	assert_null(condition_check(CONDITION_FIRMWARE, STR("device-tree-compatible(x)")));
	assert_non_null(condition_check(CONDITION_FIRMWARE, STR("smbios-field(a=b)")));
	assert_non_null(condition_check(CONDITION_MEMORY_PRESSURE, STR("a.slice:5%")));
	assert_null(condition_check(CONDITION_IO_PRESSURE, STR("5%")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_logic),
		TEST(test_conditions_and_assertions_apart),
		TEST(test_paths),
		TEST(test_glob),
		TEST(test_kernel),
		TEST(test_versions),
		TEST(test_machine),
		TEST(test_firmware_and_virtual_machines),
		TEST(test_security_and_capability),
		TEST(test_hardware),
		TEST(test_state_of_the_system),
		TEST(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
