// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every key of net.toml, as one table: the parser, its errors and the check of orlop.network(5) come from it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "netconf/net_config.h"

/* The latest version of the format; 1 to 3 are those of Bottlerocket. */
#define NET_VERSION_MAX 4

/* The tables that keys are in. */
enum net_table {
	NET_TABLE_LINK,
	NET_TABLE_DHCP4,
	NET_TABLE_DHCP6,
	NET_TABLE_STATIC4,
	NET_TABLE_STATIC6,
	NET_TABLE_ROUTE,
	NET_TABLE_RULE,
	NET_TABLE_DNS,
	NET_TABLE_MONITORING,
};

/* What a value is, and by which type it is kept. */
enum net_value {
	NET_VALUE_BOOLEAN,   /* bool */
	NET_VALUE_FLAG,	     /* enum net_flag */
	NET_VALUE_NUMBER,    /* struct net_number */
	NET_VALUE_CHOICE,    /* int */
	NET_VALUE_NAME,	     /* struct net_name */
	NET_VALUE_NAMES,     /* a list of them */
	NET_VALUE_MAC,	     /* struct net_mac */
	NET_VALUE_IP,	     /* struct net_ip */
	NET_VALUE_IPS,	     /* a list of them */
	NET_VALUE_IPV4S,     /* the same, of one family */
	NET_VALUE_PREFIXES4, /* a list of struct net_prefix with the bits of the host */
	NET_VALUE_PREFIXES6,
	NET_VALUE_PREFIX,      /* struct net_prefix without them */
	NET_VALUE_DESTINATION, /* the same, or "default" */
	NET_VALUE_DOMAINS,     /* a list of struct str */
	NET_VALUE_TABLE,       /* a table of its own, in a struct within */
	NET_VALUE_DHCP,	       /* true, false or such a table */
	NET_VALUE_TABLES,      /* a list of structs */
};

struct net_choice {
	const char *word; /* NULL ends a list */
	int value;
	uint8_t since; /* the version that has it first */
	bool is_alias; /* another spelling of the one before, which nobody is told of */
};

#define NET_KIND_BIT(kind) (1U << (kind))
#define NET_ANY_KIND 0xffU

struct net_key {
	enum net_table table;
	uint8_t kinds; /* in NET_TABLE_LINK: bits of the kinds of links that have it */
	const char *name;
	uint8_t since;	     /* the version that has it first */
	uint8_t required_to; /* the last version in which it must be there; 0: in none */
	enum net_value value;
	size_t offset;	  /* into the struct of its table */
	int64_t min, max; /* of a number; of a list how many */
	const struct net_choice *choices;
	enum net_table within; /* NET_VALUE_TABLE, _DHCP, _TABLES: the table that its value is */
};

/* A NULL name ends it. */
extern const struct net_key net_keys[];

/** net_key_find() - Return: the key that @table of a link of @kind has in @version, or NULL. */
const struct net_key *net_key_find(enum net_table table, int kind, unsigned version, struct str name);

/** net_table_name() - Return: what a table is called in errors: "a route". */
const char *net_table_name(enum net_table table);

/** net_table_size() - Return: the size of the struct that the keys of @table are kept in. */
size_t net_table_size(enum net_table table);

/** net_kind_name() - Return: "bond". */
const char *net_kind_name(int kind);

/** net_key_expects() - appends what the value must be: "an integer from 68 to 65535". */
void net_key_expects(struct buf *b, const struct net_key *key, unsigned version);
