// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What goes together in net.toml: see net_parser.h. Up to version 3 these are netdog's rules; from version 4 on only
 * what the kernel would refuse, or what cannot be meant, is refused. What is said there by giving a key at all
 * is asked of the tree. Pure.
 */
#include <sys/socket.h>

#include "netconf/net_parser.h"

static bool has(const struct toml_node *node, const char *key)
{
	return toml_get(node, str_from(key)) != NULL;
}

/* Where a key is, or else the table itself. */
static struct toml_position place_of(const struct toml_node *node, const char *key)
{
	const struct toml_node *child = toml_get(node, str_from(key));

	return child ? child->key_at : node->key_at;
}

/* Up to version 3 a link must have addresses from somewhere, and routes are for static ones. */
static void check_addressing(struct net_parser *p, const struct toml_node *node)
{
	bool has_dhcp = has(node, "dhcp4") || has(node, "dhcp6");
	bool has_static = has(node, "static4") || has(node, "static6");

	if (p->version >= 4)
		return;
	if (!has_dhcp && !has_static)
		net_problem_add(p->problems, node->key_at,
				p->version == 1 ? "a link needs \"dhcp4\", \"dhcp6\" or both"
						: "a link needs one of \"dhcp4\", \"dhcp6\", \"static4\", "
						  "\"static6\" at least");
	if (p->version == 1 || !has(node, "route"))
		return;
	if (has_dhcp)
		net_problem_add(p->problems, place_of(node, "route"),
				"routes beside DHCP are from version 4 on, and this file has version %u",
				p->version);
	else if (!has_static)
		net_problem_add(p->problems, place_of(node, "route"),
				"routes need \"static4\" or \"static6\"");
}

/* A default route is of the family of what it goes over. */
static void settle_route(struct net_parser *p, const struct toml_node *node, struct net_route *route)
{
	if (route->to.ip.family == 0)
		route->to.ip.family = route->via.family	   ? route->via.family
				      : route->from.family ? route->from.family
							   : AF_INET;
	if (route->via.family && route->via.family != route->to.ip.family)
		net_problem_add(p->problems, place_of(node, "via"),
				"\"via\" and \"to\" are not both IPv4 or both IPv6");
	if (route->from.family && route->from.family != route->to.ip.family)
		net_problem_add(p->problems, place_of(node, "from"),
				"\"from\" and \"to\" are not both IPv4 or both IPv6");
	if (route->on_link && !route->via.family)
		net_problem_add(p->problems, place_of(node, "on-link"), "\"on-link\" needs \"via\"");
}

static void check_rule(struct net_parser *p, const struct toml_node *node, const struct net_rule *rule)
{
	if (rule->from.ip.family && rule->to.ip.family && rule->from.ip.family != rule->to.ip.family)
		net_problem_add(p->problems, place_of(node, "to"),
				"\"from\" and \"to\" are not both IPv4 or both IPv6");
}

static void check_routes_and_rules(struct net_parser *p, const struct net_link *link,
				   const struct toml_node *node)
{
	const struct toml_node *child = toml_first(toml_get(node, STR("route")));

	for (size_t i = 0; i < link->routes.n; i++, child = child->next)
		settle_route(p, child, &link->routes.p[i]);
	child = toml_first(toml_get(node, STR("rule")));
	for (size_t i = 0; i < link->rules.n; i++, child = child->next)
		check_rule(p, child, &link->rules.p[i]);
}

/* The kernel has no IPv6 on a link whose MTU is smaller than this (RFC 8200, 5). */
#define IPV6_MTU_MIN 1280

static void check_ipv6(struct net_parser *p, const struct net_link *link, const struct toml_node *node)
{
	const char *key = link->dhcp6.enabled ? "dhcp6" : "static6";

	if (!link->dhcp6.enabled && link->static6.addresses.n == 0)
		return;
	if (link->ipv6 == NET_IPV6_OFF)
		net_problem_add(p->problems, place_of(node, key),
				"\"%s\" cannot be with ipv6 = \"off\"", key);
	if (link->mtu.given && link->mtu.value < IPV6_MTU_MIN)
		net_problem_add(p->problems, place_of(node, "mtu"),
				"\"%s\" needs an \"mtu\" of %d at least, the smallest that IPv6 has",
				key, IPV6_MTU_MIN);
}

void net_check_link(struct net_parser *p, const struct net_link *link, const struct toml_node *node)
{
	if (link->kind != NET_PHYSICAL && link->match == NET_MATCH_MAC)
		net_problem_add(p->problems, node->key_at, "a %s is made by name, not by MAC address",
				net_kind_name(link->kind));
	if (link->kind != NET_PHYSICAL && link->match == NET_MATCH_PATTERN)
		net_problem_add(p->problems, node->key_at, "a %s is made by name, not by a pattern",
				net_kind_name(link->kind));
	if (link->primary && link->match == NET_MATCH_PATTERN)
		net_problem_add(p->problems, place_of(node, "primary"),
				"a pattern cannot be primary: one link is");
	check_addressing(p, node);
	check_routes_and_rules(p, link, node);
	check_ipv6(p, link, node);
}

#define MODE(name) (1U << NET_BOND_##name)

/* What the kernel refuses in other modes than these. */
static const struct {
	const char *key;
	unsigned modes;
} needs_mode[] = {
	{ "primary-interface", MODE(ACTIVE_BACKUP) | MODE(BALANCE_TLB) | MODE(BALANCE_ALB) },
	{ "lacp-rate", MODE(8023AD) },
	{ "ad-actor-system", MODE(8023AD) },
	{ "ad-actor-system-priority", MODE(8023AD) },
	{ "ad-user-port-key", MODE(8023AD) },
	{ "packets-per-interface", MODE(BALANCE_RR) },
	{ "dynamic-balance", MODE(BALANCE_TLB) | MODE(BALANCE_ALB) },
};

static void check_monitoring(struct net_parser *p, const struct net_link *link,
			     const struct toml_node *node)
{
	static const char *const mii[] = { "miimon-frequency-ms", "miimon-updelay-ms",
					   "miimon-downdelay-ms" };
	static const char *const arp[] = { "arpmon-interval-ms", "arpmon-targets", "arpmon-validate" };
	const struct net_monitoring *m = &link->bond.monitoring;
	const char *const *needed = mii;
	bool is_arp = false;
	bool is_mii = false;

	for (size_t i = 0; i < ARRAY_SIZE(mii); i++) {
		is_mii = is_mii || has(node, mii[i]);
		is_arp = is_arp || has(node, arp[i]);
	}
	is_arp = is_arp || has(node, "arpmon-all-targets");
	if (is_mii && is_arp) {
		net_problem_add(p->problems, node->key_at,
				"a bond is monitored by miimon or by arpmon, not by both");
		return;
	}
	if (is_arp)
		needed = arp;
	for (size_t i = 0; i < ARRAY_SIZE(mii); i++)
		if (!has(node, needed[i]))
			net_problem_add(p->problems, node->key_at, "monitoring by %s needs \"%s\"",
					is_arp ? "arpmon" : "miimon", needed[i]);
	if ((m->mii_updelay.given && m->mii_updelay.value < m->mii_frequency.value) ||
	    (m->mii_downdelay.given && m->mii_downdelay.value < m->mii_frequency.value))
		net_problem_add(p->problems, place_of(node, "miimon-frequency-ms"),
				"\"miimon-updelay-ms\" and \"miimon-downdelay-ms\" cannot be less than "
				"\"miimon-frequency-ms\"");
	if (is_arp && 1U << link->bond.mode & (MODE(8023AD) | MODE(BALANCE_TLB) | MODE(BALANCE_ALB)))
		net_problem_add(p->problems, node->key_at,
				"the bond's mode cannot be monitored by arpmon");
}

void net_check_bond(struct net_parser *p, const struct net_link *link, const struct toml_node *node)
{
	const struct toml_node *monitoring = toml_get(node, STR("monitoring"));
	bool is_member = false;

	if (link->bond.min_links.given && link->bond.min_links.value > link->members.n &&
	    link->members.n > 0)
		net_problem_add(p->problems, place_of(node, "min-links"),
				"\"min-links\" is more than the bond has \"interfaces\"");
	for (size_t i = 0; i < link->members.n; i++)
		if (strcmp(link->members.p[i].text, link->bond.primary.text) == 0)
			is_member = true;
	if (link->bond.primary.text[0] && !is_member)
		net_problem_add(p->problems, place_of(node, "primary-interface"),
				"\"primary-interface\" is none of the bond's \"interfaces\"");
	for (size_t i = 0; i < ARRAY_SIZE(needs_mode); i++)
		if (has(node, needs_mode[i].key) && !(1U << link->bond.mode & needs_mode[i].modes))
			net_problem_add(p->problems, place_of(node, needs_mode[i].key),
					"\"%s\" is nothing that the bond's mode has",
					needs_mode[i].key);
	if (monitoring && monitoring->type == TOML_TABLE)
		check_monitoring(p, link, monitoring);
}
