// SPDX-License-Identifier: MIT OR Apache-2.0
/* Any text is an address of the kind that the first byte names, or is refused; an address that is taken fits the kernel's structure. */
#include <assert.h>
#include <stdint.h>

#include "supervisor/socket_address_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socket_address a;
	struct str text = { (const char *)data + 1, size - 1 };

	if (size == 0 || socket_address_parse((enum socket_kind)(data[0] % (SOCKET_MESSAGE_QUEUE + 1)),
					      text, &a) < 0)
		return 0;
	assert(a.length <= sizeof(a.un));
	assert(memchr(a.scope, '\0', sizeof(a.scope)));
	assert(text.n > 0);
	if (a.length == 0)
		return 0;
	if (a.any_family.sa_family == AF_UNIX)
		assert(a.length > offsetof(struct sockaddr_un, sun_path) + 1);
	if (a.any_family.sa_family == AF_INET6 || a.any_family.sa_family == AF_INET) {
		struct sockaddr_storage storage = { 0 };
		char formatted[SOCKET_TEXT_SIZE];
		struct buf b = BUF(formatted);

		memcpy(&storage, &a.any_family, a.length);
		assert(socket_address_format(&storage, &b) > 0);
		assert(socket_instance_format(UINT32_MAX, &storage, &storage, 0, 0, &b) == 0 ||
		       b.overflow);
	}
	return 0;
}
