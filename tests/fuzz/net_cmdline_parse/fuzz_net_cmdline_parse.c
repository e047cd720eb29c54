// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any bytes as a kernel command line with orlop.net=: what is taken is one of the links that it can make. */
#include <assert.h>
#include <stdint.h>
#include <sys/socket.h>

#include "netconf/net_cmdline_parse.h"
#include "netconf/net_value_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(16) char memory[256 * 1024];

static void check_link(const struct net_link *link)
{
	struct net_name name;

	assert(link->kind == NET_PHYSICAL);
	if (link->match == NET_MATCH_NAME)
		assert(net_name_parse(str_from(link->name), &name));
	else
		assert(link->match == NET_MATCH_PATTERN && str_is(str_from(link->name), "*") &&
		       link->static4.addresses.n + link->static6.addresses.n == 0);
	for (size_t i = 0; i < link->static4.addresses.n; i++)
		assert(link->static4.addresses.p[i].ip.family == AF_INET &&
		       link->static4.addresses.p[i].length <= 32);
	for (size_t i = 0; i < link->static6.addresses.n; i++)
		assert(link->static6.addresses.p[i].ip.family == AF_INET6);
	for (size_t i = 0; i < link->routes.n; i++)
		assert(link->routes.p[i].to.length == 0 &&
		       link->routes.p[i].to.ip.family == link->routes.p[i].via.family);
	for (size_t i = 0; i < link->dns.servers.n; i++)
		assert(link->dns.servers.p[i].family != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct net_problems problems;
	struct str line = { (const char *)data, size };
	struct arena arena = ARENA(memory);
	struct net_config config = { 0 };
	int r = net_cmdline_parse(line, &arena, &config, &problems);

	assert((r == 1) == (config.links.n > 0 || (r == 1 && !config.primary)));
	if (r < 0) {
		assert(!config.links.p);
		for (size_t i = 0; i < problems.count && i < NET_PROBLEMS_MAX; i++)
			assert(problems.list[i].at.line == 1 && problems.list[i].at.column <= size + 1);
		return 0;
	}
	for (size_t i = 0; i < config.links.n; i++)
		check_link(&config.links.p[i]);
	return 0;
}
