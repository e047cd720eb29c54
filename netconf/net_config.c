// SPDX-License-Identifier: MIT OR Apache-2.0
/* The state that the network should have: see net_config.h. Pure. */
#include "netconf/net_config.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if_ether.h>

void net_link_init(struct net_link *link)
{
	*link = (struct net_link){
		.ipv6_privacy = -1,
		.vlan_protocol = ETH_P_8021Q,
		.bond = {
			.mode = NET_BOND_ACTIVE_BACKUP,
			.monitoring = { .arp_validate = -1, .arp_all_targets = -1 },
			.primary_reselect = -1,
			.fail_over_mac = -1,
			.transmit_hash = -1,
			.lacp_rate = -1,
			.ad_select = -1,
		},
	};
}

int net_config_default(struct arena *arena, struct net_config *ret)
{
	struct net_link *link = arena_take(arena, sizeof(*link), _Alignof(struct net_link));

	if (!link)
		return -ENOSPC;
	net_link_init(link);
	link->match = NET_MATCH_PATTERN;
	memcpy(link->name, "*", 2);
	link->dhcp4.enabled = true;
	*ret = (struct net_config){ .links = { link, 1 }, .primary = link };
	return 0;
}

static bool is_mac(const struct net_link *link, struct net_mac mac)
{
	return link->match == NET_MATCH_MAC && mac.given &&
	       memcmp(link->match_mac.bytes, mac.bytes, sizeof(mac.bytes)) == 0;
}

const struct net_link *net_config_find(const struct net_config *config, const char *name,
				       struct net_mac mac, bool is_physical)
{
	const struct net_link *by_name = NULL;
	const struct net_link *by_pattern = NULL;

	for (size_t i = 0; i < config->links.n; i++) {
		const struct net_link *link = &config->links.p[i];

		if (is_physical && is_mac(link, mac))
			return link;
		if (link->match == NET_MATCH_NAME && strcmp(link->name, name) == 0)
			by_name = link;
		if (is_physical && !by_pattern && link->match == NET_MATCH_PATTERN &&
		    fnmatch(link->name, name, 0) == 0)
			by_pattern = link;
	}
	return by_name ? by_name : by_pattern;
}

const struct net_link *net_config_master(const struct net_config *config, const char *name)
{
	for (size_t i = 0; i < config->links.n; i++)
		for (size_t j = 0; j < config->links.p[i].members.n; j++)
			if (strcmp(config->links.p[i].members.p[j].text, name) == 0)
				return &config->links.p[i];
	return NULL;
}
