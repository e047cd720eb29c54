// SPDX-License-Identifier: MIT OR Apache-2.0
/* The inside of the reader of net.toml, for net_config_*.c alone. */
#pragma once

#include "netconf/net_config.h"
#include "netconf/net_key_table.h"
#include "netconf/net_problem.h"

struct net_parser {
	struct arena *arena;
	struct net_problems *problems;
	unsigned version;
	int kind; /* of the link at hand */
	bool is_full;
	const struct toml_node **nodes; /* the tables that the links come from, in the same order */
};

/** net_parser_take() - @count zeroed elements out of the arena. Return: them, or NULL and @p->is_full is set. */
void *net_parser_take(struct net_parser *p, size_t count, size_t size);

/** net_read_value() - reads the value of @key into the field at @field, or notes what is wrong with it. */
void net_read_value(struct net_parser *p, const struct net_key *key, const struct toml_node *node,
		    void *field);

/** net_read_table() - reads all keys of a table into the struct for it. */
void net_read_table(struct net_parser *p, enum net_table table, const struct toml_node *node,
		    void *object);

/** net_check_link() - what must be true of one link. */
void net_check_link(struct net_parser *p, const struct net_link *link, const struct toml_node *node);

/** net_check_bond() - what must be true of a bond beside that. */
void net_check_bond(struct net_parser *p, const struct net_link *link, const struct toml_node *node);

/** net_check_links() - what must be true of all links together. */
void net_check_links(struct net_parser *p, const struct net_config *config);
