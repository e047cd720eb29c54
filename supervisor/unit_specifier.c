// SPDX-License-Identifier: MIT OR Apache-2.0
/* Specifiers (systemd.unit(5)): see unit_specifiers() in unit_parse.h. Pure. */
#include <errno.h>

#include "supervisor/machine.h"
#include "supervisor/unit_parse.h"

/* The parts of a unit's name: prefix@instance.suffix. */
struct name_parts {
	struct str whole;
	struct str without_suffix;
	struct str prefix;
	struct str last; /* of the prefix, behind its last dash */
	struct str instance;
};

static struct name_parts name_split(const char *name)
{
	struct name_parts parts = { .whole = str_from(name) };
	const char *dot = strrchr(name, '.');
	const char *at = strchr(name, '@');
	const char *dash;

	parts.without_suffix = dot ? (struct str){ name, (size_t)(dot - name) } : parts.whole;
	parts.prefix = parts.without_suffix;
	if (at && at < name + parts.without_suffix.n) {
		parts.prefix.n = (size_t)(at - name);
		parts.instance = (struct str){ at + 1, parts.without_suffix.n - parts.prefix.n - 1 };
	}
	dash = memrchr(parts.prefix.p, '-', parts.prefix.n);
	parts.last = parts.prefix;
	if (dash) {
		size_t before = (size_t)(dash - parts.prefix.p) + 1;

		parts.last = (struct str){ dash + 1, parts.prefix.n - before };
	}
	return parts;
}

/* systemd-escape(1) backwards: "-" is "/", \xNN is a byte. What is not an escape stays. */
static void add_unescaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte;

		if (s.p[i] == '\\' && s.n - i >= 4 && s.p[i + 1] == 'x' &&
		    hex_decode((struct str){ s.p + i + 2, 2 }, &byte, 1) == 1 && byte != 0) {
			buf_add_char(b, (char)byte);
			i += 3;
		} else {
			buf_add_char(b, s.p[i] == '-' ? '/' : s.p[i]);
		}
	}
}

/* The directories of the system's manager, its user, and the percent sign. */
static const struct {
	char specifier;
	char text[15];
} fixed[] = {
	{ '%', "%" },	     { 'C', "/var/cache" }, { 'D', "/usr/share" }, { 'E', "/etc" },
	{ 'L', "/var/log" }, { 'S', "/var/lib" },   { 'T', "/tmp" },	   { 'V', "/var/tmp" },
	{ 't', "/run" },     { 'g', "root" },	    { 'G', "0" },	   { 'h', "/root" },
	{ 's', "/bin/sh" },  { 'u', "root" },	    { 'U', "0" },
};

static bool add_fixed(char specifier, struct buf *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (fixed[i].specifier == specifier) {
			buf_add(b, fixed[i].text);
			return true;
		}
	return false;
}

static bool add_of_machine(char specifier, const struct unit_machine *machine, struct buf *b)
{
	const struct {
		char specifier;
		const char *text;
	} texts[] = {
		{ 'a', machine->architecture }, { 'A', machine->image_version },
		{ 'b', machine->boot_id },	{ 'B', machine->build_id },
		{ 'H', machine->host_name },	{ 'm', machine->machine_id },
		{ 'M', machine->image_id },	{ 'o', machine->os_id },
		{ 'q', machine->host_name },	{ 'v', machine->kernel_release },
		{ 'w', machine->os_version },	{ 'W', machine->variant_id },
	};
	struct str rest = str_from(machine->host_name);
	struct str first = rest;

	if (specifier == 'l') {
		(void)str_split(&rest, '.', &first);
		buf_add_str(b, first);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].specifier == specifier) {
			buf_add(b, texts[i].text);
			return true;
		}
	return false;
}

static bool add_of_name(char specifier, const struct name_parts *name, struct buf *b)
{
	switch (specifier) {
	case 'n':
		buf_add_str(b, name->whole);
		return true;
	case 'N':
		buf_add_str(b, name->without_suffix);
		return true;
	case 'p':
		buf_add_str(b, name->prefix);
		return true;
	case 'P':
		add_unescaped(b, name->prefix);
		return true;
	case 'i':
		buf_add_str(b, name->instance);
		return true;
	case 'I':
		add_unescaped(b, name->instance);
		return true;
	case 'j':
		buf_add_str(b, name->last);
		return true;
	case 'J':
		add_unescaped(b, name->last);
		return true;
	case 'f':
		buf_add_char(b, '/');
		add_unescaped(b, name->instance.n > 0 ? name->instance : name->prefix);
		return true;
	case 'd':
		buf_add(b, "/run/credentials/");
		buf_add_str(b, name->whole);
		return true;
	default:
		return false;
	}
}

static bool add_of_path(char specifier, const char *path, struct buf *b)
{
	const char *slash = strrchr(path, '/');

	if (specifier == 'y')
		buf_add(b, path);
	else if (specifier == 'Y' && slash)
		buf_add_str(b, (struct str){ path, (size_t)(slash - path) });
	else
		return false;
	return true;
}

int unit_specifiers(struct str text, const struct unit_place *place, struct buf *ret_text)
{
	struct name_parts name = name_split(place->name);

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '%') {
			buf_add_char(ret_text, text.p[i]);
			continue;
		}
		if (++i == text.n)
			return -EINVAL;
		if (!add_fixed(text.p[i], ret_text) && !add_of_name(text.p[i], &name, ret_text) &&
		    !(place->path && add_of_path(text.p[i], place->path, ret_text)) &&
		    !(place->machine && add_of_machine(text.p[i], place->machine, ret_text)))
			return -EINVAL;
	}
	return ret_text->overflow ? -EINVAL : 0;
}
