// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Datagrams of syslog(3) as they come in on /dev/log: RFC 3164 as glibc and musl write it
 * ("<30>Nov 25 07:00:00 sshd[12]: text"), RFC 5424, and what is neither, which is all text. The sender's
 * clock and host name are passed over: what comes in on the machine's own socket happened here and now.
 * Pure.
 */
#pragma once

#include "lib/str.h"

/* What logger(1) and rsyslog send at most over a local socket; more than that is cut (MSG_TRUNC). */
#define SYSLOG_SIZE_MAX (16 * 1024)

struct syslog_message {
	unsigned priority; /* facility times 8 plus severity; user.notice if the message has none */
	struct str identifier; /* the tag or APP-NAME; empty: none */
	uint32_t pid;	 /* as the message says; 0: it does not. The kernel's word counts more */
	struct str text; /* points into the datagram, may hold any byte, also newlines */
};

/** syslog_parse() - reads a datagram. Nothing is refused: what is no syslog message is text. */
void syslog_parse(struct str datagram, struct syslog_message *ret_message);

/**
 * syslog_take_level() - takes a leading "<N>" off a line of output (sd-daemon(3), SyslogLevelPrefix=).
 * As in systemd the number is a level from 0 to 7, or a priority of up to three digits of which the level counts.
 * @priority: facility and level; the level is replaced if the line has one
 * Return: the line without the prefix.
 */
struct str syslog_take_level(struct str line, unsigned *priority);
