// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names and addresses as people write them. Pure. Each returns whether the whole of @s is one, and touches
 * its output only then.
 */
#pragma once

#include <stdbool.h>

#include "lib/str.h"
#include "netconf/net_config.h"

/**
 * net_name_parse() - what the kernel takes as the name of a link (dev_valid_name() in net/core/dev.c), without '%',
 * which it would fill in, and without "all" and "default", which mean every link in /proc/sys/net.
 */
bool net_name_parse(struct str s, struct net_name *ret);

/** net_pattern_parse() - a pattern for fnmatch(3) that a name can match. */
bool net_pattern_parse(struct str s, char ret[static NET_PATTERN_SIZE]);

/** net_mac_parse() - six pairs of hexadecimal digits with ':' or '-' between them. */
bool net_mac_parse(struct str s, struct net_mac *ret);

/** net_mac_is_unicast() - Return: whether a card may have @mac: no group's address, not all zeros. */
bool net_mac_is_unicast(struct net_mac mac);

/** net_ip_parse() - an address alone: RFC 4291, 2.2 for IPv6, four decimal numbers for IPv4. */
bool net_ip_parse(struct str s, struct net_ip *ret);

/** net_prefix_parse() - an address, '/' and the length of its prefix (RFC 4632, RFC 4291). */
bool net_prefix_parse(struct str s, struct net_prefix *ret);

/** net_prefix_mask() - takes the bits of the host away. */
void net_prefix_mask(struct net_prefix *prefix);

bool net_prefix_equal(const struct net_prefix *a, const struct net_prefix *b);

/** net_ip_bits() - Return: how long an address of @family is: 32 or 128. */
uint8_t net_ip_bits(int family);

/** net_domain_parse() - Return: whether @s is a domain name for resolv.conf(5), maybe with a dot at its end. */
bool net_domain_parse(struct str s);
