// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a unit file says, after parsing: plain data, filled once by unit_load.c and then read-only.
 * The fields carry the names of the directives that set them (systemd.unit(5), systemd.service(5),
 * systemd.socket(5), systemd.timer(5)), and the same meaning. What concerns processes is in
 * exec_settings.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"
#include "supervisor/exec_settings.h"
#include "supervisor/text.h"

/* A node of 250 pods runs some 50 units; a thousand services must start in one go (bench). */
#define UNIT_MAX 2048
/* systemd's UNIT_NAME_MAX, with the NUL. */
#define UNIT_NAME_SIZE 256
/* Ordering and requirement edges of all units: 16 a unit on average. */
#define UNIT_EDGE_MAX (16 * UNIT_MAX)
/* All strings and settings of all units: Debian's longest unit files take about 4 KiB. */
#define UNIT_TEXT_SIZE (4 * 1024 * 1024)

/* Chains of unit names: two or three units in each at a few hundred units. */
#define UNIT_NAME_BUCKETS 128

typedef uint16_t unit_id;
#define UNIT_NONE UINT16_MAX

enum unit_type {
	UNIT_SERVICE,
	UNIT_SOCKET,
	UNIT_TARGET,
	UNIT_TIMER,
};

enum unit_load_state {
	UNIT_STUB,	/* named by another unit, not looked for yet */
	UNIT_LOADED,	/* its file was read */
	UNIT_NOT_FOUND, /* no file in the search path */
	UNIT_MASKED,	/* the file is a link to /dev/null */
	UNIT_BAD,	/* the file cannot be read or means nothing: it cannot be started */
};

/* Dependencies as a file names them; before is turned into an after of the other unit. */
enum unit_dependency {
	UNIT_WANTS,
	UNIT_REQUIRES,
	UNIT_BINDS_TO,
	UNIT_REQUISITE,
	UNIT_UPHOLDS,
	UNIT_PART_OF,
	UNIT_CONFLICTS,
	UNIT_AFTER,
	UNIT_BEFORE,
	UNIT_ON_FAILURE,
	UNIT_ON_SUCCESS,
	UNIT_PROPAGATES_RELOAD_TO,
	UNIT_PROPAGATES_STOP_TO,
	UNIT_TRIGGERS, /* of a socket or timer: what it starts */
	UNIT_DEPENDENCY_COUNT,
};

enum service_type {
	SERVICE_SIMPLE,
	SERVICE_EXEC,
	SERVICE_FORKING,
	SERVICE_ONESHOT,
	SERVICE_NOTIFY,
	SERVICE_NOTIFY_RELOAD,
	SERVICE_IDLE,
};

enum service_restart {
	RESTART_NO,
	RESTART_ON_SUCCESS,
	RESTART_ON_FAILURE,
	RESTART_ON_ABNORMAL,
	RESTART_ON_ABORT,
	RESTART_ON_WATCHDOG,
	RESTART_ALWAYS,
};

enum service_exit_type {
	EXIT_TYPE_MAIN,
	EXIT_TYPE_CGROUP,
};

enum notify_access {
	NOTIFY_DEFAULT, /* main for Type=notify, none otherwise */
	NOTIFY_NONE,
	NOTIFY_MAIN,
	NOTIFY_EXEC,
	NOTIFY_ALL,
};

/* FailureAction=, SuccessAction=, StartLimitAction=. */
enum emergency_action {
	ACTION_NONE,
	ACTION_REBOOT,
	ACTION_REBOOT_FORCE,
	ACTION_REBOOT_IMMEDIATE,
	ACTION_POWEROFF,
	ACTION_POWEROFF_FORCE,
	ACTION_POWEROFF_IMMEDIATE,
	ACTION_HALT,
	ACTION_HALT_FORCE,
	ACTION_HALT_IMMEDIATE,
	ACTION_KEXEC,
	ACTION_KEXEC_FORCE,
	ACTION_EXIT,
	ACTION_EXIT_FORCE,
};

enum exec_list {
	EXEC_CONDITION,
	EXEC_START_PRE,
	EXEC_START,
	EXEC_START_POST,
	EXEC_RELOAD,
	EXEC_STOP,
	EXEC_STOP_POST,
	EXEC_LIST_COUNT,
};
/* A socket's lists, by the same names: ExecStopPre= stands in EXEC_STOP. */

enum exec_flags {
	EXEC_IGNORE_FAILURE = 1 << 0,	/* - */
	EXEC_NO_EXPANSION = 1 << 1,	/* : */
	EXEC_FULLY_PRIVILEGED = 1 << 2, /* +: without the sandbox of the unit */
	EXEC_KEEP_IDENTITY = 1 << 3, /* !: without User=, Group= and capabilities, but with the rest */
};

struct exec_command {
	const struct exec_command *next; /* of the same list */
	const char *path;
	struct text_list arguments; /* with argv[0] */
	uint8_t flags;
	uint8_t list; /* enum exec_list */
};

/* A set of exit codes and signals (SuccessExitStatus=). */
struct exit_status_set {
	uint64_t codes[4];
	uint64_t signals;
};

struct service_settings {
	enum service_type type;
	enum service_exit_type exit_type;
	enum service_restart restart;
	bool restart_direct; /* RestartMode=direct */
	enum notify_access notify_access;
	bool remain_after_exit;
	bool guess_main_pid;
	bool root_directory_start_only;
	bool non_blocking;
	uint64_t restart_delay;	    /* RestartSec=, ns */
	uint64_t restart_delay_max; /* RestartMaxDelaySec=, ns; CLOCK_TIME_MAX: unset */
	uint32_t restart_steps;
	uint64_t start_timeout; /* ns, CLOCK_TIME_MAX: none */
	uint64_t stop_timeout;
	uint64_t abort_timeout; /* CLOCK_TIME_MAX: as stop_timeout */
	uint64_t runtime_max;	/* CLOCK_TIME_MAX: none */
	uint64_t watchdog;	/* CLOCK_TIME_MAX: none */
	uint8_t reload_signal;
	bool start_failure_aborts; /* TimeoutStartFailureMode=abort; kill: below */
	bool start_failure_kills;
	bool stop_failure_aborts;
	bool stop_failure_kills;
	const struct exit_status_set *success_statuses; /* NULL: none beside the usual */
	const struct exit_status_set *restart_prevent_statuses;
	const struct exit_status_set *restart_force_statuses;
	const char *pid_file;
	uint32_t file_descriptor_store_max;
	enum preserve_mode file_descriptor_store_preserve;
};

enum socket_kind {
	SOCKET_STREAM,
	SOCKET_DATAGRAM,
	SOCKET_SEQPACKET,
	SOCKET_FIFO,
	SOCKET_SPECIAL,
	SOCKET_NETLINK,
	SOCKET_MESSAGE_QUEUE,
};

/* One Listen…= line. */
struct socket_listen {
	const struct socket_listen *next;
	enum socket_kind kind;
	const char *address; /* as written: a path, @NAME, PORT, IP:PORT, [IP]:PORT, vsock:CID:PORT */
};

/* A bit each, in socket_settings.flags. */
enum socket_flag {
	SOCKET_FLAG_ACCEPT,
	SOCKET_FLAG_WRITABLE,
	SOCKET_FLAG_FLUSH_PENDING,
	SOCKET_FLAG_KEEP_ALIVE,
	SOCKET_FLAG_NO_DELAY,
	SOCKET_FLAG_REUSE_PORT,
	SOCKET_FLAG_FREE_BIND,
	SOCKET_FLAG_TRANSPARENT,
	SOCKET_FLAG_BROADCAST,
	SOCKET_FLAG_PASS_CREDENTIALS,
	SOCKET_FLAG_PASS_SECURITY,
	SOCKET_FLAG_PASS_PACKET_INFO,
	SOCKET_FLAG_REMOVE_ON_STOP,
};

struct socket_settings {
	uint32_t flags; /* 1 << enum socket_flag */
	const struct socket_listen *listen;
	const char *socket_user;
	const char *socket_group;
	const char *bind_to_device;
	const char *file_descriptor_name;
	const char *service; /* Service=, NULL: the unit of the same name */
	struct text_list symlinks;
	uint32_t backlog;
	uint32_t max_connections;
	uint32_t max_connections_per_source;
	uint16_t socket_mode;
	uint16_t directory_mode;
	int8_t bind_ipv6_only;	 /* -1: the kernel's default, 0: both, 1: ipv6-only */
	int8_t priority;	 /* -1: unset */
	int mark;		 /* -1: unset */
	int ip_tos;		 /* -1: unset */
	int ip_ttl;		 /* -1: unset */
	uint64_t receive_buffer; /* bytes, 0: unset */
	uint64_t send_buffer;
	uint64_t pipe_size;
	uint64_t message_queue_max_messages; /* 0: unset */
	uint64_t message_queue_message_size;
	uint64_t keep_alive_time; /* ns, 0: unset */
	uint64_t keep_alive_interval;
	uint32_t keep_alive_probes;
	uint64_t defer_accept; /* ns, 0: unset */
	const char *tcp_congestion;
	uint64_t timeout; /* TimeoutSec=, ns */
	uint64_t trigger_limit_interval;
	uint32_t trigger_limit_burst;
	uint64_t poll_limit_interval;
	uint32_t poll_limit_burst;
};

enum timer_base {
	TIMER_ON_ACTIVE,
	TIMER_ON_BOOT,
	TIMER_ON_STARTUP,
	TIMER_ON_UNIT_ACTIVE,
	TIMER_ON_UNIT_INACTIVE,
	TIMER_ON_CALENDAR,
};

struct calendar; /* supervisor/calendar_parse.h */

/* One On…= line. */
struct timer_value {
	const struct timer_value *next;
	enum timer_base base;
	uint64_t span; /* ns, for all but TIMER_ON_CALENDAR */
	const struct calendar *calendar;
};

struct timer_settings {
	const struct timer_value *values;
	const char *unit; /* Unit=, NULL: the service of the same name */
	uint64_t accuracy;
	uint64_t randomized_delay;
	bool fixed_random_delay;
	bool persistent;
	bool wake_system;
	bool remain_after_elapse;
	bool on_clock_change;
	bool on_timezone_change;
	bool defer_reactivation;
};

enum condition_type {
	CONDITION_PATH_EXISTS,
	CONDITION_PATH_EXISTS_GLOB,
	CONDITION_PATH_IS_DIRECTORY,
	CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_PATH_IS_MOUNT_POINT,
	CONDITION_PATH_IS_READ_WRITE,
	CONDITION_PATH_IS_ENCRYPTED,
	CONDITION_DIRECTORY_NOT_EMPTY,
	CONDITION_FILE_NOT_EMPTY,
	CONDITION_FILE_IS_EXECUTABLE,
	CONDITION_KERNEL_COMMAND_LINE,
	CONDITION_KERNEL_VERSION,
	CONDITION_KERNEL_MODULE_LOADED,
	CONDITION_ARCHITECTURE,
	CONDITION_VIRTUALIZATION,
	CONDITION_FIRMWARE,
	CONDITION_HOST,
	CONDITION_SECURITY,
	CONDITION_CAPABILITY,
	CONDITION_AC_POWER,
	CONDITION_USER,
	CONDITION_GROUP,
	CONDITION_CONTROL_GROUP_CONTROLLER,
	CONDITION_MEMORY,
	CONDITION_CPUS,
	CONDITION_CPU_FEATURE,
	CONDITION_ENVIRONMENT,
	CONDITION_FIRST_BOOT,
	CONDITION_NEEDS_UPDATE,
	CONDITION_OS_RELEASE,
	CONDITION_MEMORY_PRESSURE,
	CONDITION_CPU_PRESSURE,
	CONDITION_IO_PRESSURE,
	CONDITION_TYPE_COUNT,
};

/* One Condition…= or Assert…= line. */
struct condition {
	const struct condition *next;
	const char *argument;
	uint8_t type;	/* enum condition_type */
	bool assertion; /* Assert…=: not met is a failure, not a skip */
	bool trigger;	/* |: one of these is enough */
	bool negate;	/* ! */
};

/* [Unit], but for names and dependencies. */
struct unit_settings {
	bool default_dependencies;
	bool refuse_manual_start;
	bool refuse_manual_stop;
	bool allow_isolate;
	bool ignore_on_isolate;
	bool stop_when_unneeded;
	bool survive_final_kill_signal;
	bool on_failure_isolate;       /* OnFailureJobMode=isolate */
	uint64_t start_limit_interval; /* ns */
	uint32_t start_limit_burst;
	enum emergency_action start_limit_action;
	enum emergency_action failure_action;
	enum emergency_action success_action;
	int16_t failure_action_exit_status; /* -1: the service's own */
	int16_t success_action_exit_status;
	uint64_t job_timeout;	      /* ns, CLOCK_TIME_MAX: none */
	uint64_t job_running_timeout; /* ns, CLOCK_TIME_MAX: none */
	enum emergency_action job_timeout_action;
};

/*
 * A unit. The pointers lead into the set's arena; where two units say the same they lead to the same
 * object. Those to settings are never NULL for a type that has them, also before the file is read.
 */
struct unit {
	const char *name;
	const char *description;
	const char *path; /* the file it came from, NULL: none */
	const struct unit_settings *settings;
	const struct condition *conditions;
	const struct exec_command *commands; /* all lists, one behind the other: unit_commands() */
	const struct exec_settings *exec;    /* services and sockets */
	const struct kill_settings *kill;
	const struct cgroup_settings *cgroup;
	union {
		const struct service_settings *service;
		const struct socket_settings *socket;
		const struct timer_settings *timer;
	};
	uint16_t command_count;
	uint8_t type;	     /* enum unit_type */
	uint8_t load;	     /* enum unit_load_state */
	bool for_connection; /* made for a connection of a socket: nobody asks for it by name again */
};

struct unit_edge {
	unit_id from;
	unit_id to;
	uint8_t kind; /* enum unit_dependency; never UNIT_BEFORE */
};

/*
 * All units that were loaded together. Static memory of some megabytes, of which only the pages in
 * use are ever touched.
 */
struct unit_set {
	struct unit units[UNIT_MAX];
	unit_id count;
	/* Chains of equal hashes of names, for the first named units; each is an id + 1, 0 ends. */
	unit_id named;
	unit_id name_head[UNIT_NAME_BUCKETS];
	unit_id name_next[UNIT_MAX];
	/* Edges sorted by where they start, and a second copy sorted by where they end. */
	struct unit_edge edges[UNIT_EDGE_MAX];
	struct unit_edge reverse[UNIT_EDGE_MAX];
	uint32_t edge_count;
	uint32_t first_edge[UNIT_MAX + 1];
	uint32_t first_reverse[UNIT_MAX + 1];
	struct text_arena text;
	char memory[UNIT_TEXT_SIZE];
};

/*
 * Everything that one unit says, with what a drop-in has replaced: a file of 64 KiB, lists that were
 * copied while they grew, and some. The pages are given back when loading is over.
 */
#define UNIT_DRAFT_TEXT_SIZE (512 * 1024)

struct unit_machine; /* supervisor/machine.h */

/*
 * A unit while its files are read: everything that they may change, in one piece. All that its fields
 * point to is in the draft's own arena; unit_draft_keep() makes a struct unit of it, with each text,
 * list and object once in the arena of the set.
 */
struct unit_draft {
	const char *name;
	const char *description;
	const char *path;		    /* of the unit's file, for %y; NULL: none */
	const struct unit_machine *machine; /* for specifiers; NULL: those that ask for it are refused */
	enum unit_type type;
	/* Whether a default that hangs on other settings was said aloud. */
	bool type_set;
	bool start_timeout_set;
	bool job_running_timeout_set;
	bool standard_input_set;
	bool permissions_start_only;
	/* What makes up cpu.max (CPUQuota=, CPUQuotaPeriodSec=). */
	uint64_t cpu_quota;	   /* ns of CPU a second, 0: none */
	uint64_t cpu_quota_period; /* ns */
	uint64_t cpu_affinity[16]; /* CPUAffinity=, a bit a CPU; empty: unset */
	struct unit_settings settings;
	struct condition *conditions;
	struct exec_command *commands[EXEC_LIST_COUNT];
	struct exec_settings exec;
	struct rlimit limits[RLIM_NLIMITS];
	struct kill_settings kill;
	struct cgroup_settings cgroup;
	struct service_settings service;
	struct exit_status_set success_statuses;
	struct exit_status_set restart_prevent_statuses;
	struct exit_status_set restart_force_statuses;
	struct socket_settings socket;
	struct timer_settings timer;
	struct text_list dependencies[UNIT_DEPENDENCY_COUNT];
	/* Edges of the other units: ReloadPropagatedFrom=, StopPropagatedFrom=. */
	struct text_list reload_propagated_from;
	struct text_list stop_propagated_from;
	/* [Install], for orlopctl enable. */
	struct text_list wanted_by;
	struct text_list required_by;
	struct text_list upheld_by;
	struct text_list alias;
	struct text_list also;
	const char *default_instance;
	struct text_arena text;
	char memory[UNIT_DRAFT_TEXT_SIZE];
};

/** unit_find() - Return: the unit called @name, or UNIT_NONE. Aliases are not known here. */
unit_id unit_find(const struct unit_set *set, const char *name);

/** unit_index_names() - lets unit_find() find the units that were added since without a walk. */
void unit_index_names(struct unit_set *set);

/** unit_draft_begin() - sets every field of @draft to what systemd documents as the default for @type. */
void unit_draft_begin(struct unit_draft *draft, const char *name, enum unit_type type);

/**
 * unit_draft_keep() - puts what @draft says into @unit and @arena; equal settings that are in the arena
 * already are used again. @unit's name, path and load state are the caller's. Of @draft only the
 * dependencies and [Install] are of use afterwards.
 * Return: 0, or -ENOSPC when the arena is full (@unit is as it was).
 */
int unit_draft_keep(struct unit_draft *draft, struct text_arena *arena, struct unit *unit);

/** unit_commands() - Return: the first command of @list, or NULL. The next of the list is ->next. */
const struct exec_command *unit_commands(const struct unit *unit, enum exec_list list);

/**
 * unit_name_type() - checks a name (characters, length, one of our suffixes).
 * Return: 0, -EINVAL (not a unit name) or -ENOTSUP (a unit type that Orlop does not run).
 */
int unit_name_type(struct str name, enum unit_type *ret_type);

/** unit_type_name() - Return: "service", "socket", "target" or "timer". */
const char *unit_type_name(enum unit_type type);
