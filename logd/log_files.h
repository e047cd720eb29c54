// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where the log lies on disk: a directory for each boot, numbered files in it (orlop-log(5)):
 *
 *   /var/log/orlop/000012-BOOTID/000003.log
 *
 * Numbers only grow, so the order of names is the order of time whatever the clock said. Nothing is kept
 * here: each question reads the directories, of which there are few and small ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "logd/log_query_parse.h"

#define LOG_DIRECTORY "/var/log/orlop"
/* "000012-" and the boot ID; numbers may grow longer than six digits. */
#define LOG_BOOT_NAME_SIZE (LOG_BOOT_ID_SIZE + 16)
#define LOG_FILE_NAME_SIZE 20

struct log_boot {
	uint32_t index; /* from 1; 0: none */
	char id[LOG_BOOT_ID_SIZE];
};

/** log_in_container() - Return: whether this is a PID namespace of its own, with a PID 1 of its own. */
bool log_in_container(void);

/**
 * log_boot_id() - the ID of this boot: the kernel's, without dashes. A PID namespace's life is a boot of its own, so there
 * the time at which its PID 1 started is mixed in.
 */
void log_boot_id(char ret_id[static LOG_BOOT_ID_SIZE]);

/** log_boot_next() - the boot with the smallest index above @after. Return: 1, 0 (none) or -errno. */
int log_boot_next(int directory, uint32_t after, struct log_boot *ret_boot);

/** log_boot_previous() - the boot with the greatest index below @before. Return: 1, 0 (none) or -errno. */
int log_boot_previous(int directory, uint32_t before, struct log_boot *ret_boot);

/** log_boot_name() - the name of its directory. */
void log_boot_name(const struct log_boot *boot, char ret_name[static LOG_BOOT_NAME_SIZE]);

/** log_file_next() - the smallest file number above @after in an open boot directory. Return: 1, 0 or -errno. */
int log_file_next(int boot_directory, uint32_t after, uint32_t *ret_number);

/** log_file_previous() - the greatest below @before. Return: 1, 0 or -errno. */
int log_file_previous(int boot_directory, uint32_t before, uint32_t *ret_number);

void log_file_name(uint32_t number, char ret_name[static LOG_FILE_NAME_SIZE]);

/** log_boot_open() - opens a boot's directory. Return: descriptor or -errno. */
int log_boot_open(int directory, const struct log_boot *boot);

/** log_boots_for() - the range of indices that a query asks for. Return: 1, 0 (no such boot) or -errno. */
int log_boots_for(int directory, const struct log_query *query, uint32_t *ret_first, uint32_t *ret_last);
