// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/socket_connection: who has how many, names of instances of real connections, and places that are used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/socket_address_parse.h"
#include "supervisor/socket_connection.h"

static int setup(void **state _unused_)
{
	socket_connection_init();
	return 0;
}

static struct socket_source source(uint8_t last)
{
	return (struct socket_source){ .family = AF_INET, .address = { 10, 0, 0, last } };
}

static void test_counts(void **state _unused_)
{
	struct socket_source a = source(1);
	struct socket_source b = source(2);

	socket_connection_add(1, 100, &a);
	socket_connection_add(1, 101, &a);
	socket_connection_add(1, 102, &b);
	socket_connection_add(2, 103, &a);
	assert_int_equal(socket_connection_count(1, NULL), 3);
	assert_int_equal(socket_connection_count(1, &a), 2);
	assert_int_equal(socket_connection_count(1, &b), 1);
	assert_int_equal(socket_connection_count(2, &b), 0);
	assert_int_equal(socket_connection_owner(103), 2);
	assert_int_equal(socket_connection_remove(100), 1);
	assert_int_equal(socket_connection_remove(100), UNIT_NONE);
	assert_int_equal(socket_connection_count(1, &a), 1);
	assert_int_equal(socket_connection_owner(103), 2);
}

static void test_a_million_connections(void **state _unused_)
{
	struct socket_source a = source(1);

	/* At most so many at a time; how many there were does not matter. */
	for (unsigned i = 0; i < SOCKET_CONNECTION_MAX; i++)
		socket_connection_add(1, (unit_id)i, &a);
	assert_true(socket_connection_full());
	for (unsigned i = 0; i < 1000000; i++) {
		unit_id id = (unit_id)(i % SOCKET_CONNECTION_MAX);

		if (socket_connection_remove(id) != 1)
			fail_msg("%u is not there", i);
		socket_connection_add(1, id, &a);
	}
	assert_int_equal(socket_connection_count(1, NULL), SOCKET_CONNECTION_MAX);
}

static void test_moved(void **state _unused_)
{
	static unit_id new_ids[8] = { 0, 5, UNIT_NONE, 7, 6 };
	struct socket_source a = source(1);

	socket_connection_add(1, 3, &a);
	socket_connection_add(1, 2, &a);
	socket_connection_moved(new_ids);
	assert_int_equal(socket_connection_count(1, NULL), 0);
	assert_int_equal(socket_connection_count(5, NULL), 1);
	assert_int_equal(socket_connection_owner(7), 5);
}

static void test_name_unix(void **state _unused_)
{
	char name[UNIT_NAME_SIZE];
	char expected[64];
	struct buf b = BUF(expected);
	struct socket_source from;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	buf_printf(&b, "a@3-%d-%d.service", getpid(), getuid());
	assert_int_equal(socket_connection_name("a.socket", 3, pair[0], name), 0);
	assert_string_equal(name, expected);
	assert_int_equal(socket_connection_name("a@b.socket", 3, pair[0], name), 0);
	assert_string_equal(name, expected);
	/* Local peers are not told apart by where they come from. */
	assert_int_equal(socket_connection_source(pair[0], &from), 0);
	assert_int_equal(from.family, AF_UNSPEC);
	fd_close(pair[0]);
	fd_close(pair[1]);
}

static void test_name_tcp(void **state _unused_)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in peer;
	socklen_t size = sizeof(address);
	char name[UNIT_NAME_SIZE];
	char expected[128];
	struct buf b = BUF(expected);
	struct socket_source from;
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int connection;

	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	connection = accept(listening, (struct sockaddr *)&peer, &size);
	buf_printf(&b, "ssh@0-127.0.0.1:%d-127.0.0.1:%d.service", ntohs(address.sin_port),
		   ntohs(peer.sin_port));
	assert_int_equal(socket_connection_name("ssh.socket", 0, connection, name), 0);
	assert_string_equal(name, expected);
	assert_int_equal(socket_connection_source(connection, &from), 0);
	assert_int_equal(from.family, AF_INET);
	assert_memory_equal(from.address, "\177\0\0\1", 4);
	/* A socket that is no connection. */
	assert_int_equal(socket_connection_name("ssh.socket", 0, listening, name), -ENOTCONN);
	fd_close(connection);
	fd_close(client);
	fd_close(listening);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_counts, setup),
		cmocka_unit_test_setup(test_a_million_connections, setup),
		cmocka_unit_test_setup(test_moved, setup),
		cmocka_unit_test_setup(test_name_unix, setup),
		cmocka_unit_test_setup(test_name_tcp, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
