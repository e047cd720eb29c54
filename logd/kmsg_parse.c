// SPDX-License-Identifier: MIT OR Apache-2.0
/* Kernel records: see kmsg_parse.h. Pure: no system call, no allocation, no global. */
#include "logd/kmsg_parse.h"

#include <errno.h>

#include "lib/clock.h"
#include "logd/log_record_parse.h"

static bool is_tag_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* User space puts its name in front: "orlop: text". The kernel's own "vda: vda1 vda2" is all text. */
static void split_tag(struct kmsg_record *record)
{
	size_t n = 0;

	while (n < record->text.n && n < LOG_IDENTIFIER_MAX && is_tag_char(record->text.p[n]))
		n++;
	if (n == 0 || n + 1 >= record->text.n || record->text.p[n] != ':' || record->text.p[n + 1] != ' ')
		return;
	record->identifier = (struct str){ record->text.p, n };
	record->text = (struct str){ record->text.p + n + 2, record->text.n - n - 2 };
}

int kmsg_parse(struct str data, struct kmsg_record *ret_record)
{
	struct kmsg_record record = { 0 };
	struct str head;
	struct str field;
	uint64_t priority;
	uint64_t us;

	if (!memchr(data.p ? data.p : "", ';', data.n) || !str_split(&data, ';', &head))
		return -EINVAL;
	if (!str_split(&head, ',', &field) || str_to_u64(field, &priority) < 0 ||
	    !str_split(&head, ',', &field) || str_to_u64(field, &record.number) < 0 ||
	    !str_split(&head, ',', &field) || str_to_u64(field, &us) < 0)
		return -EINVAL;
	/* Only the low bits mean something; a caller of printk(9) may have put more there. */
	record.priority = (unsigned)(priority & 0xff);
	if (record.priority > LOG_PRIORITY_MAX)
		record.priority = LOG_SEVERITY(record.priority);
	record.time = clock_multiply(us, NS_PER_US);
	if (!str_split(&data, '\n', &record.text))
		record.text = (struct str){ data.p, 0 };
	if (LOG_FACILITY(record.priority) != 0)
		split_tag(&record);
	*ret_record = record;
	return 0;
}

int audit_parse(struct str data, struct audit_message *ret_message)
{
	struct audit_message message;
	struct str seconds;
	struct str milliseconds;
	struct str serial;
	uint64_t s;
	uint64_t ms;

	if (!str_starts(data, "audit("))
		return -EINVAL;
	data = (struct str){ data.p + 6, data.n - 6 };
	if (!str_split(&data, '.', &seconds) || str_to_u64(seconds, &s) < 0 ||
	    !str_split(&data, ':', &milliseconds) || str_to_u64(milliseconds, &ms) < 0 ||
	    ms > 999 || !str_split(&data, ')', &serial) || str_to_u64(serial, &message.serial) < 0 ||
	    !str_starts(data, ":") || s > UINT64_MAX / NS_PER_S - 1)
		return -EINVAL;
	message.wall_time = s * 1000000 + ms * 1000;
	message.text = str_trim((struct str){ data.p + 1, data.n - 1 });
	*ret_message = message;
	return 0;
}

/* The value of "NAME=VALUE" or "NAME="VALUE"" in @text. */
static bool find_value(struct str text, const char *name, struct str *ret_value)
{
	size_t n = strlen(name);
	struct str word;

	while (str_next_word(&text, &word)) {
		if (word.n <= n || memcmp(word.p, name, n) != 0 || word.p[n] != '=')
			continue;
		word = (struct str){ word.p + n + 1, word.n - n - 1 };
		if (word.n >= 2 && word.p[0] == '"' && word.p[word.n - 1] == '"')
			word = (struct str){ word.p + 1, word.n - 2 };
		*ret_value = word;
		return true;
	}
	return false;
}

bool audit_add_denial(struct buf *b, struct str text)
{
	static const char *const names[] = { "path", "name", "dest", "capability", "key" };
	struct str source = { 0 };
	struct str target = { 0 };
	struct str class = { 0 };
	struct str value;
	struct str words = text;
	struct str word;
	bool first = true;

	/* "avc:  denied  { read open } for  pid=12 comm="cat" ..." */
	if (!str_next_word(&words, &word) || !str_is(word, "avc:") || !str_next_word(&words, &word) ||
	    !str_is(word, "denied") || !str_next_word(&words, &word) || !str_is(word, "{") ||
	    !find_value(text, "scontext", &source) || !find_value(text, "tcontext", &target) ||
	    !find_value(text, "tclass", &class))
		return false;
	buf_add(b, "SELinux denied ");
	while (str_next_word(&words, &word) && !str_is(word, "}")) {
		if (!first)
			buf_add(b, ", ");
		first = false;
		buf_add_str(b, word);
	}
	if (find_value(words, "comm", &value))
		buf_printf(b, " to " STR_FORMAT, STR_ARGS(value));
	if (find_value(words, "pid", &value))
		buf_printf(b, "[" STR_FORMAT "]", STR_ARGS(value));
	buf_printf(b, " on " STR_FORMAT, STR_ARGS(class));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (find_value(words, names[i], &value)) {
			buf_printf(b, " \"" STR_FORMAT "\"", STR_ARGS(value));
			break;
		}
	buf_printf(b, " (" STR_FORMAT " -> " STR_FORMAT ")", STR_ARGS(source), STR_ARGS(target));
	if (find_value(words, "permissive", &value) && str_is(value, "1"))
		buf_add(b, ", permissive: let through");
	return true;
}
