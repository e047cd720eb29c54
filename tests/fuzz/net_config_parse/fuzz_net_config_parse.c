// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Any bytes as net.toml. What is taken must be what net_config.h says: names that are some, lists that lie in the
 * arena, members of one master each, families that fit. What is refused has a place and a reason.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "netconf/net_config_parse.h"
#include "netconf/net_value_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(16) char memory[NET_CONFIG_ARENA_SIZE];

static void check_list(const void *p, size_t n)
{
	assert(n == 0 || ((const char *)p >= memory && (const char *)p < memory + sizeof(memory)));
	assert(n <= NET_LIST_MAX);
}

static void check_static(const struct net_static *addresses, int family)
{
	check_list(addresses->addresses.p, addresses->addresses.n);
	for (size_t i = 0; i < addresses->addresses.n; i++)
		assert(addresses->addresses.p[i].ip.family == family &&
		       addresses->addresses.p[i].length <= net_ip_bits(family));
}

static void check_routes(const struct net_link *link)
{
	check_list(link->routes.p, link->routes.n);
	for (size_t i = 0; i < link->routes.n; i++) {
		const struct net_route *route = &link->routes.p[i];
		struct net_prefix masked = route->to;

		assert(route->to.ip.family == AF_INET || route->to.ip.family == AF_INET6);
		assert(!route->via.family || route->via.family == route->to.ip.family);
		assert(!route->from.family || route->from.family == route->to.ip.family);
		net_prefix_mask(&masked);
		assert(net_prefix_equal(&masked, &route->to));
	}
	check_list(link->rules.p, link->rules.n);
	for (size_t i = 0; i < link->rules.n; i++)
		assert(link->rules.p[i].table.given && link->rules.p[i].table.value > 0);
}

static void check_link(const struct net_config *config, const struct net_link *link)
{
	struct net_name name;

	assert(link->kind >= NET_PHYSICAL && link->kind <= NET_VRF);
	assert(link->kind == NET_PHYSICAL || link->match == NET_MATCH_NAME);
	if (link->match == NET_MATCH_NAME) {
		assert(net_name_parse(str_from(link->name), &name));
		assert(net_config_find(config, link->name, (struct net_mac){ 0 }, false) == link);
	}
	check_static(&link->static4, AF_INET);
	check_static(&link->static6, AF_INET6);
	check_routes(link);
	check_list(link->members.p, link->members.n);
	for (size_t i = 0; i < link->members.n; i++) {
		assert(net_name_parse(str_from(link->members.p[i].text), &name));
		assert(net_config_master(config, link->members.p[i].text) == link);
	}
	for (size_t i = 0; i < link->dns.search.n; i++)
		assert(net_domain_parse(link->dns.search.p[i]));
	if (link->kind == NET_BOND)
		assert(link->members.n > 0 && link->bond.mode >= 0 &&
		       link->bond.monitoring.mii_frequency.given !=
			       link->bond.monitoring.arp_interval.given);
	if (link->kind == NET_VLAN)
		assert(link->vlan_id.given && link->vlan_id.value <= 4094 && link->vlan_device.text[0]);
	if (link->kind == NET_VRF)
		assert(link->vrf_table.given && link->vrf_table.value > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct net_problems problems;
	struct arena arena = ARENA(memory);
	struct net_config config = { 0 };
	int r;

	r = net_config_parse((struct str){ (const char *)data, size }, &arena, &config, &problems);
	if (r < 0) {
		assert(problems.count > 0 && !config.links.p);
		for (size_t i = 0; i < problems.count && i < NET_PROBLEMS_MAX; i++)
			assert(problems.list[i].at.line > 0 && problems.list[i].at.column > 0 &&
			       problems.list[i].reason[0]);
		return 0;
	}
	assert((config.links.n == 0) == !config.primary);
	for (size_t i = 0; i < config.links.n; i++)
		check_link(&config, &config.links.p[i]);
	return 0;
}
