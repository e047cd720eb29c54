// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lists of strings on the heap: see strings.h. */
#include "supervisor/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes over @text, which may be NULL: then memory had run out. */
static int append(struct strings *strings, char *text)
{
	char **list = text ? reallocarray(strings->list, strings->count + 2, sizeof(*list)) : NULL;

	if (!list)
		return -ENOMEM;
	strings->list = list;
	list[strings->count++] = text;
	list[strings->count] = NULL;
	return 0;
}

int strings_add(struct strings *strings, struct str text)
{
	return append(strings, strndup(text.p, text.n));
}

static char **find(const struct strings *strings, struct str name)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strncmp(strings->list[i], name.p, name.n) == 0 && strings->list[i][name.n] == '=')
			return &strings->list[i];
	return NULL;
}

int strings_set(struct strings *strings, struct str name, struct str value)
{
	char **place = find(strings, name);
	char *text = malloc(name.n + 1 + value.n + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, name.p, name.n);
	text[name.n] = '=';
	memcpy(text + name.n + 1, value.p, value.n);
	text[name.n + 1 + value.n] = '\0';
	if (!place)
		return append(strings, text);
	*place = text;
	return 0;
}

int strings_set_number(struct strings *strings, const char *name, uint64_t value)
{
	char text[24];
	struct buf b = BUF(text);

	buf_add_number(&b, (int64_t)value);
	return strings_set(strings, str_from(name), str_from(text));
}

const char *strings_get(const struct strings *strings, struct str name)
{
	char **place = find(strings, name);

	return place ? *place + name.n + 1 : NULL;
}

void strings_unset(struct strings *strings, const char *item)
{
	size_t n = strlen(item);
	bool whole = strchr(item, '=') != NULL;
	size_t kept = 0;

	for (size_t i = 0; i < strings->count; i++) {
		char *text = strings->list[i];
		bool gone = whole ? strcmp(text, item) == 0
				  : strncmp(text, item, n) == 0 && text[n] == '=';

		if (!gone)
			strings->list[kept++] = text;
	}
	strings->count = kept;
	if (strings->list)
		strings->list[kept] = NULL;
}
