// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the network should be like: the state that orlop-netconf keeps the kernel at. net_config_parse() makes it
 * from net.toml, net_cmdline_parse() from the kernel command line, net_config_default() out of nothing. Each
 * checks all before it gives it away: whoever reads it relies on what is said here.
 *
 * All that it points to lies in the arena of who made it, and is not changed.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/str.h"
#include "lib/toml.h"

/* The tables that one file may have for links; a host with more has them made by something else. */
#define NET_LINKS_MAX 256
/* Elements of a list (addresses, routes, members, ...). */
#define NET_LIST_MAX 256
/* Patterns may be longer than names: "enp[0-9]s[0-9]f[01]". */
#define NET_PATTERN_SIZE 64
/* HOST_NAME_MAX of Linux, with the NUL. */
#define NET_HOSTNAME_SIZE 65

#define NET_LIST(type)    \
	struct {          \
		type *p;  \
		size_t n; \
	}

struct net_name {
	char text[IFNAMSIZ];
};

struct net_mac {
	bool given;
	uint8_t bytes[6];
};

struct net_ip {
	int family;	   /* AF_INET, AF_INET6, or 0: not given */
	uint8_t bytes[16]; /* 4 or 16 of them; the rest is 0 */
};

struct net_prefix {
	struct net_ip ip;
	uint8_t length; /* at most 32 or 128 */
};

struct net_number {
	bool given;
	uint32_t value;
};

/* A switch of the kernel's, which has a default of its own. */
enum net_flag { NET_FLAG_DEFAULT, NET_FLAG_OFF, NET_FLAG_ON };

enum net_kind { NET_PHYSICAL, NET_BOND, NET_VLAN, NET_BRIDGE, NET_DUMMY, NET_VRF };

/* How a link is found. All but NET_PHYSICAL are by name, and made when they are not there. */
enum net_match { NET_MATCH_NAME, NET_MATCH_MAC, NET_MATCH_PATTERN };

enum net_ipv6 {
	NET_IPV6_RA,	 /* what routers announce, and what is static */
	NET_IPV6_STATIC, /* link-local and static addresses only */
	NET_IPV6_OFF,	 /* none at all */
};

/* The values of net.ipv6.conf.NAME.use_tempaddr. */
enum net_privacy { NET_PRIVACY_OFF, NET_PRIVACY_PUBLIC, NET_PRIVACY_TEMPORARY };

/* The kernel's numbers: linux/if_bonding.h. */
enum net_bond_mode {
	NET_BOND_BALANCE_RR,
	NET_BOND_ACTIVE_BACKUP,
	NET_BOND_BALANCE_XOR,
	NET_BOND_BROADCAST,
	NET_BOND_8023AD,
	NET_BOND_BALANCE_TLB,
	NET_BOND_BALANCE_ALB,
};

struct net_dhcp {
	bool enabled;
	bool optional;	/* the link is up without a lease, too */
	bool anonymous; /* tells servers nothing about the host (RFC 7844); IPv4 only */
	struct net_number metric;
};

struct net_static {
	NET_LIST(struct net_prefix)
	addresses; /* of one family, none twice, with the bits of the host */
};

struct net_route {
	struct net_prefix to; /* length 0 is the default; no bits of a host */
	struct net_ip from;   /* source address that is preferred */
	struct net_ip via;    /* none: what is behind the link itself */
	struct net_number metric;
	struct net_number table;
	bool on_link; /* @via is reachable though no address says so */
};

/* Without @from and @to it is for both families. */
struct net_rule {
	struct net_prefix from;
	struct net_prefix to;
	struct net_number mark;
	struct net_number priority;
	struct net_number table; /* always given */
};

struct net_dns {
	NET_LIST(struct net_ip) servers;
	NET_LIST(struct str) search;
	bool ignore_received; /* of DHCP and router advertisements */
};

/* Milliseconds. Either @mii_frequency is given or @arp_interval and @arp_targets are. */
struct net_monitoring {
	struct net_number mii_frequency;
	struct net_number mii_updelay;
	struct net_number mii_downdelay;
	struct net_number arp_interval;
	NET_LIST(struct net_ip) arp_targets; /* 1 to 16, IPv4 */
	int arp_validate;		     /* the kernel's number */
	int arp_all_targets;
};

/* Options have the kernel's numbers; -1 is its default. */
struct net_bond {
	int mode; /* enum net_bond_mode */
	struct net_monitoring monitoring;
	struct net_number min_links;
	struct net_name primary; /* a member, or "" */
	int primary_reselect;
	int fail_over_mac;
	int transmit_hash;
	int lacp_rate;
	int ad_select;
	struct net_mac ad_actor_system;
	struct net_number ad_actor_priority;
	struct net_number ad_user_port_key;
	struct net_number peer_notifications;
	struct net_number resend_igmp;
	struct net_number packets_per_member;
	struct net_number learn_interval_s;
	enum net_flag dynamic_balance;
	enum net_flag all_members_active;
};

struct net_bridge {
	enum net_flag stp;
	enum net_flag vlan_filtering;
	enum net_flag multicast_snooping;
	struct net_number priority;
	struct net_number forward_delay_s;
	struct net_number hello_time_s;
	struct net_number max_age_s;
	struct net_number ageing_time_s;
};

struct net_link {
	enum net_match match;
	char name[NET_PATTERN_SIZE]; /* of NET_MATCH_PATTERN for fnmatch(3); of NET_MATCH_MAC "" */
	struct net_mac match_mac;    /* the permanent address, of NET_MATCH_MAC */
	struct toml_position at;     /* its table */
	int kind;		     /* enum net_kind */
	bool primary;

	struct net_number mtu;
	struct net_mac mac; /* that it is given */
	int ipv6;	    /* enum net_ipv6 */
	int ipv6_privacy;   /* enum net_privacy; -1: the kernel's default */

	struct net_dhcp dhcp4;
	struct net_dhcp dhcp6;
	struct net_static static4;
	struct net_static static6;
	struct net_prefix peer; /* the other end, for the first address of static4, or else of static6 */
	NET_LIST(struct net_route) routes;
	NET_LIST(struct net_rule) rules;
	struct net_dns dns;

	NET_LIST(struct net_name) members; /* of a bond, bridge or VRF; each is in one at most */
	struct net_bond bond;
	struct net_bridge bridge;
	struct net_name vlan_device;
	struct net_number vlan_id;
	int vlan_protocol;	     /* ETH_P_8021Q or ETH_P_8021AD */
	struct net_number vrf_table; /* given in a VRF */
};

struct net_config {
	NET_LIST(struct net_link)
	links; /* in the order of the file; names, addresses and patterns once each */
	const struct net_link *primary; /* the link that is marked, or the first; NULL when there is none */
	char hostname[NET_HOSTNAME_SIZE]; /* "" or as the command line has it */
};

/** net_link_init() - a physical link with nothing set, for makers of configurations. */
void net_link_init(struct net_link *link);

/**
 * net_config_default() - without any configuration: DHCPv4, and what routers announce, on every physical link.
 * Return: 0, or -ENOSPC when the arena is full.
 */
int net_config_default(struct arena *arena, struct net_config *ret);

/**
 * net_config_find() - what is wanted of a link that is there. Its permanent address comes before its name, and
 * its name before the first pattern that it matches.
 * @mac: its permanent address; of a link without one, not given
 * @is_physical: no bond, VLAN, ...: only then patterns and addresses count
 * Return: it, or NULL: the link is left alone.
 */
const struct net_link *net_config_find(const struct net_config *config, const char *name,
				       struct net_mac mac, bool is_physical);

/** net_config_master() - Return: the bond, bridge or VRF that has the link @name as a member, or NULL. */
const struct net_link *net_config_master(const struct net_config *config, const char *name);
