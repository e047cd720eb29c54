// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a unit file says, after parsing: plain data, filled once by unit_load.c and then read-only.
 * The fields carry the names of the directives that set them (systemd.unit(5), systemd.service(5),
 * systemd.exec(5), systemd.kill(5), systemd.resource-control(5)), and the same meaning.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "lib/clock.h"
#include "supervisor/text.h"

/* A node of 250 pods runs some 50 units; a thousand services must start in one go (bench). */
#define UNIT_MAX 2048
/* systemd's UNIT_NAME_MAX, with the NUL. */
#define UNIT_NAME_SIZE 256
/* Ordering and requirement edges of all units: 16 a unit on average. */
#define UNIT_EDGE_MAX (16 * UNIT_MAX)
/* All strings of all units: Debian's longest unit files take about 4 KiB. */
#define UNIT_TEXT_SIZE (4 * 1024 * 1024)

typedef uint16_t unit_id;
#define UNIT_NONE UINT16_MAX

enum unit_type {
	UNIT_SERVICE,
	UNIT_TARGET,
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
	UNIT_PART_OF,
	UNIT_CONFLICTS,
	UNIT_AFTER,
	UNIT_BEFORE,
	UNIT_DEPENDENCY_COUNT,
};

enum service_type {
	SERVICE_SIMPLE,
	SERVICE_EXEC,
	SERVICE_ONESHOT,
	SERVICE_NOTIFY,
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

enum kill_mode {
	KILL_CONTROL_GROUP,
	KILL_MIXED,
	KILL_PROCESS,
	KILL_NONE,
};

enum notify_access {
	NOTIFY_DEFAULT, /* main for Type=notify, none otherwise */
	NOTIFY_NONE,
	NOTIFY_MAIN,
	NOTIFY_EXEC,
	NOTIFY_ALL,
};

/* Where a standard stream goes. "journal" is orlop-logd's file of the unit. */
enum stdio_target {
	STDIO_INHERIT,
	STDIO_NULL,
	STDIO_JOURNAL,
	STDIO_JOURNAL_CONSOLE,
	STDIO_KMSG,
	STDIO_TTY,
};

enum exec_list {
	EXEC_START_PRE,
	EXEC_START,
	EXEC_START_POST,
	EXEC_STOP,
	EXEC_STOP_POST,
	EXEC_LIST_COUNT,
};

enum exec_flags {
	EXEC_IGNORE_FAILURE = 1 << 0, /* - */
	EXEC_NO_EXPANSION = 1 << 1,   /* : */
	EXEC_PRIVILEGED = 1 << 2,     /* + or !: without the sandbox of the unit */
};

struct exec_command {
	const struct exec_command *next;
	const char *path;
	struct text_list arguments; /* with argv[0] */
	unsigned flags;
};

/* A set of exit codes and signals (SuccessExitStatus=). */
struct exit_status_set {
	uint64_t codes[4];
	uint64_t signals;
};

struct service_settings {
	enum service_type type;
	enum service_restart restart;
	enum kill_mode kill_mode;
	enum notify_access notify_access;
	enum stdio_target standard_input;
	enum stdio_target standard_output;
	enum stdio_target standard_error;
	const char *tty_path;
	const struct exec_command *commands[EXEC_LIST_COUNT];

	bool remain_after_exit;
	bool send_sigkill;
	bool delegate;
	bool no_new_privileges;
	int kill_signal;
	uint64_t restart_delay;	    /* RestartSec=, ns */
	uint64_t restart_delay_max; /* RestartMaxDelaySec=, ns; CLOCK_TIME_MAX: unset */
	uint32_t restart_steps;
	uint64_t start_timeout; /* ns, CLOCK_TIME_MAX: none */
	uint64_t stop_timeout;
	struct exit_status_set success_statuses;
	struct exit_status_set restart_prevent_statuses;

	struct text_list environment;
	const char *working_directory;
	const char *selinux_context;
	struct text_list system_call_filter;
	bool system_call_filter_denies;
	uint64_t capability_bounding_set; /* a bit a capability */
	uint64_t ambient_capabilities;
	uint32_t umask;
	bool nice_set;
	int nice;
	bool oom_score_adjust_set;
	int oom_score_adjust;
	uint32_t limits_set; /* a bit a resource */
	struct rlimit limits[RLIM_NLIMITS];

	/* cgroup v2 attributes as text; NULL leaves the kernel's default. */
	const char *memory_max;
	const char *memory_high;
	const char *memory_low;
	const char *memory_min;
	const char *tasks_max;
	const char *cpu_weight;
};

struct unit {
	const char *name;
	const char *description;
	const char *path; /* the file it came from */
	enum unit_type type;
	enum unit_load_state load;
	bool default_dependencies;
	uint64_t start_limit_interval; /* ns */
	uint32_t start_limit_burst;
	struct text_list dependencies[UNIT_DEPENDENCY_COUNT];
	struct service_settings service;
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
	/* Edges sorted by where they start, and a second copy sorted by where they end. */
	struct unit_edge edges[UNIT_EDGE_MAX];
	struct unit_edge reverse[UNIT_EDGE_MAX];
	uint32_t edge_count;
	uint32_t first_edge[UNIT_MAX + 1];
	uint32_t first_reverse[UNIT_MAX + 1];
	struct text_arena text;
	char memory[UNIT_TEXT_SIZE];
};

/** unit_find() - Return: the unit called @name, or UNIT_NONE. */
unit_id unit_find(const struct unit_set *set, const char *name);

/** unit_defaults() - sets every field of @unit to what systemd documents as the default. */
void unit_defaults(struct unit *unit, const char *name, enum unit_type type);

/**
 * unit_name_type() - checks a name (characters, length, one of our suffixes).
 * Return: 0, -EINVAL (not a unit name) or -ENOTSUP (a unit type that Orlop does not run).
 */
int unit_name_type(struct str name, enum unit_type *ret_type);
