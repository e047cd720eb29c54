// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The tree of a TOML document: see toml.h. Pure.
 *
 * The keys of a table are in a PATRICIA tree (Morrison, 1968): each node stands for its key and for one bit
 * at which keys differ; on the way down the bits only grow, and a step to a bit that does not means the
 * key of that node. No step goes past the end of the key that is looked for, so that all lookups of a
 * document together take time in proportion to its size, and no choice of keys makes it more.
 */
#include "lib/toml.h"

#include "lib/toml_reader.h"

/* Each byte of a key is a one and its eight bits, and all behind its end is zeros: no key begins another. */
#define BITS_PER_BYTE 9

/* Bits count from 1, so that 0 is before all of them. */
static unsigned key_bit(struct str key, uint32_t bit)
{
	size_t byte = (bit - 1) / BITS_PER_BYTE;
	unsigned within = (bit - 1) % BITS_PER_BYTE;

	if (byte >= key.n)
		return 0;
	return within == 0 ? 1 : (unsigned)(unsigned char)key.p[byte] >> (8 - within) & 1;
}

/* The first bit at which two keys differ; 0 when none does. */
static uint32_t first_difference(struct str a, struct str b)
{
	size_t shorter = a.n < b.n ? a.n : b.n;
	size_t same = 0;
	unsigned difference;

	while (same < shorter && a.p[same] == b.p[same])
		same++;
	if (same == a.n && same == b.n)
		return 0;
	if (same == shorter)
		return (uint32_t)(same * BITS_PER_BYTE + 1);
	difference = (unsigned)((unsigned char)a.p[same] ^ (unsigned char)b.p[same]);
	return (uint32_t)(same * BITS_PER_BYTE + 2 + (size_t)__builtin_clz(difference << 24));
}

/* The last bit that can tell @key from others: the first behind its end. */
static uint32_t last_bit(struct str key)
{
	return (uint32_t)(key.n * BITS_PER_BYTE + 1);
}

/* A node whose key has as much in common with @key as any in the table has; NULL in an empty one. */
static struct toml_node *find_closest(const struct toml_node *table, struct str key)
{
	struct toml_node *node = table->u.children.index;
	uint32_t bit = 0;

	while (node && node->index_bit > bit && node->index_bit <= last_bit(key)) {
		bit = node->index_bit;
		node = node->index_side[key_bit(key, bit)];
	}
	return node;
}

struct toml_node *toml_table_find(const struct toml_node *table, struct str key)
{
	struct toml_node *node = find_closest(table, key);

	return node && str_equal(node->key, key) ? node : NULL;
}

void toml_append(struct toml_node *parent, struct toml_node *node)
{
	if (parent->u.children.last)
		parent->u.children.last->next = node;
	else
		parent->u.children.first = node;
	parent->u.children.last = node;
	parent->u.children.count++;
}

void toml_table_add(struct toml_node *table, struct toml_node *node)
{
	const struct toml_node *closest = find_closest(table, node->key);
	struct toml_node **link = &table->u.children.index;
	uint32_t bit = 0;

	if (closest) {
		unsigned side;

		node->index_bit = first_difference(closest->key, node->key);
		while ((*link)->index_bit > bit && (*link)->index_bit < node->index_bit) {
			bit = (*link)->index_bit;
			link = &(*link)->index_side[key_bit(node->key, bit)];
		}
		side = key_bit(node->key, node->index_bit);
		node->index_side[side] = node;
		node->index_side[!side] = *link;
	}
	*link = node;
	toml_append(table, node);
}

const struct toml_node *toml_get(const struct toml_node *table, struct str key)
{
	return table && table->type == TOML_TABLE ? toml_table_find(table, key) : NULL;
}

const struct toml_node *toml_first(const struct toml_node *node)
{
	return node && node->type <= TOML_ARRAY ? node->u.children.first : NULL;
}

size_t toml_count(const struct toml_node *node)
{
	return node && node->type <= TOML_ARRAY ? node->u.children.count : 0;
}

bool toml_string(const struct toml_node *node, struct str *ret)
{
	if (!node || node->type != TOML_STRING)
		return false;
	*ret = node->u.string;
	return true;
}

bool toml_integer(const struct toml_node *node, int64_t min, int64_t max, int64_t *ret)
{
	if (!node || node->type != TOML_INTEGER || node->u.integer < min || node->u.integer > max)
		return false;
	*ret = node->u.integer;
	return true;
}

bool toml_float(const struct toml_node *node, double *ret)
{
	if (!node || node->type != TOML_FLOAT)
		return false;
	*ret = node->u.real;
	return true;
}

bool toml_boolean(const struct toml_node *node, bool *ret)
{
	if (!node || node->type != TOML_BOOLEAN)
		return false;
	*ret = node->u.boolean;
	return true;
}

bool toml_time(const struct toml_node *node, struct toml_time *ret)
{
	if (!node || node->type < TOML_OFFSET_DATE_TIME)
		return false;
	*ret = node->u.time;
	return true;
}

const char *toml_type_name(enum toml_type type)
{
	switch (type) {
	case TOML_TABLE:
		return "a table";
	case TOML_ARRAY:
		return "an array";
	case TOML_STRING:
		return "a string";
	case TOML_INTEGER:
		return "an integer";
	case TOML_FLOAT:
		return "a float";
	case TOML_BOOLEAN:
		return "a boolean";
	case TOML_OFFSET_DATE_TIME:
		return "a date-time";
	case TOML_LOCAL_DATE_TIME:
		return "a local date-time";
	case TOML_LOCAL_DATE:
		return "a local date";
	case TOML_LOCAL_TIME:
		return "a local time";
	}
	return "nothing";
}
