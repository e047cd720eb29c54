// SPDX-License-Identifier: MIT OR Apache-2.0
/* The text of the last failure: see child_error.h. */
#include "supervisor/child_error.h"

#include <stdarg.h>
#include <stdio.h>

static char detail[CHILD_DETAIL_SIZE];

int child_error(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* Cut where it is too long: the beginning of a path says more than nothing. */
	(void)vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return error;
}

const char *child_detail(void)
{
	return detail;
}
