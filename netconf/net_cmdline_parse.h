// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop.net= on the kernel command line, in the form of ip= of dracut.cmdline(7), to the state that the network
 * should have. orlop.network(5) describes it. Pure.
 */
#pragma once

#include <stdbool.h>

#include "lib/arena.h"
#include "netconf/net_config.h"
#include "netconf/net_problem.h"

#define NET_CMDLINE_KEY "orlop.net"
/* So many times the key may be given: one for each link and family on hosts that need it at all. */
#define NET_CMDLINE_MAX 32

/**
 * net_cmdline_parse() - reads every orlop.net= of the line; other words are not looked at.
 *
 * @line: /proc/cmdline
 * @arena: takes the configuration
 * @ret: the configuration, which points into the arena alone; of "off" without links
 * @problems: on failure, what is wrong
 * Return: 1; 0 when there is no orlop.net=, and @ret is untouched; -EINVAL (see @problems); -ENOSPC when the arena
 *         is full.
 */
int net_cmdline_parse(struct str line, struct arena *arena, struct net_config *ret,
		      struct net_problems *problems);
