// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * systemd.exec(5), second half: what processes may and what they see. See unit_directive.h. Names of
 * system calls are only looked at for their letters: libseccomp knows which there are. Pure.
 */
#include <errno.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>

#include "supervisor/syscall_groups.h"
#include "supervisor/unit_directive.h"

static struct str behind(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

/* CapabilityBoundingSet= begins with all, AmbientCapabilities= with none: that is their number. */
int set_capabilities(struct directive_context *c, struct str value)
{
	uint64_t initial = c->directive->number ? UINT64_MAX : 0;
	bool invert = value.n > 0 && value.p[0] == '~';
	uint64_t *field = FIELD(uint64_t, c);
	uint64_t mask = 0;
	struct str word;

	if (invert)
		value = behind(value, 1);
	while (str_next_word(&value, &word)) {
		char name[64];
		struct buf b = BUF(name);
		cap_value_t number;

		buf_add_str(&b, word);
		if (b.overflow || cap_from_name(name, &number) < 0 || number < 0 || number > 63)
			return -EINVAL;
		mask |= UINT64_C(1) << number;
	}
	/* The first line says what there is, later ones add and take away; "" and "~" begin anew. */
	if (mask == 0 || *field == initial)
		*field = invert ? ~mask : mask;
	else if (invert)
		*field &= ~mask;
	else
		*field |= mask;
	return 0;
}

int set_secure_bits(struct directive_context *c, struct str value)
{
	/* A bit each, in the order of linux/securebits.h. */
	static const char *const names[] = {
		"noroot",
		"noroot-locked",
		"no-setuid-fixup",
		"no-setuid-fixup-locked",
		"keep-caps",
		"keep-caps-locked",
		NULL,
	};
	uint32_t bits = c->draft->exec.secure_bits;
	struct str word;

	if (value.n == 0)
		bits = 0;
	while (str_next_word(&value, &word)) {
		int index = directive_name_index(word, names);

		if (index < 0)
			return index;
		bits |= 1U << index;
	}
	c->draft->exec.secure_bits = bits;
	return 0;
}

/* Errors by name, for the texts that seccomp filters in unit files use, or a number. */
static int error_number(struct str s, uint64_t *ret_number)
{
	if (str_to_u64(s, ret_number) == 0)
		return *ret_number <= 4095 ? 0 : -ERANGE;
	for (int number = 1; number < 134; number++) {
		const char *name = strerrorname_np(number);

		if (name && str_is(s, name)) {
			*ret_number = (uint64_t)number;
			return 0;
		}
	}
	return -EINVAL;
}

/* NAME or @GROUP, with :ERRNO or :kill. */
static int check_system_call(struct directive_context *c, struct str word)
{
	struct str name = { 0 };
	uint64_t number;

	if (!str_split(&word, ':', &name) || name.n == 0)
		return -EINVAL;
	if (word.n > 0 && !str_is(word, "kill") && error_number(word, &number) < 0)
		return -EINVAL;
	if (name.p[0] == '@') {
		if (syscall_group_exists(name))
			return 0;
		c->reason = "names a group of system calls that there is not";
		return -EINVAL;
	}
	for (size_t i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') &&
		    !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '_')
			return -EINVAL;
	return 0;
}

/*
 * SystemCallFilter= and SystemCallLog=: the first line says whether the list allows or denies; a later
 * line of the other kind takes away again, which stands in the list as "~NAME".
 */
int set_system_calls(struct directive_context *c, struct str value)
{
	enum exec_flag flag = (enum exec_flag)c->directive->number;
	struct text_list *field = FIELD(struct text_list, c);
	struct text_list list = *field;
	bool invert = value.n > 0 && value.p[0] == '~';
	bool allows = list.count > 0 ? exec_has(&c->draft->exec, flag) : !invert;
	struct str word;

	if (value.n == 0) {
		*field = (struct text_list){ 0 };
		directive_flag(c->draft, flag, false);
		return 0;
	}
	if (invert)
		value = behind(value, 1);
	while (str_next_word(&value, &word)) {
		char item[256];
		struct buf b = BUF(item);
		int r = check_system_call(c, word);

		if (allows == invert)
			buf_add_char(&b, '~');
		buf_add_str(&b, word);
		if (r == 0)
			r = b.overflow ? -EINVAL
				       : text_list_add(&c->draft->text, &list,
						       (struct str){ b.p, b.len });
		if (r < 0)
			return r;
	}
	*field = list;
	directive_flag(c->draft, flag, allows);
	return 0;
}

int set_error_number(struct directive_context *c, struct str value)
{
	uint64_t number = 0;
	int r = value.n == 0 || str_is(value, "kill") ? 0 : error_number(value, &number);

	if (r == 0 && number == 0 && value.n > 0 && !str_is(value, "kill"))
		r = -EINVAL;
	if (r == 0)
		c->draft->exec.system_call_error_number = (int)number;
	return r;
}

/* systemd's names of architectures become libseccomp's. */
static int check_architecture(struct directive_context *c _unused_, struct buf *word)
{
	static const struct {
		const char *name;
		const char *kept;
	} names[] = {
		{ "native", "native" }, { "x86", "x86" }, { "x86-64", "x86_64" },
		{ "x32", "x32" },	{ "arm", "arm" }, { "arm64", "aarch64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(word->p, names[i].name) == 0) {
			buf_clear(word);
			buf_add(word, names[i].kept);
			return 0;
		}
	return -EINVAL;
}

int set_architectures(struct directive_context *c, struct str value)
{
	return directive_words(c, value, &c->draft->exec.system_call_architectures, check_architecture);
}

/* Those of the kernel's linux/socket.h that a package of a server names. */
static const char *const address_families[] = {
	"AF_ALG",    "AF_APPLETALK",  "AF_ATMPVC",   "AF_ATMSVC",  "AF_AX25",	"AF_BLUETOOTH",
	"AF_BRIDGE", "AF_CAIF",	      "AF_CAN",	     "AF_DECnet",  "AF_ECONET", "AF_FILE",
	"AF_IB",     "AF_IEEE802154", "AF_INET",     "AF_INET6",   "AF_IPX",	"AF_IRDA",
	"AF_ISDN",   "AF_IUCV",	      "AF_KCM",	     "AF_KEY",	   "AF_LLC",	"AF_LOCAL",
	"AF_MCTP",   "AF_MPLS",	      "AF_NETBEUI",  "AF_NETLINK", "AF_NETROM", "AF_NFC",
	"AF_PACKET", "AF_PHONET",     "AF_PPPOX",    "AF_QIPCRTR", "AF_RDS",	"AF_ROSE",
	"AF_ROUTE",  "AF_RXRPC",      "AF_SECURITY", "AF_SMC",	   "AF_SNA",	"AF_TIPC",
	"AF_UNIX",   "AF_VSOCK",      "AF_WANPIPE",  "AF_X25",	   "AF_XDP",	NULL,
};

/* As system calls, but the names are few, so that what is taken away just goes from the list. */
int set_address_families(struct directive_context *c, struct str value)
{
	struct text_list *field = &c->draft->exec.restrict_address_families;
	bool set = exec_has(&c->draft->exec, EXEC_FLAG_ADDRESS_FAMILIES_SET);
	bool invert = value.n > 0 && value.p[0] == '~';
	bool allows = set ? exec_has(&c->draft->exec, EXEC_FLAG_ADDRESS_FAMILIES_ALLOW) : !invert;
	struct text_list list = { 0 };
	struct text_list named = { 0 };
	struct str word;
	int r = 0;

	if (value.n == 0 || str_is(value, "none")) {
		*field = list;
		directive_flag(c->draft, EXEC_FLAG_ADDRESS_FAMILIES_ALLOW, value.n > 0);
		directive_flag(c->draft, EXEC_FLAG_ADDRESS_FAMILIES_SET, value.n > 0);
		return 0;
	}
	if (invert)
		value = behind(value, 1);
	while (r == 0 && str_next_word(&value, &word)) {
		r = directive_name_index(word, address_families);
		r = r < 0 ? r : text_list_add(&c->draft->text, &named, word);
	}
	for (const char *old = text_list_next(field, NULL); r == 0 && old;
	     old = text_list_next(field, old))
		if (!text_list_has(&named, old))
			r = text_list_add(&c->draft->text, &list, str_from(old));
	for (const char *new = text_list_next(&named, NULL); r == 0 && new &&allows != invert;
	     new = text_list_next(&named, new))
		r = text_list_add(&c->draft->text, &list, str_from(new));
	if (r < 0)
		return r;
	*field = list;
	directive_flag(c->draft, EXEC_FLAG_ADDRESS_FAMILIES_ALLOW, allows);
	directive_flag(c->draft, EXEC_FLAG_ADDRESS_FAMILIES_SET, true);
	return 0;
}

static const struct {
	char name[8];
	unsigned flag;
} namespaces[] = {
	{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC },	  { "net", CLONE_NEWNET },
	{ "mnt", CLONE_NEWNS },	       { "pid", CLONE_NEWPID },	  { "user", CLONE_NEWUSER },
	{ "uts", CLONE_NEWUTS },       { "time", CLONE_NEWTIME },
};

/* The field says which may be made, the directive which are left: "yes" is none, "no" is all. */
int set_namespaces(struct directive_context *c, struct str value)
{
	uint64_t *allowed = &c->draft->exec.restrict_namespaces;
	bool invert = value.n > 0 && value.p[0] == '~';
	uint64_t all = 0;
	uint64_t named = 0;
	struct str word;
	bool restrict_all;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		all |= namespaces[i].flag;
	if (value.n == 0) {
		*allowed = UINT64_MAX;
		return 0;
	}
	if (unit_boolean(value, &restrict_all) == 0) {
		*allowed = restrict_all ? 0 : all;
		return 0;
	}
	if (invert)
		value = behind(value, 1);
	while (str_next_word(&value, &word)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(namespaces) && !str_is(word, namespaces[i].name))
			i++;
		if (i == ARRAY_SIZE(namespaces))
			return -EINVAL;
		named |= namespaces[i].flag;
	}
	if (*allowed == UINT64_MAX)
		*allowed = invert ? all & ~named : named;
	else
		*allowed = invert ? *allowed & ~named : *allowed | named;
	return 0;
}

int set_proc_subset(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "all", "pid", NULL };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	directive_flag(c->draft, EXEC_FLAG_PROC_SUBSET_PID, index == 1);
	return 0;
}

int set_mount_api_vfs(struct directive_context *c, struct str value)
{
	bool on = false;
	int r = value.n > 0 ? unit_boolean(value, &on) : 0;

	if (r < 0)
		return r;
	directive_flag(c->draft, EXEC_FLAG_MOUNT_API_VFS, on);
	directive_flag(c->draft, EXEC_FLAG_MOUNT_API_VFS_SET, value.n > 0);
	return 0;
}

int set_mount_flags(struct directive_context *c, struct str value)
{
	static const char *const names[] = { "", "shared", "slave", "private", NULL };
	static const unsigned long flags[] = { 0, MS_SHARED, MS_SLAVE, MS_PRIVATE };
	int index = directive_name_index(value, names);

	if (index < 0)
		return index;
	c->draft->exec.mount_propagation = flags[index];
	return 0;
}

/* "-" and "+" in front, in this order. */
static int check_prefixed_path(struct directive_context *c _unused_, struct buf *word)
{
	char path[VALUE_MAX];
	struct buf b = BUF(path);
	size_t prefix = 0;
	int r;

	if (word->p[prefix] == '-')
		prefix++;
	if (word->p[prefix] == '+')
		prefix++;
	buf_add(&b, word->p + prefix);
	r = directive_path(&b);
	if (r < 0)
		return r;
	word->len = prefix;
	word->p[prefix] = '\0';
	buf_add_str(word, (struct str){ b.p, b.len });
	return 0;
}

int set_paths(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), check_prefixed_path);
}

static int check_bind(struct directive_context *c _unused_, struct buf *word)
{
	char simple[VALUE_MAX];
	struct buf b = BUF(simple);
	struct str rest = { word->p, word->len };
	struct str part;

	if (rest.p[0] == '-') {
		buf_add_char(&b, '-');
		rest = behind(rest, 1);
	}
	for (int i = 0; i < 2 && rest.n > 0; i++) {
		char path[VALUE_MAX];
		struct buf p = BUF(path);

		(void)str_split(&rest, ':', &part);
		buf_add_str(&p, part);
		/* SOURCE::OPTIONS means the same place. */
		if ((i == 0 || part.n > 0) && directive_path(&p) < 0)
			return -EINVAL;
		if (i > 0)
			buf_add_char(&b, ':');
		buf_add_str(&b, (struct str){ p.p, p.len });
	}
	if (rest.n > 0 && !str_is(rest, "rbind") && !str_is(rest, "norbind"))
		return -EINVAL;
	if (rest.n > 0)
		buf_printf(&b, ":" STR_FORMAT, STR_ARGS(rest));
	if (b.overflow || b.len == 0)
		return -EINVAL;
	buf_clear(word);
	buf_add_str(word, (struct str){ b.p, b.len });
	return 0;
}

int set_bind_paths(struct directive_context *c, struct str value)
{
	return directive_words(c, value, FIELD(struct text_list, c), check_bind);
}

static int check_temporary(struct directive_context *c _unused_, struct buf *word)
{
	char path[VALUE_MAX];
	struct buf b = BUF(path);
	struct str rest = { word->p, word->len };
	struct str part = { 0 };

	(void)str_split(&rest, ':', &part);
	buf_add_str(&b, part);
	if (directive_path(&b) < 0)
		return -EINVAL;
	if (rest.n > 0)
		buf_printf(&b, ":" STR_FORMAT, STR_ARGS(rest));
	if (b.overflow)
		return -EINVAL;
	buf_clear(word);
	buf_add_str(word, (struct str){ b.p, b.len });
	return 0;
}

int set_temporary_files(struct directive_context *c, struct str value)
{
	return directive_words(c, value, &c->draft->exec.temporary_file_system, check_temporary);
}

/* systemd.exec(5), "Credentials": a name that can be a file's. */
static bool good_credential_name(struct str name)
{
	if (name.n == 0 || name.n > 255 || str_is(name, ".") || str_is(name, ".."))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == '/' || name.p[i] == ':')
			return false;
	return true;
}

int set_load_credential(struct directive_context *c, struct str value)
{
	struct text_list *list = &c->draft->exec.load_credential;
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct str rest;
	struct str name = { 0 };
	int r;

	if (value.n == 0) {
		*list = (struct text_list){ 0 };
		return 0;
	}
	r = directive_expand(c, value, &e);
	if (r < 0)
		return r;
	rest = (struct str){ e.p, e.len };
	if (!str_split(&rest, ':', &name) || !good_credential_name(name))
		return -EINVAL;
	if (rest.n == 0 || rest.p[0] != '/') {
		c->reason = "has no absolute path: Orlop has no credentials of the system to hand down";
		return -EINVAL;
	}
	return text_list_add(&c->draft->text, list, (struct str){ e.p, e.len });
}

int set_set_credential(struct directive_context *c, struct str value)
{
	struct text_list *list = &c->draft->exec.set_credential;
	char expanded[VALUE_MAX];
	char unescaped[VALUE_MAX];
	struct buf e = BUF(expanded);
	struct buf b = BUF(unescaped);
	struct str name = { 0 };
	int r;

	if (value.n == 0) {
		*list = (struct text_list){ 0 };
		return 0;
	}
	if (!memchr(value.p, ':', value.n) || !str_split(&value, ':', &name) ||
	    !good_credential_name(name))
		return -EINVAL;
	buf_add_str(&e, name);
	buf_add_char(&e, ':');
	r = unit_unescape(value, &b);
	if (r == 0)
		r = directive_expand(c, (struct str){ b.p, b.len }, &e);
	if (r < 0)
		return r;
	return text_list_add(&c->draft->text, list, (struct str){ e.p, e.len });
}
