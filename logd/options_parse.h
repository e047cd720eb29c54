// SPDX-License-Identifier: MIT OR Apache-2.0
/* The command line of orlop-logd (orlop-logd(8)): --KEY=VALUE from one table. Pure. */
#pragma once

#include "logd/rate_limit.h"
#include "logd/store.h"

struct logd_options {
	struct store_limits limits;
	struct rate_limit_settings rate;
	const char *kmsg; /* path of the kernel's log; empty: do not read it; NULL: /dev/kmsg, but not in a container */
	const char *group; /* that may read the log besides root */
};

/**
 * logd_options_parse() - @argv must outlive @ret_options.
 * @ret_problem: on -EINVAL what is wrong, a text for people
 * Return: 0 or -EINVAL.
 */
int logd_options_parse(int argc, char **argv, struct logd_options *ret_options,
		       const char **ret_problem);
