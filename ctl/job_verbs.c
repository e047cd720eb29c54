// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The verbs that have PID 1 do something: start, stop and the like for units, kill, reset-failed,
 * daemon-reload, and the end of the machine. Units are asked for all at once and their jobs run in
 * parallel; the verb is over when all jobs are. What goes wrong with one does not keep the others
 * from their work.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "ctl/output.h"
#include "ctl/verbs.h"
#include "lib/klog.h"
#include "supervisor/unit.h"

/* What an error CODE of PID 1 is as an exit status; everything else is EXIT_FAILED. */
static const struct {
	const char *code;
	int status;
} exit_statuses[] = {
	{ "no-such-unit", EXIT_NOT_INSTALLED }, { "bad-unit", EXIT_NOT_INSTALLED },
	{ "not-allowed", EXIT_NOT_ALLOWED },	{ "refused", EXIT_NOT_CONFIGURED },
	{ "cycle", EXIT_NOT_CONFIGURED },
};

static int status_of(struct str code)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_statuses); i++)
		if (str_is(code, exit_statuses[i].code))
			return exit_statuses[i].status;
	return EXIT_FAILED;
}

static int say_error(const char *verb, const char *unit, const struct reply *reply)
{
	if (*unit)
		complain("%s: cannot %s: " STR_FORMAT, unit, verb, STR_ARGS(reply->text));
	else
		complain("%s: " STR_FORMAT, verb, STR_ARGS(reply->text));
	return status_of(reply->word);
}

/* "The job for foo.service failed (exit-code): see 'orlopctl status foo.service'." */
static int say_job(const char *verb, const char *unit, const struct reply *reply,
		   const struct options *options)
{
	struct unit_state *state;

	/* A condition that is not met is no failure, as for systemctl. */
	if (str_is(reply->word, "done") || str_is(reply->word, "skipped"))
		return EXIT_OK;
	state = unit_state_new(reply->body);
	if (!options->quiet && state)
		complain("%s: %s: " STR_FORMAT "%s%s%s; see orlopctl status %s", unit, verb,
			 STR_ARGS(reply->word), *state->result ? " (" : "", state->result,
			 *state->result ? ")" : "", unit);
	free(state);
	return EXIT_FAILED;
}

/* A request for each unit, the answers as they come. */
struct round {
	const char *verb;
	const struct options *options;
	struct control_client client;
	char *const *words;
	int count;
	int asked;
	int open;
	int status;
};

/* The tag of a unit's request is its place among the words, from 1. */
static int take_answer(struct round *round)
{
	char name[UNIT_NAME_SIZE];
	struct buf unit = BUF(name);
	struct reply reply;
	int status = EXIT_OK;
	int r = client_receive(&round->client, &reply);

	if (r == 0 && (reply.tag == 0 || (int)reply.tag > round->count) && reply.kind == REPLY_ERROR) {
		complain(STR_FORMAT, STR_ARGS(reply.text));
		return EXIT_FAILED;
	}
	if (r == 0 && (reply.tag == 0 || (int)reply.tag > round->count))
		r = -EBADMSG;
	if (r < 0)
		return protocol_error(r);
	(void)unit_name_complete(round->words[reply.tag - 1], &unit);
	if (reply.kind == REPLY_ERROR)
		status = say_error(round->verb, name, &reply);
	else if (reply.kind == REPLY_DONE)
		status = say_job(round->verb, name, &reply, round->options);
	if (round->status == EXIT_OK)
		round->status = status;
	round->open--;
	return EXIT_OK;
}

/* @request: what is sent, with the unit for its %s. */
static int ask_round(struct round *round, const char *before, const char *after)
{
	int status = connect_or_say(&round->client);

	while (status == EXIT_OK && (round->asked < round->count || round->open > 0)) {
		char name[UNIT_NAME_SIZE];
		struct buf unit = BUF(name);
		int64_t tag;

		if (round->asked == round->count || round->open == CLIENT_WINDOW) {
			status = take_answer(round);
			continue;
		}
		if (unit_name_complete(round->words[round->asked], &unit) < 0) {
			round->status = EXIT_NOT_INSTALLED;
			round->client.last_tag++;
			round->asked++;
			continue;
		}
		tag = client_request(&round->client, "%s %s%s", before, name, after);
		if (tag < 0)
			status = protocol_error((int)tag);
		round->asked++;
		round->open++;
	}
	client_close(&round->client);
	return status != EXIT_OK ? status : round->status;
}

static const char *request_of(const char *verb)
{
	if (strcmp(verb, "condrestart") == 0)
		return "try-restart";
	if (strcmp(verb, "force-reload") == 0 || strcmp(verb, "reload-or-try-restart") == 0)
		return "try-reload-or-restart";
	return verb;
}

int verb_job(const char *verb, const struct options *options, char *const words[], int count)
{
	struct round round = { .verb = verb, .options = options, .words = words, .count = count };

	return ask_round(&round, request_of(verb), options->no_block ? " no-block" : "");
}

int verb_kill(const char *verb, const struct options *options, char *const words[], int count)
{
	struct round round = { .verb = verb, .options = options, .words = words, .count = count };
	const char *whom = options->whom ? options->whom : "all";
	char after[64];
	struct buf b = BUF(after);

	if (strcmp(whom, "all") != 0 && strcmp(whom, "main") != 0 && strcmp(whom, "control") != 0) {
		complain("--kill-whom=%s: all, main or control", whom);
		return EXIT_USAGE;
	}
	buf_printf(&b, " %s %s", options->signal ? options->signal : "SIGTERM", whom);
	if (b.overflow) {
		complain("--signal=%s: there is no such signal", options->signal);
		return EXIT_USAGE;
	}
	return ask_round(&round, "kill", after);
}

static int ask_once(const char *verb, const char *request, const char *option)
{
	struct control_client client;
	struct reply reply;
	int status = connect_or_say(&client);
	int r;

	if (status != EXIT_OK)
		return status;
	r = client_ask(&client, &reply, "%s%s", request, option);
	if (r < 0)
		status = protocol_error(r);
	else if (reply.kind == REPLY_ERROR)
		status = say_error(verb, "", &reply);
	client_close(&client);
	return status;
}

int verb_reset_failed(const char *verb, const struct options *options, char *const words[], int count)
{
	struct round round = { .verb = verb, .options = options, .words = words, .count = count };

	return count == 0 ? ask_once(verb, "reset-failed", "") : ask_round(&round, "reset-failed", "");
}

int verb_daemon_reload(const char *verb, const struct options *options _unused_,
		       char *const words[] _unused_, int count _unused_)
{
	return ask_once(verb, "reload-units", "");
}

int verb_power(const char *verb, const struct options *options, char *const words[] _unused_,
	       int count _unused_)
{
	return ask_once(verb, verb, options->force ? " now" : "");
}

int verb_isolate(const char *verb, const struct options *options _unused_, char *const words[],
		 int count _unused_)
{
	complain("%s %s: Orlop has no isolate: a machine runs the target that orlop.unit= names; "
		 "stop what is not wanted, or boot into another target",
		 verb, words[0]);
	return EXIT_USAGE;
}
