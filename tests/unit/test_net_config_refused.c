// SPDX-License-Identifier: MIT OR Apache-2.0
/* netconf/net_config_parse: what is said about bad files, and where. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "netconf/net_config_parse.h"

static _Alignas(16) char memory[NET_CONFIG_ARENA_SIZE];
static struct net_problems problems;

static int parse(const char *text, struct net_config *ret)
{
	struct arena arena = ARENA(memory);

	return net_config_parse(str_from(text), &arena, ret, &problems);
}

struct invalid {
	const char *text;
	unsigned line, column;
	const char *reason; /* all of it, or its beginning when it ends in "..." */
};

static bool is_reason(const char *reason, const char *expected)
{
	size_t n = strlen(expected);

	if (n > 3 && strcmp(expected + n - 3, "...") == 0)
		return strncmp(reason, expected, n - 3) == 0;
	return strcmp(reason, expected) == 0;
}

/* Each has the one fault. */
static void check_invalid(const struct invalid *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct net_config c = { 0 };
		const struct net_problem *p = &problems.list[0];

		if (parse(row[i].text, &c) != -EINVAL || c.links.p)
			fail_msg("<%s> was taken", row[i].text);
		if (problems.count != 1 || p->at.line != row[i].line ||
		    p->at.column != row[i].column || !is_reason(p->reason, row[i].reason))
			fail_msg("<%s> has %zu problems, %u:%u: %s; not %u:%u: %s", row[i].text,
				 problems.count, p->at.line, p->at.column, p->reason, row[i].line,
				 row[i].column, row[i].reason);
	}
}

#define V1 "version = 1\n"
#define V2 "version = 2\n"
#define V3 "version = 3\n"
#define V4 "version = 4\n"
#define MII "monitoring = {miimon-frequency-ms=1,miimon-updelay-ms=1,miimon-downdelay-ms=1}\n"
#define BOND3 V3 "[b]\nkind = 'bond'\nmode = 'active-backup'\ndhcp4 = true\n"
#define BOND4 V4 "[b]\nkind = 'bond'\ninterfaces = ['e']\n"
#define STATIC "[e]\nstatic4.addresses = ['192.0.2.1/24']\n"

/* clang-format off */
static void test_invalid_keys(void **state _unused_)
{
	static const struct invalid rows[] = {
		{ "version = ", 1, 11, "a value is missing here" },
		{ "", 1, 1, "\"version\" is missing, an integer from 1 to 4" },
		{ "[e]\ndhcp4 = true", 1, 1, "\"version\" is missing, an integer from 1 to 4" },
		{ "version = 0", 1, 11, "\"version\" must be an integer from 1 to 4" },
		{ "version = 5", 1, 11, "\"version\" must be an integer from 1 to 4" },
		{ "version = '3'", 1, 11, "\"version\" must be an integer from 1 to 4" },
		{ V3 "e = 1", 2, 1, "\"e\" must be a table, that of a link of this name, not an integer" },
		{ V3 "[[e]]\ndhcp4 = true", 2, 3, "\"e\" must be a table, that of a link of this name, not an array" },
		{ V3 "[e]\ndhcp4 = true\ndchp6 = true", 4, 1, "unknown key \"dchp6\" in a link; did you mean \"dhcp6\"?" },
		{ V3 "[e]\ndhcp4 = true\nxyzzy = 1", 4, 1,
		  "unknown key \"xyzzy\" in a link; there are: primary, dhcp4, dhcp6, static4, static6, route, mtu, kind" },
		{ V1 "[e]\ndhcp4 = true\nxyzzy = 1", 4, 1, "unknown key \"xyzzy\" in a link; there are: primary, dhcp4, dhcp6" },
		{ V1 "[e]\ndhcp4 = true\nstatic4 = {}", 4, 1, "\"static4\" is from version 2 on, and this file has version 1" },
		{ V1 "[e]\ndhcp4 = true\nroute = []", 4, 1, "\"route\" is from version 2 on, and this file has version 1" },
		{ V1 "[e]\ndhcp4 = true\nmtu = 1500", 4, 1, "\"mtu\" is from version 2 on, and this file has version 1" },
		{ V2 "[e]\ndhcp4 = true\nkind = 'bond'", 4, 1, "\"kind\" is from version 3 on, and this file has version 2" },
		{ V3 "[e]\ndhcp4 = true\nmac = 'x'", 4, 1, "\"mac\" is from version 4 on, and this file has version 3" },
		{ V3 "[e]\ndhcp4 = true\ndns = {}", 4, 1, "\"dns\" is from version 4 on, and this file has version 3" },
		{ V3 "[e]\ndhcp4 = true\nmode = 'x'", 4, 1, "\"mode\" is for a bond only, which its \"kind\" would say" },
		{ V3 "[e]\ndhcp4 = true\ninterfaces = []", 4, 1, "\"interfaces\" is for a bond only, which its \"kind\" would say" },
		{ V4 "[e]\ninterfaces = []", 3, 1,
		  "\"interfaces\" is for a bond or bridge or vrf only, which its \"kind\" would say" },
		{ V3 "[e]\ndhcp4 = true\nkind = 'bridge'", 4, 8,
		  "kind = \"bridge\" is from version 4 on, and this file has version 3" },
		{ V3 "[e]\ndhcp4 = true\nkind = 'bnd'", 4, 8,
		  "\"kind\" must be one of \"bond\", \"vlan\"; did you mean \"bond\"?" },
		{ V4 "[e]\nkind = 'xyzzy'", 3, 8,
		  "\"kind\" must be one of \"bond\", \"vlan\", \"bridge\", \"dummy\", \"physical\", \"vrf\", not \"xyzzy\"" },
		{ V4 "[e]\nkind = 1", 3, 8,
		  "\"kind\" must be one of \"bond\", \"vlan\", \"bridge\", \"dummy\", \"physical\", \"vrf\", not 1" },
		{ V1 "[e]\ndhcp4 = { enabled = true, anonymous = true }", 3, 27,
		  "\"anonymous\" is from version 4 on, and this file has version 1" },
		{ V1 "[e]\ndhcp4 = { enabled = true, route_metric = 1 }", 3, 27,
		  "unknown key \"route_metric\" in dhcp4; did you mean \"route-metric\"?" },
		{ V1 "[e]\ndhcp6 = { enabled = true, route-metric = 1 }", 3, 27,
		  "unknown key \"route-metric\" in dhcp6; there are: enabled, optional" },
		{ V1 "[e]\ndhcp4 = { optional = true }", 3, 9, "dhcp4 needs \"enabled\", true or false" },
		{ V1 "[e.dhcp6]\noptional = true", 2, 1, "dhcp6 needs \"enabled\", true or false" },
		{ V2 STATIC "route = [{ via = '192.0.2.2' }]", 4, 10,
		  "a route needs \"to\", \"default\" or an IP address with prefix length, like \"192.0.2.0/24\"" },
		{ V2 STATIC "route = [{ to = 'default', gateway = '192.0.2.2' }]", 4, 28,
		  "unknown key \"gateway\" in a route; there are: to, from, via, route-metric" },
		{ V2 STATIC "route = [{ to = 'default', table = 1 }]", 4, 28,
		  "\"table\" is from version 4 on, and this file has version 2" },
		{ V2 "[e]\nstatic4 = {}", 3, 11,
		  "static4 needs \"addresses\", an array of IPv4 addresses with prefix length, like \"192.0.2.1/24\"" },
		{ V4 "[e]\nrule = [{}]", 3, 9, "a rule needs \"table\", an integer from 1 to 4294967295" },
		{ V3 "[v]\nkind = 'vlan'\ndhcp4 = true\nid = 1", 2, 1, "a vlan needs \"device\", the name of a link" },
		{ V3 "[v]\nkind = 'vlan'\ndhcp4 = true\ndevice = 'e'", 2, 1,
		  "a vlan needs \"id\", an integer from 0 to 4094" },
		{ BOND3 MII, 2, 1, "a bond needs \"interfaces\", an array of names of links" },
		{ BOND3 "interfaces = ['e']", 2, 1, "a bond needs \"monitoring\", a table" },
		{ V3 "[b]\nkind = 'bond'\ninterfaces = ['e']\ndhcp4 = true\n" MII, 2, 1,
		  "a bond needs \"mode\", one of \"active-backup\"" },
		{ V4 "[v]\nkind = 'vrf'", 2, 1, "a vrf needs \"table\", an integer from 1 to 4294967295" },
		{ V4 "[d]\nkind = 'dummy'\nid = 1", 4, 1, "\"id\" is for a vlan only, which its \"kind\" would say" },
	};

	check_invalid(rows, ARRAY_SIZE(rows));
}

static void test_invalid_values(void **state _unused_)
{
	static const struct invalid rows[] = {
		{ V1 "[e]\ndhcp4 = 'yes'", 3, 9, "\"dhcp4\" must be true, false or a table, not \"yes\"" },
		{ V1 "[e]\ndhcp4 = 1", 3, 9, "\"dhcp4\" must be true, false or a table, not 1" },
		{ V1 "[e]\ndhcp4 = { enabled = 1 }", 3, 21, "\"enabled\" must be true or false, not 1" },
		{ V1 "[e]\ndhcp4 = true\nprimary = 'e'", 4, 11, "\"primary\" must be true or false, not \"e\"" },
		{ V1 "[e]\ndhcp4 = { enabled = true, route-metric = -1 }", 3, 42,
		  "\"route-metric\" must be an integer from 0 to 4294967295, not -1" },
		{ V1 "[e]\ndhcp4 = { enabled = true, route-metric = 4294967296 }", 3, 42,
		  "\"route-metric\" must be an integer from 0 to 4294967295, not 4294967296" },
		{ V2 "[e]\ndhcp4 = true\nmtu = 67", 4, 7, "\"mtu\" must be an integer from 68 to 65535, not 67" },
		{ V2 "[e]\ndhcp4 = true\nmtu = 1500.0", 4, 7, "\"mtu\" must be an integer from 68 to 65535, not a float" },
		{ V2 "[e]\nstatic4 = ['192.0.2.1/24']", 3, 11, "\"static4\" must be a table, not an array" },
		{ V2 "[e]\nstatic4.addresses = '192.0.2.1/24'", 3, 21,
		  "\"addresses\" must be an array of IPv4 addresses with prefix length, like \"192.0.2.1/24\", not \"192.0.2.1/24\"" },
		{ V2 "[e]\nstatic4.addresses = []", 3, 21, "\"addresses\" must have 1 to 256 elements, not 0" },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1']", 3, 22, "\"addresses\" must be an array of IPv4..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/33']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/024']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/+4']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.256/24']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.02.1/24']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/24\\u0000']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = [\"192.0.2.1\\u0000/24\"]", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = ['192.0.2.1/24', '2001:db8::1/64']", 3, 38,
		  "\"addresses\" must be an array of IPv4 addresses with prefix length, like \"192.0.2.1/24\", not \"2001:db8::1/64\"" },
		{ V2 "[e]\nstatic6.addresses = ['192.0.2.1/24']", 3, 22, "\"addresses\" must be an array of IPv6..." },
		{ V2 "[e]\nstatic6.addresses = ['2001:db8::1/129']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic6.addresses = ['fe80::1%eth0/64']", 3, 22, "\"addresses\" must be..." },
		{ V2 "[e]\nstatic4.addresses = [1]", 3, 22, "\"addresses\" must be..." },
		{ V2 STATIC "route = {}", 4, 9, "\"route\" must be an array of tables, not a table" },
		{ V2 STATIC "route = [1]", 4, 10, "\"route\" must be an array of tables, not 1" },
		{ V2 STATIC "route = [{ to = 'any' }]", 4, 17,
		  "\"to\" must be \"default\" or an IP address with prefix length, like \"192.0.2.0/24\", not \"any\"" },
		{ V2 STATIC "route = [{ to = '192.0.2.1' }]", 4, 17, "\"to\" must be..." },
		{ V2 STATIC "route = [{ to = 'default', via = '192.0.2.1/24' }]", 4, 34,
		  "\"via\" must be an IP address without a prefix length, not \"192.0.2.1/24\"" },
		{ V2 STATIC "route = [{ to = 'default', from = 'e' }]", 4, 35, "\"from\" must be..." },
		{ BOND3 "interfaces = []\n" MII, 6, 14, "\"interfaces\" must have 1 to 256 elements, not 0" },
		{ BOND3 "interfaces = ['a234567890123456']\n" MII, 6, 15,
		  "\"interfaces\" must be an array of names of links, not \"a234567890123456\"" },
		{ BOND3 "interfaces = ['52:54:00:12:34:56']\n" MII, 6, 15, "\"interfaces\" must be..." },
		{ BOND3 "interfaces = ['']\n" MII, 6, 15, "\"interfaces\" must be..." },
		{ V3 "[b]\nkind = 'bond'\nmode = 'balance-rr'\ninterfaces = ['e']\ndhcp4 = true\n" MII, 4, 8,
		  "mode = \"balance-rr\" is from version 4 on, and this file has version 3" },
		{ V3 "[b]\nkind = 'bond'\nmode = 1\ninterfaces = ['e']\ndhcp4 = true\n" MII, 4, 8,
		  "\"mode\" must be one of \"active-backup\", not 1" },
		{ BOND4 "mode = 'balance-xr'", 5, 8,
		  "\"mode\" must be one of \"active-backup\", \"balance-rr\", \"balance-xor\", \"broadcast\", \"802.3ad\", "
		  "\"balance-tlb\", \"balance-alb\"; did you mean \"balance-rr\"?" },
		{ V3 "[v]\nkind = 'vlan'\ndhcp4 = true\ndevice = 'e'\nid = 4095", 6, 6,
		  "\"id\" must be an integer from 0 to 4094, not 4095" },
		{ V3 "[v]\nkind = 'vlan'\ndhcp4 = true\ndevice = 'e/f'\nid = 1", 5, 10,
		  "\"device\" must be the name of a link, not \"e/f\"" },
		{ V4 "[e]\nmac = '01:00:5e:00:00:01'", 3, 7,
		  "\"mac\" must be a MAC address of one card, like \"52:54:00:12:34:56\", not \"01:00:5e:00:00:01\"" },
		{ V4 "[e]\nmac = '00:00:00:00:00:00'", 3, 7, "\"mac\" must be..." },
		{ V4 "[e]\nmac = '52:54:00:12:34'", 3, 7, "\"mac\" must be..." },
		{ V4 "[e]\nmac = '52:54:00:12:34:5g'", 3, 7, "\"mac\" must be..." },
		{ V4 "[e]\nmac = '52:54:00:12.34:56'", 3, 7, "\"mac\" must be..." },
		{ V4 "[e]\nipv6 = true", 3, 8, "\"ipv6\" must be one of \"ra\", \"static\", \"off\", not a boolean" },
		{ V4 "[e]\ndns = { servers = ['dns.example'] }", 3, 20,
		  "\"servers\" must be an array of IP addresses without a prefix length, not \"dns.example\"" },
		{ V4 "[e]\ndns = { search = ['a b'] }", 3, 19, "\"search\" must be an array of domain names, not \"a b\"" },
		{ V4 "[e]\ndns = { search = ['-a.org'] }", 3, 19, "\"search\" must be..." },
		{ V4 "[e]\ndns = { search = ['a..org'] }", 3, 19, "\"search\" must be..." },
		{ V4 "[e]\ndns = { search = [''] }", 3, 19, "\"search\" must be..." },
		{ V4 "[e]\ndns = { search = ['a..'] }", 3, 19, "\"search\" must be..." },
		{ V4 "[e]\nrule = [{ table = 0 }]", 3, 19, "\"table\" must be an integer from 1 to 4294967295, not 0" },
		{ V4 "[e]\nrule = [{ table = 1, from = 'default' }]", 3, 29,
		  "\"from\" must be an IP address with prefix length, like \"192.0.2.0/24\", not \"default\"" },
	};

	check_invalid(rows, ARRAY_SIZE(rows));
}

static void test_invalid_names(void **state _unused_)
{
	static const struct invalid rows[] = {
		{ V1 "[a234567890123456]\ndhcp4 = true", 2, 2,
		  "\"a234567890123456\" is no name of a link: 1 to 15 bytes, without blanks / : % ." },
		{ V3 "['']\ndhcp4 = true", 2, 2,
		  "\"\" is no name of a link: 1 to 15 bytes, without blanks / : % ., or a MAC address" },
		{ V3 "['eth0.1']\ndhcp4 = true", 2, 2, "\"eth0.1\" is no name..." },
		{ V4 "['a/b']", 2, 2, "\"a/b\" is no name of a link: 1 to 15 bytes, without blanks / : %, or a MAC address" },
		{ V4 "['a:b']", 2, 2, "\"a:b\" is no name..." },
		{ V4 "['a b']", 2, 2, "\"a b\" is no name..." },
		{ V4 "[\"a\\u0000\"]", 2, 2, "\"a\\x00\" is no name..." },
		{ V4 "['e%d']", 2, 2, "\"e%d\" is no name..." },
		{ V4 "['.']", 2, 2, "\".\" is no name..." },
		{ V4 "['..']", 2, 2, "\"..\" is no name..." },
		{ V4 "[all]", 2, 2, "\"all\" is no name..." },
		{ V3 "[default]\ndhcp4 = true", 2, 2, "\"default\" is no name..." },
		{ V4 "['e/*']", 2, 2, "\"e/*\" is no pattern for names: at most 63 bytes, without blanks / : %" },
		{ V4 "['52:54:00:12:34:5']", 2, 2, "\"52:54:00:12:34:5\" is no name..." },
		{ V2 "['52:54:00:12:34:56']\ndhcp4 = true", 2, 2,
		  "MAC addresses name links from version 3 on, and this file has version 2" },
		{ V4 "['52:54:00:12:34:5a']\n['52-54-00-12-34-5A']", 3, 2, "this MAC address has a table at line 2 already" },
		{ V3 "['52:54:00:12:34:56']\nkind = 'vlan'\ndevice = 'e'\nid = 1\ndhcp4 = true", 2, 2,
		  "a vlan is made by name, not by MAC address" },
		{ V4 "['b*']\nkind = 'bridge'", 2, 2, "a bridge is made by name, not by a pattern" },
		{ V4 "['e*']\nprimary = true", 3, 1, "a pattern cannot be primary: one link is" },
	};

	check_invalid(rows, ARRAY_SIZE(rows));
}

static void test_invalid_combinations(void **state _unused_)
{
	static const struct invalid rows[] = {
		{ V1 "[e]", 2, 2, "a link needs \"dhcp4\", \"dhcp6\" or both" },
		{ V1 "[e]\nprimary = true", 2, 2, "a link needs \"dhcp4\", \"dhcp6\" or both" },
		{ V2 "[e]", 2, 2, "a link needs one of \"dhcp4\", \"dhcp6\", \"static4\", \"static6\" at least" },
		{ V3 "[e]\nmtu = 1500", 2, 2, "a link needs one of..." },
		{ V1 "[e]\ndhcp4 = true\nprimary = true\n[f]\ndhcp4 = true\nprimary = true", 7, 1,
		  "a second primary link; the first is at line 2" },
		{ V2 STATIC "dhcp4 = true\nroute = [{ to = 'default', via = '192.0.2.2' }]", 5, 1,
		  "routes beside DHCP are from version 4 on, and this file has version 2" },
		{ V3 STATIC "dhcp6 = false\n[[e.route]]\nto = 'default'", 5, 5, "routes beside DHCP..." },
		{ V2 STATIC "route = [{ to = '2001:db8::/32', via = '192.0.2.2' }]", 4, 34,
		  "\"via\" and \"to\" are not both IPv4 or both IPv6" },
		{ V2 STATIC "route = [{ to = '192.0.2.0/25', from = '2001:db8::1' }]", 4, 33,
		  "\"from\" and \"to\" are not both IPv4 or both IPv6" },
		{ V2 STATIC "route = [{ to = 'default', from = '2001:db8::1', via = '192.0.2.2' }]", 4, 28,
		  "\"from\" and \"to\" are not both IPv4 or both IPv6" },
		{ V4 "[e]\nroute = [{ to = 'default', on-link = true }]", 3, 28, "\"on-link\" needs \"via\"" },
		{ V4 "[e]\nrule = [{ from = '192.0.2.0/24', to = '::/0', table = 1 }]", 3, 34,
		  "\"from\" and \"to\" are not both IPv4 or both IPv6" },
		{ V4 "[e]\nipv6 = 'off'\ndhcp6 = true", 4, 1, "\"dhcp6\" cannot be with ipv6 = \"off\"" },
		{ V4 "[e]\nipv6 = 'off'\nstatic6.addresses = ['2001:db8::1/64']", 4, 1,
		  "\"static6\" cannot be with ipv6 = \"off\"" },
		{ V2 "[e]\nmtu = 1279\ndhcp6 = true", 3, 1,
		  "\"dhcp6\" needs an \"mtu\" of 1280 at least, the smallest that IPv6 has" },
		{ BOND3 "interfaces = ['e', 'f']\nmin-links = 3\n" MII, 7, 1,
		  "\"min-links\" is more than the bond has \"interfaces\"" },
		{ BOND3 "interfaces = ['e', 'f', 'e']\n" MII, 6, 25, "\"e\" is in a bond already, at line 6" },
		{ BOND3 "interfaces = ['e', 'f']\n" MII
		  "[c]\nkind = 'bond'\nmode = 'active-backup'\ndhcp4 = true\ninterfaces = ['f']\n" MII, 12, 15,
		  "\"f\" is in a bond already, at line 6" },
		{ BOND3 "interfaces = ['e']\n" MII "[e]\ndhcp4 = true", 6, 15,
		  "\"e\" is in a bond and has a table of its own, at line 8" },
		{ BOND3 "interfaces = ['e']\n" MII "[v]\nkind = 'vlan'\ndhcp4 = true\ndevice = 'e'\nid = 1", 11, 10,
		  "\"e\" is in a bond, at line 6: a VLAN can only be on the bond" },
		{ BOND3 "interfaces = ['e']\nmonitoring = {}", 7, 1, "monitoring by miimon needs \"miimon-frequency-ms\"..." },
		{ BOND3 "interfaces = ['e']\nmonitoring = { miimon-frequency-ms = 1, miimon-updelay-ms = 1 }", 7, 1,
		  "monitoring by miimon needs \"miimon-downdelay-ms\"" },
		{ BOND3 "interfaces = ['e']\nmonitoring = { arpmon-interval-ms = 1, arpmon-validate = 'all' }", 7, 1,
		  "monitoring by arpmon needs \"arpmon-targets\"" },
		{ BOND3 "interfaces = ['e']\nmonitoring = { arpmon-interval-ms = 1, arpmon-validate = 'all', arpmon-targets = [] }",
		  7, 82, "\"arpmon-targets\" must have 1 to 16 elements, not 0" },
		{ BOND3 "interfaces = ['e']\nmonitoring = { miimon-frequency-ms = 0, miimon-updelay-ms = 1, miimon-downdelay-ms = 1 }",
		  7, 38, "\"miimon-frequency-ms\" must be an integer from 1 to 2147483647, not 0" },
		{ BOND3 "interfaces = ['e']\nmonitoring = { miimon-frequency-ms = 9, miimon-updelay-ms = 9, miimon-downdelay-ms = 8 }",
		  7, 16, "\"miimon-updelay-ms\" and \"miimon-downdelay-ms\" cannot be less than \"miimon-frequency-ms\"" },
		{ BOND3 "interfaces = ['e']\nmonitoring = { miimon-frequency-ms = 9, arpmon-interval-ms = 9 }", 7, 1,
		  "a bond is monitored by miimon or by arpmon, not by both" },
		{ BOND4 "mode = '802.3ad'\nmonitoring = { arpmon-interval-ms = 1, arpmon-validate = 'all', "
		  "arpmon-targets = ['192.0.2.1'] }", 6, 1, "the bond's mode cannot be monitored by arpmon" },
		{ BOND4 "mode = 'balance-xor'\nlacp-rate = 'fast'", 6, 1, "\"lacp-rate\" is nothing that the bond's mode has" },
		{ BOND4 "mode = '802.3ad'\nprimary-interface = 'e'", 6, 1,
		  "\"primary-interface\" is nothing that the bond's mode has" },
		{ BOND4 "mode = 'active-backup'\nprimary-interface = 'f'", 6, 1,
		  "\"primary-interface\" is none of the bond's \"interfaces\"" },
		{ BOND4 "mode = 'active-backup'\n[e]\ndhcp4 = true", 4, 15,
		  "\"e\" is in a bond, so its table at line 6 can have no addresses, routes or DNS" },
		{ BOND4 "mode = 'active-backup'\n[r]\nkind = 'bridge'\ninterfaces = ['e']", 8, 15,
		  "\"e\" is in a bond already, at line 4" },
		{ V4 "[v]\nkind = 'vlan'\ndevice = 'v'\nid = 1", 2, 2,
		  "links stand on each other in a circle, or more than 8 of them" },
		{ V4 "[r]\nkind = 'bridge'\ninterfaces = ['r']", 2, 2, "links stand on each other in a circle..." },
		{ V4 "[r]\nkind = 'bridge'\ninterfaces = ['v']\n[v]\nkind = 'vlan'\ndevice = 'r'\nid = 1", 2, 2,
		  "links stand on each other in a circle..." },
		{ V4 "[v]\nkind = 'vlan'\ndevice = 'e'\nid = 1\n[w]\nkind = 'vlan'\ndevice = 'e'\nid = 1", 8, 10,
		  "VLAN 1 of \"e\" is at line 2 already" },
	};

	problems.count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* The one with several faults of the same kind. */
		if (strstr(rows[i].text, "monitoring = {}")) {
			struct net_config c = { 0 };

			assert_int_equal(parse(rows[i].text, &c), -EINVAL);
			assert_int_equal(problems.count, 3);
			continue;
		}
		check_invalid(&rows[i], 1);
	}
}
/* clang-format on */

/* VLANs may stand on each other as deep as the kernel takes them. */
static void test_nesting(void **state _unused_)
{
	static char text[8192];

	for (int depth = 1; depth <= 12; depth++) {
		struct buf b = BUF(text);
		struct net_config c = { 0 };

		buf_add(&b, "version = 4\n");
		for (int i = depth; i > 0; i--)
			buf_printf(&b, "[v%d]\nkind='vlan'\nid=1\ndevice='v%d'\n", i, i - 1);
		assert_int_equal(parse(text, &c), depth <= 8 ? 0 : -EINVAL);
	}
}

/* All that is wrong is told, in the order of the file as far as it is about one link. */
static void test_all_problems(void **state _unused_)
{
	static char text[8192];
	struct buf b = BUF(text);
	struct net_config c = { 0 };
	char shown[512];

	assert_int_equal(parse("version = 3\nx = 1\n[e]\ndhcp4 = 'x'\nfoo = 1\n[f]\nmtu = 1\n", &c),
			 -EINVAL);
	assert_int_equal(problems.count, 5);
	b = BUF(shown);
	net_problem_show(&b, "net.toml", &problems.list[1]);
	assert_string_equal(shown, "net.toml:4:9: \"dhcp4\" must be true, false or a table, not \"x\"");

	b = BUF(text);
	buf_add(&b, "version = 3\n[e]\ndhcp4 = true\n");
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "xyzzy%d = 1\n", i);
	assert_int_equal(parse(text, &c), -EINVAL);
	assert_int_equal(problems.count, 100);
	assert_int_equal(problems.list[NET_PROBLEMS_MAX - 1].at.line, 3 + NET_PROBLEMS_MAX);
}

static void test_limits(void **state _unused_)
{
	static char text[NET_CONFIG_TEXT_MAX + 2];
	struct net_config c = { 0 };
	struct buf b = BUF(text);

	buf_add(&b, "version = 4\n");
	for (int i = 0; i <= NET_LINKS_MAX; i++)
		buf_printf(&b, "[e%d]\n", i);
	assert_int_equal(parse(text, &c), -EINVAL);
	assert_string_equal(problems.list[0].reason, "more than 256 links");

	b = BUF(text);
	buf_add(&b, "version = 4\n");
	for (int i = 0; i < 5; i++) {
		buf_printf(&b, "[b%d]\nkind = 'bridge'\ninterfaces = [", i);
		for (int j = 0; j < 250; j++)
			buf_printf(&b, "'e%d', ", i * 250 + j);
		buf_add(&b, "]\n");
	}
	assert_int_equal(parse(text, &c), -EINVAL);
	assert_string_equal(problems.list[0].reason,
			    "bonds, bridges and VRFs have more than 1024 interfaces together");

	memset(text, '#', sizeof(text) - 1);
	assert_int_equal(parse(text, &c), -E2BIG);
	assert_string_equal(problems.list[0].reason, "the file is longer than 65536 bytes");
	assert_null(c.links.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid_keys),  cmocka_unit_test(test_invalid_values),
		cmocka_unit_test(test_invalid_names), cmocka_unit_test(test_invalid_combinations),
		cmocka_unit_test(test_nesting),	      cmocka_unit_test(test_all_problems),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
