// SPDX-License-Identifier: MIT OR Apache-2.0
/* The forms of a syslog message: see syslog_parse.h. Pure: no system call, no allocation, no global. */
#include "logd/syslog_parse.h"

#include "logd/log_record_parse.h"

#define PRIORITY_USER_NOTICE (1U << 3 | 5U)
/* "Nov 25 07:00:00 " */
#define DATE_LENGTH 16

static struct str skip(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "<N>", one to three digits, up to LOG_PRIORITY_MAX. Return: its length, 0 if there is none. */
static size_t parse_priority(struct str s, unsigned *ret_priority)
{
	unsigned value = 0;
	size_t i = 1;

	if (s.n < 3 || s.p[0] != '<')
		return 0;
	for (; i < s.n && i <= 3 && is_digit(s.p[i]); i++)
		value = value * 10 + (unsigned)(s.p[i] - '0');
	if (i == 1 || i == s.n || s.p[i] != '>' || value > LOG_PRIORITY_MAX)
		return 0;
	*ret_priority = value;
	return i + 1;
}

struct str syslog_take_level(struct str line, unsigned *priority)
{
	unsigned value;
	size_t n = parse_priority(line, &value);

	if (n == 0)
		return line;
	*priority = (*priority & ~7U) | LOG_SEVERITY(value);
	return skip(line, n);
}

/* The date of RFC 3164. Each place is looked at, as what looks nearly like one may be text. */
static bool has_date(struct str s)
{
	static const char form[] = "Aaa 99 99:99:99 ";

	if (s.n < DATE_LENGTH)
		return false;
	for (size_t i = 0; i < DATE_LENGTH; i++) {
		char c = s.p[i];

		if (form[i] == '9'   ? !is_digit(c) && !(i == 4 && c == ' ')
		    : form[i] == 'A' ? c < 'A' || c > 'Z'
		    : form[i] == 'a' ? c < 'a' || c > 'z'
				     : c != form[i])
			return false;
	}
	return true;
}

static void parse_pid(struct str digits, struct syslog_message *message)
{
	uint64_t value;

	if (str_to_u64(digits, &value) == 0 && value <= INT32_MAX)
		message->pid = (uint32_t)value;
}

/* "TAG[PID]: " or "TAG: ". What does not end so is text, as in systemd. Return: its length. */
static size_t parse_tag(struct str s, struct syslog_message *message)
{
	size_t end = 0;
	size_t tag;

	while (end < s.n && s.p[end] != ' ' && s.p[end] != '\n')
		end++;
	if (end < 2 || s.p[end - 1] != ':')
		return 0;
	tag = end - 1;
	if (s.p[tag - 1] == ']') {
		size_t open = tag - 1;

		while (open > 0 && s.p[open] != '[')
			open--;
		if (open > 0) {
			parse_pid((struct str){ s.p + open + 1, tag - open - 2 }, message);
			tag = open;
		}
	}
	message->identifier = (struct str){ s.p, tag };
	return end < s.n && s.p[end] == ' ' ? end + 1 : end;
}

/* The structured data of RFC 5424: "-" or any number of [ID NAME="VALUE"...]. Return: its length, 0 if it is none. */
static size_t structured_data(struct str s)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '-')
		return 1;
	while (i < s.n && s.p[i] == '[') {
		bool quoted = false;

		for (i++; i < s.n && (quoted || s.p[i] != ']'); i++) {
			if (s.p[i] == '"')
				quoted = !quoted;
			else if (quoted && s.p[i] == '\\' && i + 1 < s.n)
				i++;
		}
		if (i == s.n)
			return 0;
		i++;
	}
	return i;
}

/* "1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD[ TEXT]" */
static bool parse_5424(struct str s, struct syslog_message *message)
{
	struct str field[6];
	struct str rest = s;
	size_t n;

	if (s.n < 2 || s.p[0] != '1' || s.p[1] != ' ')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		if (!str_split(&rest, ' ', &field[i]) || field[i].n == 0)
			return false;
	/* A time, "2026-11-25T07:00:00Z", or none: otherwise "<30>1 potato 2 potato" would be one. */
	if (!str_is(field[1], "-") && !(field[1].n > 10 && field[1].p[10] == 'T'))
		return false;
	n = structured_data(rest);
	if (n == 0 || (n < rest.n && rest.p[n] != ' '))
		return false;
	if (!str_is(field[3], "-"))
		message->identifier = field[3];
	parse_pid(field[4], message);
	rest = skip(rest, n < rest.n ? n + 1 : n);
	if (str_starts(rest, "\xef\xbb\xbf"))
		rest = skip(rest, 3);
	message->text = rest;
	return true;
}

void syslog_parse(struct str datagram, struct syslog_message *ret_message)
{
	struct syslog_message message = { .priority = PRIORITY_USER_NOTICE };
	struct str rest = datagram;

	/* Some senders count the NUL of their string, and many end it as a line. */
	while (rest.n > 0 && (rest.p[rest.n - 1] == '\0' || rest.p[rest.n - 1] == '\n'))
		rest.n--;
	rest = skip(rest, parse_priority(rest, &message.priority));
	if (!parse_5424(rest, &message)) {
		if (has_date(rest))
			rest = skip(rest, DATE_LENGTH);
		message.text = skip(rest, parse_tag(rest, &message));
	}
	if (message.identifier.n > LOG_IDENTIFIER_MAX)
		message.identifier.n = LOG_IDENTIFIER_MAX;
	*ret_message = message;
}
