// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values of net.toml, each by its row of net_key_table.c: see net_parser.h. Pure. */
#include <sys/socket.h>

#include "lib/nearest.h"
#include "lib/utf8.h"
#include "netconf/net_parser.h"
#include "netconf/net_value_parse.h"

/* Every NET_LIST() looks like this. */
struct any_list {
	void *p;
	size_t n;
};

static void add_got(struct buf *b, const struct toml_node *node)
{
	char shown[UTF8_SHOWN_SIZE];

	if (node->type == TOML_STRING)
		buf_printf(b, "\"%s\"", utf8_shown(node->u.string, shown));
	else if (node->type == TOML_INTEGER)
		buf_printf(b, "%lld", (long long)node->u.integer);
	else
		buf_add(b, toml_type_name(node->type));
}

/* @node is the value of @key or an element of it. */
static void refuse(struct net_parser *p, const struct net_key *key, const struct toml_node *node)
{
	char text[sizeof(p->problems->list[0].reason)];
	struct buf b = BUF(text);

	buf_printf(&b, "\"%s\" must be ", key->name);
	net_key_expects(&b, key, p->version);
	buf_add(&b, ", not ");
	add_got(&b, node);
	net_problem_add(p->problems, node->at, "%s", text);
}

static void read_choice(struct net_parser *p, const struct net_key *key,
			const struct toml_node *node, int *ret)
{
	struct nearest nearest = { 0 };
	struct str word = { 0 };
	char text[256];
	struct buf b = BUF(text);

	if (toml_string(node, &word))
		nearest = NEAREST(word);
	for (const struct net_choice *choice = key->choices; choice->word; choice++) {
		if (!str_is(word, choice->word)) {
			if (choice->since <= p->version && !choice->is_alias)
				nearest_offer(&nearest, choice->word);
		} else if (choice->since <= p->version) {
			*ret = choice->value;
			return;
		} else {
			net_problem_add(p->problems, node->at,
					"%s = \"%s\" is from version %u on, and this file has version %u",
					key->name, choice->word, (unsigned)choice->since, p->version);
			return;
		}
	}
	if (word.n == 0 || !nearest.best) {
		refuse(p, key, node);
		return;
	}
	net_key_expects(&b, key, p->version);
	net_problem_add(p->problems, node->at, "\"%s\" must be %s; did you mean \"%s\"?", key->name,
			text, nearest.best);
}

/* Return: whether @node is one element of a list, and then it is at @ret. */
static bool read_element(enum net_value value, const struct toml_node *node, void *ret)
{
	struct net_ip *ip = ret;
	struct net_prefix *prefix = ret;
	struct str text;

	if (!toml_string(node, &text))
		return false;
	switch (value) {
	case NET_VALUE_NAMES:
		return net_name_parse(text, ret);
	case NET_VALUE_IPS:
		return net_ip_parse(text, ip);
	case NET_VALUE_IPV4S:
		return net_ip_parse(text, ip) && ip->family == AF_INET;
	case NET_VALUE_PREFIXES4:
		return net_prefix_parse(text, prefix) && prefix->ip.family == AF_INET;
	case NET_VALUE_PREFIXES6:
		return net_prefix_parse(text, prefix) && prefix->ip.family == AF_INET6;
	case NET_VALUE_DOMAINS:
		*(struct str *)ret = text;
		return net_domain_parse(text);
	case NET_VALUE_BOOLEAN:
	case NET_VALUE_FLAG:
	case NET_VALUE_NUMBER:
	case NET_VALUE_CHOICE:
	case NET_VALUE_NAME:
	case NET_VALUE_MAC:
	case NET_VALUE_IP:
	case NET_VALUE_PREFIX:
	case NET_VALUE_DESTINATION:
	case NET_VALUE_TABLE:
	case NET_VALUE_DHCP:
	case NET_VALUE_TABLES:
		break;
	}
	return false;
}

static size_t element_size(const struct net_key *key)
{
	switch (key->value) {
	case NET_VALUE_NAMES:
		return sizeof(struct net_name);
	case NET_VALUE_IPS:
	case NET_VALUE_IPV4S:
		return sizeof(struct net_ip);
	case NET_VALUE_PREFIXES4:
	case NET_VALUE_PREFIXES6:
		return sizeof(struct net_prefix);
	case NET_VALUE_DOMAINS:
		return sizeof(struct str);
	case NET_VALUE_TABLES:
		return net_table_size(key->within);
	case NET_VALUE_BOOLEAN:
	case NET_VALUE_FLAG:
	case NET_VALUE_NUMBER:
	case NET_VALUE_CHOICE:
	case NET_VALUE_NAME:
	case NET_VALUE_MAC:
	case NET_VALUE_IP:
	case NET_VALUE_PREFIX:
	case NET_VALUE_DESTINATION:
	case NET_VALUE_TABLE:
	case NET_VALUE_DHCP:
		break;
	}
	return 0;
}

/* Texts that may lie in the file go into the arena, too. */
static void keep_text(struct net_parser *p, struct str *text)
{
	char *copy = net_parser_take(p, text->n, 1);

	if (copy) {
		memcpy(copy, text->p, text->n);
		text->p = copy;
	}
}

/* Addresses that are given twice count once, as with netdog. */
static bool is_double(enum net_value value, const struct any_list *list, const void *element)
{
	const struct net_prefix *all = list->p;

	if (value != NET_VALUE_PREFIXES4 && value != NET_VALUE_PREFIXES6)
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (net_prefix_equal(&all[i], element))
			return true;
	return false;
}

static void read_list(struct net_parser *p, const struct net_key *key, const struct toml_node *node,
		      struct any_list *ret)
{
	size_t size = element_size(key);
	size_t count = toml_count(node);
	struct any_list list = { 0 };

	if (node->type != TOML_ARRAY) {
		refuse(p, key, node);
		return;
	}
	if ((int64_t)count < key->min || (int64_t)count > key->max) {
		net_problem_add(p->problems, node->at, "\"%s\" must have %lld to %lld elements, not %zu",
				key->name, (long long)key->min, (long long)key->max, count);
		return;
	}
	list.p = net_parser_take(p, count, size);
	if (!list.p)
		return;
	for (const struct toml_node *child = toml_first(node); child; child = child->next) {
		void *element = (char *)list.p + size * list.n;

		if (key->value == NET_VALUE_TABLES && child->type == TOML_TABLE)
			net_read_table(p, key->within, child, element);
		else if (!read_element(key->value, child, element))
			refuse(p, key, child);
		else if (is_double(key->value, &list, element))
			continue;
		else if (key->value == NET_VALUE_DOMAINS)
			keep_text(p, element);
		list.n++;
	}
	*ret = list;
}

/* Values that are one string. */
static bool read_text(const struct net_key *key, const struct toml_node *node, void *field)
{
	struct net_prefix *prefix = field;
	struct str text;

	if (!toml_string(node, &text))
		return false;
	if (key->value == NET_VALUE_NAME)
		return net_name_parse(text, field);
	if (key->value == NET_VALUE_IP)
		return net_ip_parse(text, field);
	if (key->value == NET_VALUE_MAC)
		return net_mac_parse(text, field) && net_mac_is_unicast(*(struct net_mac *)field);
	/* netdog takes it in any case, "Default". */
	if (key->value == NET_VALUE_DESTINATION && text.n == 7 && strncasecmp(text.p, "default", 7) == 0)
		return true;
	if (!net_prefix_parse(text, prefix))
		return false;
	net_prefix_mask(prefix);
	return true;
}

static bool read_scalar(const struct net_key *key, const struct toml_node *node, void *field)
{
	struct net_number *number = field;
	int64_t value;
	bool flag;

	if (key->value == NET_VALUE_NUMBER) {
		if (!toml_integer(node, key->min, key->max, &value))
			return false;
		*number = (struct net_number){ true, (uint32_t)value };
		return true;
	}
	if (!toml_boolean(node, &flag))
		return false;
	if (key->value == NET_VALUE_FLAG)
		*(enum net_flag *)field = flag ? NET_FLAG_ON : NET_FLAG_OFF;
	else
		*(bool *)field = flag;
	return true;
}

void net_read_value(struct net_parser *p, const struct net_key *key, const struct toml_node *node,
		    void *field)
{
	switch (key->value) {
	case NET_VALUE_BOOLEAN:
	case NET_VALUE_FLAG:
	case NET_VALUE_NUMBER:
		if (!read_scalar(key, node, field))
			refuse(p, key, node);
		break;
	case NET_VALUE_CHOICE:
		read_choice(p, key, node, field);
		break;
	case NET_VALUE_NAME:
	case NET_VALUE_MAC:
	case NET_VALUE_IP:
	case NET_VALUE_PREFIX:
	case NET_VALUE_DESTINATION:
		if (!read_text(key, node, field))
			refuse(p, key, node);
		break;
	case NET_VALUE_NAMES:
	case NET_VALUE_IPS:
	case NET_VALUE_IPV4S:
	case NET_VALUE_PREFIXES4:
	case NET_VALUE_PREFIXES6:
	case NET_VALUE_DOMAINS:
	case NET_VALUE_TABLES:
		read_list(p, key, node, field);
		break;
	case NET_VALUE_DHCP:
		if (toml_boolean(node, &((struct net_dhcp *)field)->enabled))
			break;
		/* fall through */
	case NET_VALUE_TABLE:
		if (node->type == TOML_TABLE)
			net_read_table(p, key->within, node, field);
		else
			refuse(p, key, node);
		break;
	}
}
