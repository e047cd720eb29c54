// SPDX-License-Identifier: MIT OR Apache-2.0
/* ACPI events over generic netlink: see power_button.h. Messages come from the kernel; lengths are checked all the same. */
#include "init/power_button.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "lib/fd.h"

#define FAMILY "acpi_event"
#define GROUP "acpi_mc_group"
/* struct acpi_genl_event: two strings and two numbers (drivers/acpi/event.c). */
#define ACPI_ATTRIBUTE_EVENT 1
#define ACPI_CLASS_SIZE 20
#define BUFFER_SIZE 8192
/* NLA_HDRLEN: the header is a multiple of the alignment. */
#define ATTRIBUTE_HEADER sizeof(struct nlattr)

/* The next attribute of a list, or NULL. @left counts down. */
static const struct nlattr *attribute_next(const struct nlattr *attribute, size_t *left)
{
	size_t step = NLA_ALIGN(attribute->nla_len);

	if (step > *left)
		return NULL;
	*left -= step;
	return (const void *)((const char *)attribute + step);
}

static bool attribute_valid(const struct nlattr *attribute, size_t left)
{
	return left >= sizeof(*attribute) && attribute->nla_len >= sizeof(*attribute) &&
	       attribute->nla_len <= left;
}

static const void *attribute_find(const void *data, size_t size, unsigned type, size_t *ret_size)
{
	const struct nlattr *attribute = data;

	while (attribute && attribute_valid(attribute, size)) {
		if ((attribute->nla_type & NLA_TYPE_MASK) == type) {
			*ret_size = attribute->nla_len - ATTRIBUTE_HEADER;
			return (const char *)attribute + ATTRIBUTE_HEADER;
		}
		attribute = attribute_next(attribute, &size);
	}
	return NULL;
}

/* The next message of the kernel: others with CAP_NET_ADMIN could send here, too. Return: bytes, or -1 with errno. */
static ssize_t receive(int fd, char buffer[static BUFFER_SIZE])
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, buffer, BUFFER_SIZE, MSG_DONTWAIT,
				     (struct sockaddr *)&from, &size);

		if (n < 0 || (size == sizeof(from) && from.nl_pid == 0))
			return n;
	}
}

static int ask_for_family(int fd)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attribute;
		char name[sizeof(FAMILY)];
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = GENL_ID_CTRL,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attribute = { .nla_len = ATTRIBUTE_HEADER + sizeof(FAMILY), .nla_type = CTRL_ATTR_FAMILY_NAME },
		.name = FAMILY,
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* The number of our group in the list of a family's groups. */
static int group_of(const void *groups, size_t size)
{
	const struct nlattr *group = groups;

	while (group && attribute_valid(group, size)) {
		const void *data = (const char *)group + ATTRIBUTE_HEADER;
		size_t data_size = group->nla_len - ATTRIBUTE_HEADER;
		size_t name_size;
		size_t id_size;
		const char *name = attribute_find(data, data_size, CTRL_ATTR_MCAST_GRP_NAME, &name_size);
		const void *id = attribute_find(data, data_size, CTRL_ATTR_MCAST_GRP_ID, &id_size);

		if (name && id && name_size == sizeof(GROUP) &&
		    memcmp(name, GROUP, name_size) == 0 && id_size == sizeof(uint32_t)) {
			uint32_t number;

			memcpy(&number, id, sizeof(number));
			return (int)number;
		}
		group = attribute_next(group, &size);
	}
	return -ENOENT;
}

static int receive_group(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	const struct nlmsghdr *header = (const void *)buffer;
	/* The kernel has queued the answer before send(2) returned. */
	ssize_t n = receive(fd, buffer);
	const char *attributes = buffer + NLMSG_HDRLEN + GENL_HDRLEN;
	const void *groups;
	size_t size;

	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_HDRLEN + GENL_HDRLEN || header->nlmsg_len > (size_t)n)
		return -EBADMSG;
	if (header->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = NLMSG_DATA(header);

		return error->error < 0 ? error->error : -EBADMSG;
	}
	groups = attribute_find(attributes, header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
				CTRL_ATTR_MCAST_GROUPS, &size);
	return groups ? group_of(groups, size) : -ENOENT;
}

int power_button_open(void)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				     NETLINK_GENERIC);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int group;
	int r;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = ask_for_family(fd);
	group = r == 0 ? receive_group(fd) : r;
	if (group < 0)
		return group;
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

bool power_button_pressed(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	const struct nlmsghdr *header = (const void *)buffer;
	bool pressed = false;
	ssize_t n;

	while ((n = receive(fd, buffer)) > 0) {
		const char *class;
		size_t size;

		if ((size_t)n < NLMSG_HDRLEN + GENL_HDRLEN || header->nlmsg_len > (size_t)n)
			continue;
		class = attribute_find(buffer + NLMSG_HDRLEN + GENL_HDRLEN,
				       header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
				       ACPI_ATTRIBUTE_EVENT, &size);
		if (class && size >= ACPI_CLASS_SIZE &&
		    strncmp(class, "button/power", ACPI_CLASS_SIZE) == 0)
			pressed = true;
	}
	return pressed;
}
