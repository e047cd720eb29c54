// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a unit file says about its processes: who they are, what they may and what they see
 * (systemd.exec(5)), how they are killed (systemd.kill(5)) and what they may use
 * (systemd.resource-control(5)). Plain data, filled while units are loaded and then constant; equal
 * settings of several units are one object. Fields carry the names of the directives that set them.
 * A value of zero is the directive's default unless the field says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "lib/clock.h"
#include "supervisor/text.h"

/* Where a standard stream goes. "journal" is orlop-logd's file of the unit. */
enum stdio_target {
	STDIO_INHERIT,
	STDIO_NULL,
	STDIO_JOURNAL,
	STDIO_JOURNAL_CONSOLE,
	STDIO_KMSG,
	STDIO_KMSG_CONSOLE,
	STDIO_TTY,
	STDIO_TTY_FORCE,
	STDIO_TTY_FAIL,
	STDIO_SOCKET,	/* the connection or socket that started the service */
	STDIO_FILE,	/* file:PATH */
	STDIO_APPEND,	/* append:PATH */
	STDIO_TRUNCATE, /* truncate:PATH */
	STDIO_FD,	/* fd:NAME, of the unit's own sockets */
	STDIO_DATA,	/* StandardInputText=, StandardInputData= */
};

struct stdio_settings {
	enum stdio_target target;
	const char *argument; /* the path or the name of STDIO_FILE to STDIO_FD, the bytes of STDIO_DATA */
	uint32_t size;	      /* of the bytes of STDIO_DATA */
};

enum exec_directory {
	EXEC_DIRECTORY_RUNTIME,	      /* /run */
	EXEC_DIRECTORY_STATE,	      /* /var/lib */
	EXEC_DIRECTORY_CACHE,	      /* /var/cache */
	EXEC_DIRECTORY_LOGS,	      /* /var/log */
	EXEC_DIRECTORY_CONFIGURATION, /* /etc */
	EXEC_DIRECTORY_COUNT,
};

enum preserve_mode {
	PRESERVE_NO,
	PRESERVE_YES,
	PRESERVE_RESTART,
};

enum protect_system {
	PROTECT_SYSTEM_NO,
	PROTECT_SYSTEM_YES,
	PROTECT_SYSTEM_FULL,
	PROTECT_SYSTEM_STRICT,
};

enum protect_home {
	PROTECT_HOME_NO,
	PROTECT_HOME_YES,
	PROTECT_HOME_READ_ONLY,
	PROTECT_HOME_TMPFS,
};

enum protect_proc {
	PROTECT_PROC_DEFAULT,
	PROTECT_PROC_NO_ACCESS,
	PROTECT_PROC_INVISIBLE,
	PROTECT_PROC_PTRACEABLE,
};

/* A bit each, in exec_settings.flags: the directives that are yes or no. */
enum exec_flag {
	EXEC_FLAG_DYNAMIC_USER,
	EXEC_FLAG_NO_NEW_PRIVILEGES,
	EXEC_FLAG_IGNORE_SIGPIPE, /* default: yes */
	EXEC_FLAG_CPU_RESET_ON_FORK,
	EXEC_FLAG_TTY_RESET,
	EXEC_FLAG_TTY_VHANGUP,
	EXEC_FLAG_PRIVATE_TMP,
	EXEC_FLAG_PRIVATE_DEVICES,
	EXEC_FLAG_PRIVATE_NETWORK,
	EXEC_FLAG_PRIVATE_IPC,
	EXEC_FLAG_PRIVATE_MOUNTS,
	EXEC_FLAG_PRIVATE_USERS,
	EXEC_FLAG_PROTECT_KERNEL_TUNABLES,
	EXEC_FLAG_PROTECT_KERNEL_MODULES,
	EXEC_FLAG_PROTECT_KERNEL_LOGS,
	EXEC_FLAG_PROTECT_CONTROL_GROUPS,
	EXEC_FLAG_PROTECT_CLOCK,
	EXEC_FLAG_PROTECT_HOSTNAME,
	EXEC_FLAG_PROC_SUBSET_PID,
	EXEC_FLAG_MOUNT_API_VFS,
	EXEC_FLAG_MOUNT_API_VFS_SET,
	EXEC_FLAG_RESTRICT_REALTIME,
	EXEC_FLAG_RESTRICT_SUID_SGID,
	EXEC_FLAG_LOCK_PERSONALITY,
	EXEC_FLAG_MEMORY_DENY_WRITE_EXECUTE,
	EXEC_FLAG_SYSTEM_CALL_ALLOW, /* SystemCallFilter= lists what is allowed, not what is refused */
	EXEC_FLAG_SYSTEM_CALL_LOG_ALLOW,  /* the same of SystemCallLog= */
	EXEC_FLAG_ADDRESS_FAMILIES_ALLOW, /* the same of RestrictAddressFamilies= */
	EXEC_FLAG_ADDRESS_FAMILIES_SET,	  /* RestrictAddressFamilies= is there, even if "none" */
	EXEC_FLAG_SYSLOG_LEVEL_PREFIX,	  /* default: yes */
};

struct exec_settings {
	uint64_t flags; /* 1 << enum exec_flag */

	const char *user;
	const char *group;
	struct text_list supplementary_groups;
	const char *working_directory; /* "~" is the user's home; a leading "-" lets it be missing */
	const char *root_directory;
	uint32_t umask;

	struct stdio_settings stdio[3];
	const char *tty_path;
	const char *syslog_identifier;
	int8_t syslog_facility; /* -1: unset */
	int8_t syslog_level;	/* -1: unset */
	int8_t log_level_max;	/* -1: unset */

	struct text_list environment;
	struct text_list environment_files; /* paths; a leading "-" lets one be missing */
	struct text_list pass_environment;
	struct text_list unset_environment;

	struct text_list directories[EXEC_DIRECTORY_COUNT]; /* "NAME" or "NAME:SYMLINK" */
	uint16_t directory_modes[EXEC_DIRECTORY_COUNT];
	enum preserve_mode runtime_directory_preserve;
	uint64_t timeout_clean; /* ns */

	uint32_t limits_set;	     /* a bit a resource */
	const struct rlimit *limits; /* RLIM_NLIMITS of them, or NULL */
	bool nice_set;
	bool oom_score_adjust_set;
	bool cpu_scheduling_set;
	bool io_scheduling_set;
	int8_t nice;
	int16_t oom_score_adjust;
	uint8_t cpu_scheduling_policy; /* SCHED_… */
	uint8_t cpu_scheduling_priority;
	uint8_t io_scheduling_class;
	uint8_t io_scheduling_priority;
	uint64_t timer_slack;	  /* ns, CLOCK_TIME_MAX: unset */
	const char *cpu_affinity; /* a list such as "0-3,8", or NULL */
	const char *personality;  /* as systemd names architectures: "x86-64" */
	const char *keyring_mode; /* "inherit", "private", "shared", or NULL */

	uint64_t capability_bounding_set; /* a bit a capability; all ones: unset */
	uint64_t ambient_capabilities;
	uint32_t secure_bits;
	const char *selinux_context; /* a leading "-" lets it fail */

	/* Names and @groups, in order, each with ":ERRNO" or ":kill" if it has one. One with a "~" in front
	 * takes away what those before it have put into the set. */
	struct text_list system_call_filter;
	struct text_list system_call_log;
	int system_call_error_number;		    /* 0: kill the process */
	struct text_list system_call_architectures; /* as libseccomp names them, "native" included */
	struct text_list restrict_address_families; /* AF_… */
	uint64_t restrict_namespaces; /* CLONE_NEW… that may be made; all ones: unset, 0: none */

	enum protect_system protect_system;
	enum protect_home protect_home;
	enum protect_proc protect_proc;
	/* Paths with their prefixes, "-" (may be missing) and "+" (below RootDirectory=). */
	struct text_list read_write_paths;
	struct text_list read_only_paths;
	struct text_list inaccessible_paths;
	struct text_list exec_paths;
	struct text_list no_exec_paths;
	struct text_list bind_paths; /* SOURCE[:DESTINATION[:OPTIONS]] */
	struct text_list bind_read_only_paths;
	struct text_list temporary_file_system; /* PATH[:OPTIONS] */
	unsigned long mount_propagation;	/* MS_SHARED, MS_SLAVE, MS_PRIVATE; 0: unset */

	struct text_list load_credential; /* ID:PATH */
	struct text_list set_credential;  /* ID:VALUE */
};

enum kill_mode {
	KILL_CONTROL_GROUP,
	KILL_MIXED,
	KILL_PROCESS,
	KILL_NONE,
};

struct kill_settings {
	enum kill_mode kill_mode;
	bool send_sigkill;
	bool send_sighup;
	uint8_t kill_signal;
	uint8_t restart_kill_signal; /* 0: kill_signal */
	uint8_t final_kill_signal;
	uint8_t watchdog_signal;
};

enum device_policy {
	DEVICE_POLICY_AUTO,
	DEVICE_POLICY_CLOSED,
	DEVICE_POLICY_STRICT,
};

enum oom_policy {
	OOM_POLICY_DEFAULT, /* stop; continue for delegated units */
	OOM_POLICY_CONTINUE,
	OOM_POLICY_STOP,
	OOM_POLICY_KILL,
};

/* cgroup v2 attributes are kept as the text that the kernel's file takes; NULL leaves its default. */
struct cgroup_settings {
	const char *slice; /* NULL: system.slice */
	bool delegate;
	struct text_list delegate_controllers; /* empty with delegate: all */
	const char *delegate_subgroup;
	enum oom_policy oom_policy;
	enum device_policy device_policy;
	struct text_list device_allow; /* "NODE ACCESS"; NODE may be char-NAME or block-NAME */
	/* "FILE=VALUE", in the order to be written: memory.max=1048576. A share of the machine stays what it was in
	 * the unit, pids.max=15% or memory.high=50%, and is worked out when the file is written. */
	struct text_list attributes;
	struct text_list io_device; /* "FILE=PATH VALUE": a line of io.max, io.weight or io.latency for the device of PATH */
};

static inline bool exec_has(const struct exec_settings *exec, enum exec_flag flag)
{
	return exec->flags >> flag & 1;
}
