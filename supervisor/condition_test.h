// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the condition_*.c share. Each test returns 1 (met), 0 or -errno, and does not know of "!". */
#pragma once

#include <sys/types.h>

#include "supervisor/condition.h"

typedef int condition_fn(const char *argument, const char *root);

/** condition_path() - @root and @path in one. Return: 0 or -ENAMETOOLONG. */
int condition_path(const char *root, const char *path, struct buf *ret_path);

/** condition_read() - reads a file below @root, as file_read(). */
ssize_t condition_read(const char *root, const char *path, char *text, size_t size);

/** condition_exists() - Return: whether there is something at @path below @root. */
bool condition_exists(const char *root, const char *path);

/** condition_first_line() - reads a small file's first line into @text. Return: false if there is none. */
bool condition_first_line(const char *root, const char *path, char *text, size_t size,
			  struct str *ret_line);

/* An operator in front of a value: < <= = != >= >, and =$ and !=$ for patterns. */
enum comparison {
	COMPARE_LESS,
	COMPARE_LESS_OR_EQUAL,
	COMPARE_EQUAL,
	COMPARE_NOT_EQUAL,
	COMPARE_MORE_OR_EQUAL,
	COMPARE_MORE,
	COMPARE_PATTERN,
	COMPARE_NOT_PATTERN,
	COMPARE_NONE,
};

/** comparison_take() - takes an operator and the blanks behind it off @rest. Return: it, or COMPARE_NONE. */
enum comparison comparison_take(struct str *rest);

/** comparison_holds() - whether a comparison's result @order (<0, 0, >0) is what @comparison asks for. */
bool comparison_holds(enum comparison comparison, int order);

/** version_compare() - the UAPI group's version comparison (as strverscmp(3), with ~ and ^). Return: <0, 0, >0. */
int version_compare(struct str a, struct str b);

/* condition_host.c */
condition_fn test_kernel_command_line, test_kernel_version, test_kernel_module, test_architecture,
	test_host, test_security, test_capability, test_ac_power, test_user, test_group,
	test_controllers, test_memory, test_cpus, test_cpu_feature, test_environment,
	test_first_boot, test_os_release, test_memory_pressure, test_cpu_pressure, test_io_pressure;
/* condition_virtual.c */
condition_fn test_virtualization, test_firmware;
