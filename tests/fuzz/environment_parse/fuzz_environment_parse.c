// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any bytes are assignments or nothing; each is shorter than what it was read from, and valid ones are text. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "supervisor/environment_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	/* Just as much as is asked for, so that the sanitizer sees one byte more. */
	char *memory = malloc(size + 1);
	struct str name;
	struct str value;
	bool valid;

	while (memory && environment_next(&rest, memory, &name, &value, &valid)) {
		assert(name.n + value.n <= size);
		assert(!valid || environment_name_valid(name));
		assert(!valid || !memchr(value.p, '\0', value.n));
	}
	free(memory);
	return 0;
}
