// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A TOML tree as one line, for tests to compare: {"a":1,"b":[true,"\x0a"]}. Tables keep their order, floats
 * have 17 digits, seconds six decimals. tests/unit/toml_oracle.py writes the same.
 */
#pragma once

#include <math.h>

#include "lib/toml.h"

static inline void dump_text(struct buf *b, struct str s)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '\\' || c == '"') {
			buf_add(b, "\\x");
			buf_add_hex(b, &c, 1);
		} else {
			buf_add_char(b, (char)c);
		}
	}
	buf_add_char(b, '"');
}

static inline void dump_time(struct buf *b, const struct toml_node *node)
{
	struct toml_time t = node->u.time;

	if (node->type != TOML_LOCAL_TIME)
		buf_printf(b, "%04d-%02d-%02d", t.year, t.month, t.day);
	if (node->type != TOML_LOCAL_DATE)
		buf_printf(b, "T%02d:%02d:%02d.%06u", t.hour, t.minute, t.second,
			   (unsigned)t.nanosecond / 1000);
	if (node->type == TOML_OFFSET_DATE_TIME)
		buf_printf(b, "%+d", t.offset_minutes);
}

static inline void dump(struct buf *b, const struct toml_node *node)
{
	switch (node->type) {
	case TOML_TABLE:
	case TOML_ARRAY:
		buf_add_char(b, node->type == TOML_TABLE ? '{' : '[');
		for (const struct toml_node *child = toml_first(node); child; child = child->next) {
			if (child != toml_first(node))
				buf_add_char(b, ',');
			if (node->type == TOML_TABLE) {
				dump_text(b, child->key);
				buf_add_char(b, ':');
			}
			dump(b, child);
		}
		buf_add_char(b, node->type == TOML_TABLE ? '}' : ']');
		break;
	case TOML_STRING:
		dump_text(b, node->u.string);
		break;
	case TOML_INTEGER:
		buf_printf(b, "%lld", (long long)node->u.integer);
		break;
	case TOML_FLOAT:
		if (isnan(node->u.real))
			buf_add(b, "nan");
		else
			buf_printf(b, "%.17g%s", node->u.real,
				   floor(node->u.real) == node->u.real && fabs(node->u.real) < 1e17
					   ? ".0"
					   : "");
		break;
	case TOML_BOOLEAN:
		buf_add(b, node->u.boolean ? "true" : "false");
		break;
	case TOML_OFFSET_DATE_TIME:
	case TOML_LOCAL_DATE_TIME:
	case TOML_LOCAL_DATE:
	case TOML_LOCAL_TIME:
		dump_time(b, node);
		break;
	}
}
