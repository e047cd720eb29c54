// SPDX-License-Identifier: MIT OR Apache-2.0
/* Problems with a configuration: see net_problem.h. */
#include "netconf/net_problem.h"

#include <stdarg.h>
#include <stdio.h>

void net_problem_add(struct net_problems *problems, struct toml_position at, const char *format, ...)
{
	struct net_problem *problem;
	va_list args;

	if (problems->count++ >= NET_PROBLEMS_MAX)
		return;
	problem = &problems->list[problems->count - 1];
	problem->at = at;
	va_start(args, format);
	/* Cut at the end in the worst case, which is a long list of what is allowed. */
	(void)vsnprintf(problem->reason, sizeof(problem->reason), format, args);
	va_end(args);
}

void net_problem_show(struct buf *b, const char *file, const struct net_problem *problem)
{
	buf_printf(b, "%s:%u:%u: %s", file, (unsigned)problem->at.line,
		   (unsigned)problem->at.column, problem->reason);
}
