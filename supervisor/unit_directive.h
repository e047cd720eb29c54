// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A row of the table of directives, and the functions that turn values into fields of struct
 * unit_draft: what unit_table.c, unit_directives.c and unit_set_*.c share. Nobody else needs it.
 *
 * The rows hold no pointers, so that the table stays in pages of the program's file that no process
 * has to copy.
 */
#pragma once

#include <stddef.h>

#include "supervisor/unit.h"
#include "supervisor/unit_parse.h"

/* An expanded value or word: as long as a line can be, and its specifiers. */
#define VALUE_MAX UNIT_LINE_MAX

/* Where a directive may stand. */
enum directive_section {
	IN_UNIT = 1 << 0,
	IN_SERVICE = 1 << 1,
	IN_SOCKET = 1 << 2,
	IN_TIMER = 1 << 3,
	IN_INSTALL = 1 << 4,
	/* systemd.exec(5), systemd.kill(5), systemd.resource-control(5): in both. */
	IN_PROCESSES = IN_SERVICE | IN_SOCKET,
};

/* What a value is: the function that takes it, and what people are told when it is none. */
enum value_kind {
	VALUE_NOTHING,
	VALUE_TEXT,
	VALUE_PATH,
	VALUE_WORD_LIST,
	VALUE_BOOLEAN,
	VALUE_BOOLEAN_NO_EFFECT,
	VALUE_TIME,
	VALUE_TIME_NOT_ZERO,
	VALUE_COUNT,
	VALUE_NUMBER,
	VALUE_MODE,
	VALUE_UMASK,
	VALUE_PRIORITY,
	VALUE_SIZE,
	VALUE_SIGNAL,
	VALUE_SIGNAL_OR_NONE,
	VALUE_EXEC_FLAG,
	VALUE_SOCKET_FLAG,

	VALUE_UNITS,
	VALUE_MOUNTS_FOR,
	VALUE_CONDITION_PATH,
	VALUE_CONDITION_TEXT,
	VALUE_EMERGENCY_ACTION,
	VALUE_EXIT_STATUS,
	VALUE_JOB_MODE,
	VALUE_JOB_MODE_ISOLATE,
	VALUE_JOB_TIMEOUT,
	VALUE_JOB_RUNNING_TIMEOUT,
	VALUE_COLLECT_MODE,

	VALUE_SERVICE_TYPE,
	VALUE_EXIT_TYPE,
	VALUE_RESTART,
	VALUE_RESTART_MODE,
	VALUE_NOTIFY_ACCESS,
	VALUE_COMMAND,
	VALUE_STATUSES,
	VALUE_START_TIMEOUT,
	VALUE_BOTH_TIMEOUTS,
	VALUE_ABORT_TIMEOUT,
	VALUE_TIMEOUT_FAILURE,
	VALUE_WATCHDOG,
	VALUE_PID_FILE,
	VALUE_PRESERVE,
	VALUE_SERVICE_SOCKETS,

	VALUE_USER,
	VALUE_USERS,
	VALUE_WORKING_DIRECTORY,
	VALUE_ROOT_DIRECTORY,
	VALUE_STDIO,
	VALUE_STDIN_TEXT,
	VALUE_STDIN_DATA,
	VALUE_LOG_LEVEL,
	VALUE_LOG_FACILITY,
	VALUE_ENVIRONMENT,
	VALUE_ENVIRONMENT_FILE,
	VALUE_ENVIRONMENT_NAMES,
	VALUE_DIRECTORIES,
	VALUE_DIRECTORY_MODE,
	VALUE_LIMIT,
	VALUE_NICE,
	VALUE_OOM_SCORE,
	VALUE_CPU_SCHEDULING,
	VALUE_CPU_PRIORITY,
	VALUE_IO_CLASS,
	VALUE_IO_PRIORITY,
	VALUE_TIMER_SLACK,
	VALUE_CPU_AFFINITY,
	VALUE_PERSONALITY,
	VALUE_KEYRING,

	VALUE_CAPABILITIES,
	VALUE_SECURE_BITS,
	VALUE_SYSTEM_CALLS,
	VALUE_ERROR_NUMBER,
	VALUE_ARCHITECTURES,
	VALUE_ADDRESS_FAMILIES,
	VALUE_NAMESPACES,
	VALUE_PROTECT_SYSTEM,
	VALUE_PROTECT_HOME,
	VALUE_PROTECT_PROC,
	VALUE_PROC_SUBSET,
	VALUE_MOUNT_API_VFS,
	VALUE_MOUNT_FLAGS,
	VALUE_PATHS,
	VALUE_BIND_PATHS,
	VALUE_TEMPORARY_FILES,
	VALUE_LOAD_CREDENTIAL,
	VALUE_SET_CREDENTIAL,

	VALUE_KILL_MODE,

	VALUE_SLICE,
	VALUE_DELEGATE,
	VALUE_SUBGROUP,
	VALUE_OOM_POLICY,
	VALUE_DEVICE_POLICY,
	VALUE_DEVICE_ALLOW,
	VALUE_MEMORY,
	VALUE_TASKS,
	VALUE_CPU_WEIGHT,
	VALUE_CPU_QUOTA,
	VALUE_CPU_PERIOD,
	VALUE_CPU_SET,
	VALUE_IO_WEIGHT,
	VALUE_IO_DEVICE_WEIGHT,
	VALUE_IO_BANDWIDTH,
	VALUE_IO_LATENCY,

	VALUE_LISTEN,
	VALUE_BIND_IPV6,
	VALUE_DEVICE_NAME,
	VALUE_IP_TOS,
	VALUE_FD_NAME,
	VALUE_SOCKET_SERVICE,
	VALUE_SOCKET_PATHS,

	VALUE_TIMER,
	VALUE_CALENDAR,
	VALUE_TIMER_UNIT,

	VALUE_KIND_COUNT,
};

/* Files of a cgroup that MEMORY and CPU_SET directives write. */
enum cgroup_attribute {
	ATTRIBUTE_MEMORY_MIN,
	ATTRIBUTE_MEMORY_LOW,
	ATTRIBUTE_MEMORY_HIGH,
	ATTRIBUTE_MEMORY_MAX,
	ATTRIBUTE_MEMORY_SWAP_MAX,
	ATTRIBUTE_MEMORY_ZSWAP_MAX,
	ATTRIBUTE_CPUSET_CPUS,
	ATTRIBUTE_CPUSET_MEMS,
};

/* Keys of io.max. */
enum io_limit {
	IO_LIMIT_RBPS,
	IO_LIMIT_WBPS,
	IO_LIMIT_RIOPS,
	IO_LIMIT_WIOPS,
};

struct directive {
	char name[33];
	uint8_t sections; /* enum directive_section */
	uint8_t kind;	  /* enum value_kind */
	uint16_t offset;  /* of the field, from the start of struct unit_draft */
	int16_t number; /* what the kind wants to know beside: a flag, a list, a resource, a bound */
	int16_t second; /* the upper bound of VALUE_NUMBER */
};

/* The rows, in the order of the man page; the last has no name. */
extern const struct directive unit_directives[];

struct directive_context {
	struct unit_draft *draft;
	const struct directive *directive;
	const char *reason; /* set to say more than what the kind expects */
};

/*
 * Takes a value. Return: 0; -EINVAL or -ERANGE, with the fields as they were; -ENOSPC when the draft
 * is full.
 */
typedef int directive_fn(struct directive_context *c, struct str value);

struct directive_kind {
	directive_fn *set;
	const void *data; /* for enums: a NULL-terminated list of names, in the order of the enum */
	const char *expects;
};

extern const struct directive_kind unit_directive_kinds[VALUE_KIND_COUNT];

#define FIELD(type, c) ((type *)(void *)((char *)(c)->draft + (c)->directive->offset))

/** directive_expand() - appends @value with its specifiers replaced. Return: 0, -EINVAL or -ENOSPC. */
int directive_expand(struct directive_context *c, struct str value, struct buf *ret_text);

/** directive_keep() - keeps @text in the draft. Return: 0 or -ENOSPC. */
int directive_keep(struct directive_context *c, struct buf text, const char **ret_text);

/**
 * directive_word_fn - one word of a list, expanded. Return: 0 or -errno, as directive_fn.
 * @word: may be changed, or cleared to leave it out
 */
typedef int directive_word_fn(struct directive_context *c, struct buf *word);

/**
 * directive_words() - appends the words of @value to a copy of *@list and puts it in place when all are
 * good. An empty value empties the list.
 * @check: NULL takes every word
 */
int directive_words(struct directive_context *c, struct str value, struct text_list *list,
		    directive_word_fn *check);

/** directive_path() - an absolute path without "..", simplified in place. Return: 0 or -EINVAL. */
int directive_path(struct buf *path);

/** directive_between() - a decimal number from @low to @high. Return: 0, -EINVAL or -ERANGE. */
int directive_between(struct str value, int64_t low, int64_t high, int64_t *ret_number);

/** directive_flag() - sets or clears a bit of the exec settings. */
void directive_flag(struct unit_draft *draft, enum exec_flag flag, bool on);

/** directive_attribute() - puts FILE=VALUE in the place of an earlier line of @file; an empty @value takes that away. */
int directive_attribute(struct unit_draft *draft, const char *file, const char *value);

/** directive_mode() - an octal mode of at most @limit. Return: 0, -EINVAL or -ERANGE. */
int directive_mode(struct str value, uint32_t limit, uint32_t *ret_mode);

/** directive_name_index() - Return: where @word stands in the NULL-terminated @names, or -EINVAL. */
int directive_name_index(struct str word, const char *const *names);

/* Takers of values, by file. */
directive_fn set_nothing, set_text, set_path, set_word_list, set_boolean, set_boolean_no_effect,
	set_time, set_time_not_zero, set_count, set_number, set_mode, set_umask, set_priority,
	set_size, set_signal, set_signal_or_none, set_enum, set_exec_flag,
	set_socket_flag; /* unit_set_basic.c */
directive_fn set_units, set_mounts_for, set_condition_path, set_condition_text, set_exit_status,
	set_job_mode, set_job_mode_isolate, set_job_timeout, set_job_running_timeout,
	set_collect_mode; /* unit_set_unit.c */
directive_fn set_service_type, set_restart_mode, set_command, set_statuses, set_start_timeout,
	set_both_timeouts, set_abort_timeout, set_timeout_failure, set_watchdog, set_pid_file,
	set_service_sockets; /* unit_set_service.c */
directive_fn set_user, set_users, set_working_directory, set_root_directory, set_stdio,
	set_stdin_text, set_stdin_data, set_log_level, set_log_facility, set_environment,
	set_environment_file, set_environment_names, set_directories, set_directory_mode, set_limit,
	set_nice, set_oom_score, set_cpu_scheduling, set_cpu_priority, set_io_class, set_io_priority,
	set_timer_slack, set_cpu_affinity, set_personality, set_keyring; /* unit_set_exec.c */
directive_fn set_capabilities, set_secure_bits, set_system_calls, set_error_number,
	set_architectures, set_address_families, set_namespaces, set_proc_subset, set_mount_api_vfs,
	set_mount_flags, set_paths, set_bind_paths, set_temporary_files, set_load_credential,
	set_set_credential; /* unit_set_sandbox.c */
directive_fn set_slice, set_delegate, set_subgroup, set_device_allow, set_memory, set_tasks,
	set_cpu_weight, set_cpu_quota, set_cpu_period, set_cpu_set, set_io_weight,
	set_io_device_weight, set_io_bandwidth, set_io_latency; /* unit_set_cgroup.c */
directive_fn set_listen, set_bind_ipv6, set_device_name, set_ip_tos, set_fd_name,
	set_socket_service, set_socket_paths;	      /* unit_set_socket.c */
directive_fn set_timer, set_calendar, set_timer_unit; /* unit_set_timer.c */
