// SPDX-License-Identifier: MIT OR Apache-2.0
/* Environment and command line of a service: see environment.h. */
#include "supervisor/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/child_error.h"
#include "supervisor/environment_parse.h"
#include "supervisor/path_glob.h"

/* execve(2) takes no more in one string (MAX_ARG_STRLEN), so a longer file has no use. */
#define FILE_SIZE (128UL * 1024)

static int read_file(const char *path, struct strings *environment)
{
	char *text = malloc(FILE_SIZE);
	char *memory = malloc(FILE_SIZE + 1);
	struct str name;
	struct str value;
	struct str rest;
	bool valid;
	ssize_t n;
	int r = 0;

	if (!text || !memory)
		return -ENOMEM;
	n = file_read(AT_FDCWD, path, text, FILE_SIZE);
	if (n < 0)
		return child_error((int)n, "environment file %s", path);
	rest = (struct str){ text, (size_t)n };
	while (r == 0 && environment_next(&rest, memory, &name, &value, &valid)) {
		if (valid)
			r = strings_set(environment, name, value);
		else
			log_warning("%s: " STR_FORMAT "=: neither a variable's name nor text; ignored",
				    path, STR_ARGS(name));
	}
	return r;
}

static int read_files(const char *pattern, struct strings *environment)
{
	bool optional = pattern[0] == '-';
	struct strings paths = { 0 };
	int r;

	pattern += optional ? 1 : 0;
	r = path_glob(pattern, &paths);
	if (r == 0 && paths.count == 0 && !optional)
		return child_error(-ENOENT, "environment file %s", pattern);
	for (size_t i = 0; r == 0 && i < paths.count; i++) {
		r = read_file(paths.list[i], environment);
		r = optional && r != -ENOMEM ? 0 : r;
	}
	return r;
}

/* NAME=VALUE as the unit file's parser has checked it. */
static int set_assignment(struct strings *environment, const char *text)
{
	const char *equals = strchr(text, '=');

	return strings_set(environment, (struct str){ text, (size_t)(equals - text) },
			   str_from(equals + 1));
}

int environment_settings(const struct exec_settings *exec, struct strings *environment)
{
	int r = 0;

	for (const char *item = text_list_next(&exec->pass_environment, NULL); r == 0 && item;
	     item = text_list_next(&exec->pass_environment, item)) {
		const char *value = getenv(item);

		if (value)
			r = strings_set(environment, str_from(item), str_from(value));
	}
	for (const char *item = text_list_next(&exec->environment, NULL); r == 0 && item;
	     item = text_list_next(&exec->environment, item))
		r = set_assignment(environment, item);
	for (const char *item = text_list_next(&exec->environment_files, NULL); r == 0 && item;
	     item = text_list_next(&exec->environment_files, item))
		r = read_files(item, environment);
	return r;
}

void environment_unset(const struct exec_settings *exec, struct strings *environment)
{
	for (const char *item = text_list_next(&exec->unset_environment, NULL); item;
	     item = text_list_next(&exec->unset_environment, item))
		strings_unset(environment, item);
}

static struct str variable(const struct strings *environment, struct str name)
{
	const char *value = environment_name_valid(name) ? strings_get(environment, name) : NULL;

	return str_from(value ? value : "");
}

/* Replaces ${NAME} anywhere in a word. $$ is a dollar sign. */
static int add_expanded(struct strings *arguments, const struct strings *environment, const char *word)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return -ENOMEM;
	for (const char *p = word; *p; p++) {
		const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;

		if (p[0] == '$' && p[1] == '$') {
			fputc('$', out);
			p++;
		} else if (end) {
			struct str name = { p + 2, (size_t)(end - p) - 2 };

			fprintf(out, STR_FORMAT, STR_ARGS(variable(environment, name)));
			p = end;
		} else {
			fputc(*p, out);
		}
	}
	if (fclose(out) != 0)
		return -ENOMEM;
	r = strings_add(arguments, str_from(text));
	free(text);
	return r;
}

/* The next word of a variable's value: quotes and backslashes count, one that is never closed does no harm. */
static int next_word(struct str *rest, char *memory, struct str *ret_word)
{
	size_t n = 0;
	char quote = '\0';
	size_t i = 0;
	bool any = false;

	*rest = str_trim(*rest);
	for (; i < rest->n; i++) {
		char c = rest->p[i];

		if (!quote && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			break;
		any = true;
		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else if (c != '\\' || i + 1 == rest->n)
			memory[n++] = c;
		else
			memory[n++] = rest->p[++i];
	}
	*rest = (struct str){ rest->p + i, rest->n - i };
	*ret_word = (struct str){ memory, n };
	return any;
}

/* A word that is just $NAME becomes as many words as the value has, maybe none. */
static int add_split(struct strings *arguments, struct str value)
{
	char *memory = malloc(value.n + 1);
	struct str word;
	int r = memory ? 0 : -ENOMEM;

	while (r == 0 && value.n > 0) {
		/* A line break parts words too, and str_trim() takes it for text. */
		if (value.p[0] == '\n')
			value = (struct str){ value.p + 1, value.n - 1 };
		else if (next_word(&value, memory, &word))
			r = strings_add(arguments, word);
	}
	free(memory);
	return r;
}

int environment_arguments(const struct exec_command *command, const struct strings *environment,
			  struct strings *ret_arguments)
{
	int r = 0;

	for (const char *item = text_list_next(&command->arguments, NULL); r == 0 && item;
	     item = text_list_next(&command->arguments, item)) {
		if (command->flags & EXEC_NO_EXPANSION)
			r = strings_add(ret_arguments, str_from(item));
		else if (item[0] == '$' && item[1] != '{' && item[1] != '$')
			r = add_split(ret_arguments, variable(environment, str_from(item + 1)));
		else
			r = add_expanded(ret_arguments, environment, item);
	}
	return r;
}
