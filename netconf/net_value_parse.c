// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names and addresses: see net_value_parse.h. Pure. */
#include "netconf/net_value_parse.h"

#include <arpa/inet.h>

static bool has_any(struct str s, const char *bytes)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(bytes, s.p[i]))
			return true;
	return false;
}

/* Bytes that no name may have; '\0' is one of them for strchr(3). */
#define NOT_IN_NAMES "/:% \t\n\v\f\r"

bool net_name_parse(struct str s, struct net_name *ret)
{
	static const char *const taken[] = { ".", "..", "all", "default" };

	if (s.n == 0 || s.n >= IFNAMSIZ || has_any(s, NOT_IN_NAMES))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (str_is(s, taken[i]))
			return false;
	*ret = (struct net_name){ 0 };
	memcpy(ret->text, s.p, s.n);
	return true;
}

bool net_pattern_parse(struct str s, char ret[static NET_PATTERN_SIZE])
{
	if (s.n == 0 || s.n >= NET_PATTERN_SIZE || has_any(s, NOT_IN_NAMES))
		return false;
	memset(ret, 0, NET_PATTERN_SIZE);
	memcpy(ret, s.p, s.n);
	return true;
}

bool net_mac_parse(struct str s, struct net_mac *ret)
{
	struct net_mac mac = { .given = true };

	if (s.n != 3 * sizeof(mac.bytes) - 1)
		return false;
	for (size_t i = 0; i < sizeof(mac.bytes); i++) {
		if (hex_decode((struct str){ s.p + 3 * i, 2 }, &mac.bytes[i], 1) < 0)
			return false;
		if (3 * i + 2 < s.n && s.p[3 * i + 2] != ':' && s.p[3 * i + 2] != '-')
			return false;
	}
	*ret = mac;
	return true;
}

bool net_mac_is_unicast(struct net_mac mac)
{
	static const uint8_t zeros[sizeof(mac.bytes)];

	return !(mac.bytes[0] & 1) && memcmp(mac.bytes, zeros, sizeof(zeros)) != 0;
}

uint8_t net_ip_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

bool net_ip_parse(struct str s, struct net_ip *ret)
{
	struct net_ip ip = { .family = has_any(s, ":") ? AF_INET6 : AF_INET };
	char text[INET6_ADDRSTRLEN];

	/* '\0' in the text would end it for inet_pton(3). */
	if (s.n >= sizeof(text) || (s.n > 0 && memchr(s.p, '\0', s.n)))
		return false;
	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return false;
	*ret = ip;
	return true;
}

bool net_prefix_parse(struct str s, struct net_prefix *ret)
{
	struct str address;
	struct net_prefix prefix;
	uint64_t length;

	/* "1.2.3.4" without a '/' leaves nothing behind the field, and so does "1.2.3.4/". */
	if (!str_split(&s, '/', &address) || !net_ip_parse(address, &prefix.ip))
		return false;
	if (str_to_u64(s, &length) < 0 || length > net_ip_bits(prefix.ip.family) ||
	    (s.n > 1 && s.p[0] == '0'))
		return false;
	prefix.length = (uint8_t)length;
	*ret = prefix;
	return true;
}

void net_prefix_mask(struct net_prefix *prefix)
{
	for (unsigned bit = prefix->length; bit < 8 * sizeof(prefix->ip.bytes); bit++)
		prefix->ip.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
}

bool net_prefix_equal(const struct net_prefix *a, const struct net_prefix *b)
{
	return a->length == b->length && a->ip.family == b->ip.family &&
	       memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0;
}

bool net_domain_parse(struct str s)
{
	struct str label;

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n == 0 || s.n > 253 || s.p[s.n - 1] == '.')
		return false;
	while (str_split(&s, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];

			if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			    !(c >= '0' && c <= '9') && c != '-' && c != '_')
				return false;
		}
	}
	return true;
}
