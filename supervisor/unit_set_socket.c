// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Socket]: where it listens, and what the sockets are like. See unit_directive.h. Pure. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sys/un.h>

#include "supervisor/unit_directive.h"

static const struct socket_listen **next_of(const struct socket_listen *listen)
{
	return (const struct socket_listen **)(uintptr_t)&listen->next;
}

/* A port number, 1 to 65535. */
static bool good_port(struct str s)
{
	int64_t port;

	return directive_between(s, 1, UINT16_MAX, &port) == 0;
}

static bool good_address(int family, struct str s)
{
	char text[INET6_ADDRSTRLEN];
	struct buf b = BUF(text);
	unsigned char bytes[16];

	buf_add_str(&b, s);
	return !b.overflow && inet_pton(family, text, bytes) == 1;
}

/* A number of a vsock, or nothing for any. */
static bool good_vsock(struct str rest)
{
	struct str cid = { 0 };
	int64_t number;

	if (!str_split(&rest, ':', &cid))
		return false;
	return (cid.n == 0 || directive_between(cid, 0, UINT32_MAX, &number) == 0) &&
	       directive_between(rest, 0, UINT32_MAX, &number) == 0;
}

/* PORT, A.B.C.D:PORT, [IPV6]:PORT, [IPV6%IFACE]:PORT, vsock:CID:PORT (systemd.socket(5), ListenStream=). */
static bool good_internet_address(struct str s)
{
	struct str address = s;
	struct str scope = { 0 };
	const char *last;

	if (str_starts(s, "vsock:"))
		return good_vsock((struct str){ s.p + 6, s.n - 6 });
	last = memrchr(s.p, ':', s.n);
	if (!last)
		return good_port(s);
	address.n = (size_t)(last - s.p);
	if (!good_port((struct str){ last + 1, s.n - address.n - 1 }))
		return false;
	if (address.n < 2 || address.p[0] != '[' || address.p[address.n - 1] != ']')
		return good_address(AF_INET, address);
	scope = (struct str){ address.p + 1, address.n - 2 };
	(void)str_split(&scope, '%', &address);
	return good_address(AF_INET6, address);
}

/* Checks the address, and simplifies what is a path. */
static int check_address(enum socket_kind kind, struct buf *address)
{
	struct str s = { address->p, address->len };

	if (s.n == 0)
		return -EINVAL;
	switch (kind) {
	case SOCKET_STREAM:
	case SOCKET_DATAGRAM:
	case SOCKET_SEQPACKET:
		if (s.p[0] == '/')
			return s.n < sizeof(((struct sockaddr_un *)NULL)->sun_path)
				       ? directive_path(address)
				       : -ERANGE;
		if (s.p[0] == '@')
			return s.n > 1 && s.n <= sizeof(((struct sockaddr_un *)NULL)->sun_path)
				       ? 0
				       : -ERANGE;
		return kind != SOCKET_SEQPACKET && good_internet_address(s) ? 0 : -EINVAL;
	case SOCKET_FIFO:
	case SOCKET_SPECIAL:
		return directive_path(address);
	case SOCKET_MESSAGE_QUEUE:
		return s.p[0] == '/' && s.n > 1 && !memchr(s.p + 1, '/', s.n - 1) ? 0 : -EINVAL;
	case SOCKET_NETLINK: {
		struct str word;

		/* FAMILY [GROUP] */
		if (!str_next_word(&s, &word))
			return -EINVAL;
		return str_next_word(&s, &word) && str_next_word(&s, &word) ? -EINVAL : 0;
	}
	}
	return -EINVAL;
}

int set_listen(struct directive_context *c, struct str value)
{
	const struct socket_listen **tail = &c->draft->socket.listen;
	struct socket_listen new = { .kind = (enum socket_kind)c->directive->number };
	struct socket_listen *kept;
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	int r;

	/* An empty value of any Listen…= line forgets all of them. */
	if (value.n == 0) {
		c->draft->socket.listen = NULL;
		return 0;
	}
	r = directive_expand(c, value, &e);
	if (r == 0)
		r = check_address(new.kind, &e);
	if (r == 0)
		r = directive_keep(c, e, &new.address);
	if (r < 0)
		return r;
	kept = text_reserve(&c->draft->text, sizeof(*kept));
	if (!kept)
		return -ENOSPC;
	*kept = new;
	while (*tail)
		tail = next_of(*tail);
	*tail = kept;
	return 0;
}

int set_bind_ipv6(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "default", "both", "ipv6-only", NULL };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	c->draft->socket.bind_ipv6_only = (int8_t)(index - 1);
	return 0;
}

int set_device_name(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0 && !str_is(value, "*")) {
		if (e.len >= IF_NAMESIZE || strpbrk(e.p, "/ :%") || e.p[0] == '.')
			return -EINVAL;
		r = directive_keep(c, e, &kept);
	}
	if (r == 0)
		*FIELD(const char *, c) = kept;
	return r;
}

int set_ip_tos(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "low-delay", "throughput", "reliability", "low-cost", NULL };
	static const int bits[] = { IPTOS_LOWDELAY, IPTOS_THROUGHPUT, IPTOS_RELIABILITY, IPTOS_LOWCOST };
	int index = directive_name_index(value, names);
	int64_t number;
	int r = index < 0 ? directive_between(value, 0, 255, &number) : 0;

	if (r == 0)
		c->draft->socket.ip_tos = index < 0 ? (int)number : bits[index];
	return r;
}

int set_socket_service(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	enum unit_type type;
	int r = directive_expand(c, value, &e);

	if (r == 0)
		r = unit_name_type((struct str){ e.p, e.len }, &type);
	if (r == 0 && type != UNIT_SERVICE)
		r = -EINVAL;
	return r < 0 ? r : directive_keep(c, e, &c->draft->socket.service);
}

static int check_path(struct directive_context *c _unused_, struct buf *word)
{
	return directive_path(word);
}

int set_socket_paths(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), check_path);
}
