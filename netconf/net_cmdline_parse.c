// SPDX-License-Identifier: MIT OR Apache-2.0
/* orlop.net=: see net_cmdline_parse.h. */
#include "netconf/net_cmdline_parse.h"

#include <errno.h>
#include <sys/socket.h>

#include "lib/utf8.h"
#include "netconf/net_value_parse.h"

/* ADDRESS:PEER:GATEWAY:MASK:HOSTNAME:LINK:METHOD:MTU and the six parts of a MAC address. */
#define FIELDS_MAX 14

struct reader {
	struct str line;
	struct arena *arena;
	struct net_problems *problems;
	struct net_config config;
	bool is_off;
	bool is_full;
	struct str value; /* the one at hand */
	struct str fields[FIELDS_MAX];
	size_t count;
};

/* By what a link gets its addresses. */
static const struct method {
	const char *word;
	bool dhcp4;
	bool dhcp6;
	int ipv6;
} methods[] = {
	{ "dhcp", true, false, NET_IPV6_RA },	    { "on", true, false, NET_IPV6_RA },
	{ "any", true, false, NET_IPV6_RA },	    { "single-dhcp", true, false, NET_IPV6_RA },
	{ "dhcp4", true, false, NET_IPV6_RA },	    { "dhcp6", false, true, NET_IPV6_RA },
	{ "either6", false, true, NET_IPV6_RA },    { "auto6", false, false, NET_IPV6_RA },
	{ "link6", false, false, NET_IPV6_STATIC }, { "none", false, false, NET_IPV6_STATIC },
	{ "off", false, false, NET_IPV6_STATIC },   { "static", false, false, NET_IPV6_STATIC },
};

#define METHOD_WORDS "dhcp, on, any, dhcp6, either6, auto6, link6, none, off"

static void refuse(struct reader *r, struct str field, const char *why)
{
	struct toml_position at = { 1, (uint32_t)(field.p - r->line.p) + 1 };
	char shown[UTF8_SHOWN_SIZE];

	net_problem_add(r->problems, at, NET_CMDLINE_KEY ": \"%s\" is %s", utf8_shown(field, shown),
			why);
}

static const struct method *find_method(struct str word)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (str_is(word, methods[i].word))
			return &methods[i];
	return NULL;
}

/* Cuts the value at colons that are in no brackets. Return: false: more fields than there can be. */
static bool cut(struct reader *r)
{
	const char *start = r->value.p;
	bool in_brackets = false;

	r->count = 0;
	for (size_t i = 0; i <= r->value.n; i++) {
		const char *p = r->value.p + i;

		if (i < r->value.n && (*p == '[' || *p == ']'))
			in_brackets = *p == '[';
		if (i < r->value.n && (*p != ':' || in_brackets))
			continue;
		if (r->count == FIELDS_MAX)
			return false;
		r->fields[r->count++] = (struct str){ start, (size_t)(p - start) };
		start = p + 1;
	}
	return true;
}

/* An address, of IPv6 in brackets. */
static bool read_ip(struct str field, struct net_ip *ret)
{
	if (field.n >= 2 && field.p[0] == '[' && field.p[field.n - 1] == ']')
		return net_ip_parse((struct str){ field.p + 1, field.n - 2 }, ret) &&
		       ret->family == AF_INET6;
	return net_ip_parse(field, ret) && ret->family == AF_INET;
}

static void *take(struct reader *r, size_t count, size_t size)
{
	void *taken = arena_take(r->arena, count * size, _Alignof(max_align_t));

	if (!taken)
		r->is_full = true;
	else
		memset(taken, 0, count * size);
	return taken;
}

/* Every NET_LIST() looks like this. */
struct any_list {
	void *p;
	size_t n;
};

/* One more element: the list is copied, as there are few. */
static void append(struct reader *r, void *list, const void *element, size_t size)
{
	struct any_list *any = list;
	char *grown = take(r, any->n + 1, size);

	if (!grown)
		return;
	if (any->n > 0)
		memcpy(grown, any->p, any->n * size);
	memcpy(grown + any->n * size, element, size);
	any->p = grown;
	any->n++;
}

/* The link of this name, or all physical ones if it has none; a new one when it was not named before. */
static struct net_link *find_link(struct reader *r, struct str name)
{
	bool is_all = name.n == 0;
	struct net_link link;
	struct net_name parsed = { "*" };

	if (!is_all && !net_name_parse(name, &parsed)) {
		refuse(r, name, "no name of a link: 1 to 15 bytes, without blanks / : %");
		return NULL;
	}
	for (size_t i = 0; i < r->config.links.n; i++)
		if (strcmp(r->config.links.p[i].name, parsed.text) == 0)
			return &r->config.links.p[i];
	net_link_init(&link);
	link.match = is_all ? NET_MATCH_PATTERN : NET_MATCH_NAME;
	link.ipv6 = NET_IPV6_STATIC;
	link.at = (struct toml_position){ 1, (uint32_t)(r->value.p - r->line.p) + 1 };
	memcpy(link.name, parsed.text, sizeof(parsed.text));
	/* Each time that the key is given makes one at most. */
	if (!r->config.links.p)
		r->config.links.p = take(r, NET_CMDLINE_MAX, sizeof(link));
	if (!r->config.links.p)
		return NULL;
	r->config.links.p[r->config.links.n] = link;
	return &r->config.links.p[r->config.links.n++];
}

/* Methods add up when a link is named more than once. */
static void apply_method(struct net_link *link, const struct method *method)
{
	link->dhcp4.enabled = link->dhcp4.enabled || method->dhcp4;
	link->dhcp6.enabled = link->dhcp6.enabled || method->dhcp6;
	link->dhcp6.optional = str_is(str_from(method->word), "either6");
	if (method->ipv6 == NET_IPV6_RA)
		link->ipv6 = NET_IPV6_RA;
}

/* [MTU][:MAC], from field @i on. */
static void read_mtu_and_mac(struct reader *r, struct net_link *link, size_t i)
{
	const char *end = r->value.p + r->value.n;
	uint64_t mtu;
	struct str mac;

	if (i < r->count && r->fields[i].n > 0) {
		if (str_to_u64(r->fields[i], &mtu) < 0 || mtu < 68 || mtu > 65535)
			refuse(r, r->fields[i], "no MTU from 68 to 65535");
		else
			link->mtu = (struct net_number){ true, (uint32_t)mtu };
	}
	if (i + 1 >= r->count)
		return;
	mac = (struct str){ r->fields[i + 1].p, (size_t)(end - r->fields[i + 1].p) };
	if (mac.n > 0 && (!net_mac_parse(mac, &link->mac) || !net_mac_is_unicast(link->mac)))
		refuse(r, mac, "no MAC address of one card, like 52:54:00:12:34:56");
}

/* What stands behind the method: DNS servers, or else MTU and MAC address. */
static void read_rest(struct reader *r, struct net_link *link)
{
	struct net_ip dns;
	bool is_dns = r->count <= 9;
	bool any = false;

	for (size_t i = 7; i < r->count && is_dns; i++) {
		is_dns = r->fields[i].n == 0 || read_ip(r->fields[i], &dns);
		any = any || (is_dns && r->fields[i].n > 0);
	}
	if (!is_dns || !any) {
		read_mtu_and_mac(r, link, 7);
		return;
	}
	for (size_t i = 7; i < r->count; i++)
		if (r->fields[i].n > 0 && read_ip(r->fields[i], &dns))
			append(r, &link->dns.servers, &dns, sizeof(dns));
}

/* "24" or "255.255.255.0". */
static bool read_mask(struct str field, int family, uint8_t *ret)
{
	uint64_t length;
	struct net_ip mask;
	struct net_prefix prefix;

	if (str_to_u64(field, &length) == 0 && length <= net_ip_bits(family)) {
		*ret = (uint8_t)length;
		return true;
	}
	if (family != AF_INET || !read_ip(field, &mask))
		return false;
	/* Ones in front and zeros behind: as many ones as leave all of it when the rest is masked. */
	prefix = (struct net_prefix){ .ip = { AF_INET, { 0xff, 0xff, 0xff, 0xff } } };
	for (prefix.length = 32;; prefix.length--) {
		net_prefix_mask(&prefix);
		if (memcmp(prefix.ip.bytes, mask.bytes, 4) == 0) {
			*ret = prefix.length;
			return true;
		}
		if (prefix.length == 0)
			return false;
	}
}

/* PEER, maybe with a prefix length. */
static void read_peer(struct reader *r, struct net_link *link, struct str field, int family)
{
	struct str rest = field;
	struct str address = { 0 };
	struct net_prefix peer = { .length = net_ip_bits(family) };

	if (field.n == 0)
		return;
	if (!str_split(&rest, '/', &address) || !read_ip(address, &peer.ip) || peer.ip.family != family ||
	    (address.n < field.n && !read_mask(rest, family, &peer.length)))
		refuse(r, field, "no address of the other end");
	else
		link->peer = peer;
}

/* ADDRESS:PEER:GATEWAY:MASK, when there is an address. */
static void read_addresses(struct reader *r, struct net_link *link)
{
	struct net_prefix address = { 0 };
	struct net_route route = { 0 };

	if (r->fields[0].n == 0)
		return;
	if (!read_ip(r->fields[0], &address.ip)) {
		refuse(r, r->fields[0], "no address; of IPv6 in brackets, [2001:db8::1]");
		return;
	}
	if (!read_mask(r->fields[3], address.ip.family, &address.length))
		refuse(r, r->fields[3], "no netmask or prefix length");
	read_peer(r, link, r->fields[1], address.ip.family);
	append(r, address.ip.family == AF_INET ? &link->static4 : &link->static6, &address,
	       sizeof(address));
	if (r->fields[2].n == 0)
		return;
	if (!read_ip(r->fields[2], &route.via) || route.via.family != address.ip.family) {
		refuse(r, r->fields[2], "no gateway of the address's family; of IPv6 in brackets");
		return;
	}
	route.to.ip.family = route.via.family;
	append(r, &link->routes, &route, sizeof(route));
}

static void read_hostname(struct reader *r, struct str field)
{
	struct buf b = BUF(r->config.hostname);

	if (field.n == 0)
		return;
	if (net_domain_parse(field) && field.n < NET_HOSTNAME_SIZE)
		buf_add_str(&b, field);
	else
		refuse(r, field, "no host name");
}

/* ADDRESS:PEER:GATEWAY:MASK:HOSTNAME:LINK:METHOD and more. */
static void read_long(struct reader *r)
{
	const struct method *method = r->count > 6 ? find_method(r->fields[6]) : &methods[0];
	struct net_link *link;

	if (r->count < 6 || (r->count > 6 && r->fields[6].n > 0 && !method)) {
		refuse(r, r->count > 6 ? r->fields[6] : r->value,
		       r->count > 6 ? "none of " METHOD_WORDS
				    : "not ADDRESS:PEER:GATEWAY:NETMASK:HOSTNAME:LINK:METHOD");
		return;
	}
	if (r->fields[0].n > 0 && r->fields[5].n == 0) {
		refuse(r, r->value, "without the name of the link that has the address");
		return;
	}
	/* Without a method an address is all, and without an address the method is dhcp. */
	if (!method || r->count == 6)
		method = find_method(r->fields[0].n > 0 ? STR("none") : STR("dhcp"));
	link = find_link(r, r->fields[5]);
	if (!link)
		return;
	apply_method(link, method);
	read_hostname(r, r->fields[4]);
	read_addresses(r, link);
	read_rest(r, link);
}

/* LINK:METHOD[:[MTU][:MAC]] */
static void read_short(struct reader *r)
{
	const struct method *method = find_method(r->fields[1]);
	struct net_link *link;

	if (!method) {
		refuse(r, r->fields[1], "none of " METHOD_WORDS);
		return;
	}
	link = find_link(r, r->fields[0]);
	if (!link)
		return;
	apply_method(link, method);
	read_mtu_and_mac(r, link, 2);
}

/* METHOD */
static void read_method(struct reader *r)
{
	const struct method *method = find_method(r->value);
	struct net_link *link;

	if (!method) {
		refuse(r, r->value, "none of " METHOD_WORDS);
		return;
	}
	if (str_is(r->value, "off") || str_is(r->value, "none")) {
		r->is_off = true;
		return;
	}
	link = find_link(r, (struct str){ 0 });
	if (link)
		apply_method(link, method);
}

static void read_value(struct reader *r)
{
	struct net_ip ip;

	if (!cut(r))
		refuse(r, r->value, "too long for one link");
	else if (r->count == 1)
		read_method(r);
	else if (r->fields[0].n == 0 || r->fields[0].p[0] == '[' || read_ip(r->fields[0], &ip))
		read_long(r);
	else
		read_short(r);
}

/* Return: whether @word is the key with a value. */
static bool find_value(struct str word, struct str *ret)
{
	struct str key;

	/* The kernel leaves quotes around a word or a value out. */
	if (word.n > 1 && word.p[0] == '"')
		word = (struct str){ word.p + 1, word.n - 1 - (word.p[word.n - 1] == '"') };
	if (!str_split(&word, '=', &key) || !str_is(key, NET_CMDLINE_KEY))
		return false;
	if (word.n > 0 && word.p[0] == '"')
		word = (struct str){ word.p + 1, word.n - 1 };
	if (word.n > 0 && word.p[word.n - 1] == '"')
		word.n--;
	*ret = word;
	return true;
}

int net_cmdline_parse(struct str line, struct arena *arena, struct net_config *ret,
		      struct net_problems *problems)
{
	struct reader r = { .line = line, .arena = arena, .problems = problems };
	struct str word;
	size_t count = 0;

	problems->count = 0;
	while (str_next_word(&line, &word) && !str_is(word, "--")) {
		if (!find_value(word, &r.value))
			continue;
		if (++count > NET_CMDLINE_MAX) {
			refuse(&r, r.value, "one more than may be given");
			break;
		}
		read_value(&r);
	}
	if (r.is_off && r.config.links.n > 0)
		refuse(&r, r.value, "given beside another that turns the network off");
	if (r.is_full)
		return -ENOSPC;
	if (problems->count > 0)
		return -EINVAL;
	if (count == 0)
		return 0;
	r.config.primary = r.config.links.n > 0 ? r.config.links.p : NULL;
	*ret = r.config;
	return 1;
}
