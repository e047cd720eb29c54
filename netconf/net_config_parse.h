// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * net.toml, as orlop.network(5) describes it, to the state that the network should have. Versions 1, 2 and 3 are
 * those of Bottlerocket (netdog), with the same rules; version 4 is Orlop's. Pure.
 *
 * A file is taken as a whole or not at all. All that is wrong with it is told at once, each with its place, what
 * is allowed there, and the nearest name when one was misspelt; only what is no TOML ends at its first fault.
 */
#pragma once

#include "lib/arena.h"
#include "netconf/net_config.h"
#include "netconf/net_problem.h"

/* Longer files are no configuration of links. */
#define NET_CONFIG_TEXT_MAX ((size_t)64 * 1024)
/* Room for the largest file that people write: the tree and what is made of it. */
#define NET_CONFIG_ARENA_SIZE ((size_t)2 * 1024 * 1024)

/**
 * net_config_parse() - reads a file.
 *
 * @arena: takes the configuration, and the tree of the text, which is of no use afterwards
 * @ret: the configuration, which points into the arena alone. A file without a table has no links in it, and
 *       leaves all links alone
 * @problems: on failure, what is wrong
 * Return: 0; -EINVAL (see @problems); -ENOSPC, when the arena is full, and -E2BIG, when the text is longer than
 *         NET_CONFIG_TEXT_MAX, each with one problem that says so.
 */
int net_config_parse(struct str text, struct arena *arena, struct net_config *ret,
		     struct net_problems *problems);
