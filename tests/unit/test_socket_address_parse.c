// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/socket_address_parse: every form of Listen…=, what is none, and the names of instances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>

#include <cmocka.h>

#include "supervisor/socket_address_parse.h"

static struct socket_address parse(enum socket_kind kind, const char *text)
{
	struct socket_address address;

	if (socket_address_parse(kind, str_from(text), &address) != 0)
		fail_msg("\"%s\" was refused", text);
	return address;
}

static void test_unix(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_STREAM, "/run/docker.sock");

	assert_int_equal(a.un.sun_family, AF_UNIX);
	assert_string_equal(a.un.sun_path, "/run/docker.sock");
	assert_int_equal(a.length,
			 offsetof(struct sockaddr_un, sun_path) + strlen("/run/docker.sock") + 1);
	assert_int_equal(a.type, SOCK_STREAM);
	assert_string_equal(socket_address_path(&a, "/run/docker.sock"), "/run/docker.sock");
	assert_int_equal(parse(SOCKET_SEQPACKET, "/run/x").type, SOCK_SEQPACKET);
	assert_int_equal(parse(SOCKET_DATAGRAM, "/run/x").type, SOCK_DGRAM);

	a = parse(SOCKET_STREAM, "@name");
	assert_memory_equal(a.un.sun_path, "\0name", 5);
	/* No NUL: all bytes of an abstract name count (unix(7)). */
	assert_int_equal(a.length, offsetof(struct sockaddr_un, sun_path) + 5);
	assert_null(socket_address_path(&a, "@name"));
}

static void test_ports(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_STREAM, "22");

	assert_true(a.any);
	assert_int_equal(a.in6.sin6_family, AF_INET6);
	assert_int_equal(ntohs(a.in6.sin6_port), 22);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&a.in6.sin6_addr));

	a = parse(SOCKET_DATAGRAM, "127.0.0.1:65535");
	assert_false(a.any);
	assert_int_equal(a.in.sin_family, AF_INET);
	assert_int_equal(ntohl(a.in.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(a.in.sin_port), 65535);

	a = parse(SOCKET_STREAM, "[::1]:443");
	assert_true(IN6_IS_ADDR_LOOPBACK(&a.in6.sin6_addr));
	assert_int_equal(ntohs(a.in6.sin6_port), 443);
	assert_int_equal(a.in6.sin6_scope_id, 0);
	assert_string_equal(a.scope, "");

	a = parse(SOCKET_STREAM, "[fe80::1]:80%eth0");
	assert_string_equal(a.scope, "eth0");
	a = parse(SOCKET_STREAM, "[fe80::1]:80%3");
	assert_int_equal(a.in6.sin6_scope_id, 3);
	assert_string_equal(a.scope, "");
}

static void test_vsock(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_STREAM, "vsock:2:1234");

	assert_int_equal(a.vm.svm_family, AF_VSOCK);
	assert_int_equal(a.vm.svm_cid, 2);
	assert_int_equal(a.vm.svm_port, 1234);
	assert_int_equal(a.type, SOCK_STREAM);
	a = parse(SOCKET_STREAM, "vsock-seqpacket::22");
	assert_int_equal(a.vm.svm_cid, VMADDR_CID_ANY);
	assert_int_equal(a.type, SOCK_SEQPACKET);
}

static void test_netlink(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_NETLINK, "kobject-uevent 1");

	assert_int_equal(a.protocol, NETLINK_KOBJECT_UEVENT);
	assert_int_equal(a.nl.nl_groups, 1);
	assert_int_equal(a.type, SOCK_RAW);
	a = parse(SOCKET_NETLINK, "audit");
	assert_int_equal(a.protocol, NETLINK_AUDIT);
	assert_int_equal(a.nl.nl_groups, 0);
	assert_int_equal(parse(SOCKET_NETLINK, "16 4294967295").nl.nl_groups, UINT32_MAX);
}

static void test_files(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_FIFO, "/run/initctl");

	assert_int_equal(a.length, 0);
	assert_false(socket_address_can_accept(&a));
	assert_string_equal(socket_address_path(&a, "/run/initctl"), "/run/initctl");
	a = parse(SOCKET_MESSAGE_QUEUE, "/queue");
	assert_null(socket_address_path(&a, "/queue"));
	(void)parse(SOCKET_SPECIAL, "/dev/kmsg");
}

static void test_accept(void **state _unused_)
{
	struct socket_address a = parse(SOCKET_STREAM, "22");

	assert_true(socket_address_can_accept(&a));
	a = parse(SOCKET_SEQPACKET, "/run/x");
	assert_true(socket_address_can_accept(&a));
	a = parse(SOCKET_DATAGRAM, "22");
	assert_false(socket_address_can_accept(&a));
	a = parse(SOCKET_NETLINK, "route");
	assert_false(socket_address_can_accept(&a));
}

static void test_refused(void **state _unused_)
{
	static const struct {
		enum socket_kind kind;
		const char *text;
	} bad[] = {
		{ SOCKET_STREAM, "" },
		{ SOCKET_STREAM, "/" },
		{ SOCKET_STREAM, "@" },
		{ SOCKET_STREAM, "0" },
		{ SOCKET_STREAM, "65536" },
		{ SOCKET_STREAM, "-1" },
		{ SOCKET_STREAM, "ssh" },
		{ SOCKET_STREAM, "run/docker.sock" },
		{ SOCKET_STREAM, "127.0.0.1" },
		{ SOCKET_STREAM, "127.0.0.1:" },
		{ SOCKET_STREAM, "127.0.0.1:0" },
		{ SOCKET_STREAM, "127.0.0:80" },
		{ SOCKET_STREAM, "localhost:80" },
		{ SOCKET_STREAM, "::1:80" },
		{ SOCKET_STREAM, "[::1]" },
		{ SOCKET_STREAM, "[::1]:" },
		{ SOCKET_STREAM, "[::1]80" },
		{ SOCKET_STREAM, "[::1:80" },
		{ SOCKET_STREAM, "[]:80" },
		{ SOCKET_STREAM, "[" },
		{ SOCKET_STREAM, "[fe80::1]:%eth0" },
		{ SOCKET_STREAM, "[fe80::1]:80%" },
		{ SOCKET_STREAM, "[fe80::1]:80%0" },
		{ SOCKET_STREAM, "[fe80::1]:80%an-interface-with-a-long-name" },
		{ SOCKET_STREAM, "[fe80::1%eth0]:80" },
		{ SOCKET_STREAM, "vsock:" },
		{ SOCKET_STREAM, "vsock:2" },
		{ SOCKET_STREAM, "vsock:2:" },
		{ SOCKET_STREAM, "vsock:x:1" },
		{ SOCKET_SEQPACKET, "80" },
		{ SOCKET_SEQPACKET, "127.0.0.1:80" },
		{ SOCKET_NETLINK, "" },
		{ SOCKET_NETLINK, "nothing" },
		{ SOCKET_NETLINK, "route x" },
		{ SOCKET_NETLINK, "route 1 2" },
		{ SOCKET_FIFO, "run/fifo" },
		{ SOCKET_SPECIAL, "" },
		{ SOCKET_MESSAGE_QUEUE, "queue" },
		{ SOCKET_MESSAGE_QUEUE, "/a/queue" },
	};
	char path[120];
	struct buf b = BUF(path);
	struct socket_address address = { .length = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (socket_address_parse(bad[i].kind, str_from(bad[i].text), &address) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i].text);
	assert_int_equal(address.length, 77);

	/* The longest path that fits has 107 bytes. */
	buf_add_char(&b, '/');
	while (b.len < 107)
		buf_add_char(&b, 'x');
	(void)parse(SOCKET_STREAM, path);
	buf_add_char(&b, 'x');
	assert_int_equal(socket_address_parse(SOCKET_STREAM, str_from(path), &address), -EINVAL);
}

static struct sockaddr_storage storage(const char *text)
{
	struct socket_address a = parse(SOCKET_STREAM, text);
	struct sockaddr_storage s = { 0 };

	memcpy(&s, &a.any_family, a.length);
	return s;
}

static void instance(const char *local, const char *remote, pid_t pid, const char *expected)
{
	struct sockaddr_storage a = storage(local);
	struct sockaddr_storage b = storage(remote);
	char text[SOCKET_TEXT_SIZE];
	struct buf out = BUF(text);

	assert_int_equal(socket_instance_format(7, &a, &b, pid, 1000, &out), 0);
	assert_string_equal(text, expected);
}

static void test_instances(void **state _unused_)
{
	instance("10.0.0.1:22", "10.0.0.2:50000", 0, "7-10.0.0.1:22-10.0.0.2:50000");
	instance("[2001:db8::1]:22", "[2001:db8::2]:50000", 0, "7-2001:db8::1:22-2001:db8::2:50000");
	instance("[::ffff:10.0.0.1]:22", "[::ffff:10.0.0.2]:5", 0, "7-10.0.0.1:22-10.0.0.2:5");
	instance("/run/x", "/run/y", 4711, "7-4711-1000");
	instance("/run/x", "/run/y", 0, "7-unknown");
	instance("vsock:2:22", "vsock:3:50000", 0, "7-2:22-3:50000");
}

static void test_longest_instance(void **state _unused_)
{
	struct sockaddr_storage a = storage("[1111:1111:1111:1111:1111:1111:1111:1111]:65535");
	char text[SOCKET_TEXT_SIZE];
	struct buf out = BUF(text);
	enum unit_type type;
	char name[UNIT_NAME_SIZE];
	struct buf n = BUF(name);

	assert_int_equal(socket_instance_format(UINT32_MAX, &a, &a, 0, 0, &out), 0);
	assert_false(out.overflow);
	/* And it makes a unit name. */
	buf_printf(&n, "ssh@%s.service", text);
	assert_int_equal(unit_name_type((struct str){ n.p, n.len }, &type), 0);
}

static void test_remote_address(void **state _unused_)
{
	struct sockaddr_storage a = storage("[::ffff:10.0.0.2]:5");
	char text[SOCKET_TEXT_SIZE];
	struct buf out = BUF(text);

	assert_int_equal(socket_address_format(&a, &out), 5);
	assert_string_equal(text, "10.0.0.2");
	buf_clear(&out);
	a = storage("[2001:db8::2]:6");
	assert_int_equal(socket_address_format(&a, &out), 6);
	assert_string_equal(text, "2001:db8::2");
	a = storage("/run/x");
	assert_int_equal(socket_address_format(&a, &out), -EAFNOSUPPORT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_vsock),
		cmocka_unit_test(test_netlink),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_longest_instance),
		cmocka_unit_test(test_remote_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
