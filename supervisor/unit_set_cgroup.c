// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * systemd.resource-control(5): what a unit's processes may use, as text for the files of cgroup v2.
 * See unit_directive.h. Pure.
 */
#include <errno.h>

#include "supervisor/unit_directive.h"

static const char *const attribute_files[] = {
	[ATTRIBUTE_MEMORY_MIN] = "memory.min",
	[ATTRIBUTE_MEMORY_LOW] = "memory.low",
	[ATTRIBUTE_MEMORY_HIGH] = "memory.high",
	[ATTRIBUTE_MEMORY_MAX] = "memory.max",
	[ATTRIBUTE_MEMORY_SWAP_MAX] = "memory.swap.max",
	[ATTRIBUTE_MEMORY_ZSWAP_MAX] = "memory.zswap.max",
	[ATTRIBUTE_CPUSET_CPUS] = "cpuset.cpus",
	[ATTRIBUTE_CPUSET_MEMS] = "cpuset.mems",
};

/* Takes the lines that begin with @start out of @list and puts @line behind the others, if it is not empty. */
static int replace_line(struct unit_draft *draft, struct text_list *list, const char *start,
			struct str line)
{
	struct text_list after = { 0 };
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item))
		if (strncmp(item, start, strlen(start)) != 0)
			r = text_list_add(&draft->text, &after, str_from(item));
	if (r == 0 && line.n > 0)
		r = text_list_add(&draft->text, &after, line);
	if (r == 0)
		*list = after;
	return r;
}

int directive_attribute(struct unit_draft *draft, const char *file, const char *value)
{
	char line[VALUE_MAX];
	char start[64];
	struct buf b = BUF(line);
	struct buf s = BUF(start);

	buf_printf(&s, "%s=", file);
	if (*value)
		buf_printf(&b, "%s=%s", file, value);
	if (b.overflow)
		return -EINVAL;
	return replace_line(draft, &draft->cgroup.attributes, start, (struct str){ b.p, b.len });
}

/* The names of slices: no instances, no empty part between dashes. */
int set_slice(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	enum unit_type type;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0) {
		struct str name = { e.p, e.len };

		if (!str_ends(name, ".slice") || unit_name_type(name, &type) != -ENOTSUP ||
		    strchr(e.p, '@') || strstr(e.p, "--") || (e.p[0] == '-' && e.p[1] != '.'))
			return -EINVAL;
		r = directive_keep(c, e, &kept);
	}
	if (r == 0)
		c->draft->cgroup.slice = kept;
	return r;
}

static int check_controller(struct directive_context *c _unused_, struct buf *word)
{
	static const char *const names[] = { "cpu",  "cpuset",	"io",	"memory", "pids",
					     "rdma", "hugetlb", "misc", NULL };

	return directive_name_index((struct str){ word->p, word->len }, names) < 0 ? -EINVAL : 0;
}

int set_delegate(struct directive_context *c, struct str value)
{
	struct cgroup_settings *cgroup = &c->draft->cgroup;
	int r;

	if (value.n == 0) {
		c->reason = "would delegate a cgroup without controllers, which Orlop does not do";
		return -EINVAL;
	}
	r = unit_boolean(value, &cgroup->delegate);
	if (r == 0) {
		cgroup->delegate_controllers = (struct text_list){ 0 };
		return 0;
	}
	/* All of them already are delegated: naming some does not take the others away. */
	if (cgroup->delegate && cgroup->delegate_controllers.count == 0) {
		struct text_list ignored = { 0 };

		return directive_words(c, value, &ignored, check_controller);
	}
	r = directive_words(c, value, &cgroup->delegate_controllers, check_controller);
	if (r == 0)
		cgroup->delegate = true;
	return r;
}

int set_subgroup(struct directive_context *c, struct str value)
{
	char expanded[VALUE_MAX];
	struct buf e = BUF(expanded);
	const char *kept = NULL;
	int r = directive_expand(c, value, &e);

	if (r == 0 && e.len > 0) {
		/* A name, and none that the kernel's files in a cgroup could have. */
		if (strchr(e.p, '/') || e.p[0] == '.' || e.len > 255 ||
		    str_starts(str_from(e.p), "cgroup."))
			return -EINVAL;
		r = directive_keep(c, e, &kept);
	}
	if (r == 0)
		c->draft->cgroup.delegate_subgroup = kept;
	return r;
}

/* "15%" with at most two decimals. Return: hundredths of a percent, or -EINVAL. */
static int64_t percentage(struct str value, uint64_t limit)
{
	struct str whole = { 0 };
	uint64_t percent;
	uint64_t hundredths = 0;

	if (value.n == 0 || value.p[value.n - 1] != '%')
		return -EINVAL;
	value.n--;
	(void)str_split(&value, '.', &whole);
	if (str_to_u64(whole, &percent) < 0 || percent > limit || value.n > 2 ||
	    (value.n > 0 && str_to_u64(value, &hundredths) < 0))
		return -EINVAL;
	if (value.n == 1)
		hundredths *= 10;
	return (int64_t)(percent * 100 + hundredths);
}

/* A share of the machine stays text, and is worked out when the cgroup is made. */
static int set_share(struct directive_context *c, const char *file, struct str value)
{
	char text[32];
	struct buf b = BUF(text);
	int64_t share = percentage(value, 100);

	if (share <= 0 || share > 10000)
		return -EINVAL;
	buf_add_str(&b, value);
	return b.overflow ? -EINVAL : directive_attribute(c->draft, file, text);
}

int set_memory(struct directive_context *c, struct str value)
{
	enum cgroup_attribute attribute = (enum cgroup_attribute)c->directive->number;
	const char *file = attribute_files[attribute];
	bool zero_is_good = attribute != ATTRIBUTE_MEMORY_HIGH && attribute != ATTRIBUTE_MEMORY_MAX;
	char text[32];
	struct buf b = BUF(text);
	uint64_t amount;
	int r;

	if (value.n > 0 && value.p[value.n - 1] == '%')
		return zero_is_good && str_is(value, "0%") ? directive_attribute(c->draft, file, "0")
							   : set_share(c, file, value);
	if (str_is(value, "infinity")) {
		buf_add(&b, "max");
	} else if (value.n > 0) {
		r = unit_size(value, 1024, &amount);
		if (r < 0)
			return r;
		if (amount == 0 && !zero_is_good)
			return -ERANGE;
		buf_printf(&b, "%llu", (unsigned long long)amount);
	}
	return directive_attribute(c->draft, file, text);
}

int set_tasks(struct directive_context *c, struct str value)
{
	char text[32];
	struct buf b = BUF(text);
	uint64_t amount;
	int r;

	if (value.n > 0 && value.p[value.n - 1] == '%')
		return set_share(c, "pids.max", value);
	if (str_is(value, "infinity")) {
		buf_add(&b, "max");
	} else if (value.n > 0) {
		r = str_to_u64(value, &amount);
		if (r < 0)
			return r;
		if (amount == 0)
			return -ERANGE;
		buf_printf(&b, "%llu", (unsigned long long)amount);
	}
	return directive_attribute(c->draft, "pids.max", text);
}

/* 1 to 10000, or nothing. */
static int weight(struct str value, const char *before, struct buf *ret_text)
{
	int64_t number;
	int r;

	if (value.n == 0)
		return 0;
	r = directive_between(value, 1, 10000, &number);
	if (r == 0)
		buf_printf(ret_text, "%s%d", before, (int)number);
	return r;
}

int set_cpu_weight(struct directive_context *c, struct str value)
{
	bool idle = str_is(value, "idle");
	char text[32];
	struct buf b = BUF(text);
	int r = idle ? 0 : weight(value, "", &b);

	if (r == 0)
		r = directive_attribute(c->draft, "cpu.weight", text);
	if (r == 0)
		r = directive_attribute(c->draft, "cpu.idle", idle ? "1" : "");
	return r;
}

int set_cpu_quota(struct directive_context *c, struct str value)
{
	/* More than all CPUs of any machine is a slip. */
	int64_t share = value.n > 0 ? percentage(value, 1000000) : 0;

	if (share < 0 || (share == 0 && value.n > 0))
		return -EINVAL;
	c->draft->cpu_quota = (uint64_t)share * (NS_PER_S / 10000);
	return 0;
}

int set_cpu_period(struct directive_context *c, struct str value)
{
	uint64_t ns;
	int r;

	if (value.n == 0) {
		c->draft->cpu_quota_period = 0;
		return 0;
	}
	r = unit_time(value, &ns);
	if (r == 0)
		c->draft->cpu_quota_period = ns == CLOCK_TIME_MAX ? 0 : ns;
	return r;
}

/* Several lines add up, as the kernel does with a list that names a CPU twice. */
int set_cpu_set(struct directive_context *c, struct str value)
{
	const char *file = attribute_files[c->directive->number];
	const struct text_list *lines = &c->draft->cgroup.attributes;
	uint64_t mask[16] = { 0 };
	char text[VALUE_MAX];
	struct buf b = BUF(text);
	size_t n = strlen(file);
	int r;

	if (value.n == 0)
		return directive_attribute(c->draft, file, "");
	for (const char *line = text_list_next(lines, NULL); line; line = text_list_next(lines, line))
		if (strncmp(line, file, n) == 0 && line[n] == '=')
			(void)unit_cpu_list(str_from(line + n + 1), mask, sizeof(mask) * 8);
	r = unit_cpu_list(value, mask, sizeof(mask) * 8);
	if (r < 0)
		return r;
	unit_cpu_list_format(mask, sizeof(mask) * 8, &b);
	return b.overflow ? -EINVAL : directive_attribute(c->draft, file, text);
}

int set_io_weight(struct directive_context *c, struct str value)
{
	char text[32];
	struct buf b = BUF(text);
	int r = weight(value, "default ", &b);

	return r < 0 ? r : directive_attribute(c->draft, "io.weight", text);
}

/* The device's path, which is a node or any file on it; @rest is moved to what stands behind. */
static int device_path(struct directive_context *c, struct str *rest, struct buf *ret_path)
{
	char word[VALUE_MAX];
	struct buf b = BUF(word);
	int r = unit_next_word(rest, &b);

	if (r <= 0)
		return r < 0 ? r : -EINVAL;
	r = directive_expand(c, (struct str){ b.p, b.len }, ret_path);
	if (r == 0)
		r = directive_path(ret_path);
	*rest = str_trim(*rest);
	/* A blank would end the path for who reads the line "FILE=PATH VALUE". */
	return r == 0 && strchr(ret_path->p, ' ') ? -EINVAL : r;
}

/* Puts FILE=PATH KEY… in the place of the same of before. */
static int set_device_line(struct directive_context *c, const char *file, const char *path,
			   const char *key, const char *value)
{
	char start[VALUE_MAX];
	char line[VALUE_MAX];
	struct buf s = BUF(start);
	struct buf b = BUF(line);

	buf_printf(&s, "%s=%s %s", file, path, key);
	buf_printf(&b, "%s%s", start, value);
	if (s.overflow || b.overflow)
		return -EINVAL;
	return replace_line(c->draft, &c->draft->cgroup.io_device, start, (struct str){ b.p, b.len });
}

/* An empty value takes all lines with this key away, of whatever device. */
static int forget_devices(struct directive_context *c, const char *file, const char *key)
{
	struct text_list *list = &c->draft->cgroup.io_device;
	struct text_list after = { 0 };
	size_t n = strlen(file);
	int r = 0;

	for (const char *item = text_list_next(list, NULL); r == 0 && item;
	     item = text_list_next(list, item)) {
		const char *blank = strchr(item, ' ');

		if (strncmp(item, file, n) != 0 || item[n] != '=' || !blank ||
		    strncmp(blank + 1, key, strlen(key)) != 0)
			r = text_list_add(&c->draft->text, &after, str_from(item));
	}
	if (r == 0)
		*list = after;
	return r;
}

int set_io_device_weight(struct directive_context *c, struct str value)
{
	char path[VALUE_MAX];
	char text[32];
	struct buf p = BUF(path);
	struct buf b = BUF(text);
	int r;

	if (value.n == 0)
		return forget_devices(c, "io.weight", "");
	r = device_path(c, &value, &p);
	if (r == 0)
		r = value.n > 0 ? weight(value, "", &b) : -EINVAL;
	return r < 0 ? r : set_device_line(c, "io.weight", path, "", text);
}

int set_io_bandwidth(struct directive_context *c, struct str value)
{
	static const char *const keys[] = {
		[IO_LIMIT_RBPS] = "rbps=",
		[IO_LIMIT_WBPS] = "wbps=",
		[IO_LIMIT_RIOPS] = "riops=",
		[IO_LIMIT_WIOPS] = "wiops=",
	};
	const char *key = keys[c->directive->number];
	char path[VALUE_MAX];
	char text[32];
	struct buf p = BUF(path);
	struct buf b = BUF(text);
	uint64_t amount;
	int r;

	if (value.n == 0)
		return forget_devices(c, "io.max", key);
	r = device_path(c, &value, &p);
	if (r < 0)
		return r;
	if (str_is(value, "infinity")) {
		buf_add(&b, "max");
	} else {
		r = unit_size(value, 1000, &amount);
		if (r == 0 && amount == 0)
			r = -ERANGE;
		if (r < 0)
			return r;
		buf_printf(&b, "%llu", (unsigned long long)amount);
	}
	return set_device_line(c, "io.max", path, key, text);
}

int set_io_latency(struct directive_context *c, struct str value)
{
	char path[VALUE_MAX];
	char text[32];
	struct buf p = BUF(path);
	struct buf b = BUF(text);
	uint64_t ns = 0;
	int r;

	if (value.n == 0)
		return forget_devices(c, "io.latency", "target=");
	r = device_path(c, &value, &p);
	if (r == 0)
		r = unit_time(value, &ns);
	if (r == 0 && ns == CLOCK_TIME_MAX)
		r = -ERANGE;
	if (r < 0)
		return r;
	buf_printf(&b, "%llu", (unsigned long long)(ns / NS_PER_US));
	return set_device_line(c, "io.latency", path, "target=", text);
}

int set_device_allow(struct directive_context *c, struct str value)
{
	struct text_list *list = &c->draft->cgroup.device_allow;
	char word[VALUE_MAX];
	char expanded[VALUE_MAX];
	struct buf b = BUF(word);
	struct buf e = BUF(expanded);
	struct str node;
	int r;

	if (value.n == 0) {
		*list = (struct text_list){ 0 };
		return 0;
	}
	r = unit_next_word(&value, &b);
	if (r > 0)
		r = directive_expand(c, (struct str){ b.p, b.len }, &e);
	if (r < 0)
		return r;
	node = (struct str){ e.p, e.len };
	if (!str_starts(node, "char-") && !str_starts(node, "block-") &&
	    ((!str_starts(node, "/dev/") && !str_starts(node, "/run/systemd/inaccessible/")) ||
	     directive_path(&e) < 0))
		return -EINVAL;
	if (strchr(e.p, ' '))
		return -EINVAL;
	value = str_trim(value);
	if (value.n > 3)
		return -EINVAL;
	for (size_t i = 0; i < value.n; i++)
		if (!strchr("rwm", value.p[i]) || memchr(value.p, value.p[i], i))
			return -EINVAL;
	buf_printf(&e, " " STR_FORMAT, value.n > 0 ? (int)value.n : 3, value.n > 0 ? value.p : "rwm");
	return e.overflow ? -EINVAL : text_list_add(&c->draft->text, list, (struct str){ e.p, e.len });
}
