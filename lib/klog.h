// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * PID 1's own log. Each line goes to /dev/kmsg, which keeps it whatever happens, and from
 * KLOG_NOTICE up to the console for people to read. Neither can block or fail the caller: what the
 * console does not take at once is dropped there and is still in kmsg.
 *
 * Before klog_open() there is no kmsg to write to; up to KLOG_EARLY_MAX lines are kept in static
 * memory and written when it opens. The console is opened anew for each burst of lines, so a
 * hung-up terminal costs nothing (O_NOCTTY: it never becomes PID 1's controlling terminal).
 */
#pragma once

#include "lib/macros.h"
#include "lib/str.h"

/* The kernel's levels (syslog(2)). */
enum klog_level {
	KLOG_ERROR = 3,
	KLOG_WARNING = 4,
	KLOG_NOTICE = 5,
	KLOG_INFO = 6,
	KLOG_DEBUG = 7,
};

/* Lines kept before /dev/kmsg is there; more than that are counted and reported. */
#define KLOG_EARLY_MAX 64
/* Longest text of one kmsg record; the kernel cuts near 1 KiB including its prefix. */
#define KLOG_LINE_MAX 900

/** klog_open() - opens /dev/kmsg and writes what was kept. May be called again after it moved. Return: 0 or -errno. */
int klog_open(void);

/** klog_close() - lets go of /dev/kmsg (before a policy load or a teardown); lines are kept as before klog_open(). */
void klog_close(void);

/** klog_set_level() - sets which lines are logged at all (default KLOG_INFO: all but debug lines). */
void klog_set_level(enum klog_level level);

/**
 * klog_set_console() - whether this process writes to the console at all. Lines that the kernel shows
 * there by itself (its console log level) are never written twice.
 */
void klog_set_console(bool enabled);

/** klog_use_standard_error() - in a container people read standard error, not /dev/console. */
void klog_use_standard_error(void);

/** klog() - logs one line; control bytes in it are escaped, over-long lines are split. errno is kept. */
void klog(enum klog_level level, const char *format, ...) _printf_(2, 3);

/** klog_console() - puts text of others (a service's line, a banner) on the console only, in one write. */
void klog_console(struct str line);

#define log_error(...) klog(KLOG_ERROR, __VA_ARGS__)
#define log_warning(...) klog(KLOG_WARNING, __VA_ARGS__)
#define log_notice(...) klog(KLOG_NOTICE, __VA_ARGS__)
#define log_info(...) klog(KLOG_INFO, __VA_ARGS__)
#define log_debug(...) klog(KLOG_DEBUG, __VA_ARGS__)

/** error_name() - Return: the text of -errno or errno @error ("No such file or directory"), from a static table. */
const char *error_name(int error);
