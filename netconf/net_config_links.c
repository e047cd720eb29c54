// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What must be true of all links of net.toml together, who is in what and on what above all: see net_parser.h.
 * What is quadratic here is bounded by NET_LINKS_MAX and MEMBERS_MAX. Pure.
 */
#include "lib/utf8.h"
#include "netconf/net_parser.h"

/* Of all bonds, bridges and VRFs together; each is compared with each. */
#define MEMBERS_MAX 1024

/* A member of a bond, bridge or VRF, as one list. */
struct membership {
	const char *name;
	const struct net_link *master;
	struct toml_position at;
};

struct memberships {
	struct membership *p;
	size_t n;
};

static const struct net_link *find_name(const struct net_config *config, const char *name)
{
	for (size_t i = 0; i < config->links.n; i++)
		if (config->links.p[i].match == NET_MATCH_NAME &&
		    strcmp(config->links.p[i].name, name) == 0)
			return &config->links.p[i];
	return NULL;
}

/* One link cannot have two tables; names that are the same are one key of TOML already. */
static void check_macs(struct net_parser *p, const struct net_config *config)
{
	for (size_t i = 0; i < config->links.n; i++) {
		const struct net_link *link = &config->links.p[i];

		for (size_t j = 0; j < i && link->match == NET_MATCH_MAC; j++) {
			const struct net_link *other = &config->links.p[j];

			if (other->match == NET_MATCH_MAC &&
			    memcmp(other->match_mac.bytes, link->match_mac.bytes,
				   sizeof(link->match_mac.bytes)) == 0)
				net_problem_add(p->problems, link->at,
						"this MAC address has a table at line %u already",
						(unsigned)other->at.line);
		}
	}
}

static void check_primary(struct net_parser *p, const struct net_config *config)
{
	const struct net_link *first = NULL;

	for (size_t i = 0; i < config->links.n; i++) {
		const struct net_link *link = &config->links.p[i];

		if (link->primary && first)
			net_problem_add(p->problems, toml_get(p->nodes[i], STR("primary"))->key_at,
					"a second primary link; the first is at line %u",
					(unsigned)first->at.line);
		else if (link->primary)
			first = link;
	}
}

/* Return: the memberships of all links, in the order of the file; none when there is no room. */
static struct memberships list_members(struct net_parser *p, const struct net_config *config)
{
	struct memberships all = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < config->links.n; i++)
		count += config->links.p[i].members.n;
	if (count > MEMBERS_MAX) {
		net_problem_add(p->problems, config->links.p[0].at,
				"bonds, bridges and VRFs have more than %d interfaces together",
				MEMBERS_MAX);
		return all;
	}
	all.p = net_parser_take(p, count, sizeof(*all.p));
	for (size_t i = 0; i < config->links.n && all.p; i++) {
		const struct net_link *link = &config->links.p[i];
		const struct toml_node *child = toml_first(toml_get(p->nodes[i], STR("interfaces")));

		for (size_t j = 0; j < link->members.n; j++, child = child->next)
			/* The empty one was refused already. */
			if (link->members.p[j].text[0])
				all.p[all.n++] = (struct membership){ link->members.p[j].text, link,
								      child->at };
	}
	return all;
}

/* What has addresses of its own cannot give all its packets to another link. */
static bool has_addressing(const struct toml_node *node)
{
	static const char *const keys[] = { "dhcp4", "dhcp6", "static4", "static6",
					    "route", "rule",  "dns",	 "ipv6" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (toml_get(node, str_from(keys[i])))
			return true;
	return false;
}

static void check_member(struct net_parser *p, const struct net_config *config,
			 const struct membership *m)
{
	const struct net_link *own = find_name(config, m->name);
	const char *kind = net_kind_name(m->master->kind);
	char shown[UTF8_SHOWN_SIZE];

	if (!own)
		return;
	utf8_shown(str_from(m->name), shown);
	if (p->version < 4)
		net_problem_add(p->problems, m->at,
				"\"%s\" is in a %s and has a table of its own, at line %u", shown,
				kind, (unsigned)own->at.line);
	else if (m->master->kind != NET_VRF && has_addressing(p->nodes[own - config->links.p]))
		net_problem_add(p->problems, m->at,
				"\"%s\" is in a %s, so its table at line %u can have no addresses, routes or DNS",
				shown, kind, (unsigned)own->at.line);
}

static void check_members(struct net_parser *p, const struct net_config *config, struct memberships all)
{
	char shown[UTF8_SHOWN_SIZE];

	for (size_t i = 0; i < all.n; i++) {
		utf8_shown(str_from(all.p[i].name), shown);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(all.p[i].name, all.p[j].name) != 0)
				continue;
			net_problem_add(p->problems, all.p[i].at,
					"\"%s\" is in a %s already, at line %u", shown,
					net_kind_name(all.p[j].master->kind),
					(unsigned)all.p[j].at.line);
			break;
		}
		check_member(p, config, &all.p[i]);
	}
}

static void check_vlans(struct net_parser *p, const struct net_config *config, struct memberships all)
{
	for (size_t i = 0; i < config->links.n; i++) {
		const struct net_link *link = &config->links.p[i];
		struct toml_position at;
		char shown[UTF8_SHOWN_SIZE];

		if (link->kind != NET_VLAN || !link->vlan_device.text[0])
			continue;
		at = toml_get(p->nodes[i], STR("device"))->at;
		utf8_shown(str_from(link->vlan_device.text), shown);
		for (size_t j = 0; j < all.n; j++)
			if (all.p[j].master->kind == NET_BOND &&
			    strcmp(all.p[j].name, link->vlan_device.text) == 0)
				net_problem_add(p->problems, at,
						"\"%s\" is in a bond, at line %u: a VLAN can only be on the bond",
						shown, (unsigned)all.p[j].at.line);
		for (size_t j = 0; j < i; j++) {
			const struct net_link *other = &config->links.p[j];

			if (p->version >= 4 && other->kind == NET_VLAN &&
			    other->vlan_id.value == link->vlan_id.value &&
			    other->vlan_protocol == link->vlan_protocol &&
			    strcmp(other->vlan_device.text, link->vlan_device.text) == 0)
				net_problem_add(p->problems, at,
						"VLAN %u of \"%s\" is at line %u already",
						(unsigned)link->vlan_id.value, shown,
						(unsigned)other->at.line);
		}
	}
}

/* MAX_NEST_DEV of the kernel: bonds, bridges and VLANs that stand on each other. */
#define NEST_MAX 8

/* Puts @link on level @level at least; what is too high is all the same. Return: whether it was lower. */
static bool raise(uint8_t *levels, const struct net_config *config, const struct net_link *link, int level)
{
	uint8_t *own = &levels[link - config->links.p];

	if (level > NEST_MAX + 1)
		level = NEST_MAX + 1;
	if (*own >= level)
		return false;
	*own = (uint8_t)level;
	return true;
}

/* The level of what stands on the link @name, which may have no table. */
static int level_above(const uint8_t *levels, const struct net_config *config, const char *name)
{
	const struct net_link *link = find_name(config, name);

	return link ? levels[link - config->links.p] + 1 : 1;
}

/* Raises each link over what it stands on, until all stand. Each round settles one level more; a circle is too high. */
static void check_nesting(struct net_parser *p, const struct net_config *config, struct memberships all)
{
	uint8_t levels[NET_LINKS_MAX] = { 0 };
	bool is_settled;

	do {
		is_settled = true;
		for (size_t i = 0; i < all.n; i++)
			if (raise(levels, config, all.p[i].master,
				  level_above(levels, config, all.p[i].name)))
				is_settled = false;
		for (size_t i = 0; i < config->links.n; i++) {
			const struct net_link *link = &config->links.p[i];

			if (link->kind == NET_VLAN &&
			    raise(levels, config, link,
				  level_above(levels, config, link->vlan_device.text)))
				is_settled = false;
		}
	} while (!is_settled);
	for (size_t i = 0; i < config->links.n; i++) {
		if (levels[i] <= NEST_MAX)
			continue;
		net_problem_add(p->problems, config->links.p[i].at,
				"links stand on each other in a circle, or more than %d of them",
				NEST_MAX);
		return;
	}
}

void net_check_links(struct net_parser *p, const struct net_config *config)
{
	struct memberships all = list_members(p, config);

	if (p->is_full)
		return;
	check_macs(p, config);
	check_primary(p, config);
	check_members(p, config, all);
	check_vlans(p, config, all);
	check_nesting(p, config, all);
}
