// SPDX-License-Identifier: MIT OR Apache-2.0
/* netconf/net_cmdline_parse: orlop.net= in the forms of dracut's ip=. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "netconf/net_cmdline_parse.h"

static _Alignas(16) char memory[256 * 1024];
static struct net_problems problems;

static int parse(const char *line, struct net_config *ret)
{
	struct arena arena = ARENA(memory);

	return net_cmdline_parse(str_from(line), &arena, ret, &problems);
}

static struct net_config parse_good(const char *line)
{
	struct net_config config = { 0 };

	if (parse(line, &config) != 1)
		fail_msg("<%s>: %s", line, problems.count ? problems.list[0].reason : "nothing found");
	return config;
}

static void assert_ip(struct net_ip ip, const char *expected)
{
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop(ip.family, ip.bytes, text, sizeof(text)));
	assert_string_equal(text, expected);
}

static void test_none(void **state _unused_)
{
	struct net_config c = { .primary = (const struct net_link *)memory };

	assert_int_equal(parse("", &c), 0);
	assert_int_equal(parse("ip=dhcp orlop.network=dhcp orlop.nets=1 quiet", &c), 0);
	assert_int_equal(parse("quiet -- orlop.net=dhcp", &c), 0);
	assert_ptr_equal(c.primary, memory);
}

static void test_methods(void **state _unused_)
{
	static const struct {
		const char *word;
		bool dhcp4, dhcp6, optional;
		int ipv6;
	} rows[] = {
		{ "dhcp", true, false, false, NET_IPV6_RA },
		{ "on", true, false, false, NET_IPV6_RA },
		{ "any", true, false, false, NET_IPV6_RA },
		{ "dhcp4", true, false, false, NET_IPV6_RA },
		{ "single-dhcp", true, false, false, NET_IPV6_RA },
		{ "dhcp6", false, true, false, NET_IPV6_RA },
		{ "either6", false, true, true, NET_IPV6_RA },
		{ "auto6", false, false, false, NET_IPV6_RA },
		{ "link6", false, false, false, NET_IPV6_STATIC },
	};
	char line[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int named = 0; named < 2; named++) {
			struct net_config c;

			snprintf(line, sizeof(line), "a orlop.net=%s%s b", named ? "eth0:" : "",
				 rows[i].word);
			c = parse_good(line);
			assert_int_equal(c.links.n, 1);
			assert_ptr_equal(c.primary, c.links.p);
			assert_int_equal(c.primary->match, named ? NET_MATCH_NAME : NET_MATCH_PATTERN);
			assert_string_equal(c.primary->name, named ? "eth0" : "*");
			assert_int_equal(c.primary->dhcp4.enabled, rows[i].dhcp4);
			assert_int_equal(c.primary->dhcp6.enabled, rows[i].dhcp6);
			assert_int_equal(c.primary->dhcp6.optional, rows[i].optional);
			assert_int_equal(c.primary->ipv6, rows[i].ipv6);
		}
	}
	assert_int_equal(parse_good("orlop.net=off").links.n, 0);
	assert_int_equal(parse_good("orlop.net=none").links.n, 0);
	assert_true(parse_good("orlop.net=\"dhcp\"").primary->dhcp4.enabled);
	assert_true(parse_good("\"orlop.net=dhcp\"").primary->dhcp4.enabled);
	assert_true(parse_good("orlop.net=:::::eth0:dhcp").primary->dhcp4.enabled);
	assert_string_equal(parse_good("orlop.net=::::node7::dhcp").hostname, "node7");
}

static void test_mtu_and_mac(void **state _unused_)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	static const char *const lines[] = {
		"orlop.net=eth0:dhcp:1400:52:54:00:12:34:56",
		"orlop.net=eth0:dhcp:1400:52-54-00-12-34-56",
		"orlop.net=:::::eth0:dhcp:1400:52:54:00:12:34:56",
	};
	struct net_config c;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		c = parse_good(lines[i]);
		assert_int_equal(c.primary->mtu.value, 1400);
		assert_memory_equal(c.primary->mac.bytes, mac, sizeof(mac));
	}
	c = parse_good("orlop.net=eth0:dhcp::52:54:00:12:34:56");
	assert_false(c.primary->mtu.given);
	assert_true(c.primary->mac.given);
	c = parse_good("orlop.net=eth0:dhcp:1400");
	assert_true(c.primary->mtu.given && !c.primary->mac.given);
	c = parse_good("orlop.net=eth0:dhcp:");
	assert_false(c.primary->mtu.given || c.primary->mac.given);
}

static void test_static(void **state _unused_)
{
	struct net_config c = parse_good("orlop.net=192.0.2.5::192.0.2.1:255.255.255.192:node7.example:eth0:none:"
					 "192.0.2.53:198.51.100.53");
	const struct net_link *link = c.primary;

	assert_string_equal(link->name, "eth0");
	assert_string_equal(c.hostname, "node7.example");
	assert_false(link->dhcp4.enabled);
	assert_int_equal(link->ipv6, NET_IPV6_STATIC);
	assert_ip(link->static4.addresses.p[0].ip, "192.0.2.5");
	assert_int_equal(link->static4.addresses.p[0].length, 26);
	assert_int_equal(link->peer.ip.family, 0);
	assert_int_equal(link->routes.n, 1);
	assert_ip(link->routes.p[0].via, "192.0.2.1");
	assert_int_equal(link->routes.p[0].to.length, 0);
	assert_int_equal(link->dns.servers.n, 2);
	assert_ip(link->dns.servers.p[1], "198.51.100.53");

	c = parse_good("orlop.net=[2001:db8::5]::[2001:db8::1]:64::eth0:auto6:[2001:db8::53]");
	link = c.primary;
	assert_int_equal(link->ipv6, NET_IPV6_RA);
	assert_ip(link->static6.addresses.p[0].ip, "2001:db8::5");
	assert_int_equal(link->static6.addresses.p[0].length, 64);
	assert_ip(link->routes.p[0].to.ip, "::");
	assert_ip(link->routes.p[0].via, "2001:db8::1");
	assert_ip(link->dns.servers.p[0], "2001:db8::53");

	c = parse_good("orlop.net=192.0.2.5:192.0.2.6/30::32::eth0:dhcp:9000");
	link = c.primary;
	assert_true(link->dhcp4.enabled);
	assert_ip(link->peer.ip, "192.0.2.6");
	assert_int_equal(link->peer.length, 30);
	assert_int_equal(link->routes.n, 0);
	assert_int_equal(link->mtu.value, 9000);
	assert_int_equal(parse_good("orlop.net=192.0.2.5:192.0.2.6::24::eth0").primary->peer.length, 32);
	assert_int_equal(parse_good("orlop.net=192.0.2.5:::0.0.0.0::eth0:none")
				 .primary->static4.addresses.p->length,
			 0);
	assert_int_equal(parse_good("orlop.net=192.0.2.5:::24::eth0:none::192.0.2.53")
				 .primary->dns.servers.n,
			 1);
}

/* A link that is named more than once has all of it. */
static void test_more_than_once(void **state _unused_)
{
	struct net_config c = parse_good(
		"orlop.net=eth1:dhcp orlop.net=192.0.2.5::192.0.2.1:24::eth0:none "
		"orlop.net=[2001:db8::5]::[2001:db8::1]:64::eth0:none orlop.net=eth0:dhcp6");
	const struct net_link *link = &c.links.p[1];

	assert_int_equal(c.links.n, 2);
	assert_ptr_equal(c.primary, &c.links.p[0]);
	assert_int_equal(link->static4.addresses.n, 1);
	assert_int_equal(link->static6.addresses.n, 1);
	assert_int_equal(link->routes.n, 2);
	assert_true(link->dhcp6.enabled && !link->dhcp4.enabled);
	assert_int_equal(link->ipv6, NET_IPV6_RA);
}

static void test_invalid(void **state _unused_)
{
	static const struct {
		const char *line;
		unsigned column;
		const char *reason;
	} rows[] = {
		{ "orlop.net=", 11, "orlop.net: \"\" is none of dhcp, on, any" },
		{ "orlop.net", 10, "orlop.net: \"\" is none of dhcp, on, any" },
		{ "a orlop.net=dhpc", 13,
		  "\"dhpc\" is none of dhcp, on, any, dhcp6, either6, auto6, link6, none, off" },
		{ "orlop.net=ibft", 11, "\"ibft\" is none of" },
		{ "orlop.net=eth0:", 16, "\"\" is none of" },
		{ "orlop.net=eth0:dhpc", 16, "\"dhpc\" is none of" },
		{ "orlop.net=eth0/1:dhcp", 11, "\"eth0/1\" is no name of a link" },
		{ "orlop.net=a234567890123456:dhcp", 11, "is no name of a link" },
		{ "orlop.net=eth0:dhcp:67", 21, "\"67\" is no MTU from 68 to 65535" },
		{ "orlop.net=eth0:dhcp:65536", 21, "is no MTU" },
		{ "orlop.net=eth0:dhcp:x", 21, "is no MTU" },
		{ "orlop.net=eth0:dhcp:1500:52:54", 26, "\"52:54\" is no MAC address" },
		{ "orlop.net=eth0:dhcp::01:00:5e:00:00:01", 22, "is no MAC address of one card" },
		{ "orlop.net=192.0.2.5", 11, "is none of" },
		{ "orlop.net=192.0.2.5:::24", 11,
		  "is not ADDRESS:PEER:GATEWAY:NETMASK:HOSTNAME:LINK:METHOD" },
		{ "orlop.net=192.0.2.5:::24:::none", 11, "is without the name of the link" },
		{ "orlop.net=192.0.2.5:::24::eth0:dhpc", 32, "\"dhpc\" is none of" },
		{ "orlop.net=192.0.2.5:::33::eth0:none", 23, "\"33\" is no netmask or prefix length" },
		{ "orlop.net=192.0.2.5:::255.0.255.0::eth0:none", 23, "is no netmask" },
		{ "orlop.net=192.0.2.5:::::eth0:none", 23, "is no netmask" },
		{ "orlop.net=192.0.2.5::x:24::eth0:none", 22,
		  "\"x\" is no gateway of the address's family" },
		{ "orlop.net=192.0.2.5::[2001:db8::1]:24::eth0:none", 22, "is no gateway" },
		{ "orlop.net=192.0.2.5:x::24::eth0:none", 21, "\"x\" is no address of the other end" },
		{ "orlop.net=192.0.2.5:192.0.2.6/33::24::eth0:none", 21,
		  "is no address of the other end" },
		{ "orlop.net=192.0.2.5:::24:-a:eth0:none", 26, "\"-a\" is no host name" },
		{ "orlop.net=[2001:db8::5]:::129::eth0:none", 27, "is no netmask" },
		{ "orlop.net=[192.0.2.5]:::24::eth0:none", 11, "is no address; of IPv6 in brackets" },
		{ "orlop.net=[2001:db8::5:::24::eth0:none", 11, "is none of" },
		{ "orlop.net=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15", 11, "is too long for one link" },
		{ "orlop.net=off orlop.net=dhcp", 25, "given beside another that turns the network off" },
		{ "orlop.net=192.0.2.5:::24::eth0:none:x", 37, "is no MTU" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net_config c = { 0 };

		if (parse(rows[i].line, &c) != -EINVAL || c.links.p)
			fail_msg("<%s> was taken", rows[i].line);
		if (problems.count != 1 || problems.list[0].at.line != 1 ||
		    problems.list[0].at.column != rows[i].column ||
		    !strstr(problems.list[0].reason, rows[i].reason))
			fail_msg("<%s> has %zu problems, at %u: %s; not at %u: %s", rows[i].line,
				 problems.count, problems.list[0].at.column,
				 problems.list[0].reason, rows[i].column, rows[i].reason);
	}
}

static void test_limits(void **state _unused_)
{
	static char line[8192];
	struct buf b = BUF(line);
	struct arena arena = { .p = memory, .size = 100 };
	struct net_config c = { 0 };

	assert_int_equal(net_cmdline_parse(STR("orlop.net=dhcp"), &arena, &c, &problems), -ENOSPC);
	for (int i = 0; i <= NET_CMDLINE_MAX; i++) {
		assert_int_equal(parse(line, &c), i > 0);
		buf_printf(&b, "orlop.net=eth%d:dhcp ", i);
	}
	assert_int_equal(c.links.n, NET_CMDLINE_MAX);
	assert_int_equal(parse(line, &c), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	       cmocka_unit_test(test_methods),
		cmocka_unit_test(test_mtu_and_mac),    cmocka_unit_test(test_static),
		cmocka_unit_test(test_more_than_once), cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
