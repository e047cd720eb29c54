// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What both ends of /run/orlop/control must agree on, see orlop-control(7): SOCK_SEQPACKET, one text
 * record a request and one or more a reply. Numbers only; PID 1's end is init/control.c, the other one
 * ctl/control_client.c.
 */
#pragma once

#define CONTROL_PATH "/run/orlop/control"
/* Raised when a record changes its meaning; new verbs and new keys do not raise it. */
#define CONTROL_PROTOCOL 1
/* Longest request: a verb, the longest unit name (255 bytes) and a few words. */
#define CONTROL_REQUEST_MAX 512
/* Longest record of a reply: all that is said of one unit. */
#define CONTROL_RECORD_MAX 4096
/* Descriptions are cut here, so that the rest of a unit's record always fits. */
#define CONTROL_DESCRIPTION_MAX 256
