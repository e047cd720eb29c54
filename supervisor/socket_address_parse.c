// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Addresses of sockets from text and back: see socket_address_parse.h. The order in which the forms are
 * tried is systemd's: a path, an abstract name, vsock, an address with its port, a port alone.
 */
#include "supervisor/socket_address_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>

static int parse_u32(struct str text, uint64_t max, uint32_t *ret_value)
{
	uint64_t value;

	if (str_to_u64(text, &value) < 0 || value > max)
		return -EINVAL;
	*ret_value = (uint32_t)value;
	return 0;
}

/* Port 0 would be any free one, which nobody could find. */
static int parse_port(struct str text, in_port_t *ret_port)
{
	uint32_t port;

	if (parse_u32(text, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	*ret_port = htons((uint16_t)port);
	return 0;
}

/* inet_pton(3) wants a NUL. */
static int parse_ip(int family, struct str text, void *ret_ip)
{
	char copy[INET6_ADDRSTRLEN];
	struct buf b = BUF(copy);

	buf_add_str(&b, text);
	return !b.overflow && !memchr(text.p, '\0', text.n) && inet_pton(family, copy, ret_ip) == 1
		       ? 0
		       : -EINVAL;
}

static int parse_unix(struct str text, struct socket_address *address)
{
	struct sockaddr_un *un = &address->un;
	bool abstract = text.p[0] == '@';

	/* "/" alone is a directory; "@" alone would be bound to a name of the kernel's choice. */
	if (text.n < 2 || text.n >= sizeof(un->sun_path) || memchr(text.p, '\0', text.n))
		return -EINVAL;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, text.p, text.n);
	if (abstract)
		un->sun_path[0] = '\0';
	address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + text.n + !abstract);
	return 0;
}

/* CID:PORT, after "vsock:". */
static int parse_vsock(struct str text, struct socket_address *address)
{
	struct str cid;
	uint32_t number = VMADDR_CID_ANY;
	uint32_t port;

	if (!str_split(&text, ':', &cid))
		return -EINVAL;
	if (cid.n > 0 && parse_u32(cid, UINT32_MAX, &number) < 0)
		return -EINVAL;
	if (parse_u32(text, UINT32_MAX - 1, &port) < 0)
		return -EINVAL;
	address->vm.svm_family = AF_VSOCK;
	address->vm.svm_cid = number;
	address->vm.svm_port = port;
	address->length = sizeof(address->vm);
	return 0;
}

static int set_scope(struct str scope, struct socket_address *address)
{
	uint32_t index;

	if (scope.n == 0 || scope.n >= sizeof(address->scope))
		return -EINVAL;
	if (parse_u32(scope, INT32_MAX, &index) == 0) {
		address->in6.sin6_scope_id = index;
		return index > 0 ? 0 : -EINVAL;
	}
	for (size_t i = 0; i < scope.n; i++)
		if (scope.p[i] <= ' ' || scope.p[i] == '/' || scope.p[i] == ':' || scope.p[i] == 0x7f)
			return -EINVAL;
	memcpy(address->scope, scope.p, scope.n);
	return 0;
}

/* [IPV6]:PORT, with %SCOPE behind it. */
static int parse_in6(struct str text, struct socket_address *address)
{
	const char *end = memchr(text.p, ']', text.n);
	struct str ip = { text.p + 1, end ? (size_t)(end - text.p) - 1 : 0 };
	struct str rest = { end ? end + 1 : text.p, end ? text.n - ip.n - 2 : 0 };
	const char *percent = memchr(rest.p, '%', rest.n);
	struct str port = { rest.p + 1, (percent ? (size_t)(percent - rest.p) : rest.n) - 1 };

	if (rest.n < 2 || rest.p[0] != ':' || percent == rest.p + 1 ||
	    parse_ip(AF_INET6, ip, &address->in6.sin6_addr) < 0 ||
	    parse_port(port, &address->in6.sin6_port) < 0)
		return -EINVAL;
	address->in6.sin6_family = AF_INET6;
	address->length = sizeof(address->in6);
	if (!percent)
		return 0;
	return set_scope((struct str){ percent + 1, (size_t)(rest.p + rest.n - percent) - 1 }, address);
}

static int parse_in(struct str text, struct socket_address *address)
{
	struct str ip;

	if (!memchr(text.p, ':', text.n)) {
		if (parse_port(text, &address->in6.sin6_port) < 0)
			return -EINVAL;
		address->in6.sin6_family = AF_INET6;
		address->length = sizeof(address->in6);
		address->any = true;
		return 0;
	}
	if (!str_split(&text, ':', &ip) || parse_ip(AF_INET, ip, &address->in.sin_addr) < 0 ||
	    parse_port(text, &address->in.sin_port) < 0)
		return -EINVAL;
	address->in.sin_family = AF_INET;
	address->length = sizeof(address->in);
	return 0;
}

static int parse_socket(struct str text, struct socket_address *address)
{
	static const struct {
		const char *prefix;
		int type; /* 0: that of the directive */
	} vsock[] = {
		{ "vsock:", 0 },
		{ "vsock-stream:", SOCK_STREAM },
		{ "vsock-dgram:", SOCK_DGRAM },
		{ "vsock-seqpacket:", SOCK_SEQPACKET },
	};

	if (text.p[0] == '/' || text.p[0] == '@')
		return parse_unix(text, address);
	for (size_t i = 0; i < ARRAY_SIZE(vsock); i++) {
		size_t n = strlen(vsock[i].prefix);

		if (!str_starts(text, vsock[i].prefix))
			continue;
		if (vsock[i].type)
			address->type = vsock[i].type;
		return parse_vsock((struct str){ text.p + n, text.n - n }, address);
	}
	return text.p[0] == '[' ? parse_in6(text, address) : parse_in(text, address);
}

static int parse_netlink(struct str text, struct socket_address *address)
{
	static const struct {
		const char *name;
		int family;
	} families[] = {
		{ "route", NETLINK_ROUTE },
		{ "firewall", NETLINK_FIREWALL },
		{ "inet-diag", NETLINK_INET_DIAG },
		{ "nflog", NETLINK_NFLOG },
		{ "xfrm", NETLINK_XFRM },
		{ "selinux", NETLINK_SELINUX },
		{ "iscsi", NETLINK_ISCSI },
		{ "audit", NETLINK_AUDIT },
		{ "fib-lookup", NETLINK_FIB_LOOKUP },
		{ "connector", NETLINK_CONNECTOR },
		{ "netfilter", NETLINK_NETFILTER },
		{ "ip6-fw", NETLINK_IP6_FW },
		{ "dnrtmsg", NETLINK_DNRTMSG },
		{ "kobject-uevent", NETLINK_KOBJECT_UEVENT },
		{ "generic", NETLINK_GENERIC },
		{ "scsitransport", NETLINK_SCSITRANSPORT },
		{ "ecryptfs", NETLINK_ECRYPTFS },
		{ "rdma", NETLINK_RDMA },
	};
	uint32_t number = UINT32_MAX;
	uint32_t group = 0;
	struct str word;

	if (!str_next_word(&text, &word))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (str_is(word, families[i].name))
			number = (uint32_t)families[i].family;
	if (number == UINT32_MAX && parse_u32(word, INT32_MAX, &number) < 0)
		return -EINVAL;
	if (str_next_word(&text, &word) && parse_u32(word, UINT32_MAX, &group) < 0)
		return -EINVAL;
	if (str_next_word(&text, &word))
		return -EINVAL;
	address->type = SOCK_RAW;
	address->protocol = (int)number;
	address->nl.nl_family = AF_NETLINK;
	address->nl.nl_groups = group;
	address->length = sizeof(address->nl);
	return 0;
}

static int parse_path(struct str text)
{
	return text.n >= 2 && text.p[0] == '/' && !memchr(text.p, '\0', text.n) ? 0 : -EINVAL;
}

int socket_address_parse(enum socket_kind kind, struct str text, struct socket_address *ret_address)
{
	struct socket_address address = { .kind = kind };
	int r = -EINVAL;

	if (text.n == 0)
		return -EINVAL;
	switch (kind) {
	case SOCKET_STREAM:
		address.type = SOCK_STREAM;
		r = parse_socket(text, &address);
		break;
	case SOCKET_DATAGRAM:
		address.type = SOCK_DGRAM;
		r = parse_socket(text, &address);
		break;
	case SOCKET_SEQPACKET:
		address.type = SOCK_SEQPACKET;
		r = parse_socket(text, &address);
		/* IP has no sequenced packets. */
		if (r == 0 && address.any_family.sa_family != AF_UNIX &&
		    address.any_family.sa_family != AF_VSOCK)
			r = -EINVAL;
		break;
	case SOCKET_FIFO:
	case SOCKET_SPECIAL:
		r = parse_path(text);
		break;
	case SOCKET_NETLINK:
		r = parse_netlink(text, &address);
		break;
	case SOCKET_MESSAGE_QUEUE:
		r = parse_path(text);
		/* mq_overview(7): a name has no further slash. */
		if (r == 0 && memchr(text.p + 1, '/', text.n - 1))
			r = -EINVAL;
		break;
	}
	if (r == 0)
		*ret_address = address;
	return r;
}

const char *socket_address_path(const struct socket_address *address, const char *text)
{
	switch (address->kind) {
	case SOCKET_STREAM:
	case SOCKET_DATAGRAM:
	case SOCKET_SEQPACKET:
		return text[0] == '/' ? text : NULL;
	case SOCKET_FIFO:
	case SOCKET_SPECIAL:
		return text;
	case SOCKET_NETLINK:
	case SOCKET_MESSAGE_QUEUE:
		return NULL;
	}
	return NULL;
}

bool socket_address_can_accept(const struct socket_address *address)
{
	return address->type == SOCK_STREAM || address->type == SOCK_SEQPACKET;
}

static bool is_mapped(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static int format_in6(const struct sockaddr_storage *address, bool unmap, struct buf *b)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	char text[INET6_ADDRSTRLEN];
	bool mapped = unmap && is_mapped(address);

	(void)inet_ntop(mapped ? AF_INET : AF_INET6,
			mapped ? (const void *)&in6->sin6_addr.s6_addr[12] : &in6->sin6_addr, text,
			sizeof(text));
	buf_add(b, text);
	return ntohs(in6->sin6_port);
}

static int format_in(const struct sockaddr_storage *address, struct buf *b)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	char text[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	buf_add(b, text);
	return ntohs(in->sin_port);
}

int socket_address_format(const struct sockaddr_storage *address, struct buf *b)
{
	if (address->ss_family == AF_INET)
		return format_in(address, b);
	if (address->ss_family == AF_INET6)
		return format_in6(address, true, b);
	return -EAFNOSUPPORT;
}

static void format_end(const struct sockaddr_storage *address, bool unmap, struct buf *b)
{
	int port = address->ss_family == AF_INET ? format_in(address, b)
						 : format_in6(address, unmap, b);

	buf_printf(b, ":%d", port);
}

int socket_instance_format(uint32_t number, const struct sockaddr_storage *local,
			   const struct sockaddr_storage *remote, pid_t pid, uid_t uid, struct buf *b)
{
	const struct sockaddr_vm *vm[] = { (const void *)local, (const void *)remote };
	/* Only if both ends are: systemd writes the one as it writes the other. */
	bool unmap = is_mapped(local) && is_mapped(remote);

	buf_printf(b, "%u-", number);
	switch (local->ss_family) {
	case AF_INET:
	case AF_INET6:
		if (remote->ss_family != local->ss_family)
			return -EAFNOSUPPORT;
		format_end(local, unmap, b);
		buf_add_char(b, '-');
		format_end(remote, unmap, b);
		return 0;
	case AF_UNIX:
		if (pid > 0)
			buf_printf(b, "%d-%u", pid, uid);
		else
			buf_add(b, "unknown");
		return 0;
	case AF_VSOCK:
		buf_printf(b, "%u:%u-%u:%u", vm[0]->svm_cid, vm[0]->svm_port, vm[1]->svm_cid,
			   vm[1]->svm_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}
