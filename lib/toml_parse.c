// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The parser of TOML documents: see toml_parse.h. Pure.
 *
 * Nodes are put into the tree before their value is read. So every rule about what may be added to what is in
 * five functions: add_child() (no key twice), pass_dotted() (what a dotted key may go through), pass_header()
 * (what a header may), define_table() and define_element() (what it may end at).
 */
#include "lib/toml_parse.h"

#include "lib/toml_reader.h"

static bool is_bare(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int new_node(struct toml_reader *r, const struct toml_node *parent, struct toml_position at,
		    struct toml_node **ret)
{
	struct toml_node *node;

	if (parent->depth == TOML_DEPTH_MAX)
		return toml_fail(r, at, "tables and arrays deeper than %d within each other",
				 TOML_DEPTH_MAX);
	node = arena_take(r->arena, sizeof(*node), _Alignof(struct toml_node));
	if (!node)
		return toml_fail_full(r);
	*node = (struct toml_node){ .depth = (uint16_t)(parent->depth + 1), .key_at = at, .at = at };
	*ret = node;
	return 0;
}

static int fail_twice(struct toml_reader *r, struct toml_position at, const struct toml_node *first)
{
	char shown[UTF8_SHOWN_SIZE];

	return toml_fail(r, at, "duplicate key \"%s\", first defined at line %u",
			 utf8_shown(first->key, shown), (unsigned)first->at.line);
}

/* @why is the end of a sentence about what is there already. */
static int fail_there(struct toml_reader *r, struct toml_position at, const struct toml_node *there,
		      const char *why)
{
	char shown[UTF8_SHOWN_SIZE];

	return toml_fail(r, at, "\"%s\" is %s%s, defined at line %u: %s", utf8_shown(there->key, shown),
			 there->origin == TOML_INLINE && there->type == TOML_TABLE
				 ? "an inline table"
				 : toml_type_name(there->type),
			 there->origin == TOML_HEADER && there->type == TOML_ARRAY ? " of tables" : "",
			 (unsigned)there->at.line, why);
}

/* A key that the table does not have yet. */
static int add_child(struct toml_reader *r, struct toml_node *table, struct str key,
		     struct toml_position at, struct toml_node **ret)
{
	const struct toml_node *there = toml_table_find(table, key);
	int result;

	if (there)
		return fail_twice(r, at, there);
	result = new_node(r, table, at, ret);
	if (result < 0)
		return result;
	(*ret)->key = key;
	toml_table_add(table, *ret);
	return 0;
}

/* One key, or one part of a dotted one, with the blanks around it. */
static int read_key(struct toml_reader *r, struct str *ret, struct toml_position *ret_at)
{
	char shown[UTF8_SHOWN_SIZE];
	const char *start;

	toml_skip_blanks(r);
	*ret_at = toml_here(r);
	start = r->p;
	if (toml_peek(r, 0) == '"' || toml_peek(r, 0) == '\'') {
		int result = toml_read_string(r, true, ret);

		if (result < 0)
			return result;
	} else {
		while (r->p < r->end && is_bare(*r->p))
			r->p++;
		*ret = (struct str){ start, (size_t)(r->p - start) };
	}
	if (r->p > start) {
		toml_skip_blanks(r);
		return 0;
	}
	while (r->p < r->end && *r->p != '\n' && *r->p != '\r' && *r->p != ' ' && r->p - start < 40)
		r->p++;
	if (r->p == start)
		return toml_fail(r, *ret_at, "a key is missing here");
	return toml_fail(r, *ret_at,
			 "no key can begin with \"%s\"; other than A-Z a-z 0-9 _ - needs quotes",
			 utf8_shown((struct str){ start, (size_t)(r->p - start) }, shown));
}

/* From @table on into the table that all but the last part of a dotted key name. */
static int pass_dotted(struct toml_reader *r, struct toml_node **table, struct str key,
		       struct toml_position at)
{
	struct toml_node *there = toml_table_find(*table, key);
	int result;

	if (!there) {
		result = add_child(r, *table, key, at, &there);
		if (result < 0)
			return result;
	} else if (there->type != TOML_TABLE) {
		return fail_there(r, at, there, "no key can be in it");
	} else if (there->origin != TOML_IMPLIED && there->origin != TOML_DOTTED) {
		return fail_there(r, at, there, "a dotted key cannot add to it");
	}
	there->origin = TOML_DOTTED;
	*table = there;
	return 0;
}

static int read_value(struct toml_reader *r, struct toml_node *node);

/* A key with its value, from the key to behind the value. */
static int read_pair(struct toml_reader *r, struct toml_node *table)
{
	struct toml_position at;
	struct toml_node *node;
	struct str key;
	int result;

	for (;;) {
		result = read_key(r, &key, &at);
		if (result < 0)
			return result;
		if (toml_peek(r, 0) != '.')
			break;
		r->p++;
		result = pass_dotted(r, &table, key, at);
		if (result < 0)
			return result;
	}
	if (toml_peek(r, 0) != '=')
		return toml_fail(r, toml_here(r), "a \"=\" is missing here, behind the key");
	r->p++;
	toml_skip_blanks(r);
	result = add_child(r, table, key, at, &node);
	return result < 0 ? result : read_value(r, node);
}

/* Blanks, comments and line ends, which may stand anywhere within an array. */
static void skip_lines(struct toml_reader *r)
{
	do {
		toml_skip_blanks(r);
		toml_skip_comment(r);
	} while (toml_skip_line_end(r));
}

/* The reader is behind the '['. */
static int read_array(struct toml_reader *r, struct toml_node *array)
{
	array->type = TOML_ARRAY;
	array->origin = TOML_INLINE;
	for (;;) {
		struct toml_node *node;
		int result;

		skip_lines(r);
		if (toml_peek(r, 0) == ']')
			break;
		result = new_node(r, array, toml_here(r), &node);
		if (result < 0)
			return result;
		toml_append(array, node);
		result = read_value(r, node);
		if (result < 0)
			return result;
		skip_lines(r);
		if (toml_peek(r, 0) == ']')
			break;
		if (toml_peek(r, 0) != ',')
			return toml_fail(r, toml_here(r),
					 "a \",\" or \"]\" is missing here, in the array from line %u on",
					 (unsigned)array->at.line);
		r->p++;
	}
	r->p++;
	return 0;
}

/* The reader is behind the '{'. */
static int read_inline_table(struct toml_reader *r, struct toml_node *table)
{
	int result;

	table->type = TOML_TABLE;
	toml_skip_blanks(r);
	if (toml_peek(r, 0) != '}') {
		for (;;) {
			result = read_pair(r, table);
			if (result < 0)
				return result;
			toml_skip_blanks(r);
			if (toml_peek(r, 0) != ',')
				break;
			r->p++;
		}
	}
	if (toml_peek(r, 0) != '}')
		return toml_fail(r, toml_here(r),
				 "a \",\" or \"}\" is missing here; an inline table has one line");
	r->p++;
	table->origin = TOML_INLINE;
	return 0;
}

static bool is_word(char c)
{
	return is_bare(c) || c == '+' || c == '.' || c == ':';
}

static struct str read_word(struct toml_reader *r)
{
	struct str word = { r->p, 0 };

	while (r->p < r->end && is_word(*r->p))
		r->p++;
	/* A date and a time may have a blank between them. */
	if (r->p - word.p == 10 && word.p[4] == '-' && word.p[7] == '-' && toml_peek(r, 0) == ' ' &&
	    toml_peek(r, 1) >= '0' && toml_peek(r, 1) <= '9') {
		r->p++;
		while (r->p < r->end && is_word(*r->p))
			r->p++;
	}
	word.n = (size_t)(r->p - word.p);
	return word;
}

static int read_word_value(struct toml_reader *r, struct toml_node *node)
{
	struct str word = read_word(r);
	size_t length;
	char shown[UTF8_SHOWN_SIZE];

	if (str_is(word, "true") || str_is(word, "false")) {
		node->type = TOML_BOOLEAN;
		node->u.boolean = word.p[0] == 't';
		return 0;
	}
	if (word.n > 0 && toml_is_time(word))
		return toml_read_time(r, word, node->at, node);
	if (word.n > 0)
		return toml_read_number(r, word, node->at, node);
	if (r->p == r->end || *r->p == '\n' || *r->p == '\r' || *r->p == '#')
		return toml_fail(r, node->at, "a value is missing here");
	length = utf8_length((struct str){ r->p, (size_t)(r->end - r->p) });
	return toml_fail(r, node->at, "no value can begin with \"%s\"",
			 utf8_shown((struct str){ r->p, length }, shown));
}

static int read_value(struct toml_reader *r, struct toml_node *node)
{
	node->at = toml_here(r);
	switch (toml_peek(r, 0)) {
	case '"':
	case '\'':
		node->type = TOML_STRING;
		return toml_read_string(r, false, &node->u.string);
	case '[':
		r->p++;
		return read_array(r, node);
	case '{':
		r->p++;
		return read_inline_table(r, node);
	default:
		return read_word_value(r, node);
	}
}

/* From @table on into what all but the last part of a header name; of an array of tables its last. */
static int pass_header(struct toml_reader *r, struct toml_node **table, struct str key,
		       struct toml_position at)
{
	struct toml_node *there = toml_table_find(*table, key);
	int result;

	if (!there) {
		result = add_child(r, *table, key, at, &there);
		if (result < 0)
			return result;
	} else if (there->type > TOML_ARRAY) {
		return fail_there(r, at, there, "no table can be in it");
	} else if (there->origin == TOML_INLINE) {
		return fail_there(r, at, there, "a header cannot add to it");
	}
	*table = there->type == TOML_ARRAY ? there->u.children.last : there;
	return 0;
}

/* What the header [key] opens. */
static int define_table(struct toml_reader *r, struct toml_node **table, struct str key,
			struct toml_position key_at, struct toml_position at)
{
	struct toml_node *there = toml_table_find(*table, key);
	int result = 0;

	if (!there)
		result = add_child(r, *table, key, key_at, &there);
	else if (there->type != TOML_TABLE || there->origin != TOML_IMPLIED)
		result = fail_twice(r, key_at, there);
	if (result < 0)
		return result;
	there->origin = TOML_HEADER;
	there->at = at;
	*table = there;
	return 0;
}

/* What the header [[key]] opens: one more element. */
static int define_element(struct toml_reader *r, struct toml_node **table, struct str key,
			  struct toml_position key_at, struct toml_position at)
{
	struct toml_node *array = toml_table_find(*table, key);
	struct toml_node *element;
	int result;

	if (!array) {
		result = add_child(r, *table, key, key_at, &array);
		if (result < 0)
			return result;
		array->type = TOML_ARRAY;
		array->origin = TOML_HEADER;
		array->at = at;
	} else if (array->type != TOML_ARRAY || array->origin != TOML_HEADER) {
		return fail_there(r, key_at, array, "[[ ]] cannot add to it");
	}
	result = new_node(r, array, at, &element);
	if (result < 0)
		return result;
	element->origin = TOML_HEADER;
	toml_append(array, element);
	*table = element;
	return 0;
}

/* The reader is at a '['. */
static int read_header(struct toml_reader *r, struct toml_node *root, struct toml_node **ret_table)
{
	struct toml_position at = toml_here(r);
	bool is_element = toml_starts(r, "[[");
	struct toml_node *table = root;
	struct toml_position key_at;
	struct str key;
	int result;

	r->p += is_element ? 2 : 1;
	for (;;) {
		result = read_key(r, &key, &key_at);
		if (result < 0)
			return result;
		if (toml_peek(r, 0) != '.')
			break;
		r->p++;
		result = pass_header(r, &table, key, key_at);
		if (result < 0)
			return result;
	}
	if (!toml_starts(r, is_element ? "]]" : "]"))
		return toml_fail(r, toml_here(r), "a \"%s\" is missing here, at the end of the header",
				 is_element ? "]]" : "]");
	r->p += is_element ? 2 : 1;
	result = is_element ? define_element(r, &table, key, key_at, at)
			    : define_table(r, &table, key, key_at, at);
	if (result == 0)
		*ret_table = table;
	return result;
}

static int read_document(struct toml_reader *r, struct toml_node *root)
{
	struct toml_node *table = root;

	for (;;) {
		bool is_header;
		int result;

		skip_lines(r);
		if (r->p == r->end)
			return 0;
		is_header = *r->p == '[';
		result = is_header ? read_header(r, root, &table) : read_pair(r, table);
		if (result < 0)
			return result;
		toml_skip_blanks(r);
		toml_skip_comment(r);
		if (r->p < r->end && !toml_skip_line_end(r))
			return toml_fail(r, toml_here(r), "the line must end here, behind the %s",
					 is_header ? "header" : "value");
	}
}

int toml_parse(struct str text, struct arena *arena, const struct toml_node **ret_root,
	       struct toml_error *ret_error)
{
	struct toml_error error = { 0 };
	struct toml_reader r = {
		.p = text.p,
		.end = text.p + text.n,
		.mark = text.p,
		.mark_at = { 1, 1 },
		.arena = arena,
		.error = &error,
	};
	const struct toml_node above = { 0 };
	struct toml_node *root;
	int result;

	if (text.n > TOML_TEXT_MAX) {
		toml_describe(&r, toml_here(&r), "the text is longer than %zu bytes", TOML_TEXT_MAX);
		result = -E2BIG;
	} else {
		result = toml_reader_check(&r);
	}
	if (result == 0)
		result = new_node(&r, &above, toml_here(&r), &root);
	if (result == 0) {
		root->depth = 0;
		root->origin = TOML_HEADER;
		result = read_document(&r, root);
	}
	if (result == 0)
		*ret_root = root;
	else if (ret_error)
		*ret_error = error;
	return result;
}
