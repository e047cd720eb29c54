// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A writer of JSON (RFC 8259), one value on one line. It keeps count of brackets and commas; the
 * caller gives names inside objects and NULL inside arrays and at the top. Text of any bytes becomes
 * valid: control characters are escaped and what is no UTF-8 becomes U+FFFD.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/str.h"

struct json {
	FILE *out;
	bool comma; /* something stands before the next value in this bracket */
	unsigned depth;
};

static inline struct json json_to(FILE *out)
{
	return (struct json){ .out = out };
}

void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
/** json_end() - closes the innermost bracket, @bracket is '}' or ']'; behind the last one comes a newline. */
void json_end(struct json *json, char bracket);

void json_string(struct json *json, const char *name, const char *text);
void json_str(struct json *json, const char *name, struct str text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_boolean(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
/** json_seconds() - nanoseconds as a number of seconds with all nine digits. */
void json_seconds(struct json *json, const char *name, uint64_t ns);
