// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the text to links: see net_config_parse.h. What a table may have is net_key_table.c's, what values mean is
 * net_config_value.c's, and what goes together is net_config_check.c's. Pure.
 */
#include "netconf/net_config_parse.h"

#include <errno.h>

#include "lib/nearest.h"
#include "lib/toml_parse.h"
#include "lib/utf8.h"
#include "netconf/net_parser.h"
#include "netconf/net_value_parse.h"

/* How often a bond's members are looked at, if the file does not say it: what bonding.rst proposes. */
#define MII_FREQUENCY_MS 100

void *net_parser_take(struct net_parser *p, size_t count, size_t size)
{
	void *taken = arena_take(p->arena, count * size, _Alignof(max_align_t));

	if (!taken)
		p->is_full = true;
	else
		memset(taken, 0, count * size);
	return taken;
}

/* Return: whether there is such a key in another version or for another kind, which is told then. */
static bool is_elsewhere(struct net_parser *p, enum net_table table, const struct toml_node *node)
{
	unsigned since = UINT8_MAX;
	char kinds[64];
	struct buf b = BUF(kinds);
	char shown[UTF8_SHOWN_SIZE];

	for (const struct net_key *key = net_keys; key->name; key++) {
		if (key->table != table || !str_is(node->key, key->name))
			continue;
		if (key->since < since)
			since = key->since;
		if (key->since <= p->version)
			buf_printf(&b, "%s%s", b.len > 0 ? " or " : "",
				   net_kind_name(__builtin_ctz(key->kinds)));
	}
	if (since == UINT8_MAX)
		return false;
	if (since > p->version)
		net_problem_add(p->problems, node->key_at,
				"\"%s\" is from version %u on, and this file has version %u",
				utf8_shown(node->key, shown), since, p->version);
	else
		net_problem_add(p->problems, node->key_at,
				"\"%s\" is for a %s only, which its \"kind\" would say",
				utf8_shown(node->key, shown), kinds);
	return true;
}

static bool is_allowed(const struct net_parser *p, const struct net_key *key, enum net_table table)
{
	return key->table == table && key->kinds & NET_KIND_BIT(p->kind) && key->since <= p->version;
}

static void refuse_key(struct net_parser *p, enum net_table table, const struct toml_node *node)
{
	struct nearest nearest = NEAREST(node->key);
	char allowed[400];
	char shown[UTF8_SHOWN_SIZE];
	struct buf b = BUF(allowed);

	/* What is only counted needs no search: a hostile file has thousands. */
	if (p->problems->count >= NET_PROBLEMS_MAX) {
		p->problems->count++;
		return;
	}
	if (is_elsewhere(p, table, node))
		return;
	for (const struct net_key *key = net_keys; key->name; key++) {
		if (!is_allowed(p, key, table))
			continue;
		nearest_offer(&nearest, key->name);
		buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", key->name);
	}
	if (nearest.best)
		net_problem_add(p->problems, node->key_at,
				"unknown key \"%s\" in %s; did you mean \"%s\"?",
				utf8_shown(node->key, shown), net_table_name(table), nearest.best);
	else
		net_problem_add(p->problems, node->key_at, "unknown key \"%s\" in %s; there are: %s",
				utf8_shown(node->key, shown), net_table_name(table), allowed);
}

static void check_required(struct net_parser *p, enum net_table table, const struct toml_node *node)
{
	for (const struct net_key *key = net_keys; key->name; key++) {
		char expected[256];
		struct buf b = BUF(expected);

		if (!is_allowed(p, key, table) || key->required_to < p->version ||
		    toml_get(node, str_from(key->name)))
			continue;
		net_key_expects(&b, key, p->version);
		if (table == NET_TABLE_LINK)
			net_problem_add(p->problems, node->at, "a %s needs \"%s\", %s",
					net_kind_name(p->kind), key->name, expected);
		else
			net_problem_add(p->problems, node->at, "%s needs \"%s\", %s",
					net_table_name(table), key->name, expected);
	}
}

void net_read_table(struct net_parser *p, enum net_table table, const struct toml_node *node, void *object)
{
	for (const struct toml_node *child = toml_first(node); child; child = child->next) {
		const struct net_key *key = net_key_find(table, p->kind, p->version, child->key);

		if (key)
			net_read_value(p, key, child, (char *)object + key->offset);
		else
			refuse_key(p, table, child);
	}
	check_required(p, table, node);
}

/* By what the table's name says that the link is found. */
static void read_match(struct net_parser *p, const struct toml_node *node, struct net_link *link)
{
	bool has_dots = node->key.n > 0 && memchr(node->key.p, '.', node->key.n);
	char shown[UTF8_SHOWN_SIZE];
	struct net_name name;

	if (net_mac_parse(node->key, &link->match_mac)) {
		link->match = NET_MATCH_MAC;
		if (p->version < 3)
			net_problem_add(p->problems, node->key_at,
					"MAC addresses name links from version 3 on, and this file has version %u",
					p->version);
	} else if (strpbrk(utf8_shown(node->key, shown), "*?[") && p->version >= 4) {
		link->match = NET_MATCH_PATTERN;
		if (!net_pattern_parse(node->key, link->name))
			net_problem_add(p->problems, node->key_at,
					"\"%s\" is no pattern for names: at most %d bytes, without blanks / : %%",
					shown, NET_PATTERN_SIZE - 1);
	} else if (net_name_parse(node->key, &name) && (p->version >= 4 || !has_dots)) {
		memcpy(link->name, name.text, sizeof(name.text));
	} else {
		net_problem_add(p->problems, node->key_at,
				"\"%s\" is no name of a link: 1 to %d bytes, without blanks / : %%%s%s",
				shown, IFNAMSIZ - 1, p->version < 4 ? " ." : "",
				p->version >= 3 ? ", or a MAC address" : "");
	}
}

/*
 * What else a table may have hangs on the kind of its link, so it is read first.
 * Return: false when it is none, which is told; the rest of the table means nothing then.
 */
static bool read_kind(struct net_parser *p, const struct toml_node *node)
{
	const struct toml_node *kind = toml_get(node, STR("kind"));
	const struct net_key *key;
	int value = -1;

	p->kind = NET_PHYSICAL;
	key = net_key_find(NET_TABLE_LINK, p->kind, p->version, STR("kind"));
	if (!kind || !key)
		return true;
	net_read_value(p, key, kind, &value);
	p->kind = value;
	return value >= 0;
}

/* What a bond has that says nothing about it. */
static void settle_bond(struct net_parser *p, struct net_link *link)
{
	/* As netdog has it. */
	if (p->version < 4 && link->members.n > 0)
		link->bond.primary = link->members.p[0];
	if (!link->bond.monitoring.mii_frequency.given && !link->bond.monitoring.arp_interval.given)
		link->bond.monitoring.mii_frequency = (struct net_number){ true, MII_FREQUENCY_MS };
}

static void read_link(struct net_parser *p, const struct toml_node *node, struct net_link *link)
{
	net_link_init(link);
	link->at = node->key_at;
	read_match(p, node, link);
	if (!read_kind(p, node))
		return;
	net_read_table(p, NET_TABLE_LINK, node, link);
	link->kind = p->kind;
	net_check_link(p, link, node);
	if (link->kind == NET_BOND) {
		net_check_bond(p, link, node);
		settle_bond(p, link);
	}
}

/* Return: whether the version is one that is known. */
static bool read_version(struct net_parser *p, const struct toml_node *root)
{
	const struct toml_node *node = toml_get(root, STR("version"));
	int64_t version;

	if (toml_integer(node, 1, NET_VERSION_MAX, &version)) {
		p->version = (unsigned)version;
		return true;
	}
	net_problem_add(p->problems, node ? node->at : root->at,
			node ? "\"version\" must be an integer from 1 to %d"
			     : "\"version\" is missing, an integer from 1 to %d",
			NET_VERSION_MAX);
	return false;
}

/* The tables of links among what stands at the top; the rest is refused. */
static size_t count_links(struct net_parser *p, const struct toml_node *root)
{
	size_t count = 0;
	char shown[UTF8_SHOWN_SIZE];

	for (const struct toml_node *node = toml_first(root); node; node = node->next) {
		if (node->type == TOML_TABLE)
			count++;
		else if (!str_is(node->key, "version"))
			net_problem_add(p->problems, node->key_at,
					"\"%s\" must be a table, that of a link of this name, not %s",
					utf8_shown(node->key, shown), toml_type_name(node->type));
	}
	if (count > NET_LINKS_MAX)
		net_problem_add(p->problems, root->at, "more than %d links", NET_LINKS_MAX);
	return count;
}

static void read_links(struct net_parser *p, const struct toml_node *root, struct net_config *config)
{
	size_t count = count_links(p, root);

	if (count == 0 || count > NET_LINKS_MAX)
		return;
	config->links.p = net_parser_take(p, count, sizeof(struct net_link));
	p->nodes = (const struct toml_node **)net_parser_take(p, count, sizeof(void *));
	if (p->is_full)
		return;
	for (const struct toml_node *node = toml_first(root); node && !p->is_full; node = node->next) {
		if (node->type != TOML_TABLE)
			continue;
		p->nodes[config->links.n] = node;
		read_link(p, node, &config->links.p[config->links.n++]);
	}
	if (!p->is_full)
		net_check_links(p, config);
	config->primary = config->links.p;
	for (size_t i = 0; i < config->links.n; i++)
		if (config->links.p[i].primary)
			config->primary = &config->links.p[i];
}

int net_config_parse(struct str text, struct arena *arena, struct net_config *ret,
		     struct net_problems *problems)
{
	struct net_parser p = { .arena = arena, .problems = problems };
	struct net_config config = { 0 };
	const struct toml_node *root;
	struct toml_error error;
	int r;

	problems->count = 0;
	if (text.n > NET_CONFIG_TEXT_MAX) {
		net_problem_add(problems, (struct toml_position){ 1, 1 },
				"the file is longer than %zu bytes", NET_CONFIG_TEXT_MAX);
		return -E2BIG;
	}
	r = toml_parse(text, arena, &root, &error);
	if (r < 0) {
		net_problem_add(problems, error.at, "%s", error.reason);
		return r;
	}
	if (read_version(&p, root))
		read_links(&p, root, &config);
	if (p.is_full) {
		problems->count = 0;
		net_problem_add(problems, root->at, "the file has too much in it: no room is left");
		return -ENOSPC;
	}
	if (problems->count > 0)
		return -EINVAL;
	*ret = config;
	return 0;
}
