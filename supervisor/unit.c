// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names, defaults and look-up of units: see unit.h. Pure. */
#include "supervisor/unit.h"

#include <errno.h>
#include <signal.h>

unit_id unit_find(const struct unit_set *set, const char *name)
{
	for (unit_id id = 0; id < set->count; id++)
		if (strcmp(set->units[id].name, name) == 0)
			return id;
	return UNIT_NONE;
}

void unit_defaults(struct unit *unit, const char *name, enum unit_type type)
{
	*unit = (struct unit){
		.name = name,
		.description = name,
		.type = type,
		.load = UNIT_STUB,
		.default_dependencies = true,
		.start_limit_interval = 10 * NS_PER_S,
		.start_limit_burst = 5,
		.service = {
			.standard_input = STDIO_NULL,
			.standard_output = STDIO_JOURNAL,
			.standard_error = STDIO_INHERIT,
			.send_sigkill = true,
			.kill_signal = SIGTERM,
			.restart_delay = 100 * NS_PER_MS,
			.restart_delay_max = CLOCK_TIME_MAX,
			.start_timeout = 90 * NS_PER_S,
			.stop_timeout = 90 * NS_PER_S,
			.capability_bounding_set = UINT64_MAX,
			.umask = 0022,
		},
	};
}

int unit_name_type(struct str name, enum unit_type *ret_type)
{
	static const char *const others[] = { ".socket", ".timer", ".mount",  ".automount", ".swap",
					      ".path",	 ".slice", ".device", ".scope" };

	if (name.n == 0 || name.n >= UNIT_NAME_SIZE || name.p[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !(c != '\0' && strchr(":-_.\\@", c)))
			return -EINVAL;
	}
	if (str_ends(name, ".service")) {
		*ret_type = UNIT_SERVICE;
		return 0;
	}
	if (str_ends(name, ".target")) {
		*ret_type = UNIT_TARGET;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (str_ends(name, others[i]))
			return -ENOTSUP;
	return -EINVAL;
}
