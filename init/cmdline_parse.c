// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel command line: see cmdline_parse.h. Pure: no system call, no allocation, no state. A value
 * is written into the result only once it is known to be good, so that a bad one changes nothing.
 */
#include "init/cmdline_parse.h"

#include <errno.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/klog.h"
#include "verity/root_hash.h"

#define DEFAULT_ROOT_TIMEOUT_S 60
#define DEFAULT_WATCHDOG_S 60
#define DEFAULT_BOOT_TIMEOUT_S 300
/* Units may take 120 s to stop, and storage as long; and then some. */
#define DEFAULT_SHUTDOWN_TIMEOUT_S 420
#define DEFAULT_UNIT "default.target"

static const struct cmdline_choice verity_choices[] = {
	{ "restart", VERITY_RESTART },
	{ "panic", VERITY_PANIC },
	{ "eio", VERITY_EIO },
	{ "ignore", VERITY_IGNORE },
	{ NULL, 0 },
};

static const struct cmdline_choice fatal_choices[] = {
	{ "reboot", CMDLINE_FATAL_REBOOT },
	{ "poweroff", CMDLINE_FATAL_POWEROFF },
	{ "halt", CMDLINE_FATAL_HALT },
	{ NULL, 0 },
};

static const struct cmdline_choice log_level_choices[] = {
	{ "error", KLOG_ERROR }, { "warning", KLOG_WARNING }, { "notice", KLOG_NOTICE },
	{ "info", KLOG_INFO },	 { "debug", KLOG_DEBUG },     { NULL, 0 },
};

#define FIELD(member) offsetof(struct cmdline, member), sizeof(((struct cmdline *)0)->member)

const struct cmdline_key cmdline_keys[] = {
	{ "roothash", CMDLINE_HASH, FIELD(root_hash), NULL },
	{ "root", CMDLINE_TEXT, FIELD(root), NULL },
	{ "rootfstype", CMDLINE_TEXT, FIELD(root_fstype), NULL },
	{ "enforcing", CMDLINE_BOOL, FIELD(enforcing), NULL },
	{ "orlop.verity", CMDLINE_CHOICE, FIELD(verity), verity_choices },
	{ "orlop.root_timeout", CMDLINE_SECONDS, FIELD(root_timeout_ns), NULL },
	{ "orlop.watchdog", CMDLINE_SECONDS, FIELD(watchdog_ns), NULL },
	{ "orlop.shutdown_timeout", CMDLINE_SECONDS, FIELD(shutdown_timeout_ns), NULL },
	{ "orlop.fatal", CMDLINE_CHOICE, FIELD(fatal), fatal_choices },
	{ "orlop.unit", CMDLINE_UNIT, FIELD(unit), NULL },
	{ "orlop.critical", CMDLINE_UNIT, FIELD(critical), NULL },
	{ "orlop.boot_timeout", CMDLINE_SECONDS, FIELD(boot_timeout_ns), NULL },
	{ "orlop.modules", CMDLINE_NAMES, FIELD(modules), NULL },
	{ "orlop.log_level", CMDLINE_CHOICE, FIELD(log_level), log_level_choices },
	{ "orlop.banner", CMDLINE_TEXT, FIELD(banner), NULL },
	{ "orlop.hostname", CMDLINE_HOSTNAME, FIELD(hostname), NULL },
	{ "orlop.machine_id", CMDLINE_MACHINE_ID, FIELD(machine_id), NULL },
	{ NULL, CMDLINE_TEXT, 0, 0, NULL },
};

#define KEY_COUNT (ARRAY_SIZE(cmdline_keys) - 1)

/* A choice is stored as an int, whatever enum its field is of. */
_Static_assert(sizeof(enum verity_mode) == sizeof(int) && sizeof(enum cmdline_fatal) == sizeof(int),
	       "an enum is as wide as int");

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool cmdline_next(struct str *rest, struct cmdline_word *ret_word)
{
	struct cmdline_word word = { 0 };
	const char *p;
	const char *end;
	const char *equals = NULL;
	bool in_quotes = false;

	while (rest->n > 0 && is_space(rest->p[0]))
		*rest = (struct str){ rest->p + 1, rest->n - 1 };
	p = rest->p;
	if (rest->n > 0 && p[0] == '"') {
		p++;
		in_quotes = true;
	}
	for (end = p; end < rest->p + rest->n && *end && (in_quotes || !is_space(*end)); end++) {
		/* As in the kernel, a '=' that opens the word belongs to the key. */
		if (*end == '=' && !equals && end > p)
			equals = end;
		if (*end == '"')
			in_quotes = !in_quotes;
	}
	word.raw = (struct str){ rest->p, (size_t)(end - rest->p) };
	if (word.raw.n == 0)
		return false;
	*rest = (struct str){ end, rest->n - word.raw.n };

	/* A closing quote goes with the one that opened the word or the value, and only one goes. */
	if (end > p && end[-1] == '"' && (p > word.raw.p || (equals && equals[1] == '"')))
		end--;
	word.key = (struct str){ p, (size_t)((equals ? equals : end) - p) };
	word.has_value = equals != NULL;
	if (equals) {
		const char *value = equals + 1;

		if (value < end && *value == '"')
			value++;
		word.value = (struct str){ value, (size_t)(end - value) };
	} else if (str_is(word.key, "--")) {
		return false;
	}
	*ret_word = word;
	return true;
}

bool cmdline_key_equal(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		char x = a.p[i] == '-' ? '_' : a.p[i];
		char y = b.p[i] == '-' ? '_' : b.p[i];

		if (x != y)
			return false;
	}
	return true;
}

static bool is_plain_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_unit_name(struct str s)
{
	static const char *const suffixes[] = { ".service", ".socket", ".target", ".timer" };

	for (size_t i = 0; i < s.n; i++)
		if (!is_alphanumeric(s.p[i]) && !memchr(":-_.\\@", s.p[i], 6))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (str_ends(s, suffixes[i]) && s.n > strlen(suffixes[i]))
			return s.p[0] != '.';
	return false;
}

static bool is_name_list(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool at_start = i == 0 || s.p[i - 1] == ',';

		if (s.p[i] == ',' ? at_start || i + 1 == s.n
				  : !is_alphanumeric(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	}
	return true;
}

/* RFC 1123, 2.1: labels of letters, digits and hyphens, of 1 to 63 bytes, no hyphen at an end. */
static bool is_hostname(struct str s)
{
	struct str label;

	if (s.n == 0 || s.p[s.n - 1] == '.')
		return false;
	while (str_split(&s, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_alphanumeric(label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

static bool is_machine_id(struct str s)
{
	uint8_t bytes[16];
	uint8_t any = 0;

	if (hex_decode(s, bytes, sizeof(bytes)) != (int)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		any |= bytes[i];
	return any != 0;
}

/* Seconds with at most nine decimals: "60", "2.5". "infinity" is CLOCK_TIME_MAX. */
static bool parse_seconds(struct str s, uint64_t *ret_ns)
{
	struct str whole;
	uint64_t seconds;
	uint64_t fraction = 0;

	if (str_is(s, "infinity")) {
		*ret_ns = CLOCK_TIME_MAX;
		return true;
	}
	if (!str_split(&s, '.', &whole) || str_to_u64(whole, &seconds) < 0)
		return false;
	/* A point was there if the field ended before the text did, even with nothing behind it. */
	if (s.n > 9 || (s.n > 0 && str_to_u64(s, &fraction) < 0))
		return false;
	for (size_t i = s.n; i < 9 && s.n > 0; i++)
		fraction *= 10;
	*ret_ns = clock_add(clock_multiply(seconds, NS_PER_S), fraction);
	return true;
}

static const struct cmdline_choice *find_choice(const struct cmdline_choice *choices, struct str word)
{
	for (; choices->word; choices++)
		if (str_is(word, choices->word))
			return choices;
	return NULL;
}

static char *text_field(struct cmdline *c, const struct cmdline_key *key)
{
	return (char *)c + key->offset;
}

static void store_text(struct cmdline *c, const struct cmdline_key *key, struct str value, bool lower)
{
	char *field = text_field(c, key);

	for (size_t i = 0; i < value.n; i++) {
		char ch = value.p[i];

		field[i] = lower && ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
	}
	field[value.n] = '\0';
}

/* Says which value stands, so that nobody has to know the defaults by heart. */
static void add_standing(struct buf *reason, const struct cmdline *c, const struct cmdline_key *key)
{
	const char *field = (const char *)c + key->offset;
	uint64_t ns;
	bool flag;
	int value;

	switch (key->kind) {
	case CMDLINE_CHOICE:
		memcpy(&value, field, sizeof(value));
		for (const struct cmdline_choice *choice = key->choices; choice->word; choice++)
			if (choice->value == value)
				buf_printf(reason, "; using %s", choice->word);
		return;
	case CMDLINE_SECONDS:
		memcpy(&ns, field, sizeof(ns));
		buf_add(reason, "; using ");
		if (ns == CLOCK_TIME_MAX)
			buf_add(reason, "infinity");
		else
			buf_printf(reason, "%llu seconds", (unsigned long long)(ns / NS_PER_S));
		return;
	case CMDLINE_BOOL:
		memcpy(&flag, field, sizeof(flag));
		buf_add(reason, flag ? "; using 1" : "; using 0");
		return;
	case CMDLINE_UNIT:
		if (*field)
			buf_printf(reason, "; using %s", field);
		else
			buf_add(reason, "; ignored");
		return;
	case CMDLINE_TEXT:
	case CMDLINE_NAMES:
	case CMDLINE_HOSTNAME:
	case CMDLINE_MACHINE_ID:
		buf_add(reason, "; ignored");
		return;
	case CMDLINE_HASH:
		/* Fatal: nothing stands in its place. */
		return;
	}
}

/* Stores @value, or appends to @reason why not. */
static bool store(struct cmdline *c, const struct cmdline_key *key, struct str value, struct buf *reason)
{
	char *field = text_field(c, key);
	const struct cmdline_choice *choice;
	struct root_hash hash;
	uint64_t ns;
	bool flag;
	bool good = true;

	if (key->kind != CMDLINE_SECONDS && key->kind != CMDLINE_CHOICE &&
	    key->kind != CMDLINE_BOOL && key->kind != CMDLINE_HASH && value.n >= key->size) {
		buf_printf(reason, "longer than %zu bytes", key->size - 1);
		return false;
	}
	switch (key->kind) {
	case CMDLINE_TEXT:
		good = is_plain_text(value);
		buf_add(reason, "has control characters");
		break;
	case CMDLINE_HASH:
		good = root_hash_parse(value, &hash) == 0;
		buf_add(reason, "not a root hash of 64 or 128 hexadecimal digits");
		break;
	case CMDLINE_UNIT:
		good = is_unit_name(value);
		buf_add(reason, "not the name of a unit");
		break;
	case CMDLINE_NAMES:
		good = is_name_list(value);
		buf_add(reason, "not a list of module names with commas between them");
		break;
	case CMDLINE_HOSTNAME:
		good = is_hostname(value);
		buf_add(reason, "not a host name");
		break;
	case CMDLINE_MACHINE_ID:
		good = is_machine_id(value);
		buf_add(reason, "not a machine ID of 32 hexadecimal digits");
		break;
	case CMDLINE_CHOICE:
		choice = find_choice(key->choices, value);
		if (choice) {
			memcpy(field, &choice->value, sizeof(choice->value));
			return true;
		}
		buf_add(reason, "not one of ");
		for (choice = key->choices; choice->word; choice++)
			buf_printf(reason, "%s%s", choice == key->choices ? "" : ", ", choice->word);
		return false;
	case CMDLINE_SECONDS:
		if (parse_seconds(value, &ns)) {
			memcpy(field, &ns, sizeof(ns));
			return true;
		}
		buf_add(reason, "not a number of seconds");
		return false;
	case CMDLINE_BOOL:
		if (str_is(value, "0") || str_is(value, "1")) {
			flag = value.p[0] == '1';
			memcpy(field, &flag, sizeof(flag));
			return true;
		}
		buf_add(reason, "neither 0 nor 1");
		return false;
	}
	if (good)
		store_text(c, key, value, key->kind == CMDLINE_HASH || key->kind == CMDLINE_MACHINE_ID);
	return good;
}

static const struct cmdline_key *find_key(struct str name)
{
	for (const struct cmdline_key *key = cmdline_keys; key->name; key++)
		if (cmdline_key_equal(name, str_from(key->name)))
			return key;
	return NULL;
}

struct problem_list {
	struct cmdline_problem *problems;
	size_t count;
	bool fatal;
};

static void add_problem(struct problem_list *list, const struct cmdline_word *word, bool fatal,
			const char *reason)
{
	if (fatal)
		list->fatal = true;
	if (list->count < CMDLINE_PROBLEM_MAX) {
		struct cmdline_problem *problem = &list->problems[list->count];
		struct buf b = BUF(problem->reason);

		problem->key = word->key;
		problem->value = word->value;
		problem->fatal = fatal;
		buf_add(&b, reason);
	}
	list->count++;
}

int cmdline_parse(struct str line, struct cmdline *ret,
		  struct cmdline_problem problems[static CMDLINE_PROBLEM_MAX], size_t *ret_problem_count)
{
	struct cmdline c = {
		.verity = VERITY_RESTART,
		.root_timeout_ns = DEFAULT_ROOT_TIMEOUT_S * NS_PER_S,
		.watchdog_ns = DEFAULT_WATCHDOG_S * NS_PER_S,
		.boot_timeout_ns = DEFAULT_BOOT_TIMEOUT_S * NS_PER_S,
		.shutdown_timeout_ns = DEFAULT_SHUTDOWN_TIMEOUT_S * NS_PER_S,
		.fatal = CMDLINE_FATAL_REBOOT,
		.unit = DEFAULT_UNIT,
		.log_level = KLOG_INFO,
		.enforcing = true,
	};
	struct problem_list list = { .problems = problems };
	unsigned char seen[KEY_COUNT] = { 0 };
	struct cmdline_word word;

	while (cmdline_next(&line, &word)) {
		const struct cmdline_key *key = find_key(word.key);
		char text[sizeof(problems->reason)];
		struct buf reason = BUF(text);

		if (!key) {
			if (str_starts(word.key, "orlop."))
				add_problem(&list, &word, false, "unknown key; ignored");
			continue;
		}
		if (seen[key - cmdline_keys] == 1)
			add_problem(&list, &word, false,
				    "given more than once; the last good value counts");
		if (seen[key - cmdline_keys] < 2)
			seen[key - cmdline_keys]++;
		if (!word.has_value)
			buf_add(&reason, "has no value");
		else if (store(&c, key, word.value, &reason))
			continue;
		add_standing(&reason, &c, key);
		add_problem(&list, &word, key->kind == CMDLINE_HASH, text);
	}
	*ret = c;
	*ret_problem_count = list.count;
	return list.fatal ? -EINVAL : 0;
}

void cmdline_module_options(struct str line, struct str module, struct buf *ret)
{
	struct cmdline_word word;

	while (cmdline_next(&line, &word)) {
		struct str key = word.key;
		struct str name;
		const char *end = word.raw.p + word.raw.n;

		if (!str_split(&key, '.', &name) || key.n == 0 || !cmdline_key_equal(name, module))
			continue;
		if (ret->len > 0)
			buf_add_char(ret, ' ');
		/* The kernel reads the options by the rules of the line, so quotes go along as they stood. */
		if (word.raw.p[0] == '"')
			buf_add_char(ret, '"');
		buf_add_str(ret, (struct str){ key.p, (size_t)(end - key.p) });
	}
}

bool cmdline_module_blacklisted(struct str line, struct str module)
{
	struct cmdline_word word;

	while (cmdline_next(&line, &word)) {
		struct str name;

		if (!cmdline_key_equal(word.key, STR("modprobe.blacklist")))
			continue;
		while (str_split(&word.value, ',', &name))
			if (cmdline_key_equal(name, module))
				return true;
	}
	return false;
}
