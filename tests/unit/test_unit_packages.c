// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The unit files that Debian's packages ship, from the fuzzer's corpus, without a change and without a
 * fault; and what of them matters. Run from the top of the tree, as make does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/machine.h"
#include "supervisor/unit_defaults.h"
#include "supervisor/unit_table.h"

#define CORPUS "tests/fuzz/unit_file/corpus/"
#define CAP(name) (UINT64_C(1) << CAP_##name)

static struct unit_draft unit;
static const struct unit_machine machine = { .host_name = "node" };

static int unsupported;

static void on_problem(void *context _unused_, const struct unit_problem *p)
{
	/* Not supported, and said so: chrony-wait.service runs without. */
	if (str_starts(p->key, "IPAddress")) {
		unsupported++;
		return;
	}
	fail_msg("%s:%u: " STR_FORMAT "=" STR_FORMAT ": %s", p->file, p->line, STR_ARGS(p->key),
		 STR_ARGS(p->value), p->reason);
}

/* Reads the corpus' file of that name as a unit called @name. */
static void read_as(const char *file, const char *name)
{
	static char text[16384];
	char path[128];
	struct buf b = BUF(path);
	enum unit_type type;
	int problems;
	ssize_t n;

	buf_printf(&b, CORPUS "%s", file);
	n = file_read(AT_FDCWD, path, text, sizeof(text));
	assert_true(n > 0);
	assert_int_equal(unit_name_type(str_from(name), &type), 0);
	unit_draft_begin(&unit, name, type);
	unit.machine = &machine;
	unsupported = 0;
	problems = unit_table_apply(&unit, path, (struct str){ text, (size_t)n }, on_problem, NULL);
	assert_int_equal(problems, unsupported);
	assert_null(unit_table_finish(&unit));
	assert_int_equal(unit_defaults_add(&unit), 0);
}

static void assert_list(const struct text_list *list, const char *expected)
{
	char text[1024];
	struct buf b = BUF(text);

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		buf_printf(&b, "%s%s", b.len > 0 ? "|" : "", item);
	assert_string_equal(text, expected);
}

static void test_all_without_a_fault(void **state _unused_)
{
	static const char *const names[][2] = {
		{ "containerd.service", "containerd.service" },
		{ "docker.service", "docker.service" },
		{ "docker.socket", "docker.socket" },
		{ "chrony.service", "chrony.service" },
		{ "chrony-wait.service", "chrony-wait.service" },
		{ "chrony-dnssrv@.timer", "chrony-dnssrv@x.timer" },
		{ "etcd.service", "etcd.service" },
		{ "ssh.service", "ssh.service" },
		{ "ssh.socket", "ssh.socket" },
		{ "sshd@.service", "sshd@1.service" },
		{ "sshd-keygen.service", "sshd-keygen.service" },
		{ "rescue-ssh.target", "rescue-ssh.target" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		read_as(names[i][0], names[i][1]);
}

static void test_chrony(void **state _unused_)
{
	const struct exec_settings *e = &unit.exec;

	read_as("chrony.service", "chrony.service");
	assert_int_equal(unit.service.type, SERVICE_FORKING);
	assert_string_equal(unit.service.pid_file, "/run/chrony/chronyd.pid");
	assert_list(&unit.dependencies[UNIT_CONFLICTS],
		    "openntpd.service|ntp.service|ntpsec.service|shutdown.target");
	assert_int_equal(unit.conditions->type, CONDITION_CAPABILITY);
	assert_string_equal(unit.conditions->argument, "CAP_SYS_TIME");
	assert_list(&e->environment_files, "-/etc/default/chrony");
	assert_string_equal(e->user, "_chrony");
	assert_string_equal(unit.commands[EXEC_START]->path, "/usr/sbin/chronyd");
	assert_list(&unit.commands[EXEC_START]->arguments, "/usr/sbin/chronyd|$DAEMON_OPTS");
	assert_int_equal(unit.commands[EXEC_START]->flags, EXEC_KEEP_IDENTITY);
	assert_true(e->capability_bounding_set & CAP(SYS_TIME));
	assert_true(e->capability_bounding_set & CAP(CHOWN));
	/* The last of five lines, and ProtectKernelModules= and ProtectKernelLogs=. */
	assert_false(e->capability_bounding_set & (CAP(WAKE_ALARM) | CAP(SYS_ADMIN) |
						   CAP(AUDIT_CONTROL) | CAP(SYS_MODULE) | CAP(SYSLOG)));
	assert_list(&unit.cgroup.device_allow, "char-pps rw|char-ptp rw|char-rtc rw");
	assert_int_equal(unit.cgroup.device_policy, DEVICE_POLICY_CLOSED);
	assert_true(exec_has(e, EXEC_FLAG_LOCK_PERSONALITY));
	assert_true(exec_has(e, EXEC_FLAG_MEMORY_DENY_WRITE_EXECUTE));
	/* Said twice; the later "no" counts. */
	assert_false(exec_has(e, EXEC_FLAG_NO_NEW_PRIVILEGES));
	assert_true(exec_has(e, EXEC_FLAG_PRIVATE_TMP));
	assert_true(exec_has(e, EXEC_FLAG_PROC_SUBSET_PID));
	assert_true(exec_has(e, EXEC_FLAG_PROTECT_CONTROL_GROUPS));
	assert_true(exec_has(e, EXEC_FLAG_PROTECT_HOSTNAME));
	assert_true(exec_has(e, EXEC_FLAG_PROTECT_KERNEL_LOGS));
	assert_true(exec_has(e, EXEC_FLAG_PROTECT_KERNEL_MODULES));
	assert_true(exec_has(e, EXEC_FLAG_PROTECT_KERNEL_TUNABLES));
	assert_true(exec_has(e, EXEC_FLAG_RESTRICT_SUID_SGID));
	assert_false(exec_has(e, EXEC_FLAG_PROTECT_CLOCK));
	assert_int_equal(e->protect_home, PROTECT_HOME_YES);
	assert_int_equal(e->protect_proc, PROTECT_PROC_INVISIBLE);
	assert_int_equal(e->protect_system, PROTECT_SYSTEM_STRICT);
	assert_list(&e->read_write_paths, "/run|-/var/spool");
	assert_list(&e->restrict_address_families, "AF_INET|AF_INET6|AF_UNIX|AF_NETLINK");
	assert_true(exec_has(e, EXEC_FLAG_ADDRESS_FAMILIES_ALLOW));
	assert_true(e->restrict_namespaces == 0);
	assert_list(&e->system_call_architectures, "native");
	assert_list(&e->system_call_filter,
		    "@cpu-emulation|@debug|@module|@mount|@obsolete|@raw-io|@reboot|@swap");
	assert_false(exec_has(e, EXEC_FLAG_SYSTEM_CALL_ALLOW));
	assert_list(&e->directories[EXEC_DIRECTORY_CONFIGURATION], "chrony");
	assert_list(&e->directories[EXEC_DIRECTORY_RUNTIME], "chrony");
	assert_list(&e->directories[EXEC_DIRECTORY_STATE], "chrony");
	assert_list(&e->directories[EXEC_DIRECTORY_LOGS], "chrony");
	assert_int_equal(e->directory_modes[EXEC_DIRECTORY_RUNTIME], 0700);
	assert_int_equal(e->directory_modes[EXEC_DIRECTORY_LOGS], 0750);
	assert_int_equal(e->directory_modes[EXEC_DIRECTORY_CONFIGURATION], 0755);
	assert_int_equal(e->runtime_directory_preserve, PRESERVE_RESTART);
	assert_list(&unit.alias, "chronyd.service");
	assert_list(&unit.wanted_by, "multi-user.target");
}

static void test_chrony_wait(void **state _unused_)
{
	const struct exec_settings *e = &unit.exec;

	read_as("chrony-wait.service", "chrony-wait.service");
	assert_true(unit.service.start_timeout == 180 * NS_PER_S);
	assert_true(e->capability_bounding_set == 0);
	/* An allow list from which a later line takes away. */
	assert_list(&e->system_call_filter, "@system-service|~@privileged|~@resources");
	assert_true(exec_has(e, EXEC_FLAG_SYSTEM_CALL_ALLOW));
	/* What DynamicUser= and ProtectClock= bring along. */
	assert_true(exec_has(e, EXEC_FLAG_NO_NEW_PRIVILEGES));
	assert_true(exec_has(e, EXEC_FLAG_PRIVATE_TMP));
	assert_true(exec_has(e, EXEC_FLAG_RESTRICT_SUID_SGID));
	assert_list(&unit.cgroup.device_allow, "char-rtc r");
	assert_int_equal(e->stdio[1].target, STDIO_NULL);
	assert_int_equal(e->umask, 0777);
}

static void test_docker(void **state _unused_)
{
	read_as("docker.service", "docker.service");
	assert_list(&unit.dependencies[UNIT_REQUIRES], "docker.socket|sysinit.target");
	assert_list(&unit.commands[EXEC_RELOAD]->arguments, "/bin/kill|-s|HUP|$MAINPID");
	assert_true(unit.service.start_timeout == CLOCK_TIME_MAX);
	assert_true(unit.service.restart_delay == 2 * NS_PER_S);
	/* Old spellings, and in the section where they used to be. */
	assert_true(unit.settings.start_limit_interval == 60 * NS_PER_S);
	assert_int_equal(unit.settings.start_limit_burst, 3);
	assert_true(unit.cgroup.delegate);
	assert_int_equal(unit.cgroup.oom_policy, OOM_POLICY_CONTINUE);
	assert_int_equal(unit.exec.oom_score_adjust, -500);

	read_as("docker.socket", "docker.socket");
	assert_int_equal(unit.socket.listen->kind, SOCKET_STREAM);
	assert_string_equal(unit.socket.listen->address, "/run/docker.sock");
	assert_null(unit.socket.listen->next);
	assert_int_equal(unit.socket.socket_mode, 0660);
	assert_string_equal(unit.socket.socket_user, "root");
	assert_string_equal(unit.socket.socket_group, "docker");
	assert_list(&unit.dependencies[UNIT_TRIGGERS], "docker.service");
	assert_list(&unit.dependencies[UNIT_BEFORE], "docker.service|sockets.target|shutdown.target");
	assert_list(&unit.dependencies[UNIT_REQUIRES], "sysinit.target");
}

static void test_etcd(void **state _unused_)
{
	read_as("etcd.service", "etcd.service");
	assert_list(&unit.exec.environment,
		    "DAEMON_ARGS=|ETCD_NAME=node|ETCD_DATA_DIR=/var/lib/etcd/default");
	assert_list(&unit.exec.environment_files, "-/etc/default/etcd");
	assert_true(unit.permissions_start_only);
	assert_int_equal(unit.commands[EXEC_START]->flags, 0);
	assert_int_equal(unit.service.restart, RESTART_ON_ABNORMAL);
}

static void test_ssh(void **state _unused_)
{
	read_as("ssh.service", "ssh.service");
	assert_true(unit.conditions->negate);
	assert_string_equal(unit.conditions->argument, "/etc/ssh/sshd_not_to_be_run");
	assert_true(unit.restart_prevent_statuses.codes[3] == UINT64_C(1) << 63);
	assert_non_null(unit.commands[EXEC_RELOAD]->next);

	read_as("ssh.socket", "ssh.socket");
	assert_string_equal(unit.socket.listen->address, "22");
	assert_false(unit.socket.flags >> SOCKET_FLAG_ACCEPT & 1);

	read_as("sshd@.service", "sshd@1.service");
	assert_int_equal(unit.exec.stdio[0].target, STDIO_SOCKET);
	assert_int_equal(unit.exec.stdio[1].target, STDIO_SOCKET);
	assert_int_equal(unit.exec.stdio[2].target, STDIO_SOCKET);
	assert_int_equal(unit.exec.runtime_directory_preserve, PRESERVE_YES);
	assert_int_equal(unit.commands[EXEC_START]->flags, EXEC_IGNORE_FAILURE);
}

static void test_timer(void **state _unused_)
{
	read_as("chrony-dnssrv@.timer", "chrony-dnssrv@x.timer");
	assert_int_equal(unit.timer.values->base, TIMER_ON_ACTIVE);
	assert_true(unit.timer.values->span == 0);
	assert_int_equal(unit.timer.values->next->base, TIMER_ON_UNIT_INACTIVE);
	assert_true(unit.timer.values->next->span == 3600 * NS_PER_S);
	assert_list(&unit.dependencies[UNIT_TRIGGERS], "chrony-dnssrv@x.service");
	assert_list(&unit.dependencies[UNIT_BEFORE],
		    "chrony-dnssrv@x.service|timers.target|shutdown.target");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_without_a_fault),
		cmocka_unit_test(test_chrony),
		cmocka_unit_test(test_chrony_wait),
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_etcd),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
