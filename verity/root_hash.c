// SPDX-License-Identifier: MIT OR Apache-2.0
/* The root hash and the UUIDs that follow from it: see root_hash.h. Pure. */
#include "verity/root_hash.h"

#include <errno.h>

int root_hash_parse(struct str hex, struct root_hash *ret)
{
	struct root_hash hash = { 0 };
	int n = hex_decode(hex, hash.bytes, sizeof(hash.bytes));

	if (n != 32 && n != 64)
		return -EINVAL;
	hash.size = (size_t)n;
	*ret = hash;
	return 0;
}

void uuid_format(const uint8_t bytes[static 16], char ret_uuid[static UUID_TEXT_SIZE])
{
	struct buf b = buf_init(ret_uuid, UUID_TEXT_SIZE);

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_add_char(&b, '-');
		buf_add_hex(&b, &bytes[i], 1);
	}
}

void root_hash_data_uuid(const struct root_hash *hash, char ret_uuid[static UUID_TEXT_SIZE])
{
	uuid_format(hash->bytes, ret_uuid);
}

void root_hash_verity_uuid(const struct root_hash *hash, char ret_uuid[static UUID_TEXT_SIZE])
{
	uuid_format(hash->bytes + hash->size - 16, ret_uuid);
}
