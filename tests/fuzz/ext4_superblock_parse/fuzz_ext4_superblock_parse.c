// SPDX-License-Identifier: MIT OR Apache-2.0
/* Whatever is accepted has a size that fits into 64 bits and a label that ends. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "mount/ext4_superblock_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ext4_superblock s;
	uint64_t bytes;
	int r = ext4_superblock_parse(data, size, &s);

	if (r < 0) {
		assert(r == -EINVAL || r == -EBADMSG);
		return 0;
	}
	assert(s.block_size >= 1024 && s.block_size <= 65536 &&
	       (s.block_size & (s.block_size - 1)) == 0);
	assert(s.block_count > 0 &&
	       !__builtin_mul_overflow(s.block_count, (uint64_t)s.block_size, &bytes));
	assert(memchr(s.label, '\0', sizeof(s.label)));
	(void)ext4_needs_check(&s);
	return 0;
}
