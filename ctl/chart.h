// SPDX-License-Identifier: MIT OR Apache-2.0
/* The boot chart: a bar for each phase and unit on an axis of time, as SVG. */
#pragma once

#include <stdio.h>

#include "ctl/boot_parse.h"

/** chart_boot() - @about: a line for the head (host, kernel), of the caller's making. */
void chart_boot(FILE *out, const struct boot_record *record, const char *about);
