// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The keys of net.toml: see net_key_table.h. Versions 1 to 3 have what Bottlerocket's netdog takes; names and
 * bounds of version 4 are the kernel's (Documentation/networking/bonding.rst, ip-link(8)) where it has any. Pure.
 */
#include "netconf/net_key_table.h"

#include <linux/if_ether.h>

/* clang-format off */
static const struct net_choice kinds[] = {
	{ "bond", NET_BOND, 3, false }, { "Bond", NET_BOND, 3, true },
	{ "vlan", NET_VLAN, 3, false }, { "VLAN", NET_VLAN, 3, true }, { "Vlan", NET_VLAN, 3, true },
	{ "bridge", NET_BRIDGE, 4, false },
	{ "dummy", NET_DUMMY, 4, false },
	{ "physical", NET_PHYSICAL, 4, false },
	{ "vrf", NET_VRF, 4, false },
	{ 0 },
};

static const struct net_choice ipv6[] = {
	{ "ra", NET_IPV6_RA, 4, false }, { "static", NET_IPV6_STATIC, 4, false },
	{ "off", NET_IPV6_OFF, 4, false }, { 0 },
};

static const struct net_choice privacy[] = {
	{ "off", NET_PRIVACY_OFF, 4, false }, { "public", NET_PRIVACY_PUBLIC, 4, false },
	{ "temporary", NET_PRIVACY_TEMPORARY, 4, false }, { 0 },
};

static const struct net_choice modes[] = {
	{ "active-backup", NET_BOND_ACTIVE_BACKUP, 3, false },
	{ "balance-rr", NET_BOND_BALANCE_RR, 4, false },
	{ "balance-xor", NET_BOND_BALANCE_XOR, 4, false },
	{ "broadcast", NET_BOND_BROADCAST, 4, false },
	{ "802.3ad", NET_BOND_8023AD, 4, false },
	{ "balance-tlb", NET_BOND_BALANCE_TLB, 4, false },
	{ "balance-alb", NET_BOND_BALANCE_ALB, 4, false },
	{ 0 },
};

static const struct net_choice reselect[] = {
	{ "always", 0, 4, false }, { "better", 1, 4, false }, { "failure", 2, 4, false }, { 0 },
};

static const struct net_choice fail_over_mac[] = {
	{ "none", 0, 4, false }, { "active", 1, 4, false }, { "follow", 2, 4, false }, { 0 },
};

static const struct net_choice transmit_hash[] = {
	{ "layer2", 0, 4, false }, { "layer3+4", 1, 4, false }, { "layer2+3", 2, 4, false },
	{ "encap2+3", 3, 4, false }, { "encap3+4", 4, 4, false }, { "vlan+srcmac", 5, 4, false }, { 0 },
};

static const struct net_choice lacp_rate[] = {
	{ "slow", 0, 4, false }, { "fast", 1, 4, false }, { 0 },
};

static const struct net_choice ad_select[] = {
	{ "stable", 0, 4, false }, { "bandwidth", 1, 4, false }, { "count", 2, 4, false }, { 0 },
};

static const struct net_choice arp_validate[] = {
	{ "none", 0, 3, false }, { "active", 1, 3, false }, { "backup", 2, 3, false }, { "all", 3, 3, false },
	{ "filter", 4, 4, false }, { "filter-active", 5, 4, false }, { "filter-backup", 6, 4, false }, { 0 },
};

static const struct net_choice arp_all_targets[] = {
	{ "any", 0, 4, false }, { "all", 1, 4, false }, { 0 },
};

static const struct net_choice vlan_protocol[] = {
	{ "802.1q", ETH_P_8021Q, 4, false }, { "802.1ad", ETH_P_8021AD, 4, false }, { 0 },
};

#define BOOLEAN NET_VALUE_BOOLEAN
#define FLAG NET_VALUE_FLAG
#define NUMBER NET_VALUE_NUMBER
#define CHOICE NET_VALUE_CHOICE
#define LATEST NET_VERSION_MAX

#define IN(table, type, field) NET_TABLE_##table, NET_ANY_KIND, .offset = offsetof(struct net_##type, field)
#define OF(kind, field) NET_TABLE_LINK, NET_KIND_BIT(NET_##kind), .offset = offsetof(struct net_link, field)
#define RANGE(from, to) .min = (from), .max = (to)
#define U32 RANGE(0, UINT32_MAX)
#define SOME RANGE(1, NET_LIST_MAX)
#define ANY RANGE(0, NET_LIST_MAX)
#define KEY(text, from, must, kind) .name = (text), .since = (from), .required_to = (must), .value = (kind)

const struct net_key net_keys[] = {
	{ IN(LINK, link, primary), KEY("primary", 1, 0, BOOLEAN) },
	{ IN(LINK, link, dhcp4), KEY("dhcp4", 1, 0, NET_VALUE_DHCP), .within = NET_TABLE_DHCP4 },
	{ IN(LINK, link, dhcp6), KEY("dhcp6", 1, 0, NET_VALUE_DHCP), .within = NET_TABLE_DHCP6 },
	{ IN(LINK, link, static4), KEY("static4", 2, 0, NET_VALUE_TABLE), .within = NET_TABLE_STATIC4 },
	{ IN(LINK, link, static6), KEY("static6", 2, 0, NET_VALUE_TABLE), .within = NET_TABLE_STATIC6 },
	{ IN(LINK, link, routes), KEY("route", 2, 0, NET_VALUE_TABLES), ANY, .within = NET_TABLE_ROUTE },
	{ IN(LINK, link, mtu), KEY("mtu", 2, 0, NUMBER), RANGE(68, 65535) },
	{ IN(LINK, link, kind), KEY("kind", 3, 0, CHOICE), .choices = kinds },
	{ IN(LINK, link, mac), KEY("mac", 4, 0, NET_VALUE_MAC) },
	{ IN(LINK, link, ipv6), KEY("ipv6", 4, 0, CHOICE), .choices = ipv6 },
	{ IN(LINK, link, ipv6_privacy), KEY("ipv6-privacy", 4, 0, CHOICE), .choices = privacy },
	{ IN(LINK, link, dns), KEY("dns", 4, 0, NET_VALUE_TABLE), .within = NET_TABLE_DNS },
	{ IN(LINK, link, rules), KEY("rule", 4, 0, NET_VALUE_TABLES), ANY, .within = NET_TABLE_RULE },

	{ OF(BOND, bond.mode), KEY("mode", 3, LATEST, CHOICE), .choices = modes },
	{ OF(BOND, members), KEY("interfaces", 3, LATEST, NET_VALUE_NAMES), SOME },
	{ OF(BOND, bond.min_links), KEY("min-links", 3, 0, NUMBER), RANGE(0, NET_LIST_MAX) },
	{ OF(BOND, bond.monitoring), KEY("monitoring", 3, 3, NET_VALUE_TABLE), .within = NET_TABLE_MONITORING },
	{ OF(BOND, bond.primary), KEY("primary-interface", 4, 0, NET_VALUE_NAME) },
	{ OF(BOND, bond.primary_reselect), KEY("primary-reselect", 4, 0, CHOICE), .choices = reselect },
	{ OF(BOND, bond.fail_over_mac), KEY("fail-over-mac", 4, 0, CHOICE), .choices = fail_over_mac },
	{ OF(BOND, bond.transmit_hash), KEY("transmit-hash-policy", 4, 0, CHOICE), .choices = transmit_hash },
	{ OF(BOND, bond.lacp_rate), KEY("lacp-rate", 4, 0, CHOICE), .choices = lacp_rate },
	{ OF(BOND, bond.ad_select), KEY("ad-select", 4, 0, CHOICE), .choices = ad_select },
	{ OF(BOND, bond.ad_actor_system), KEY("ad-actor-system", 4, 0, NET_VALUE_MAC) },
	{ OF(BOND, bond.ad_actor_priority), KEY("ad-actor-system-priority", 4, 0, NUMBER), RANGE(1, 65535) },
	{ OF(BOND, bond.ad_user_port_key), KEY("ad-user-port-key", 4, 0, NUMBER), RANGE(0, 1023) },
	{ OF(BOND, bond.peer_notifications), KEY("peer-notifications", 4, 0, NUMBER), RANGE(0, 255) },
	{ OF(BOND, bond.resend_igmp), KEY("resend-igmp", 4, 0, NUMBER), RANGE(0, 255) },
	{ OF(BOND, bond.packets_per_member), KEY("packets-per-interface", 4, 0, NUMBER), RANGE(0, 65535) },
	{ OF(BOND, bond.learn_interval_s), KEY("learn-interval-s", 4, 0, NUMBER), RANGE(1, INT32_MAX) },
	{ OF(BOND, bond.dynamic_balance), KEY("dynamic-balance", 4, 0, FLAG) },
	{ OF(BOND, bond.all_members_active), KEY("all-interfaces-active", 4, 0, FLAG) },

	{ OF(VLAN, vlan_device), KEY("device", 3, LATEST, NET_VALUE_NAME) },
	{ OF(VLAN, vlan_id), KEY("id", 3, LATEST, NUMBER), RANGE(0, 4094) },
	{ OF(VLAN, vlan_protocol), KEY("protocol", 4, 0, CHOICE), .choices = vlan_protocol },

	{ OF(BRIDGE, members), KEY("interfaces", 4, 0, NET_VALUE_NAMES), ANY },
	{ OF(BRIDGE, bridge.stp), KEY("stp", 4, 0, FLAG) },
	{ OF(BRIDGE, bridge.priority), KEY("priority", 4, 0, NUMBER), RANGE(0, 65535) },
	{ OF(BRIDGE, bridge.forward_delay_s), KEY("forward-delay-s", 4, 0, NUMBER), RANGE(2, 30) },
	{ OF(BRIDGE, bridge.hello_time_s), KEY("hello-time-s", 4, 0, NUMBER), RANGE(1, 10) },
	{ OF(BRIDGE, bridge.max_age_s), KEY("max-age-s", 4, 0, NUMBER), RANGE(6, 40) },
	{ OF(BRIDGE, bridge.ageing_time_s), KEY("ageing-time-s", 4, 0, NUMBER), RANGE(0, 1000000) },
	{ OF(BRIDGE, bridge.vlan_filtering), KEY("vlan-filtering", 4, 0, FLAG) },
	{ OF(BRIDGE, bridge.multicast_snooping), KEY("multicast-snooping", 4, 0, FLAG) },

	{ OF(VRF, members), KEY("interfaces", 4, 0, NET_VALUE_NAMES), ANY },
	{ OF(VRF, vrf_table), KEY("table", 4, LATEST, NUMBER), RANGE(1, UINT32_MAX) },

	{ IN(DHCP4, dhcp, enabled), KEY("enabled", 1, LATEST, BOOLEAN) },
	{ IN(DHCP4, dhcp, optional), KEY("optional", 1, 0, BOOLEAN) },
	{ IN(DHCP4, dhcp, metric), KEY("route-metric", 1, 0, NUMBER), U32 },
	{ IN(DHCP4, dhcp, anonymous), KEY("anonymous", 4, 0, BOOLEAN) },

	{ IN(DHCP6, dhcp, enabled), KEY("enabled", 1, LATEST, BOOLEAN) },
	{ IN(DHCP6, dhcp, optional), KEY("optional", 1, 0, BOOLEAN) },

	{ IN(STATIC4, static, addresses), KEY("addresses", 2, LATEST, NET_VALUE_PREFIXES4), SOME },
	{ IN(STATIC6, static, addresses), KEY("addresses", 2, LATEST, NET_VALUE_PREFIXES6), SOME },

	{ IN(ROUTE, route, to), KEY("to", 2, LATEST, NET_VALUE_DESTINATION) },
	{ IN(ROUTE, route, from), KEY("from", 2, 0, NET_VALUE_IP) },
	{ IN(ROUTE, route, via), KEY("via", 2, 0, NET_VALUE_IP) },
	{ IN(ROUTE, route, metric), KEY("route-metric", 2, 0, NUMBER), U32 },
	{ IN(ROUTE, route, table), KEY("table", 4, 0, NUMBER), RANGE(1, UINT32_MAX) },
	{ IN(ROUTE, route, on_link), KEY("on-link", 4, 0, BOOLEAN) },

	{ IN(RULE, rule, from), KEY("from", 4, 0, NET_VALUE_PREFIX) },
	{ IN(RULE, rule, to), KEY("to", 4, 0, NET_VALUE_PREFIX) },
	{ IN(RULE, rule, mark), KEY("mark", 4, 0, NUMBER), U32 },
	{ IN(RULE, rule, priority), KEY("priority", 4, 0, NUMBER), U32 },
	{ IN(RULE, rule, table), KEY("table", 4, LATEST, NUMBER), RANGE(1, UINT32_MAX) },

	{ IN(DNS, dns, servers), KEY("servers", 4, 0, NET_VALUE_IPS), ANY },
	{ IN(DNS, dns, search), KEY("search", 4, 0, NET_VALUE_DOMAINS), ANY },
	{ IN(DNS, dns, ignore_received), KEY("ignore-received", 4, 0, BOOLEAN) },

	{ IN(MONITORING, monitoring, mii_frequency), KEY("miimon-frequency-ms", 3, 0, NUMBER), RANGE(1, INT32_MAX) },
	{ IN(MONITORING, monitoring, mii_updelay), KEY("miimon-updelay-ms", 3, 0, NUMBER), RANGE(1, INT32_MAX) },
	{ IN(MONITORING, monitoring, mii_downdelay), KEY("miimon-downdelay-ms", 3, 0, NUMBER), RANGE(1, INT32_MAX) },
	{ IN(MONITORING, monitoring, arp_interval), KEY("arpmon-interval-ms", 3, 0, NUMBER), RANGE(1, INT32_MAX) },
	{ IN(MONITORING, monitoring, arp_validate), KEY("arpmon-validate", 3, 0, CHOICE), .choices = arp_validate },
	{ IN(MONITORING, monitoring, arp_targets), KEY("arpmon-targets", 3, 0, NET_VALUE_IPV4S), RANGE(1, 16) },
	{ IN(MONITORING, monitoring, arp_all_targets), KEY("arpmon-all-targets", 4, 0, CHOICE),
	  .choices = arp_all_targets },
	{ 0 },
};
/* clang-format on */

const struct net_key *net_key_find(enum net_table table, int kind, unsigned version, struct str name)
{
	for (const struct net_key *key = net_keys; key->name; key++)
		if (key->table == table && key->kinds & NET_KIND_BIT(kind) &&
		    key->since <= version && str_is(name, key->name))
			return key;
	return NULL;
}

static const struct {
	const char *name;
	size_t size;
} tables[] = {
	[NET_TABLE_LINK] = { "a link", sizeof(struct net_link) },
	[NET_TABLE_DHCP4] = { "dhcp4", sizeof(struct net_dhcp) },
	[NET_TABLE_DHCP6] = { "dhcp6", sizeof(struct net_dhcp) },
	[NET_TABLE_STATIC4] = { "static4", sizeof(struct net_static) },
	[NET_TABLE_STATIC6] = { "static6", sizeof(struct net_static) },
	[NET_TABLE_ROUTE] = { "a route", sizeof(struct net_route) },
	[NET_TABLE_RULE] = { "a rule", sizeof(struct net_rule) },
	[NET_TABLE_DNS] = { "dns", sizeof(struct net_dns) },
	[NET_TABLE_MONITORING] = { "monitoring", sizeof(struct net_monitoring) },
};

const char *net_table_name(enum net_table table)
{
	return tables[table].name;
}

size_t net_table_size(enum net_table table)
{
	return tables[table].size;
}

const char *net_kind_name(int kind)
{
	for (const struct net_choice *choice = kinds; choice->word; choice++)
		if (choice->value == kind)
			return choice->word;
	return "link";
}

static void add_choices(struct buf *b, const struct net_key *key, unsigned version)
{
	const char *before = "one of \"";

	for (const struct net_choice *choice = key->choices; choice->word; choice++) {
		if (choice->since > version || choice->is_alias)
			continue;
		buf_printf(b, "%s%s", before, choice->word);
		before = "\", \"";
	}
	buf_add_char(b, '"');
}

void net_key_expects(struct buf *b, const struct net_key *key, unsigned version)
{
	switch (key->value) {
	case NET_VALUE_BOOLEAN:
	case NET_VALUE_FLAG:
		buf_add(b, "true or false");
		break;
	case NET_VALUE_NUMBER:
		buf_printf(b, "an integer from %lld to %lld", (long long)key->min, (long long)key->max);
		break;
	case NET_VALUE_CHOICE:
		add_choices(b, key, version);
		break;
	case NET_VALUE_NAME:
	case NET_VALUE_NAMES:
		buf_add(b, key->value == NET_VALUE_NAME ? "the name of a link"
							: "an array of names of links");
		break;
	case NET_VALUE_MAC:
		buf_add(b, "a MAC address of one card, like \"52:54:00:12:34:56\"");
		break;
	case NET_VALUE_IP:
		buf_add(b, "an IP address without a prefix length");
		break;
	case NET_VALUE_IPS:
		buf_add(b, "an array of IP addresses without a prefix length");
		break;
	case NET_VALUE_IPV4S:
		buf_add(b, "an array of IPv4 addresses without a prefix length");
		break;
	case NET_VALUE_PREFIXES4:
		buf_add(b, "an array of IPv4 addresses with prefix length, like \"192.0.2.1/24\"");
		break;
	case NET_VALUE_PREFIXES6:
		buf_add(b, "an array of IPv6 addresses with prefix length, like \"2001:db8::1/64\"");
		break;
	case NET_VALUE_PREFIX:
		buf_add(b, "an IP address with prefix length, like \"192.0.2.0/24\"");
		break;
	case NET_VALUE_DESTINATION:
		buf_add(b, "\"default\" or an IP address with prefix length, like \"192.0.2.0/24\"");
		break;
	case NET_VALUE_DOMAINS:
		buf_add(b, "an array of domain names");
		break;
	case NET_VALUE_TABLE:
		buf_add(b, "a table");
		break;
	case NET_VALUE_DHCP:
		buf_add(b, "true, false or a table");
		break;
	case NET_VALUE_TABLES:
		buf_add(b, "an array of tables");
		break;
	}
}
