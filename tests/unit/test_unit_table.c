// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * supervisor/unit_table: what directives do, and what people are told about those that do nothing.
 * containerd's own unit file is read from the fuzzer's corpus; run from the top of the tree, as make does.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/capability.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/unit_table.h"

#define CONTAINERD "tests/fuzz/unit_file/corpus/containerd.service"

static struct unit_draft unit;

/* What was said about the file, one line a problem: "LINE KEY=VALUE: REASON [HINT]". */
static char said[8192];
static struct buf problems;

static void on_problem(void *context, const struct unit_problem *p)
{
	assert_ptr_equal(context, &unit);
	assert_string_equal(p->file, "FILE");
	assert_non_null(p->reason);
	buf_printf(&problems, "%u " STR_FORMAT "=" STR_FORMAT ": %s", p->line, STR_ARGS(p->key),
		   STR_ARGS(p->value), p->reason);
	if (p->hint)
		buf_printf(&problems, " [%s]", p->hint);
	buf_add_char(&problems, '\n');
}

static int setup(void **state _unused_)
{
	unit_draft_begin(&unit, "a.service", UNIT_SERVICE);
	problems = BUF(said);
	return 0;
}

static int apply(struct str text)
{
	return unit_table_apply(&unit, "FILE", text, on_problem, &unit);
}

/* Applies text in which nothing may be wrong. */
static void assert_good(const char *text)
{
	int r = apply(str_from(text));

	if (r != 0)
		fail_msg("%d: %s", r, said);
}

/* Applies one line of [Service] that must be refused. */
static void assert_refused(const char *line)
{
	char text[512];
	struct buf b = BUF(text);

	problems = BUF(said);
	buf_printf(&b, "[Service]\n%s\n", line);
	assert_false(b.overflow);
	if (apply((struct str){ b.p, b.len }) != 1)
		fail_msg("\"%s\" is not refused", line);
	assert_true(str_starts(str_from(said), "2 "));
}

static void assert_list(const struct text_list *list, const char *expected)
{
	char text[512];
	struct buf b = BUF(text);

	for (const char *item = text_list_next(list, NULL); item; item = text_list_next(list, item))
		buf_printf(&b, "%s%s", b.len > 0 ? "|" : "", item);
	assert_string_equal(text, expected);
}

static const struct exec_command *command(enum exec_list list, unsigned index)
{
	const struct exec_command *c = unit.commands[list];

	while (c && index-- > 0)
		c = c->next;
	return c;
}

static void assert_command(enum exec_list list, unsigned index, const char *path,
			   const char *arguments, unsigned flags)
{
	const struct exec_command *c = command(list, index);

	assert_non_null(c);
	assert_string_equal(c->path, path);
	assert_list(&c->arguments, arguments);
	assert_int_equal(c->flags, flags);
}

/* hc-37: Debian's unit, unmodified, without a fault, and what of it matters. */
static void test_containerd_hc_37(void **state _unused_)
{
	const struct service_settings *s = &unit.service;
	static char text[16384];
	ssize_t n = file_read(AT_FDCWD, CONTAINERD, text, sizeof(text));

	assert_true(n > 0);
	unit_draft_begin(&unit, "containerd.service", UNIT_SERVICE);
	assert_good(text);
	assert_null(unit_table_finish(&unit));
	assert_string_equal(unit.description, "containerd container runtime");
	assert_list(&unit.dependencies[UNIT_AFTER], "network.target|local-fs.target|dbus.service");
	assert_command(EXEC_START_PRE, 0, "/sbin/modprobe", "/sbin/modprobe|overlay",
		       EXEC_IGNORE_FAILURE);
	assert_null(command(EXEC_START_PRE, 1));
	assert_command(EXEC_START, 0, "/usr/bin/containerd", "/usr/bin/containerd", 0);
	assert_null(command(EXEC_START, 1));
	assert_int_equal(s->type, SERVICE_NOTIFY);
	assert_int_equal(s->notify_access, NOTIFY_MAIN);
	assert_true(unit.cgroup.delegate);
	assert_int_equal(unit.kill.kill_mode, KILL_PROCESS);
	assert_int_equal(s->restart, RESTART_ALWAYS);
	assert_true(s->restart_delay == 5 * NS_PER_S);
	assert_int_equal(unit.exec.limits_set,
			 1U << RLIMIT_NPROC | 1U << RLIMIT_CORE | 1U << RLIMIT_NOFILE);
	assert_true(unit.limits[RLIMIT_NOFILE].rlim_max == RLIM_INFINITY);
	assert_list(&unit.cgroup.attributes, "pids.max=max");
	assert_true(unit.exec.oom_score_adjust_set);
	assert_int_equal(unit.exec.oom_score_adjust, -999);
	/* What it does not say is systemd's default. */
	assert_true(s->start_timeout == 90 * NS_PER_S);
	assert_int_equal(unit.exec.stdio[1].target, STDIO_JOURNAL);
	assert_int_equal(unit.exec.stdio[2].target, STDIO_JOURNAL);
	assert_int_equal(unit.exec.umask, 0022);
	assert_int_equal(unit.settings.start_limit_burst, 5);
}

static void test_all_kinds(void **state _unused_)
{
	const struct service_settings *s = &unit.service;

	assert_good("[Unit]\n"
		    "Description=A %p and 100%%\n"
		    "Wants=b.service c.service\nWants=d.service\n"
		    "BindsTo=e.service\nPartOf=f.target\nConflicts=g.service\nBefore=h.service\n"
		    "DefaultDependencies=no\n"
		    "StartLimitIntervalSec=1min\nStartLimitBurst=3\n"
		    "Documentation=man:x(8)\n"
		    "[Service]\n"
		    "Type=oneshot\nRemainAfterExit=yes\n"
		    "ExecStart=/bin/true\n"
		    "Restart=on-failure\nRestartSec=200ms\nRestartSteps=4\nRestartMaxDelaySec=1min\n"
		    "RestartPreventExitStatus=3 SIGKILL\nSuccessExitStatus=143 SIGUSR1\n"
		    "TimeoutStartSec=3\nTimeoutStopSec=0\n"
		    "NotifyAccess=exec\nKillMode=mixed\nKillSignal=SIGINT\nSendSIGKILL=no\n"
		    "Environment=A=1 \"B=two words\" C=\nEnvironment=D=%n\n"
		    "WorkingDirectory=/var/lib/%p\n"
		    "StandardInput=null\nStandardOutput=journal+console\nStandardError=kmsg\n"
		    "UMask=0077\nNice=-5\nOOMScoreAdjust=1000\nNoNewPrivileges=yes\n"
		    "CapabilityBoundingSet=CAP_KILL cap_sys_time\nAmbientCapabilities=CAP_KILL\n"
		    "SystemCallFilter=read write\nSystemCallFilter=openat\n"
		    "SELinuxContext=system_u:system_r:container_runtime_t:s0\n"
		    "LimitNOFILE=10:20\nDelegate=no\n"
		    "MemoryMax=1G\nMemoryHigh=infinity\nMemoryLow=4096\nTasksMax=7\nCPUWeight=10000\n"
		    "[Install]\nWantedBy=multi-user.target\nAlias=x.service\n");
	assert_null(unit_table_finish(&unit));
	assert_string_equal(unit.description, "A a and 100%");
	assert_list(&unit.dependencies[UNIT_WANTS], "b.service|c.service|d.service");
	assert_list(&unit.dependencies[UNIT_BINDS_TO], "e.service");
	assert_list(&unit.dependencies[UNIT_PART_OF], "f.target");
	assert_list(&unit.dependencies[UNIT_CONFLICTS], "g.service");
	assert_list(&unit.dependencies[UNIT_BEFORE], "h.service");
	assert_false(unit.settings.default_dependencies);
	assert_true(unit.settings.start_limit_interval == 60 * NS_PER_S);
	assert_int_equal(unit.settings.start_limit_burst, 3);
	assert_int_equal(s->type, SERVICE_ONESHOT);
	assert_true(s->remain_after_exit);
	assert_int_equal(s->restart, RESTART_ON_FAILURE);
	assert_true(s->restart_delay == 200 * NS_PER_MS && s->restart_delay_max == 60 * NS_PER_S);
	assert_int_equal(s->restart_steps, 4);
	assert_true(unit.restart_prevent_statuses.codes[0] == 1 << 3);
	assert_true(unit.restart_prevent_statuses.signals == 1U << (SIGKILL - 1));
	assert_true(unit.success_statuses.codes[143 / 64] == UINT64_C(1) << 143 % 64);
	assert_true(unit.success_statuses.signals == 1U << (SIGUSR1 - 1));
	assert_true(s->start_timeout == 3 * NS_PER_S);
	assert_true(s->stop_timeout == CLOCK_TIME_MAX);
	assert_int_equal(s->notify_access, NOTIFY_EXEC);
	assert_int_equal(unit.kill.kill_mode, KILL_MIXED);
	assert_int_equal(unit.kill.kill_signal, SIGINT);
	assert_false(unit.kill.send_sigkill);
	assert_list(&unit.exec.environment, "A=1|B=two words|C=|D=a.service");
	assert_string_equal(unit.exec.working_directory, "/var/lib/a");
	assert_int_equal(unit.exec.stdio[1].target, STDIO_JOURNAL_CONSOLE);
	assert_int_equal(unit.exec.stdio[2].target, STDIO_KMSG);
	assert_int_equal(unit.exec.umask, 0077);
	assert_true(unit.exec.nice_set && unit.exec.nice == -5);
	assert_true(unit.exec.oom_score_adjust_set && unit.exec.oom_score_adjust == 1000);
	assert_true(exec_has(&unit.exec, EXEC_FLAG_NO_NEW_PRIVILEGES));
	assert_true(unit.exec.capability_bounding_set ==
		    (UINT64_C(1) << CAP_KILL | UINT64_C(1) << CAP_SYS_TIME));
	assert_true(unit.exec.ambient_capabilities == UINT64_C(1) << CAP_KILL);
	assert_list(&unit.exec.system_call_filter, "read|write|openat");
	assert_true(exec_has(&unit.exec, EXEC_FLAG_SYSTEM_CALL_ALLOW));
	assert_string_equal(unit.exec.selinux_context, "system_u:system_r:container_runtime_t:s0");
	assert_int_equal(unit.limits[RLIMIT_NOFILE].rlim_cur, 10);
	assert_int_equal(unit.limits[RLIMIT_NOFILE].rlim_max, 20);
	assert_list(&unit.cgroup.attributes, "memory.max=1073741824|memory.high=max|memory.low=4096|"
					     "pids.max=7|cpu.weight=10000");
}

static void test_unknown_directive_has_a_hint(void **state _unused_)
{
	assert_int_equal(apply(STR("[Unit]\nDescripton=x\nRequries=y\n"
				   "[Service]\nExecStrat=/bin/true\nPAMName=login\nrestart=no\n")),
			 5);
	assert_string_equal(said,
			    "2 Descripton=x: is a directive that Orlop does not support; ignored [Description]\n"
			    "3 Requries=y: is a directive that Orlop does not support; ignored [Requires]\n"
			    "5 ExecStrat=/bin/true: is a directive that Orlop does not support; ignored [ExecStart]\n"
			    "6 PAMName=login: is a directive that Orlop does not support; ignored\n"
			    "7 restart=no: is a directive that Orlop does not support; ignored [Restart]\n");
}

static void test_directives_of_others(void **state _unused_)
{
	/* X- is nobody's business, and so is a section that begins so. */
	assert_good("[X-Vendor]\nAnything=1\n[Unit]\nX-Note=2\n[Service]\nExecStart=/bin/true\n");
	assert_int_equal(apply(STR("[Socket]\nListenStream=80\n")), 1);
	assert_string_equal(said, "2 Socket=: is a section that this unit type does not have\n");
	/* A directive of another section is unknown here. */
	problems = BUF(said);
	assert_int_equal(apply(STR("[Service]\nAfter=x.service\n")), 1);

	problems = BUF(said);
	unit_draft_begin(&unit, "a.target", UNIT_TARGET);
	assert_int_equal(apply(STR("[Unit]\nWants=x.service\n[Service]\nType=simple\n")), 1);
	assert_null(unit_table_finish(&unit));
}

static void test_lines_that_are_none(void **state _unused_)
{
	assert_int_equal(apply(STR("Early=1\n[Service]\nwhat is this\nType=notify\n")), 2);
	assert_string_equal(said, "1 =: stands before the first [Section]\n"
				  "3 =: is neither a [Section], a KEY=VALUE nor a comment\n");
	/* What stands around them counts. */
	assert_int_equal(unit.service.type, SERVICE_NOTIFY);
}

/* hc-46: a value that is refused changes nothing, as if the line were not there. */
static void test_bad_values_keep_the_old_hc_46(void **state _unused_)
{
	static const char *const bad[] = {
		"Type=dbus",
		"Type=",
		"Restart=sometimes",
		"RestartSec=soon",
		"RestartSec=-1",
		"RestartSteps=-1",
		"RestartSteps=4294967296",
		"RestartPreventExitStatus=256",
		"SuccessExitStatus=1 SIGNOTHING",
		"TimeoutStartSec=later",
		"TimeoutSec=x",
		"NotifyAccess=everybody",
		"NotifyAccess=",
		"KillMode=group",
		"KillSignal=SIGNOTHING",
		"KillSignal=0",
		"SendSIGKILL=perhaps",
		"Environment=novalue",
		"Environment=GOOD=1 =bad",
		"Environment=1A=2",
		"Environment=\"open",
		"EnvironmentFile=relative",
		"PassEnvironment=A-B",
		"WorkingDirectory=relative",
		"WorkingDirectory=/a/../b",
		"RootDirectory=a",
		"StandardInput=journal",
		"StandardInput=append:/x",
		"StandardOutput=data",
		"StandardOutput=tty-force",
		"StandardError=file:x",
		"StandardOutput=null:x",
		"StandardOutput=fd:a:b",
		"StandardInputData=!",
		"StandardInputData=QQ=",
		"StandardInputText=\\q",
		"TTYPath=tty1",
		"SyslogFacility=local8",
		"LogLevelMax=loud",
		"UMask=0788",
		"UMask=01777",
		"UMask=",
		"Nice=20",
		"Nice=-21",
		"Nice=x",
		"OOMScoreAdjust=1001",
		"OOMScoreAdjust=-1001",
		"CPUSchedulingPolicy=fast",
		"CPUSchedulingPriority=100",
		"IOSchedulingClass=best",
		"IOSchedulingPriority=8",
		"CPUAffinity=0-",
		"CPUAffinity=5000",
		"TimerSlackNSec=x",
		"Personality=vax",
		"KeyringMode=public",
		"User=a:b",
		"User=-a",
		"SupplementaryGroups=a b/c",
		"RuntimeDirectory=/run/a",
		"RuntimeDirectory=../a",
		"StateDirectory=private",
		"StateDirectory=a:b:c",
		"ConfigurationDirectory=a:b",
		"RuntimeDirectoryMode=9",
		"RuntimeDirectoryPreserve=maybe",
		"NoNewPrivileges=2",
		"CapabilityBoundingSet=CAP_NOTHING",
		"CapabilityBoundingSet=CAP_KILL CAP_NOTHING",
		"SecureBits=root",
		"SystemCallFilter=@nothing",
		"SystemCallFilter=read:EWHAT",
		"SystemCallFilter=Read",
		"SystemCallErrorNumber=EWHAT",
		"SystemCallErrorNumber=0",
		"SystemCallArchitectures=vax",
		"RestrictAddressFamilies=AF_NOTHING",
		"RestrictNamespaces=all",
		"ProtectSystem=some",
		"ProtectHome=away",
		"ProtectProc=all",
		"ProcSubset=none",
		"PrivateTmp=disconnected",
		"MountFlags=rshared",
		"ReadWritePaths=relative",
		"ReadWritePaths=+-/a",
		"ReadOnlyPaths=/a/../b",
		"BindPaths=/a:b",
		"BindPaths=/a:/b:ro",
		"TemporaryFileSystem=a",
		"LoadCredential=a",
		"LoadCredential=a:b",
		"SetCredential=a",
		"LimitNOFILE=5:4",
		"LimitNOFILE=some",
		"Delegate=gpu",
		"Delegate=",
		"Slice=a.service",
		"Slice=a--b.slice",
		"DelegateSubgroup=a/b",
		"MemoryMax=much",
		"MemoryMax=-1",
		"MemoryMax=0",
		"MemoryMax=101%",
		"MemoryMax=0%",
		"TasksMax=0",
		"TasksMax=5K",
		"TasksMax=150%",
		"CPUWeight=0",
		"CPUWeight=10001",
		"CPUQuota=20",
		"CPUQuota=0%",
		"CPUQuota=-5%",
		"AllowedCPUs=x",
		"IOWeight=0",
		"IODeviceWeight=/dev/sda",
		"IODeviceWeight=sda 5",
		"IOReadBandwidthMax=/dev/sda",
		"IOReadBandwidthMax=/dev/sda x",
		"IOReadIOPSMax=/dev/sda 0",
		"DevicePolicy=open",
		"DeviceAllow=/etc/passwd r",
		"DeviceAllow=/dev/null rx",
		"DeviceAllow=/dev/null rr",
		"OOMPolicy=die",
		"PIDFile=../x",
		"FileDescriptorStorePreserve=maybe",
		"Sockets=a.service",
		"RestartMode=crooked",
		"TimeoutStartFailureMode=burn",
		"ExitType=all",
		"ExecStart=relative/path",
		"ExecStart=\"open",
		"ExecStart=/bin/echo %Q",
		"ExecStart=-",
		"ExecStart=@/bin/sh",
		"ExecStart=/bin/true ; relative/path",
		"ExecStart=\"\"",
		"ExecStart=/bin/",
		"ExecStart=--/bin/true",
		"ExecStart=+!/bin/true",
		"ExecStart=!!!/bin/true",
		"ExecStart=|/bin/true",
		"StartLimitAction=explode",
		"StartLimitBurst=many",
	};
	static struct unit_draft before;

	assert_good("[Service]\nType=notify\nRestart=always\nEnvironment=OLD=1\nSystemCallFilter=read\n"
		    "ExecStart=/bin/old\nLimitNOFILE=3:4\nUMask=027\n");
	before = unit;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_refused(bad[i]);
		/* Its arena may have grown; nothing leads to what is new there. */
		if (memcmp(&before, &unit, offsetof(struct unit_draft, text)) != 0)
			fail_msg("\"%s\" has left something behind", bad[i]);
	}
	assert_list(&unit.exec.environment, "OLD=1");
	assert_command(EXEC_START, 0, "/bin/old", "/bin/old", 0);
	/* The good half of a bad line does not count either. */
	problems = BUF(said);
	assert_int_equal(apply(STR("[Unit]\nAfter=good.service %Q\nWants=good.service \"open\n")), 2);
	assert_list(&unit.dependencies[UNIT_AFTER], "");
	assert_list(&unit.dependencies[UNIT_WANTS], "");
}

static void test_exec_prefixes(void **state _unused_)
{
	assert_good("[Service]\n"
		    "ExecStartPre=-/bin/a\n"
		    "ExecStartPre=:/bin/b $X\n"
		    "ExecStartPre=+/bin/c\n"
		    "ExecStartPre=!!/bin/d\n"
		    "ExecStartPre=-:+/bin/e\n"
		    "ExecStartPre=@/bin/f other-name arg\n"
		    "ExecStartPre=- /bin/g\n"
		    "ExecStartPre=!-/bin/h\n"
		    "ExecStart=sleep 1\n");
	assert_command(EXEC_START_PRE, 0, "/bin/a", "/bin/a", EXEC_IGNORE_FAILURE);
	assert_command(EXEC_START_PRE, 1, "/bin/b", "/bin/b|$X", EXEC_NO_EXPANSION);
	assert_command(EXEC_START_PRE, 2, "/bin/c", "/bin/c", EXEC_FULLY_PRIVILEGED);
	/* For kernels without ambient capabilities only, of which there are none any more. */
	assert_command(EXEC_START_PRE, 3, "/bin/d", "/bin/d", 0);
	assert_command(EXEC_START_PRE, 4, "/bin/e", "/bin/e",
		       EXEC_IGNORE_FAILURE | EXEC_NO_EXPANSION | EXEC_FULLY_PRIVILEGED);
	assert_command(EXEC_START_PRE, 5, "/bin/f", "other-name|arg", 0);
	assert_command(EXEC_START_PRE, 6, "/bin/g", "/bin/g", EXEC_IGNORE_FAILURE);
	assert_command(EXEC_START_PRE, 7, "/bin/h", "/bin/h", EXEC_IGNORE_FAILURE | EXEC_KEEP_IDENTITY);
	assert_command(EXEC_START, 0, "sleep", "sleep|1", 0);
}

static void test_command_lines(void **state _unused_)
{
	assert_good("[Service]\n"
		    "Type=oneshot\n"
		    "ExecStart=/bin/a 'one two' %n \\; x ; /bin/b\n"
		    "ExecStart=/bin/c; not-a-separator\n"
		    "ExecStart=/bin/d ;e\n");
	assert_command(EXEC_START, 0, "/bin/a", "/bin/a|one two|a.service|;|x", 0);
	assert_command(EXEC_START, 1, "/bin/b", "/bin/b", 0);
	assert_command(EXEC_START, 2, "/bin/c;", "/bin/c;|not-a-separator", 0);
	assert_command(EXEC_START, 3, "/bin/d", "/bin/d|;e", 0);
	assert_null(command(EXEC_START, 4));
}

/* A drop-in is applied over the file: empty values reset lists, others add or replace. */
static void test_drop_in_resets(void **state _unused_)
{
	assert_good("[Unit]\nAfter=a.service\n"
		    "[Service]\nExecStart=/bin/old\nEnvironment=A=1\nSuccessExitStatus=1\n"
		    "MemoryMax=1G\nCapabilityBoundingSet=CAP_KILL\nSystemCallFilter=read\nRestart=always\n");
	assert_good("[Unit]\nAfter=\nAfter=b.service\n"
		    "[Service]\nExecStart=\nExecStart=/bin/new\nEnvironment=\nEnvironment=B=2\n"
		    "SuccessExitStatus=\nSuccessExitStatus=2\nMemoryMax=\n"
		    "CapabilityBoundingSet=\nSystemCallFilter=\nSystemCallFilter=~write\n");
	/* Dependencies cannot be taken away (systemd.unit(5)). */
	assert_list(&unit.dependencies[UNIT_AFTER], "a.service|b.service");
	assert_command(EXEC_START, 0, "/bin/new", "/bin/new", 0);
	assert_null(command(EXEC_START, 1));
	assert_list(&unit.exec.environment, "B=2");
	assert_true(unit.success_statuses.codes[0] == 1 << 2);
	assert_int_equal(unit.cgroup.attributes.count, 0);
	assert_true(unit.exec.capability_bounding_set == 0);
	assert_list(&unit.exec.system_call_filter, "write");
	assert_false(exec_has(&unit.exec, EXEC_FLAG_SYSTEM_CALL_ALLOW));
	assert_int_equal(unit.service.restart, RESTART_ALWAYS);
}

static void test_capabilities_add_and_remove(void **state _unused_)
{
	uint64_t kill = UINT64_C(1) << CAP_KILL;
	uint64_t time = UINT64_C(1) << CAP_SYS_TIME;

	assert_good("[Service]\nCapabilityBoundingSet=~CAP_KILL\n");
	assert_true(unit.exec.capability_bounding_set == ~kill);
	assert_good("[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_KILL\n"
		    "CapabilityBoundingSet=CAP_SYS_TIME\nCapabilityBoundingSet=~CAP_KILL\n");
	assert_true(unit.exec.capability_bounding_set == time);
}

static void test_timeouts(void **state _unused_)
{
	const struct service_settings *s = &unit.service;

	assert_good("[Service]\nTimeoutSec=30\n");
	assert_true(s->start_timeout == 30 * NS_PER_S && s->stop_timeout == 30 * NS_PER_S);
	assert_good("[Service]\nTimeoutSec=infinity\n");
	assert_true(s->start_timeout == CLOCK_TIME_MAX && s->stop_timeout == CLOCK_TIME_MAX);
	assert_good("[Service]\nTimeoutStartSec=0\n");
	assert_true(s->start_timeout == CLOCK_TIME_MAX);
}

static const char *finish(const char *text)
{
	unit_draft_begin(&unit, "a.service", UNIT_SERVICE);
	assert_good(text);
	return unit_table_finish(&unit);
}

static void test_finish(void **state _unused_)
{
	assert_non_null(finish("[Service]\nType=simple\n"));
	assert_non_null(finish("[Service]\nType=oneshot\n"));
	assert_non_null(finish("[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n"));
	assert_non_null(finish("[Service]\nType=oneshot\nExecStart=/bin/a\nRestart=always\n"));
	assert_non_null(finish("[Service]\nType=oneshot\nExecStart=/bin/a\nRestart=on-success\n"));
	assert_null(finish("[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n"));
	assert_null(finish("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/a\n"));

	/* A oneshot may take as long as it wants, unless it says otherwise. */
	assert_null(finish("[Service]\nType=oneshot\nExecStart=/bin/a\n"));
	assert_true(unit.service.start_timeout == CLOCK_TIME_MAX);
	assert_null(finish("[Service]\nType=oneshot\nExecStart=/bin/a\nTimeoutStartSec=5\n"));
	assert_true(unit.service.start_timeout == 5 * NS_PER_S);

	/* Standard error goes where standard output goes. */
	assert_null(finish("[Service]\nExecStart=/bin/a\nStandardOutput=null\n"));
	assert_int_equal(unit.exec.stdio[2].target, STDIO_NULL);
	assert_int_equal(unit.service.notify_access, NOTIFY_NONE);
	assert_null(finish("[Unit]\nDescription=\n[Service]\nExecStart=/bin/a\n"));
	assert_string_equal(unit.description, "a.service");
}

/* A full draft is an error of the unit, not of the line. */
static void test_draft_is_full(void **state _unused_)
{
	unit.text.size = 16;
	assert_int_equal(apply(STR("[Unit]\nDescription=longer than sixteen bytes\n")), -ENOSPC);
	unit.text.used = 0;
	assert_int_equal(apply(STR("[Service]\nExecStart=/bin/longer-than-sixteen-bytes\n")), -ENOSPC);
	unit.text.used = 0;
	assert_int_equal(apply(STR("[Service]\nEnvironment=LONGER=than-sixteen-bytes\n")), -ENOSPC);
	unit.text.used = 0;
	assert_int_equal(apply(STR("[Unit]\nAfter=longer-than-sixteen-bytes.service\n")), -ENOSPC);
	unit.text.used = 0;
	assert_int_equal(apply(STR("[Unit]\nConditionPathExists=/a\n")), -ENOSPC);
}

static void test_table_is_listed_once(void **state _unused_)
{
	struct unit_table_entry entry;
	size_t count = 0;

	for (; unit_table_next(count, &entry); count++) {
		assert_true(*entry.expects);
		for (size_t i = 0; i < count; i++) {
			struct unit_table_entry other;

			assert_true(unit_table_next(i, &other));
			if (strcmp(entry.name, other.name) == 0 &&
			    strcmp(entry.section, other.section) == 0)
				fail_msg("%s is there twice", entry.name);
		}
	}
	assert_true(count > 300);
}

static void test_names(void **state _unused_)
{
	enum unit_type type;
	char name[UNIT_NAME_SIZE + 8];

	assert_int_equal(unit_name_type(STR("a.service"), &type), 0);
	assert_int_equal(type, UNIT_SERVICE);
	assert_int_equal(unit_name_type(STR("a@b\\x2d-c_d:e.target"), &type), 0);
	assert_int_equal(type, UNIT_TARGET);
	assert_int_equal(unit_name_type(STR("a.socket"), &type), 0);
	assert_int_equal(type, UNIT_SOCKET);
	assert_int_equal(unit_name_type(STR("a.timer"), &type), 0);
	assert_int_equal(type, UNIT_TIMER);
	assert_int_equal(unit_name_type(STR("a.mount"), &type), -ENOTSUP);
	assert_int_equal(unit_name_type(STR("-.slice"), &type), -ENOTSUP);
	assert_int_equal(unit_name_type(STR(""), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("a"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("a.unknown"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("../a.service"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR(".service"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("a b.service"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("a\0b.service"), &type), -EINVAL);
	assert_int_equal(unit_name_type(STR("a/b.service"), &type), -EINVAL);

	memset(name, 'a', sizeof(name));
	memcpy(name + UNIT_NAME_SIZE - 1 - 8, ".service", 8);
	assert_int_equal(unit_name_type((struct str){ name, UNIT_NAME_SIZE - 1 }, &type), 0);
	memset(name, 'a', sizeof(name));
	memcpy(name + UNIT_NAME_SIZE - 8, ".service", 8);
	assert_int_equal(unit_name_type((struct str){ name, UNIT_NAME_SIZE }, &type), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_containerd_hc_37),
		TEST(test_all_kinds),
		TEST(test_unknown_directive_has_a_hint),
		TEST(test_directives_of_others),
		TEST(test_lines_that_are_none),
		TEST(test_bad_values_keep_the_old_hc_46),
		TEST(test_exec_prefixes),
		TEST(test_command_lines),
		TEST(test_drop_in_resets),
		TEST(test_capabilities_add_and_remove),
		TEST(test_timeouts),
		TEST(test_finish),
		TEST(test_draft_is_full),
		TEST(test_table_is_listed_once),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
