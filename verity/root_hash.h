// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The root hash: the one value that everything on the root follows from (hc-58), and the partition
 * UUIDs that the Discoverable Partitions Specification (UAPI.2) derives from it. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* A SHA-512 digest. The shorter one that is accepted is SHA-256's, 32 bytes. */
#define ROOT_HASH_SIZE_MAX 64
/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and a NUL. */
#define UUID_TEXT_SIZE 37

struct root_hash {
	uint8_t bytes[ROOT_HASH_SIZE_MAX];
	size_t size; /* 32 or 64 */
};

/**
 * root_hash_parse() - reads a root hash: 64 or 128 hexadecimal digits and nothing else.
 * Return: 0, or -EINVAL.
 */
int root_hash_parse(struct str hex, struct root_hash *ret);

/** root_hash_data_uuid() - UUID of the root partition: the first 128 bits of the hash. */
void root_hash_data_uuid(const struct root_hash *hash, char ret_uuid[static UUID_TEXT_SIZE]);

/** root_hash_verity_uuid() - UUID of the root-verity partition: the last 128 bits of the hash. */
void root_hash_verity_uuid(const struct root_hash *hash, char ret_uuid[static UUID_TEXT_SIZE]);

/** uuid_format() - 16 bytes, in the order of the text (not a GPT's mixed order), as lower-case text. */
void uuid_format(const uint8_t bytes[static 16], char ret_uuid[static UUID_TEXT_SIZE]);
