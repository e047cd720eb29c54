// SPDX-License-Identifier: MIT OR Apache-2.0
/* notify_sender MESSAGE: sends it to $NOTIFY_SOCKET and is gone before anybody can have read it. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc < 2 || !path || fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return EXIT_FAILURE;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (sendto(fd, argv[1], strlen(argv[1]), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   sizeof(address)) < 0)
		return EXIT_FAILURE;
	_exit(EXIT_SUCCESS);
}
