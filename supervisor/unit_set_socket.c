// SPDX-License-Identifier: MIT OR Apache-2.0
/* [Socket]: where it listens, and what the sockets are like. See unit_directive.h. Pure. */
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>

#include "supervisor/socket_address_parse.h"
#include "supervisor/unit_directive.h"

static const struct socket_listen **next_of(const struct socket_listen *listen)
{
	return (const struct socket_listen **)(uintptr_t)&listen->next;
}

/* Simplifies what is a path, and checks the address. */
static int check_address(enum socket_kind kind, struct buf *address)
{
	struct socket_address parsed;
	bool file = kind == SOCKET_FIFO || kind == SOCKET_SPECIAL;
	int r = file || (address->p[0] == '/' && kind != SOCKET_MESSAGE_QUEUE)
			? directive_path(address)
			: 0;

	return r < 0 ? r
		     : socket_address_parse(kind, (struct str){ address->p, address->len }, &parsed);
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
