// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlopctl logs: see logs.h. The options are journalctl's, as far as they go, and mean the same. Records come from a
 * log_stream and are laid out here; one record is printed in one piece.
 */
#include "ctl/logs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ctl/log_stream.h"
#include "ctl/log_time_parse.h"
#include "lib/klog.h"
#include "logd/log_format.h"

/* systemctl's: 1 something failed, 2 the command line is wrong. */
#define STATUS_FAILED 1
#define STATUS_USAGE 2
/* What journalctl -f and -n without a number show. */
#define LINES_DEFAULT 10

enum layout {
	LAYOUT_SHORT,
	LAYOUT_JSON,
	LAYOUT_CAT,
};

struct settings {
	struct log_query query;
	enum layout layout;
	bool list_boots;
	bool boot_given;
	bool lines_given;
	bool quiet;
};

static const char help[] =
	"orlopctl logs [OPTION...] [UNIT...]\n\n"
	"What services, the kernel and others have said, oldest first.\n\n"
	"  -f, --follow            wait for more\n"
	"  -n, --lines[=N]         the last N (10)\n"
	"  -S, --since=TIME        from then on: \"2026-11-25 07:00\", 07:00, yesterday, -10min\n"
	"  -U, --until=TIME        up to then\n"
	"  -b, --boot[=N|ID]       of one boot: this one, -1 the one before, 1 the first, or by ID\n"
	"      --list-boots        the boots that are kept\n"
	"  -p, --priority=LEVEL    emerg, alert, crit, err, warning, notice, info, debug: that and worse\n"
	"  -k, --dmesg             what the kernel said in this boot\n"
	"  -u, --unit=UNIT         the same as UNIT\n"
	"  -o, --output=LAYOUT     short, json, cat\n"
	"  -q, --quiet             no lines but the log's\n"
	"  -h, --help              this\n";

static void complain(const char *what, const char *why)
{
	(void)fprintf(stderr, "orlopctl: logs: %s%s%s\n", what, *why ? ": " : "", why);
}

/* ---- options ---- */

static int set_time(const char *text, uint64_t *time)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return log_time_parse(str_from(text),
			      (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000, time);
}

static int set_priority(const char *text, unsigned *severity)
{
	static const char *const names[] = { "emerg",	"alert",  "crit", "err",
					     "warning", "notice", "info", "debug" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0 || (text[0] == (char)('0' + i) && !text[1])) {
			*severity = i;
			return 0;
		}
	return -EINVAL;
}

static int set_boot(const char *text, struct log_query *query)
{
	uint8_t id[16];
	struct buf b = BUF(query->boot_id);
	struct str s = str_from(text);

	/* IDs as the kernel writes them have dashes. */
	if (s.n >= 32) {
		for (size_t i = 0; i < s.n; i++)
			if (text[i] != '-')
				buf_add_char(&b, text[i]);
		query->boot = LOG_BOOT_ID;
		return !b.overflow && hex_decode((struct str){ b.p, b.len }, id, sizeof(id)) == 16
			       ? 0
			       : -EINVAL;
	}
	query->boot = LOG_BOOT_OFFSET;
	return str_to_i64(s, &query->boot_offset);
}

static int set_layout(const char *text, enum layout *layout)
{
	static const char *const names[] = {
		[LAYOUT_SHORT] = "short", [LAYOUT_JSON] = "json", [LAYOUT_CAT] = "cat"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*layout = (enum layout)i;
			return 0;
		}
	return -EINVAL;
}

/* As systemctl does, a name without a suffix is a service; it may also be a tag, such as "kernel" or "orlop". */
static int add_unit(struct log_query *query, const char *name)
{
	char complete[LOG_UNIT_SIZE];
	struct buf b = BUF(complete);
	int r = log_query_add_unit(query, str_from(name));

	if (r < 0 || strrchr(name, '.'))
		return r;
	buf_printf(&b, "%s.service", name);
	return b.overflow ? -EINVAL : log_query_add_unit(query, (struct str){ b.p, b.len });
}

static int set_lines(const char *text, struct settings *settings)
{
	settings->lines_given = true;
	settings->query.lines = LINES_DEFAULT;
	if (!text)
		return 0;
	if (strcmp(text, "all") == 0) {
		settings->query.lines = UINT64_MAX;
		return 0;
	}
	return str_to_u64(str_from(text), &settings->query.lines);
}

static int set_option(int option, const char *value, struct settings *settings)
{
	switch (option) {
	case 'f':
		settings->query.follow = true;
		return 0;
	case 'n':
		return set_lines(value, settings);
	case 'S':
		return set_time(value, &settings->query.since);
	case 'U':
		return set_time(value, &settings->query.until);
	case 'b':
		settings->boot_given = true;
		return set_boot(value ? value : "0", &settings->query);
	case 'L':
		settings->list_boots = true;
		return 0;
	case 'p':
		return set_priority(value, &settings->query.severity);
	case 'k':
		settings->query.kernel = true;
		return 0;
	case 'u':
		return add_unit(&settings->query, value);
	case 'o':
		return set_layout(value, &settings->layout);
	case 'q':
		settings->quiet = true;
		return 0;
	default: /* --no-pager: there is none */
		return 0;
	}
}

/*
 * An argument that is optional must stick to its option for getopt(3), but people type "-n 20" and "-b -1" as
 * journalctl takes them.
 */
static const char *next_argument(int argc, char **argv, bool boot)
{
	const char *next = optind < argc ? argv[optind] : NULL;
	uint64_t value;
	int64_t number;

	if (!next)
		return NULL;
	/* What is no number and no ID is a unit. */
	if (boot ? strlen(next) < 32 && str_to_i64(str_from(next), &number) < 0
		 : strcmp(next, "all") != 0 && str_to_u64(str_from(next), &value) < 0)
		return NULL;
	optind++;
	return next;
}

/* Return: -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "lines", optional_argument, NULL, 'n' },
		{ "since", required_argument, NULL, 'S' },
		{ "until", required_argument, NULL, 'U' },
		{ "boot", optional_argument, NULL, 'b' },
		{ "list-boots", no_argument, NULL, 'L' },
		{ "priority", required_argument, NULL, 'p' },
		{ "dmesg", no_argument, NULL, 'k' },
		{ "unit", required_argument, NULL, 'u' },
		{ "output", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'J' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "no-pager", no_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "fn::S:U:b::p:ku:o:qh", options, NULL)) >= 0) {
		const char *value = optarg;

		if (option == '?')
			return STATUS_USAGE;
		if (option == 'h') {
			(void)fputs(help, stdout);
			return 0;
		}
		if (option == 'J') {
			settings->layout = LAYOUT_JSON;
			continue;
		}
		if (!value && (option == 'n' || option == 'b'))
			value = next_argument(argc, argv, option == 'b');
		if (set_option(option, value, settings) < 0) {
			char text[16];
			struct buf b = BUF(text);

			buf_printf(&b, "-%c", option);
			complain(value ? value : text,
				 "is not what this option takes (see orlopctl logs --help)");
			return STATUS_USAGE;
		}
	}
	for (int i = optind; i < argc; i++)
		if (add_unit(&settings->query, argv[i]) < 0) {
			complain(argv[i], "not the name of a unit, or too many of them");
			return STATUS_USAGE;
		}
	if (settings->query.kernel && !settings->boot_given)
		settings->query.boot = LOG_BOOT_OFFSET;
	if (settings->query.follow && !settings->lines_given)
		settings->query.lines = LINES_DEFAULT;
	return -1;
}

/* ---- output ---- */

static void lay_out(struct buf *b, const struct log_record *record, enum layout layout,
		    const struct log_format_context *context)
{
	switch (layout) {
	case LAYOUT_SHORT:
		log_format_short(b, record, context);
		return;
	case LAYOUT_JSON:
		log_format_json(b, record, context);
		return;
	case LAYOUT_CAT:
		log_format_cat(b, record);
		return;
	}
}

static int say_problem(int error, const char *problem)
{
	if (error == -EINVAL && problem)
		complain(problem, "");
	else if (error == -ENOENT)
		complain("there is no log of that boot", "");
	else if (error == -EACCES)
		complain(LOG_DIRECTORY, "only root and the log's group may read it");
	else
		complain(LOG_DIRECTORY, error_name(error));
	return STATUS_FAILED;
}

static int print_records(const struct settings *settings)
{
	static struct log_stream stream;
	static char text[LOG_FORMAT_SIZE];
	char host[65] = "";
	char boot[LOG_BOOT_ID_SIZE] = "";
	struct log_format_context context = { .host = host, .boot_id = stream.boot_id };
	const char *problem = NULL;
	struct log_record record;
	bool short_layout = settings->layout == LAYOUT_SHORT && !settings->quiet;
	bool any = false;
	int r = log_stream_open(&stream, &settings->query, &problem);

	if (r < 0)
		return say_problem(r, problem);
	if (settings->query.follow && stream.fd < 0)
		complain("orlop-logd does not run", "this is what its files hold");
	(void)gethostname(host, sizeof(host) - 1);
	context.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	/* A follower's reader sees each record when it comes. */
	(void)setvbuf(stdout, NULL, settings->query.follow ? _IOLBF : _IOFBF, BUFSIZ);
	while ((r = log_stream_next(&stream, &record)) > 0) {
		struct buf b = BUF(text);

		if (short_layout && *boot && strcmp(boot, stream.boot_id) != 0)
			(void)printf("-- Boot %s --\n", stream.boot_id);
		memcpy(boot, stream.boot_id, sizeof(boot));
		any = true;
		lay_out(&b, &record, settings->layout, &context);
		buf_add_char(&b, '\n');
		/* Who reads it has gone, as `head` does: that is no failure. */
		if (fwrite(b.p, 1, b.len, stdout) != b.len)
			break;
	}
	log_stream_close(&stream);
	if (!any && r == 0 && short_layout)
		(void)puts("-- No entries --");
	return r < 0				       ? say_problem(r, NULL)
	       : fflush(stdout) == 0 || errno == EPIPE ? 0
						       : STATUS_FAILED;
}

static void add_moment(struct buf *b, uint64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[64];
	struct tm tm = { 0 };

	(void)localtime_r(&seconds, &tm);
	if (strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S %Z", &tm) > 0)
		buf_add(b, text);
}

struct boot_line {
	char id[LOG_BOOT_ID_SIZE];
	struct log_boot_times times;
};

/* @offset counts from the last one back, as --boot= takes it. */
static void print_boot(int64_t offset, const struct boot_line *boot, enum layout layout)
{
	char text[256];
	struct buf b = BUF(text);

	if (layout == LAYOUT_JSON) {
		(void)printf("{\"index\":%lld,\"boot_id\":\"%s\",\"first_entry\":%llu,\"last_entry\":%llu}\n",
			     (long long)offset, boot->id, (unsigned long long)boot->times.first,
			     (unsigned long long)boot->times.last);
		return;
	}
	buf_printf(&b, "%3lld %s ", (long long)offset, boot->id);
	add_moment(&b, boot->times.first);
	buf_add(&b, " - ");
	add_moment(&b, boot->times.last);
	(void)puts(text);
}

static int add_boot(struct boot_line **boots, size_t *count, const char *id,
		    const struct log_boot_times *times)
{
	struct boot_line *more = reallocarray(*boots, *count + 1, sizeof(**boots));
	struct buf b;

	if (!more)
		return -ENOMEM;
	*boots = more;
	b = buf_init(more[*count].id, LOG_BOOT_ID_SIZE);
	buf_add(&b, id);
	more[(*count)++].times = *times;
	return 0;
}

/* From the log's answer to "boots". */
static int boots_from_socket(struct log_stream *stream, struct boot_line **boots, size_t *count)
{
	struct str line;
	int r;

	while ((r = log_stream_line(stream, &line)) > 0) {
		struct log_boot_times times;
		char id[LOG_BOOT_ID_SIZE];
		struct buf b = BUF(id);
		struct str words[4];
		size_t n = 0;

		while (n < ARRAY_SIZE(words) && str_next_word(&line, &words[n]))
			n++;
		if (n != ARRAY_SIZE(words) || log_query_time(words[2], &times.first) < 0 ||
		    log_query_time(words[3], &times.last) < 0)
			return -EBADMSG;
		buf_add_str(&b, words[1]);
		r = add_boot(boots, count, id, &times);
		if (r < 0)
			return r;
	}
	return r;
}

static int boots_from_files(int directory, struct boot_line **boots, size_t *count)
{
	struct log_boot boot = { 0 };
	struct log_boot_times times;
	int r;

	while ((r = log_boot_next(directory, boot.index, &boot)) > 0) {
		/* One without a record is none for people. */
		if (log_boot_times(directory, &boot, &times) < 0)
			continue;
		r = add_boot(boots, count, boot.id, &times);
		if (r < 0)
			return r;
	}
	return r;
}

static int list_boots(const struct settings *settings)
{
	static struct log_stream stream;
	struct log_query query = settings->query;
	struct boot_line *boots = NULL;
	const char *problem = NULL;
	size_t count = 0;
	int r;

	query.verb = LOG_QUERY_BOOTS;
	r = log_stream_open(&stream, &query, &problem);
	if (r < 0)
		return say_problem(r, problem);
	r = stream.fd >= 0 ? boots_from_socket(&stream, &boots, &count)
			   : boots_from_files(stream.directory, &boots, &count);
	log_stream_close(&stream);
	for (size_t i = 0; i < count; i++)
		print_boot((int64_t)i + 1 - (int64_t)count, &boots[i], settings->layout);
	free(boots);
	return r < 0 ? say_problem(r, NULL) : fflush(stdout) == 0 ? 0 : STATUS_FAILED;
}

int logs_main(int argc, char **argv)
{
	struct settings settings = { 0 };
	int r;

	log_query_init(&settings.query);
	r = parse_options(argc, argv, &settings);
	if (r >= 0)
		return r;
	return settings.list_boots ? list_boots(&settings) : print_records(&settings);
}

int logs_tail(const char *unit, unsigned lines, void (*line)(void *context, struct str line),
	      void *context)
{
	static struct log_stream stream;
	static char text[LOG_FORMAT_SIZE];
	char host[65] = "";
	const struct log_format_context format = { .host = host, .boot_id = stream.boot_id };
	const char *problem;
	struct log_record record;
	struct log_query query;
	int r;

	log_query_init(&query);
	query.lines = lines;
	r = log_query_add_unit(&query, str_from(unit));
	if (r == 0)
		r = log_stream_open(&stream, &query, &problem);
	if (r < 0)
		return r;
	(void)gethostname(host, sizeof(host) - 1);
	while ((r = log_stream_next(&stream, &record)) > 0) {
		struct buf b = BUF(text);

		log_format_short(&b, &record, &format);
		line(context, (struct str){ b.p, b.len });
	}
	log_stream_close(&stream);
	return r;
}
