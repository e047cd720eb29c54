// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The last round of signals in act 3, for everything that is still running. Kernel threads are
 * left alone, and so are processes of root whose argv[0] begins with '@': they hold storage that
 * the root needs (systemd's "Storage Daemons" convention, hc-84).
 *
 * Reading /proc/PID and sending SIGKILL can block, so a forked child does both; PID 1 only reaps
 * and waits, until all are gone or the time is over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * kill_all() - sends @signal (and SIGCONT after it) to every process but this one, reaps every
 * child, and waits until they are gone.
 *
 * @signal: SIGTERM or SIGKILL
 * @timeout_ns: how long to wait for them
 * @spare: pids that are not signalled (a reboot monitor), may be NULL when @spare_count is 0
 *
 * With SIGKILL, those that are left are logged with pid, name and state.
 * Return: how many are left, 0 if all are gone; or -errno if nothing could be signalled at all.
 */
int kill_all(int signal, uint64_t timeout_ns, const pid_t *spare, size_t spare_count);
