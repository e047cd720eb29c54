// SPDX-License-Identifier: MIT OR Apache-2.0
/* netconf/net_config_parse: a good file of each version, and which of its tables fits a link. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "netconf/net_config_parse.h"
#include "netconf/net_value_parse.h"

static _Alignas(16) char memory[NET_CONFIG_ARENA_SIZE];
static struct net_problems problems;

static int parse(const char *text, struct net_config *ret)
{
	struct arena arena = ARENA(memory);

	return net_config_parse(str_from(text), &arena, ret, &problems);
}

static struct net_config parse_good(const char *text)
{
	struct net_config config = { 0 };

	if (parse(text, &config) < 0) {
		char shown[1024];
		struct buf b = BUF(shown);

		net_problem_show(&b, "net.toml", &problems.list[0]);
		fail_msg("%s", shown);
	}
	return config;
}

static void assert_ip(struct net_ip ip, const char *expected)
{
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop(ip.family, ip.bytes, text, sizeof(text)));
	assert_string_equal(text, expected);
}

static void assert_prefix(struct net_prefix prefix, const char *ip, unsigned length)
{
	assert_ip(prefix.ip, ip);
	assert_int_equal(prefix.length, length);
}

static void assert_number(struct net_number number, uint32_t value)
{
	assert_true(number.given);
	assert_int_equal(number.value, value);
}

static void test_version_1(void **state _unused_)
{
	struct net_config c = parse_good("version = 1\n"
					 "[eno1]\n"
					 "dhcp4 = true\n"
					 "[eno2]\n"
					 "primary = true\n"
					 "dhcp6 = { enabled = true, optional = true }\n"
					 "[eno3.dhcp4]\n"
					 "enabled = true\n"
					 "optional = true\n"
					 "route-metric = 200\n");

	assert_int_equal(c.links.n, 3);
	assert_string_equal(c.links.p[0].name, "eno1");
	assert_int_equal(c.links.p[0].match, NET_MATCH_NAME);
	assert_int_equal(c.links.p[0].kind, NET_PHYSICAL);
	assert_int_equal(c.links.p[0].ipv6, NET_IPV6_RA);
	assert_true(c.links.p[0].dhcp4.enabled && !c.links.p[0].dhcp4.optional);
	assert_false(c.links.p[0].dhcp6.enabled);
	assert_false(c.links.p[0].mtu.given);
	assert_ptr_equal(c.primary, &c.links.p[1]);
	assert_true(c.links.p[1].dhcp6.enabled && c.links.p[1].dhcp6.optional);
	assert_false(c.links.p[1].dhcp4.enabled);
	assert_true(c.links.p[2].dhcp4.enabled && c.links.p[2].dhcp4.optional);
	assert_number(c.links.p[2].dhcp4.metric, 200);
}

static void test_version_2(void **state _unused_)
{
	struct net_config c = parse_good("version = 2\n"
					 "[eth0.static4]\n"
					 "addresses = ['192.0.2.10/24', '198.51.100.1/25', '192.0.2.10/24']\n"
					 "[[eth0.route]]\n"
					 "to = 'default'\n"
					 "via = '192.0.2.1'\n"
					 "route-metric = 100\n"
					 "[[eth0.route]]\n"
					 "to = '203.0.113.9/24'\n"
					 "from = '192.0.2.10'\n"
					 "[eth1]\n"
					 "static6.addresses = ['2001:db8::10/64']\n"
					 "route = [{ to = 'Default', via = '2001:db8::1' }]\n"
					 "[eth2]\n"
					 "dhcp4 = true\n"
					 "mtu = 1400\n"
					 "static4 = { addresses = ['192.0.2.11/32'] }\n");
	const struct net_link *link = &c.links.p[0];

	assert_int_equal(c.links.n, 3);
	assert_ptr_equal(c.primary, link);
	assert_int_equal(link->static4.addresses.n, 2);
	assert_prefix(link->static4.addresses.p[0], "192.0.2.10", 24);
	assert_prefix(link->static4.addresses.p[1], "198.51.100.1", 25);
	assert_int_equal(link->routes.n, 2);
	assert_prefix(link->routes.p[0].to, "0.0.0.0", 0);
	assert_ip(link->routes.p[0].via, "192.0.2.1");
	assert_number(link->routes.p[0].metric, 100);
	assert_prefix(link->routes.p[1].to, "203.0.113.0", 24);
	assert_ip(link->routes.p[1].from, "192.0.2.10");
	assert_int_equal(link->routes.p[1].via.family, 0);
	assert_false(link->routes.p[1].metric.given);
	link = &c.links.p[1];
	assert_prefix(link->static6.addresses.p[0], "2001:db8::10", 64);
	assert_prefix(link->routes.p[0].to, "::", 0);
	link = &c.links.p[2];
	assert_number(link->mtu, 1400);
	assert_true(link->dhcp4.enabled);
	assert_prefix(link->static4.addresses.p[0], "192.0.2.11", 32);
}

static void test_version_3(void **state _unused_)
{
	struct net_config c = parse_good("version = 3\n"
					 "[bond0]\n"
					 "kind = 'Bond'\n"
					 "mode = 'active-backup'\n"
					 "interfaces = ['eno1', 'eno2']\n"
					 "min-links = 2\n"
					 "dhcp4 = true\n"
					 "[bond0.monitoring]\n"
					 "miimon-frequency-ms = 100\n"
					 "miimon-updelay-ms = 200\n"
					 "miimon-downdelay-ms = 300\n"
					 "[bond1]\n"
					 "kind = 'bond'\n"
					 "mode = 'active-backup'\n"
					 "interfaces = ['eno3']\n"
					 "dhcp6 = true\n"
					 "monitoring = { arpmon-interval-ms = 50, arpmon-validate = 'all', "
					 "arpmon-targets = ['192.0.2.1', '192.0.2.2'] }\n"
					 "[storage]\n"
					 "kind = 'VLAN'\n"
					 "device = 'bond0'\n"
					 "id = 42\n"
					 "static4.addresses = ['192.0.2.5/24']\n"
					 "[voice]\n"
					 "kind = 'vlan'\n"
					 "device = 'eno9'\n"
					 "id = 0\n"
					 "dhcp4 = true\n"
					 "['F8-75-a4-D5-32-64']\n"
					 "dhcp4 = true\n");
	static const uint8_t mac[] = { 0xf8, 0x75, 0xa4, 0xd5, 0x32, 0x64 };
	const struct net_link *link = &c.links.p[0];

	assert_int_equal(c.links.n, 5);
	assert_int_equal(link->kind, NET_BOND);
	assert_int_equal(link->bond.mode, NET_BOND_ACTIVE_BACKUP);
	assert_int_equal(link->members.n, 2);
	assert_string_equal(link->members.p[1].text, "eno2");
	assert_string_equal(link->bond.primary.text, "eno1");
	assert_number(link->bond.min_links, 2);
	assert_number(link->bond.monitoring.mii_frequency, 100);
	assert_number(link->bond.monitoring.mii_updelay, 200);
	assert_number(link->bond.monitoring.mii_downdelay, 300);
	assert_false(link->bond.monitoring.arp_interval.given);
	link = &c.links.p[1];
	assert_false(link->bond.monitoring.mii_frequency.given);
	assert_number(link->bond.monitoring.arp_interval, 50);
	assert_int_equal(link->bond.monitoring.arp_validate, 3);
	assert_int_equal(link->bond.monitoring.arp_targets.n, 2);
	assert_ip(link->bond.monitoring.arp_targets.p[1], "192.0.2.2");
	link = &c.links.p[2];
	assert_int_equal(link->kind, NET_VLAN);
	assert_string_equal(link->vlan_device.text, "bond0");
	assert_number(link->vlan_id, 42);
	assert_int_equal(link->vlan_protocol, ETH_P_8021Q);
	assert_number(c.links.p[3].vlan_id, 0);
	link = &c.links.p[4];
	assert_int_equal(link->match, NET_MATCH_MAC);
	assert_memory_equal(link->match_mac.bytes, mac, sizeof(mac));
	assert_ptr_equal(net_config_master(&c, "eno2"), &c.links.p[0]);
	assert_null(net_config_master(&c, "eno9"));
}

static const char version_4[] =
	"version = 4\n"
	"['enp*']\n"
	"dhcp4 = { enabled = true, optional = true, anonymous = true }\n"
	"mtu = 9000\n"
	"mac = '52:54:00:12:34:56'\n"
	"ipv6 = 'ra'\n"
	"ipv6-privacy = 'temporary'\n"
	"route = [{ to = '198.51.100.0/24', via = '192.0.2.1', table = 7, on-link = true }]\n"
	"rule = [{ from = '192.0.2.9/24', table = 7, priority = 5, mark = 1 }, { table = 4294967295 }]\n"
	"[enp1s0.dns]\n"
	"servers = ['192.0.2.53', '2001:db8::53']\n"
	"search = ['example.org', 'sub.example.org.']\n"
	"ignore-received = true\n"
	"[bond0]\n"
	"kind = 'bond'\n"
	"mode = '802.3ad'\n"
	"interfaces = ['eno1', 'eno2']\n"
	"transmit-hash-policy = 'layer3+4'\n"
	"lacp-rate = 'fast'\n"
	"ad-select = 'count'\n"
	"ad-actor-system = '02:00:00:00:00:01'\n"
	"ad-actor-system-priority = 65535\n"
	"ad-user-port-key = 1023\n"
	"all-interfaces-active = false\n"
	"[bond1]\n"
	"kind = 'bond'\n"
	"mode = 'balance-tlb'\n"
	"interfaces = ['eno3', 'eno4']\n"
	"primary-interface = 'eno4'\n"
	"primary-reselect = 'better'\n"
	"fail-over-mac = 'active'\n"
	"dynamic-balance = true\n"
	"learn-interval-s = 2\n"
	"peer-notifications = 3\n"
	"resend-igmp = 4\n"
	"[bond2]\n"
	"kind = 'bond'\n"
	"mode = 'balance-rr'\n"
	"interfaces = ['eno5']\n"
	"packets-per-interface = 8\n"
	"monitoring = { arpmon-interval-ms = 50, arpmon-validate = 'filter', arpmon-targets = ['192.0.2.1'], "
	"arpmon-all-targets = 'all' }\n"
	"[eno1]\n"
	"mtu = 9000\n"
	"[br0]\n"
	"kind = 'bridge'\n"
	"interfaces = ['bond0', 'tap0']\n"
	"stp = true\n"
	"priority = 0\n"
	"forward-delay-s = 2\n"
	"hello-time-s = 1\n"
	"max-age-s = 6\n"
	"ageing-time-s = 0\n"
	"vlan-filtering = true\n"
	"multicast-snooping = false\n"
	"ipv6 = 'off'\n"
	"['br0.7']\n"
	"kind = 'vlan'\n"
	"device = 'br0'\n"
	"id = 7\n"
	"protocol = '802.1ad'\n"
	"static4.addresses = ['192.0.2.1/24']\n"
	"[loop]\n"
	"kind = 'dummy'\n"
	"[blue]\n"
	"kind = 'vrf'\n"
	"table = 10\n"
	"interfaces = ['br0.7']\n";

static void test_version_4(void **state _unused_)
{
	struct net_config c = parse_good(version_4);
	const struct net_link *link = &c.links.p[0];

	assert_int_equal(c.links.n, 10);
	assert_int_equal(link->match, NET_MATCH_PATTERN);
	assert_true(link->dhcp4.anonymous && link->dhcp4.optional);
	assert_number(link->mtu, 9000);
	assert_true(link->mac.given && link->mac.bytes[5] == 0x56);
	assert_int_equal(link->ipv6_privacy, NET_PRIVACY_TEMPORARY);
	assert_number(link->routes.p[0].table, 7);
	assert_true(link->routes.p[0].on_link);
	assert_int_equal(link->rules.n, 2);
	assert_prefix(link->rules.p[0].from, "192.0.2.0", 24);
	assert_number(link->rules.p[0].mark, 1);
	assert_number(link->rules.p[0].priority, 5);
	assert_number(link->rules.p[1].table, UINT32_MAX);
	assert_int_equal(link->rules.p[1].from.ip.family, 0);
	link = &c.links.p[1];
	assert_int_equal(link->dns.servers.n, 2);
	assert_ip(link->dns.servers.p[1], "2001:db8::53");
	assert_true(str_is(link->dns.search.p[1], "sub.example.org."));
	assert_true(link->dns.search.p[0].p >= memory &&
		    link->dns.search.p[0].p < memory + sizeof(memory));
	assert_true(link->dns.ignore_received);
	link = &c.links.p[2];
	assert_int_equal(link->bond.mode, NET_BOND_8023AD);
	assert_int_equal(link->bond.transmit_hash, 1);
	assert_int_equal(link->bond.lacp_rate, 1);
	assert_int_equal(link->bond.ad_select, 2);
	assert_true(link->bond.ad_actor_system.given);
	assert_number(link->bond.ad_actor_priority, 65535);
	assert_number(link->bond.ad_user_port_key, 1023);
	assert_int_equal(link->bond.all_members_active, NET_FLAG_OFF);
	assert_int_equal(link->bond.dynamic_balance, NET_FLAG_DEFAULT);
	assert_string_equal(link->bond.primary.text, "");
	assert_int_equal(link->bond.primary_reselect, -1);
	assert_number(link->bond.monitoring.mii_frequency, 100);
	link = &c.links.p[3];
	assert_string_equal(link->bond.primary.text, "eno4");
	assert_int_equal(link->bond.primary_reselect, 1);
	assert_int_equal(link->bond.fail_over_mac, 1);
	assert_int_equal(link->bond.dynamic_balance, NET_FLAG_ON);
	assert_number(link->bond.learn_interval_s, 2);
	assert_number(link->bond.peer_notifications, 3);
	assert_number(link->bond.resend_igmp, 4);
	link = &c.links.p[4];
	assert_number(link->bond.packets_per_member, 8);
	assert_int_equal(link->bond.monitoring.arp_validate, 4);
	assert_int_equal(link->bond.monitoring.arp_all_targets, 1);
	link = &c.links.p[6];
	assert_int_equal(link->kind, NET_BRIDGE);
	assert_int_equal(link->ipv6, NET_IPV6_OFF);
	assert_int_equal(link->bridge.stp, NET_FLAG_ON);
	assert_int_equal(link->bridge.multicast_snooping, NET_FLAG_OFF);
	assert_number(link->bridge.priority, 0);
	assert_number(link->bridge.ageing_time_s, 0);
	link = &c.links.p[7];
	assert_string_equal(link->name, "br0.7");
	assert_int_equal(link->vlan_protocol, ETH_P_8021AD);
	assert_int_equal(c.links.p[8].kind, NET_DUMMY);
	assert_number(c.links.p[9].vrf_table, 10);
	assert_ptr_equal(net_config_master(&c, "br0.7"), &c.links.p[9]);
}

static void test_no_links(void **state _unused_)
{
	struct net_config c = parse_good("version = 3\n");

	assert_int_equal(c.links.n, 0);
	assert_null(c.primary);
}

static void test_default(void **state _unused_)
{
	struct arena arena = ARENA(memory);
	struct arena empty = { 0 };
	struct net_config c = { 0 };
	const struct net_link *link;

	assert_int_equal(net_config_default(&empty, &c), -ENOSPC);
	assert_int_equal(net_config_default(&arena, &c), 0);
	link = net_config_find(&c, "eno1", (struct net_mac){ 0 }, true);
	assert_ptr_equal(link, c.primary);
	assert_true(link->dhcp4.enabled && !link->dhcp6.enabled && link->ipv6 == NET_IPV6_RA);
	assert_null(net_config_find(&c, "docker0", (struct net_mac){ 0 }, false));
}

static void test_which_table_fits(void **state _unused_)
{
	struct net_config c = parse_good("version = 4\n['e*']\n['eth?']\n[eth1]\n['52:54:00:00:00:01']\n"
					 "[dummy0]\nkind='dummy'");
	struct net_mac mac = { 0 };

	assert_ptr_equal(net_config_find(&c, "eth0", mac, true), &c.links.p[0]);
	assert_ptr_equal(net_config_find(&c, "eth1", mac, true), &c.links.p[2]);
	assert_true(net_mac_parse(STR("52:54:00:00:00:01"), &mac));
	assert_ptr_equal(net_config_find(&c, "eth1", mac, true), &c.links.p[3]);
	assert_ptr_equal(net_config_find(&c, "eth1", mac, false), &c.links.p[2]);
	assert_null(net_config_find(&c, "wlan0", (struct net_mac){ 0 }, true));
	assert_ptr_equal(net_config_find(&c, "dummy0", mac, false), &c.links.p[4]);
}

static void test_full_arena(void **state _unused_)
{
	struct arena arena = ARENA(memory);
	struct net_config c = { 0 };
	size_t needed;

	assert_int_equal(net_config_parse(STR(version_4), &arena, &c, &problems), 0);
	needed = arena.used;
	c = (struct net_config){ 0 };
	for (size_t size = 0; size < needed; size += 97) {
		arena = (struct arena){ .p = memory, .size = size };
		assert_int_equal(net_config_parse(STR(version_4), &arena, &c, &problems), -ENOSPC);
		assert_int_equal(problems.count, 1);
		assert_null(c.links.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_1),	 cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_version_3),	 cmocka_unit_test(test_version_4),
		cmocka_unit_test(test_no_links),	 cmocka_unit_test(test_default),
		cmocka_unit_test(test_which_table_fits), cmocka_unit_test(test_full_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
