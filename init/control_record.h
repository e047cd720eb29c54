// SPDX-License-Identifier: MIT OR Apache-2.0
/* The text of the records that the control socket sends, orlop-control(7): lines KEY=VALUE. */
#pragma once

#include "init/control.h"
#include "lib/str.h"

/** control_record_unit() - appends all that is known of the unit @id, for CONTROL_RECORD_MAX bytes. */
void control_record_unit(struct buf *record, unit_id id);

/** control_record_system() - appends versions, times and the state of the whole. */
void control_record_system(struct buf *record, const struct control_system *system);
