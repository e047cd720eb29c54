// SPDX-License-Identifier: MIT OR Apache-2.0
/* What directives make of their values, kind by kind: supervisor/unit_set_*.c and unit_finish.c. */
#include <errno.h>
#include <netinet/ip.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "supervisor/calendar_parse.h"
#include "supervisor/unit_defaults.h"
#include "supervisor/unit_table.h"

static struct unit_draft unit;
static struct exec_settings *const e = &unit.exec;

static char said[4096];
static struct buf problems;

static void on_problem(void *context _unused_, const struct unit_problem *p)
{
	buf_printf(&problems, "%u " STR_FORMAT ": %s\n", p->line, STR_ARGS(p->key), p->reason);
}

static void begin(const char *name)
{
	enum unit_type type;

	assert_int_equal(unit_name_type(str_from(name), &type), 0);
	unit_draft_begin(&unit, name, type);
	problems = BUF(said);
}

static int setup(void **state _unused_)
{
	begin("a.service");
	return 0;
}

/* Lines of [Service], in which nothing may be wrong. */
static void good(const char *lines)
{
	char text[4096];
	struct buf b = BUF(text);

	buf_printf(&b, "[Service]\n%s\n", lines);
	assert_false(b.overflow);
	if (unit_table_apply(&unit, "FILE", (struct str){ b.p, b.len }, on_problem, NULL) != 0)
		fail_msg("%s", said);
}

static void whole(const char *text)
{
	if (unit_table_apply(&unit, "FILE", str_from(text), on_problem, NULL) != 0)
		fail_msg("%s", said);
}

static void assert_list(const struct text_list *list, const char *expected)
{
	char text[1024];
	struct buf b = BUF(text);

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		buf_printf(&b, "%s%s", b.len > 0 ? "|" : "", item);
	assert_string_equal(text, expected);
}

#define HAS(flag) exec_has(e, EXEC_FLAG_##flag)

static void test_identity(void **state _unused_)
{
	good("User=web\nGroup=www\nSupplementaryGroups=a b\nSupplementaryGroups=c\nDynamicUser=yes\n"
	     "WorkingDirectory=-/srv//web/\nRootDirectory=/srv/./root\nUMask=77");
	assert_string_equal(e->user, "web");
	assert_string_equal(e->group, "www");
	assert_list(&e->supplementary_groups, "a|b|c");
	assert_string_equal(e->working_directory, "-/srv/web");
	assert_string_equal(e->root_directory, "/srv/root");
	assert_int_equal(e->umask, 077);
	assert_true(HAS(DYNAMIC_USER));
	good("WorkingDirectory=~\nRootDirectory=/\nUser=\nSupplementaryGroups=");
	assert_string_equal(e->working_directory, "~");
	assert_null(e->root_directory);
	assert_null(e->user);
	assert_int_equal(e->supplementary_groups.count, 0);
}

static void test_environment(void **state _unused_)
{
	good("Environment=\"A=one two\" 'B=$x'\nEnvironmentFile=-/etc/default/%p\nEnvironmentFile=/etc/x\n"
	     "PassEnvironment=LANG TZ\nUnsetEnvironment=A B=2");
	assert_list(&e->environment, "A=one two|B=$x");
	assert_list(&e->environment_files, "-/etc/default/a|/etc/x");
	assert_list(&e->pass_environment, "LANG|TZ");
	assert_list(&e->unset_environment, "A|B=2");
	good("EnvironmentFile=\nPassEnvironment=");
	assert_int_equal(e->environment_files.count + e->pass_environment.count, 0);
}

static void assert_streams(const char *lines, enum stdio_target in, enum stdio_target out,
			   enum stdio_target error)
{
	begin("a.service");
	good("ExecStart=/bin/a");
	good(lines);
	assert_null(unit_table_finish(&unit));
	if (e->stdio[0].target != in || e->stdio[1].target != out || e->stdio[2].target != error)
		fail_msg("%s: %d %d %d", lines, e->stdio[0].target, e->stdio[1].target,
			 e->stdio[2].target);
}

static void test_streams(void **state _unused_)
{
	assert_streams("", STDIO_NULL, STDIO_JOURNAL, STDIO_JOURNAL);
	assert_streams("StandardInput=tty-force", STDIO_TTY_FORCE, STDIO_TTY, STDIO_TTY);
	assert_streams("StandardInput=socket\nStandardError=journal", STDIO_SOCKET, STDIO_SOCKET,
		       STDIO_JOURNAL);
	assert_streams("StandardInput=file:/a\nStandardOutput=append:/b", STDIO_FILE, STDIO_APPEND,
		       STDIO_APPEND);
	assert_string_equal(e->stdio[2].argument, "/b");
	assert_streams("StandardInput=fd:x", STDIO_FD, STDIO_FD, STDIO_FD);
	assert_string_equal(e->stdio[1].argument, "x");
	assert_streams("StandardOutput=fd", STDIO_NULL, STDIO_FD, STDIO_FD);
	assert_string_equal(e->stdio[1].argument, "stdout");
	assert_streams("StandardOutput=syslog\nStandardError=kmsg+console", STDIO_NULL,
		       STDIO_JOURNAL, STDIO_KMSG_CONSOLE);
	assert_streams("StandardOutput=inherit", STDIO_NULL, STDIO_JOURNAL, STDIO_JOURNAL);

	assert_streams("StandardInputText=one\\ttwo %p\nStandardInputData=AAEC/w==", STDIO_DATA,
		       STDIO_JOURNAL, STDIO_JOURNAL);
	assert_int_equal(e->stdio[0].size, 14);
	assert_memory_equal(e->stdio[0].argument, "one\ttwo a\n\0\1\2\377", 14);
	assert_streams("StandardInputData=QUI=\nStandardInput=null", STDIO_NULL, STDIO_JOURNAL,
		       STDIO_JOURNAL);
	assert_streams("StandardInputData=QUI=\nStandardInput=data", STDIO_DATA, STDIO_JOURNAL,
		       STDIO_JOURNAL);
	assert_memory_equal(e->stdio[0].argument, "AB", 2);
	assert_streams("StandardInputText=x\nStandardInputText=", STDIO_NULL, STDIO_JOURNAL,
		       STDIO_JOURNAL);
}

static void test_logging(void **state _unused_)
{
	good("SyslogIdentifier=%p-x\nSyslogFacility=local7\nSyslogLevel=err\nLogLevelMax=7\nSyslogLevelPrefix=no\n"
	     "TTYPath=/dev/tty1\nTTYReset=yes\nTTYVHangup=yes\nIgnoreSIGPIPE=no");
	assert_string_equal(e->syslog_identifier, "a-x");
	assert_int_equal(e->syslog_facility, 23);
	assert_int_equal(e->syslog_level, 3);
	assert_int_equal(e->log_level_max, 7);
	assert_false(HAS(SYSLOG_LEVEL_PREFIX) || HAS(IGNORE_SIGPIPE));
	assert_true(HAS(TTY_RESET) && HAS(TTY_VHANGUP));
}

static void test_directories(void **state _unused_)
{
	good("RuntimeDirectory=web//one web/two:link/%p\nStateDirectoryMode=02750\n"
	     "RuntimeDirectoryPreserve=yes\nTimeoutCleanSec=5");
	assert_list(&e->directories[EXEC_DIRECTORY_RUNTIME], "web/one|web/two:link/a");
	assert_int_equal(e->directory_modes[EXEC_DIRECTORY_STATE], 02750);
	assert_int_equal(e->runtime_directory_preserve, PRESERVE_YES);
	assert_true(e->timeout_clean == 5 * NS_PER_S);
}

static void test_scheduling(void **state _unused_)
{
	good("CPUSchedulingPolicy=rr\nIOSchedulingClass=realtime\nTimerSlackNSec=50\nCPUAffinity=0 2-3\n"
	     "CPUAffinity=1\nPersonality=x86\nKeyringMode=shared\nCPUSchedulingResetOnFork=yes");
	assert_true(e->cpu_scheduling_set && e->cpu_scheduling_policy == SCHED_RR);
	assert_int_equal(e->cpu_scheduling_priority, 1);
	assert_true(e->io_scheduling_set && e->io_scheduling_class == 1 &&
		    e->io_scheduling_priority == 4);
	assert_true(e->timer_slack == 50);
	assert_string_equal(e->personality, "x86");
	assert_string_equal(e->keyring_mode, "shared");
	good("CPUSchedulingPriority=42\nTimerSlackNSec=1ms\nExecStart=/bin/a");
	assert_int_equal(e->cpu_scheduling_priority, 42);
	assert_true(e->timer_slack == NS_PER_MS);
	assert_null(unit_table_finish(&unit));
	assert_string_equal(e->cpu_affinity, "0-3");

	begin("a.service");
	good("CPUAffinity=1\nCPUAffinity=\nExecStart=/bin/a\nIOSchedulingPriority=7\nOOMScoreAdjust=5\n"
	     "OOMScoreAdjust=");
	assert_int_equal(e->io_scheduling_class, 2);
	assert_false(e->oom_score_adjust_set);
	assert_null(unit_table_finish(&unit));
	assert_null(e->cpu_affinity);
}

static void test_capabilities(void **state _unused_)
{
	good("CapabilityBoundingSet=~CAP_KILL\nAmbientCapabilities=CAP_CHOWN CAP_KILL\n"
	     "AmbientCapabilities=~CAP_KILL\nSecureBits=noroot keep-caps-locked");
	assert_true(e->capability_bounding_set == ~(UINT64_C(1) << CAP_KILL));
	assert_true(e->ambient_capabilities == UINT64_C(1) << CAP_CHOWN);
	assert_int_equal(e->secure_bits, 1 << 0 | 1 << 5);
	good("CapabilityBoundingSet=~\nSecureBits=");
	assert_true(e->capability_bounding_set == UINT64_MAX);
	assert_int_equal(e->secure_bits, 0);
}

static void test_system_calls(void **state _unused_)
{
	good("SystemCallFilter=@system-service read:EPERM\nSystemCallFilter=~@privileged chown\n"
	     "SystemCallErrorNumber=EPERM\nSystemCallLog=~openat\nSystemCallArchitectures=native x86-64 arm64");
	assert_list(&e->system_call_filter, "@system-service|read:EPERM|~@privileged|~chown");
	assert_true(HAS(SYSTEM_CALL_ALLOW));
	assert_int_equal(e->system_call_error_number, EPERM);
	assert_list(&e->system_call_log, "openat");
	assert_false(HAS(SYSTEM_CALL_LOG_ALLOW));
	assert_list(&e->system_call_architectures, "native|x86_64|aarch64");
	/* Begun with a refusal, a later line allows again. */
	good("SystemCallFilter=\nSystemCallFilter=~@mount\nSystemCallFilter=umount2\nSystemCallErrorNumber=kill");
	assert_list(&e->system_call_filter, "@mount|~umount2");
	assert_false(HAS(SYSTEM_CALL_ALLOW));
	assert_int_equal(e->system_call_error_number, 0);
}

static void test_address_families(void **state _unused_)
{
	good("RestrictAddressFamilies=AF_UNIX AF_INET\nRestrictAddressFamilies=~AF_UNIX\n"
	     "RestrictAddressFamilies=AF_INET6");
	assert_list(&e->restrict_address_families, "AF_INET|AF_INET6");
	assert_true(HAS(ADDRESS_FAMILIES_ALLOW) && HAS(ADDRESS_FAMILIES_SET));
	good("RestrictAddressFamilies=none");
	assert_list(&e->restrict_address_families, "");
	assert_true(HAS(ADDRESS_FAMILIES_ALLOW) && HAS(ADDRESS_FAMILIES_SET));
	good("RestrictAddressFamilies=\nRestrictAddressFamilies=~AF_PACKET");
	assert_list(&e->restrict_address_families, "AF_PACKET");
	assert_false(HAS(ADDRESS_FAMILIES_ALLOW));
	good("RestrictAddressFamilies=");
	assert_false(HAS(ADDRESS_FAMILIES_SET));
}

static void test_namespaces(void **state _unused_)
{
	assert_true(e->restrict_namespaces == UINT64_MAX);
	good("RestrictNamespaces=net pid");
	assert_true(e->restrict_namespaces == (CLONE_NEWNET | CLONE_NEWPID));
	good("RestrictNamespaces=user\nRestrictNamespaces=~net");
	assert_true(e->restrict_namespaces == (CLONE_NEWUSER | CLONE_NEWPID));
	good("RestrictNamespaces=yes");
	assert_true(e->restrict_namespaces == 0);
	good("RestrictNamespaces=\nRestrictNamespaces=~user");
	assert_false(e->restrict_namespaces & CLONE_NEWUSER);
	assert_true(e->restrict_namespaces & CLONE_NEWNET);
	good("RestrictNamespaces=no");
	assert_true(e->restrict_namespaces & CLONE_NEWUSER);
}

static void test_file_systems(void **state _unused_)
{
	good("ProtectSystem=full\nProtectHome=tmpfs\nProtectProc=noaccess\nProcSubset=pid\nMountAPIVFS=no\n"
	     "MountFlags=slave\nReadWritePaths=-/a -+/b//c\nReadOnlyDirectories=+/d\nExecPaths=/e\n"
	     "NoExecPaths=/\nInaccessiblePaths=\"/f g\"\nBindPaths=-/h:/i:norbind /j /k:/l\n"
	     "BindReadOnlyPaths=/m::rbind\nTemporaryFileSystem=/n//o:ro,size=1M /p\n"
	     "LoadCredential=key:/etc/key\nSetCredential=pass:a\\x20b");
	assert_int_equal(e->protect_system, PROTECT_SYSTEM_FULL);
	assert_int_equal(e->protect_home, PROTECT_HOME_TMPFS);
	assert_int_equal(e->protect_proc, PROTECT_PROC_NO_ACCESS);
	assert_true(HAS(PROC_SUBSET_PID) && HAS(MOUNT_API_VFS_SET) && !HAS(MOUNT_API_VFS));
	assert_true(e->mount_propagation == MS_SLAVE);
	assert_list(&e->read_write_paths, "-/a|-+/b/c");
	assert_list(&e->read_only_paths, "+/d");
	assert_list(&e->exec_paths, "/e");
	assert_list(&e->no_exec_paths, "/");
	assert_list(&e->inaccessible_paths, "/f g");
	assert_list(&e->bind_paths, "-/h:/i:norbind|/j|/k:/l");
	assert_list(&e->bind_read_only_paths, "/m::rbind");
	assert_list(&e->temporary_file_system, "/n/o:ro,size=1M|/p");
	assert_list(&e->load_credential, "key:/etc/key");
	assert_list(&e->set_credential, "pass:a b");
	good("ProtectSystem=true\nProtectHome=no\nMountAPIVFS=\nReadWritePaths=");
	assert_int_equal(e->protect_system, PROTECT_SYSTEM_YES);
	assert_int_equal(e->protect_home, PROTECT_HOME_NO);
	assert_false(HAS(MOUNT_API_VFS_SET));
	assert_int_equal(e->read_write_paths.count, 0);
}

static void test_what_settings_imply(void **state _unused_)
{
	good("ExecStart=/bin/a\nPrivateDevices=yes\nProtectKernelModules=yes\nDynamicUser=yes\nProtectHome=tmpfs");
	assert_null(unit_table_finish(&unit));
	assert_int_equal(unit.cgroup.device_policy, DEVICE_POLICY_CLOSED);
	assert_false(e->capability_bounding_set & (UINT64_C(1) << CAP_MKNOD | UINT64_C(1) << CAP_SYS_RAWIO |
						   UINT64_C(1) << CAP_SYS_MODULE));
	assert_true(e->capability_bounding_set & UINT64_C(1) << CAP_SYS_TIME);
	assert_int_equal(e->protect_system, PROTECT_SYSTEM_STRICT);
	assert_int_equal(e->protect_home, PROTECT_HOME_TMPFS);
	assert_int_equal(unit.cgroup.oom_policy, OOM_POLICY_STOP);
}

static void test_killing(void **state _unused_)
{
	good("KillMode=mixed\nKillSignal=SIGQUIT\nRestartKillSignal=2\nFinalKillSignal=SIGABRT\nWatchdogSignal=6\n"
	     "SendSIGHUP=yes\nSendSIGKILL=no");
	assert_int_equal(unit.kill.kill_signal, 3);
	assert_int_equal(unit.kill.restart_kill_signal, 2);
	assert_int_equal(unit.kill.final_kill_signal, 6);
	assert_true(unit.kill.send_sighup && !unit.kill.send_sigkill);
	good("RestartKillSignal=");
	assert_int_equal(unit.kill.restart_kill_signal, 0);
}

static void test_resources(void **state _unused_)
{
	good("ExecStart=/bin/a\nSlice=web-%p.slice\nDelegate=cpu memory\nDelegateSubgroup=main\n"
	     "MemoryMin=0\nMemoryLow=1.5K\nMemoryHigh=50%\nMemoryMax=infinity\nMemorySwapMax=0\n"
	     "MemoryZSwapMax=1G\nTasksMax=15%\nCPUWeight=idle\nCPUQuota=150%\nAllowedCPUs=0-1 4\n"
	     "AllowedCPUs=2\nAllowedMemoryNodes=0\nIOWeight=7\nMemoryAccounting=yes");
	assert_null(unit_table_finish(&unit));
	assert_string_equal(unit.cgroup.slice, "web-a.slice");
	assert_true(unit.cgroup.delegate);
	assert_list(&unit.cgroup.delegate_controllers, "cpu|memory");
	assert_string_equal(unit.cgroup.delegate_subgroup, "main");
	assert_int_equal(unit.cgroup.oom_policy, OOM_POLICY_CONTINUE);
	assert_list(&unit.cgroup.attributes,
		    "memory.min=0|memory.low=1536|memory.high=50%|memory.max=max|memory.swap.max=0|"
		    "memory.zswap.max=1073741824|pids.max=15%|cpu.idle=1|cpuset.cpus=0-2,4|cpuset.mems=0|"
		    "io.weight=default 7|cpu.max=150000 100000");
	good("Delegate=yes\nMemoryLow=\nCPUWeight=5");
	assert_int_equal(unit.cgroup.delegate_controllers.count, 0);
	assert_false(text_list_has(&unit.cgroup.attributes, "memory.low=1536"));
	assert_false(text_list_has(&unit.cgroup.attributes, "cpu.idle=1"));
	assert_true(text_list_has(&unit.cgroup.attributes, "cpu.weight=5"));
}

static void assert_cpu_max(const char *lines, const char *expected)
{
	begin("a.service");
	good("ExecStart=/bin/a");
	good(lines);
	assert_null(unit_table_finish(&unit));
	assert_list(&unit.cgroup.attributes, expected);
}

static void test_cpu_quota(void **state _unused_)
{
	assert_cpu_max("CPUQuota=20%\nCPUQuotaPeriodSec=10ms", "cpu.max=2000 10000");
	/* The kernel takes no quota below a millisecond, nor a period above a second. */
	assert_cpu_max("CPUQuota=1%\nCPUQuotaPeriodSec=1ms", "cpu.max=1000 100000");
	assert_cpu_max("CPUQuota=50%\nCPUQuotaPeriodSec=1min", "cpu.max=500000 1000000");
	assert_cpu_max("CPUQuota=12.5%", "cpu.max=12500 100000");
	assert_cpu_max("CPUQuota=12%\nCPUQuota=", "");
}

static void test_devices(void **state _unused_)
{
	good("IODeviceWeight=/dev/sda 5\nIODeviceWeight=/dev/sda 6\nIODeviceWeight=/srv 7\n"
	     "IOReadBandwidthMax=/dev/sda 5M\nIOWriteBandwidthMax=/dev/sda infinity\nIOReadIOPSMax=/dev/sda 1K\n"
	     "IODeviceLatencyTargetSec=/dev/sda 25ms\nDevicePolicy=strict\nDeviceAllow=/dev/kvm\n"
	     "DeviceAllow=block-loop r");
	assert_list(&unit.cgroup.io_device,
		    "io.weight=/dev/sda 6|io.weight=/srv 7|io.max=/dev/sda rbps=5000000|io.max=/dev/sda wbps=max|"
		    "io.max=/dev/sda riops=1000|io.latency=/dev/sda target=25000");
	assert_int_equal(unit.cgroup.device_policy, DEVICE_POLICY_STRICT);
	assert_list(&unit.cgroup.device_allow, "/dev/kvm rwm|block-loop r");
	good("IOReadBandwidthMax=\nIODeviceWeight=\nDeviceAllow=");
	assert_list(&unit.cgroup.io_device, "io.max=/dev/sda wbps=max|io.max=/dev/sda riops=1000|"
					    "io.latency=/dev/sda target=25000");
	assert_int_equal(unit.cgroup.device_allow.count, 0);
}

static void test_service(void **state _unused_)
{
	const struct service_settings *s = &unit.service;

	good("Type=notify-reload\nExitType=cgroup\nRestartMode=direct\nGuessMainPID=no\nPIDFile=web/pid\n"
	     "TimeoutAbortSec=7\nTimeoutStartFailureMode=abort\nTimeoutStopFailureMode=kill\nRuntimeMaxSec=1h\n"
	     "WatchdogSec=30\nReloadSignal=USR1\nFileDescriptorStoreMax=3\nFileDescriptorStorePreserve=yes\n"
	     "Sockets=x.socket y.socket\nNonBlocking=yes\n"
	     "RootDirectoryStartOnly=yes\nOOMPolicy=kill\nRestartForceExitStatus=TEMPFAIL SIGKILL\n"
	     "ExecCondition=/bin/c\nExecStart=/bin/a\nExecStartPost=/bin/b");
	assert_null(unit_table_finish(&unit));
	assert_int_equal(s->type, SERVICE_NOTIFY_RELOAD);
	assert_int_equal(s->exit_type, EXIT_TYPE_CGROUP);
	assert_true(s->restart_direct && !s->guess_main_pid && s->non_blocking);
	assert_string_equal(s->pid_file, "/run/web/pid");
	assert_true(s->abort_timeout == 7 * NS_PER_S && s->runtime_max == 3600 * NS_PER_S);
	assert_true(s->watchdog == 30 * NS_PER_S);
	assert_true(s->start_failure_aborts && !s->start_failure_kills && s->stop_failure_kills);
	assert_int_equal(s->file_descriptor_store_max, 3);
	assert_int_equal(s->file_descriptor_store_preserve, PRESERVE_YES);
	assert_list(&unit.dependencies[UNIT_WANTS], "x.socket|y.socket");
	assert_list(&unit.dependencies[UNIT_AFTER], "x.socket|y.socket");
	assert_int_equal(unit.cgroup.oom_policy, OOM_POLICY_KILL);
	assert_int_equal(s->notify_access, NOTIFY_MAIN);
	assert_true(unit.restart_force_statuses.codes[1] == UINT64_C(1) << (75 - 64));
	good("WatchdogSec=0\nTimeoutAbortSec=");
	assert_true(s->watchdog == CLOCK_TIME_MAX && s->abort_timeout == CLOCK_TIME_MAX);
}

static void test_services_that_cannot_be(void **state _unused_)
{
	static const char *const bad[] = {
		"",
		"Type=oneshot",
		"ExecStop=/bin/a",
		"Type=simple\nExecStop=/bin/a",
		"Type=oneshot\nExecStart=/bin/a\nExitType=cgroup",
	};
	static const char *const fine[] = { "ExecStop=/bin/a\nRemainAfterExit=yes",
					    "Type=oneshot\nExecStart=/bin/a\nRestart=on-failure" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin("a.service");
		good(bad[i]);
		if (!unit_table_finish(&unit))
			fail_msg("\"%s\" is taken", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		begin("a.service");
		good(fine[i]);
		assert_null(unit_table_finish(&unit));
		assert_int_equal(unit.service.type, SERVICE_ONESHOT);
	}
	/* SuccessAction= alone is something to do. */
	begin("a.service");
	whole("[Unit]\nSuccessAction=reboot-force\n[Service]\nType=oneshot\n");
	assert_null(unit_table_finish(&unit));
	assert_int_equal(unit.settings.success_action, ACTION_REBOOT_FORCE);

	begin("a.service");
	good("PermissionsStartOnly=yes\nExecStartPre=/bin/a\nExecStart=/bin/b");
	assert_null(unit_table_finish(&unit));
	assert_int_equal(unit.commands[EXEC_START_PRE]->flags, EXEC_FULLY_PRIVILEGED);
	assert_int_equal(unit.commands[EXEC_START]->flags, 0);

	begin("a.service");
	assert_int_equal(unit_table_apply(&unit, "F", STR("[Service]\nType=dbus\n"), on_problem, NULL),
			 1);
	assert_non_null(strstr(said, "no message bus"));
}

static void test_unit_section(void **state _unused_)
{
	whole("[Unit]\nStopWhenUnneeded=yes\nRefuseManualStart=yes\nRefuseManualStop=yes\nAllowIsolate=yes\n"
	      "IgnoreOnIsolate=yes\nSurviveFinalKillSignal=yes\nCollectMode=inactive-or-failed\n"
	      "OnFailureJobMode=isolate\nStartLimitInterval=5\nStartLimitAction=reboot\nFailureAction=exit\n"
	      "FailureActionExitStatus=7\nJobTimeoutSec=9\nJobTimeoutAction=poweroff-immediate\n"
	      "BindTo=b.service\nAfter=dev-x\\x2dy.service\nWantsMountsFor=/srv\n");
	assert_true(unit.settings.stop_when_unneeded && unit.settings.refuse_manual_start &&
		    unit.settings.refuse_manual_stop && unit.settings.allow_isolate &&
		    unit.settings.ignore_on_isolate && unit.settings.survive_final_kill_signal &&
		    unit.settings.on_failure_isolate);
	assert_true(unit.settings.start_limit_interval == 5 * NS_PER_S);
	assert_int_equal(unit.settings.start_limit_action, ACTION_REBOOT);
	assert_int_equal(unit.settings.failure_action, ACTION_EXIT);
	assert_int_equal(unit.settings.failure_action_exit_status, 7);
	assert_true(unit.settings.job_timeout == 9 * NS_PER_S &&
		    unit.settings.job_running_timeout == 9 * NS_PER_S);
	assert_int_equal(unit.settings.job_timeout_action, ACTION_POWEROFF_IMMEDIATE);
	assert_list(&unit.dependencies[UNIT_BINDS_TO], "b.service");
	assert_list(&unit.dependencies[UNIT_AFTER], "dev-x\\x2dy.service|local-fs.target");
	whole("[Unit]\nJobRunningTimeoutSec=0\nJobTimeoutSec=1\n");
	assert_true(unit.settings.job_running_timeout == CLOCK_TIME_MAX);
}

static void test_conditions(void **state _unused_)
{
	const struct condition *c;

	whole("[Unit]\nConditionPathExists=| !/a//b\nAssertKernelVersion=>= 6\nConditionHost=%p\n");
	c = unit.conditions;
	assert_true(c->trigger && c->negate && !c->assertion);
	assert_int_equal(c->type, CONDITION_PATH_EXISTS);
	assert_string_equal(c->argument, "/a/b");
	c = c->next;
	assert_true(c->assertion && !c->trigger && !c->negate);
	assert_string_equal(c->argument, ">= 6");
	assert_string_equal(c->next->argument, "a");
	/* One empty condition forgets all, but not the assertions. */
	whole("[Unit]\nConditionUser=\n");
	assert_ptr_equal(unit.conditions, c);
	assert_null(c->next);
	assert_int_equal(unit_table_apply(&unit, "F",
					  STR("[Unit]\nConditionPathExists=a\nAssertPathExists=!\n"
					      "ConditionACPower=maybe\nConditionFirmware=bios\n"),
					  on_problem, NULL),
			 4);
	assert_ptr_equal(unit.conditions, c);
	assert_null(c->next);
}

static void test_socket(void **state _unused_)
{
	const struct socket_settings *s = &unit.socket;
	const struct socket_listen *l;

	begin("web.socket");
	whole("[Socket]\nListenStream=80\nListenStream=/run//web.sock\nListenDatagram=127.0.0.1:53\n"
	      "ListenSequentialPacket=@web\nListenFIFO=/run/fifo\nListenSpecial=/dev/x\n"
	      "ListenNetlink=route 1361\nListenMessageQueue=/queue\nListenStream=[fe80::1]:22%%eth0\n"
	      "ListenStream=vsock::1234\nBacklog=5\nBindIPv6Only=ipv6-only\nBindToDevice=eth0\n"
	      "SocketUser=a\nSocketGroup=b\nSocketMode=0600\nDirectoryMode=0700\nSymlinks=/run/a\n"
	      "FileDescriptorName=web\nService=other.service\nKeepAlive=yes\nKeepAliveTimeSec=7\n"
	      "KeepAliveProbes=3\nNoDelay=yes\nPriority=6\nMark=5\nIPTOS=low-delay\nIPTTL=1\nReceiveBuffer=8K\n"
	      "PassCredentials=yes\nTCPCongestion=bbr\nTriggerLimitBurst=4\nPollLimitIntervalSec=3\n"
	      "MessageQueueMaxMessages=9\nTimeoutSec=0\nExecStartPre=/bin/a\nExecStopPre=/bin/b\nUser=u\n"
	      "MaxConnectionsPerSource=2\nRemoveOnStop=yes\nDeferAcceptSec=1\nTransparent=yes\n");
	l = s->listen;
	assert_int_equal(l->kind, SOCKET_STREAM);
	assert_string_equal(l->address, "80");
	l = l->next;
	assert_string_equal(l->address, "/run/web.sock");
	l = l->next->next;
	assert_int_equal(l->kind, SOCKET_SEQPACKET);
	assert_string_equal(l->address, "@web");
	for (int i = 0; i < 5; i++)
		l = l->next;
	assert_string_equal(l->address, "[fe80::1]:22%eth0");
	assert_int_equal(s->backlog, 5);
	assert_int_equal(s->bind_ipv6_only, 1);
	assert_string_equal(s->bind_to_device, "eth0");
	assert_int_equal(s->socket_mode, 0600);
	assert_int_equal(s->directory_mode, 0700);
	assert_list(&s->symlinks, "/run/a");
	assert_string_equal(s->file_descriptor_name, "web");
	assert_string_equal(s->service, "other.service");
	assert_true(s->keep_alive_time == 7 * NS_PER_S && s->keep_alive_probes == 3);
	assert_int_equal(s->priority, 6);
	assert_int_equal(s->mark, 5);
	assert_int_equal(s->ip_tos, IPTOS_LOWDELAY);
	assert_int_equal(s->ip_ttl, 1);
	assert_true(s->receive_buffer == 8192);
	assert_int_equal(s->flags, 1 << SOCKET_FLAG_KEEP_ALIVE | 1 << SOCKET_FLAG_NO_DELAY |
					   1 << SOCKET_FLAG_PASS_CREDENTIALS |
					   1 << SOCKET_FLAG_REMOVE_ON_STOP |
					   1 << SOCKET_FLAG_TRANSPARENT);
	assert_true(s->timeout == CLOCK_TIME_MAX);
	assert_string_equal(unit.commands[EXEC_STOP]->path, "/bin/b");
	assert_string_equal(e->user, "u");
	/* Two paths, and links to one. */
	assert_non_null(unit_table_finish(&unit));
	whole("[Socket]\nListenStream=\nListenStream=/run/x\n");
	assert_null(unit_table_finish(&unit));
	assert_null(unit.socket.listen->next);
}

static void test_addresses_that_are_none(void **state _unused_)
{
	static const char *const bad[] = {
		"ListenStream=0",
		"ListenStream=65536",
		"ListenStream=host:80",
		"ListenStream=1.2.3:80",
		"ListenStream=[::1]",
		"ListenStream=::1:80",
		"ListenStream=@",
		"ListenStream=relative/x",
		"ListenSequentialPacket=80",
		"ListenFIFO=fifo",
		"ListenMessageQueue=/a/b",
		"ListenNetlink=a b c",
		"ListenStream=vsock:x:1",
		"BindToDevice=a/b",
		"FileDescriptorName=a:b",
		"Service=a.socket",
		"IPTTL=0",
		"Mark=-1",
		"Priority=128",
		"SocketMode=8",
		"Symlinks=a",
		"ListenStream=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[512];
		struct buf b = BUF(text);

		begin("web.socket");
		buf_printf(&b, "[Socket]\n%s\n", bad[i]);
		if (unit_table_apply(&unit, "F", (struct str){ b.p, b.len }, on_problem, NULL) != 1)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_null(unit.socket.listen);
	}
}

static const char *finish_socket(const char *lines)
{
	begin("web.socket");
	whole(lines);
	return unit_table_finish(&unit);
}

static void test_sockets_that_cannot_be(void **state _unused_)
{
	assert_non_null(finish_socket("[Socket]\n"));
	assert_non_null(finish_socket("[Socket]\nListenDatagram=80\nAccept=yes\n"));
	assert_non_null(finish_socket("[Socket]\nListenStream=80\nAccept=yes\nService=a.service\n"));
	assert_non_null(finish_socket("[Socket]\nListenStream=80\nAccept=yes\nMaxConnections=0\n"));
	assert_null(finish_socket(
		"[Socket]\nListenStream=80\nListenSequentialPacket=/run/a\nAccept=yes\n"));
}

static void test_timer(void **state _unused_)
{
	const struct timer_value *v;

	begin("web.timer");
	whole("[Timer]\nOnBootSec=1min\nOnCalendar=Mon 06:00\nOnCalendar=daily\nUnit=other.target\nAccuracySec=1us\n"
	      "RandomizedDelaySec=5\nFixedRandomDelay=yes\nPersistent=yes\nWakeSystem=yes\nOnClockChange=yes\n"
	      "RemainAfterElapse=no\nDeferReactivation=yes\n");
	v = unit.timer.values;
	assert_int_equal(v->base, TIMER_ON_BOOT);
	assert_true(v->span == 60 * NS_PER_S);
	assert_int_equal(v->next->calendar->weekdays, 1);
	assert_int_equal(v->next->next->calendar->weekdays, 127);
	assert_string_equal(unit.timer.unit, "other.target");
	assert_true(unit.timer.accuracy == NS_PER_US && unit.timer.randomized_delay == 5 * NS_PER_S);
	assert_true(unit.timer.fixed_random_delay && unit.timer.persistent &&
		    unit.timer.wake_system && unit.timer.on_clock_change &&
		    !unit.timer.remain_after_elapse && unit.timer.defer_reactivation);
	/* Nobody could keep that. */
	assert_non_null(unit_table_finish(&unit));
	whole("[Timer]\nWakeSystem=no\n");
	assert_null(unit_table_finish(&unit));
	whole("[Timer]\nOnActiveSec=\nOnClockChange=no\n");
	assert_null(unit.timer.values);
	assert_non_null(unit_table_finish(&unit));
	assert_int_equal(unit_table_apply(&unit, "F",
					  STR("[Timer]\nOnCalendar=never\nUnit=a.timer\nOnBootSec=x\n"
					      "OnCalendar=daily Europe/Berlin\n"),
					  on_problem, NULL),
			 4);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_environment),
		TEST(test_streams),
		TEST(test_logging),
		TEST(test_directories),
		TEST(test_scheduling),
		TEST(test_capabilities),
		TEST(test_system_calls),
		TEST(test_address_families),
		TEST(test_namespaces),
		TEST(test_file_systems),
		TEST(test_what_settings_imply),
		TEST(test_killing),
		TEST(test_resources),
		TEST(test_cpu_quota),
		TEST(test_devices),
		TEST(test_service),
		TEST(test_services_that_cannot_be),
		TEST(test_unit_section),
		TEST(test_conditions),
		TEST(test_socket),
		TEST(test_addresses_that_are_none),
		TEST(test_sockets_that_cannot_be),
		TEST(test_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
