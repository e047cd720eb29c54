// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * systemd.exec(5), first half: who the processes are, their environment, streams, directories and
 * limits. See unit_directive.h. Pure.
 */
#include <errno.h>

#include "supervisor/unit_directive.h"

/* Longest user name that Linux takes (utmp's 32, as useradd(8) allows), and some for other sources. */
#define USER_NAME_MAX 256

/* What systemd takes in unit files: no control characters, no blanks at the ends, no : and no /. */
static int check_user(struct directive_context *c _unused_, struct buf *word)
{
	if (word->len == 0 || word->len > USER_NAME_MAX || word->p[0] == '-')
		return -EINVAL;
	for (size_t i = 0; i < word->len; i++)
		if ((unsigned char)word->p[i] < ' ' || word->p[i] == 0x7f || word->p[i] == ':' ||
		    word->p[i] == '/')
			return -EINVAL;
	return strcmp(word->p, ".") == 0 || strcmp(word->p, "..") == 0 ? -EINVAL : 0;
}

int set_user(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0) {
		r = check_user(c, &e);
		if (r == 0)
			r = directive_keep(c, e, &kept);
	}
	if (r == 0)
		*FIELD(const char *, c) = kept;
	return r;
}

int set_users(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), check_user);
}

/* A path behind a "-" that is kept. */
static int keep_path(struct directive_context *c, struct str value, const char **ret_path)
{
	char expanded[VALUE_MAX];
	char path[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct buf b = BUF(path);
	bool optional = value.n > 0 && value.p[0] == '-';
	int r;

	if (optional)
		value = (struct str){ value.p + 1, value.n - 1 };
	r = directive_expand(c, value, &e);
	if (r == 0)
		r = directive_path(&e);
	if (r < 0)
		return r;
	buf_printf(&b, "%s%s", optional ? "-" : "", e.p);
	return b.overflow ? -EINVAL : directive_keep(c, b, ret_path);
}

int set_working_directory(struct directive_context *c, struct str value)
{
	const char *kept = NULL;
	int r = 0;

	if (str_is(value, "~") || str_is(value, "-~"))
		kept = value.n == 1 ? "~" : "-~";
	else if (value.n > 0)
		r = keep_path(c, value, &kept);
	if (r == 0)
		c->draft->exec.working_directory = kept;
	return r;
}

int set_root_directory(struct directive_context *c, struct str value)
{
	const char *kept = NULL;
	int r = value.n > 0 ? keep_path(c, value, &kept) : 0;

	if (r == 0)
		c->draft->exec.root_directory = kept && strcmp(kept, "/") != 0 ? kept : NULL;
	return r;
}

static const struct {
	char name[16];
	uint8_t target;
	bool in;
	bool out;
	bool argument; /* behind a colon, and missing only for "fd" */
} stdio_names[] = {
	{ "inherit", STDIO_INHERIT, false, true, false },
	{ "null", STDIO_NULL, true, true, false },
	{ "journal", STDIO_JOURNAL, false, true, false },
	{ "syslog", STDIO_JOURNAL, false, true, false },
	{ "journal+console", STDIO_JOURNAL_CONSOLE, false, true, false },
	{ "syslog+console", STDIO_JOURNAL_CONSOLE, false, true, false },
	{ "kmsg", STDIO_KMSG, false, true, false },
	{ "kmsg+console", STDIO_KMSG_CONSOLE, false, true, false },
	{ "tty", STDIO_TTY, true, true, false },
	{ "tty-force", STDIO_TTY_FORCE, true, false, false },
	{ "tty-fail", STDIO_TTY_FAIL, true, false, false },
	{ "socket", STDIO_SOCKET, true, true, false },
	{ "data", STDIO_DATA, true, false, false },
	{ "file", STDIO_FILE, true, true, true },
	{ "append", STDIO_APPEND, false, true, true },
	{ "truncate", STDIO_TRUNCATE, false, true, true },
	{ "fd", STDIO_FD, true, true, true },
};

/* systemd.socket(5): printable, no colon, at most 255 bytes. */
static bool good_fd_name(const struct buf *name)
{
	if (name->len == 0 || name->len > 255)
		return false;
	for (size_t i = 0; i < name->len; i++)
		if ((unsigned char)name->p[i] < ' ' || name->p[i] >= 0x7f || name->p[i] == ':')
			return false;
	return true;
}

int set_fd_name(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0)
		r = good_fd_name(&e) ? directive_keep(c, e, &kept) : -EINVAL;
	if (r == 0)
		*FIELD(const char *, c) = kept;
	return r;
}

int set_stdio(struct directive_context *c, struct str value)
{
	static const char *const stream_names[] = { "stdin", "stdout", "stderr" };
	struct stdio_settings stdio = { 0 };
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	bool input = c->directive->number == 0;
	struct str rest = value;
	struct str name = { 0 };
	size_t i = 0;
	int r;

	if (!str_split(&rest, ':', &name))
		return -EINVAL;
	while (i < ARRAY_SIZE(stdio_names) && !str_is(name, stdio_names[i].name))
		i++;
	if (i == ARRAY_SIZE(stdio_names) || !(input ? stdio_names[i].in : stdio_names[i].out))
		return -EINVAL;
	stdio.target = (enum stdio_target)stdio_names[i].target;
	if (stdio.target == STDIO_FD && name.n == value.n) {
		stdio.argument = stream_names[c->directive->number];
	} else if (stdio_names[i].argument) {
		r = directive_expand(c, rest, &e);
		if (r == 0)
			r = stdio.target != STDIO_FD ? directive_path(&e)
			    : good_fd_name(&e)	     ? 0
						     : -EINVAL;
		if (r == 0)
			r = directive_keep(c, e, &stdio.argument);
		if (r < 0)
			return r;
	} else if (name.n != value.n) {
		return -EINVAL;
	}
	/* The bytes of StandardInputText= and StandardInputData= stay for STDIO_DATA. */
	if (input) {
		c->draft->standard_input_set = true;
		if (!stdio.argument) {
			stdio.argument = c->draft->exec.stdio[0].size > 0
						 ? c->draft->exec.stdio[0].argument
						 : NULL;
			stdio.size = c->draft->exec.stdio[0].size;
		}
	}
	*FIELD(struct stdio_settings, c) = stdio;
	return 0;
}

/* Appends to the bytes that standard input gives. */
static int add_stdin(struct directive_context *c, const char *bytes, size_t size)
{
	struct stdio_settings *input = &c->draft->exec.stdio[0];
	char *all = text_reserve(&c->draft->text, input->size + size);

	if (!all)
		return -ENOSPC;
	if (input->size > 0)
		memcpy(all, input->argument, input->size);
	memcpy(all + input->size, bytes, size);
	input->argument = all;
	input->size += (uint32_t)size;
	return 0;
}

static int clear_stdin(struct directive_context *c)
{
	c->draft->exec.stdio[0].argument = NULL;
	c->draft->exec.stdio[0].size = 0;
	return 0;
}

int set_stdin_text(struct directive_context *c, struct str value)
{
	char unescaped[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(unescaped);
	struct buf e = BUF(expanded);
	int r;

	if (value.n == 0)
		return clear_stdin(c);
	r = unit_unescape(value, &b);
	if (r == 0)
		r = directive_expand(c, (struct str){ b.p, b.len }, &e);
	buf_add_char(&e, '\n');
	if (r == 0 && e.overflow)
		r = -EINVAL;
	return r < 0 ? r : add_stdin(c, e.p, e.len);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -EINVAL;
}

/* RFC 4648 with blanks anywhere; padding only at the end. */
int set_stdin_data(struct directive_context *c, struct str value)
{
	char bytes[VALUE_MAX];
	size_t size = 0;
	uint32_t bits = 0;
	unsigned digits = 0;
	unsigned padding = 0;

	if (value.n == 0)
		return clear_stdin(c);
	for (size_t i = 0; i < value.n; i++) {
		int digit;

		if (value.p[i] == ' ' || value.p[i] == '\t')
			continue;
		if (value.p[i] == '=') {
			padding++;
			continue;
		}
		digit = base64_digit(value.p[i]);
		if (digit < 0 || padding > 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)digit;
		digits++;
		if (digits % 4 == 0) {
			bytes[size++] = (char)(bits >> 16);
			bytes[size++] = (char)(bits >> 8);
			bytes[size++] = (char)bits;
		}
	}
	if ((digits + padding) % 4 != 0 || padding > 2 || digits % 4 == 1)
		return -EINVAL;
	if (digits % 4 >= 2)
		bytes[size++] = (char)(digits % 4 == 2 ? bits >> 4 : bits >> 10);
	if (digits % 4 == 3)
		bytes[size++] = (char)(bits >> 2);
	return size > 0 ? add_stdin(c, bytes, size) : 0;
}

int set_log_level(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "emerg",  "alert", "crit",	 "err", "warning",
					     "notice", "info",	"debug", NULL };
	int64_t level = -1;

	if (value.n > 0) {
		level = directive_name_index(value, names);
		if (level < 0 && directive_between(value, 0, 7, &level) < 0)
			return -EINVAL;
	}
	*FIELD(int8_t, c) = (int8_t)level;
	return 0;
}

int set_log_facility(struct directive_context *c, struct str value)
{
	/* In the order of their numbers (syslog(3)). */
	static const char *const names[] = { "kern",	 "user",   "mail",   "daemon", "auth",
					     "syslog",	 "lpr",	   "news",   "uucp",   "cron",
					     "authpriv", "ftp",	   "12",     "13",     "14",
					     "15",	 "local0", "local1", "local2", "local3",
					     "local4",	 "local5", "local6", "local7", NULL };
	int index = value.n > 0 ? directive_name_index(value, names) : -1;

	if (value.n > 0 && index < 0)
		return -EINVAL;
	c->draft->exec.syslog_facility = (int8_t)index;
	return 0;
}

/* The name of a variable that a shell would take. */
static bool good_variable(const char *name, size_t n)
{
	if (n == 0 || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
			return false;
	return true;
}

static int check_assignment(struct directive_context *c _unused_, struct buf *word)
{
	const char *equals = strchr(word->p, '=');

	return equals && good_variable(word->p, (size_t)(equals - word->p)) ? 0 : -EINVAL;
}

int set_environment(struct directive_context *c, struct str value)
{
	return directive_words(c, value, &c->draft->exec.environment, check_assignment);
}

int set_environment_file(struct directive_context *c, struct str value)
{
	struct text_list *list = &c->draft->exec.environment_files;
	const char *path;
	int r;

	if (value.n == 0) {
		*list = (struct text_list){ 0 };
		return 0;
	}
	r = keep_path(c, value, &path);
	return r < 0 ? r : text_list_add(&c->draft->text, list, str_from(path));
}

static int check_variable(struct directive_context *c, struct buf *word)
{
	/* UnsetEnvironment= also takes an assignment, which must be met as a whole. */
	if (c->directive->number && strchr(word->p, '='))
		return check_assignment(c, word);
	return good_variable(word->p, word->len) ? 0 : -EINVAL;
}

int set_environment_names(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), check_variable);
}

/* "web/one", no way up, nothing hidden behind "private". Slashes are simplified in place. */
static int relative_path(struct str part, struct buf *ret_path)
{
	struct str rest = part;
	struct str step;
	bool any = false;

	if (part.n == 0 || part.p[0] == '/')
		return -EINVAL;
	while (str_split(&rest, '/', &step)) {
		if (step.n == 0 || str_is(step, "."))
			continue;
		if (str_is(step, "..") || (!any && str_is(step, "private")))
			return -EINVAL;
		if (any)
			buf_add_char(ret_path, '/');
		buf_add_str(ret_path, step);
		any = true;
	}
	return any && !ret_path->overflow ? 0 : -EINVAL;
}

static int check_directory(struct directive_context *c, struct buf *word)
{
	char simple[VALUE_MAX];
	struct buf b = BUF(simple);
	struct str rest = { word->p, word->len };
	struct str part = { 0 };
	int r;

	(void)str_split(&rest, ':', &part);
	r = relative_path(part, &b);
	if (r == 0 && rest.n > 0) {
		if (c->directive->number == EXEC_DIRECTORY_CONFIGURATION) {
			c->reason = "may not have a symbolic link in ConfigurationDirectory=";
			return -EINVAL;
		}
		buf_add_char(&b, ':');
		r = memchr(rest.p, ':', rest.n) ? -EINVAL : relative_path(rest, &b);
	}
	if (r < 0)
		return r;
	buf_clear(word);
	buf_add_str(word, (struct str){ b.p, b.len });
	return 0;
}

int set_directories(struct directive_context *c, struct str value)
{
	return directive_words(c, value, &c->draft->exec.directories[c->directive->number],
			       check_directory);
}

int set_directory_mode(struct directive_context *c, struct str value)
{
	uint32_t mode;
	int r = directive_mode(value, 07777, &mode);

	if (r == 0)
		c->draft->exec.directory_modes[c->directive->number] = (uint16_t)mode;
	return r;
}

int set_limit(struct directive_context *c, struct str value)
{
	int resource = c->directive->number;
	int r = unit_limit(resource, value, &c->draft->limits[resource]);

	if (r == 0)
		c->draft->exec.limits_set |= 1U << resource;
	return r;
}
