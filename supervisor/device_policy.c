// SPDX-License-Identifier: MIT OR Apache-2.0
/* A BPF program for a cgroup's devices: see device_policy.h. */
#include "supervisor/device_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "lib/fd.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define DEVICES_SIZE 16384
/* Where the program keeps what it is asked about. */
#define TYPE BPF_REG_2
#define ACCESS BPF_REG_3
#define MAJOR BPF_REG_4
#define MINOR BPF_REG_5

/* ---- the program ---- */

struct assembler {
	struct bpf_insn *program;
	size_t size;
	size_t count;
	bool overflow;
};

static size_t emit(struct assembler *a, struct bpf_insn instruction)
{
	if (a->count == a->size) {
		a->overflow = true;
		return 0;
	}
	a->program[a->count] = instruction;
	return a->count++;
}

static void load_field(struct assembler *a, unsigned reg, size_t offset)
{
	emit(a, (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM,
				   .dst_reg = reg & 15,
				   .src_reg = BPF_REG_1,
				   .off = (int16_t)offset });
}

static void alu(struct assembler *a, unsigned operation, unsigned reg, uint32_t value)
{
	emit(a, (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | operation | BPF_K),
				   .dst_reg = reg & 15,
				   .imm = (int32_t)value });
}

static void finish(struct assembler *a, int result)
{
	emit(a, (struct bpf_insn){
			.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = result });
	emit(a, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static void add_rule(struct assembler *a, const struct device_rule *rule)
{
	size_t jumps[4];
	size_t count = 0;
	const struct {
		unsigned reg;
		uint32_t value;
		bool used;
	} fields[] = {
		{ TYPE, rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, true },
		{ MAJOR, rule->major, rule->major != DEVICE_ANY },
		{ MINOR, rule->minor, rule->minor != DEVICE_ANY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].used)
			jumps[count++] = emit(a, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K,
								    .dst_reg = fields[i].reg & 15,
								    .imm = (int32_t)fields[i].value });
	if (rule->access != ACCESS_ALL) {
		/* Is anything asked for that the rule does not give? The context's register is free by now. */
		emit(a, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					   .dst_reg = BPF_REG_1,
					   .src_reg = ACCESS });
		alu(a, BPF_AND, BPF_REG_1, rule->access);
		jumps[count++] = emit(a, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_X,
							    .dst_reg = BPF_REG_1,
							    .src_reg = ACCESS });
	}
	finish(a, 1);
	for (size_t i = 0; !a->overflow && i < count; i++)
		a->program[jumps[i]].off = (int16_t)(a->count - jumps[i] - 1);
}

int device_program(const struct device_rule *rules, size_t count, struct bpf_insn *program, size_t size)
{
	struct assembler a = { .program = program, .size = size };

	load_field(&a, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	alu(&a, BPF_AND, TYPE, 0xffff);
	load_field(&a, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	alu(&a, BPF_RSH, ACCESS, 16);
	load_field(&a, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load_field(&a, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < count; i++)
		add_rule(&a, &rules[i]);
	finish(&a, 0);
	return a.overflow ? -E2BIG : (int)a.count;
}

/* ---- the rules ---- */

int device_access(struct str text)
{
	uint32_t access = 0;

	for (size_t i = 0; i < text.n; i++)
		switch (text.p[i]) {
		case 'r':
			access |= BPF_DEVCG_ACC_READ;
			break;
		case 'w':
			access |= BPF_DEVCG_ACC_WRITE;
			break;
		case 'm':
			access |= BPF_DEVCG_ACC_MKNOD;
			break;
		default:
			return -EINVAL;
		}
	return text.n > 0 ? (int)access : ACCESS_ALL;
}

static int put_rule(struct device_rule *rules, size_t *count, struct device_rule rule)
{
	if (*count == DEVICE_RULE_MAX)
		return -E2BIG;
	rules[(*count)++] = rule;
	return 0;
}

int device_group(struct str group, struct str devices, uint32_t access, struct device_rule *rules,
		 size_t *count)
{
	bool block = str_starts(group, "block-");
	size_t skip = block ? sizeof("block-") - 1 : sizeof("char-") - 1;
	bool in_block = false;
	char pattern[256];
	struct buf p = BUF(pattern);
	struct str line;
	int added = 0;

	buf_add_str(&p, (struct str){ group.p + skip, group.n - skip });
	while (!p.overflow && str_split(&devices, '\n', &line)) {
		char name[256];
		struct buf n = BUF(name);
		struct str word;
		uint64_t major;

		if (str_starts(line, "Block devices:"))
			in_block = true;
		if (in_block != block || !str_next_word(&line, &word) || str_to_u64(word, &major) < 0)
			continue;
		buf_add_str(&n, str_trim(line));
		/* Not FNM_PATHNAME: a name such as "cpu/msr" has a slash, but is no path. */
		if (n.overflow || n.len == 0 || fnmatch(pattern, name, FNM_NOESCAPE) != 0)
			continue;
		if (put_rule(rules, count,
			     (struct device_rule){ block, (uint32_t)major, DEVICE_ANY, access }) < 0)
			return -E2BIG;
		added++;
	}
	return added;
}

/* A node by its path, /dev/char/M:m and /dev/block/M:m also where there is no such link. */
static int node_rule(const char *path, uint32_t access, struct device_rule *rules, size_t *count)
{
	struct str rest = str_from(path);
	bool block = str_starts(rest, "/dev/block/");
	struct stat st;
	struct str major;
	uint64_t a;
	uint64_t b;

	if (stat(path, &st) == 0) {
		if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			return 0;
		return put_rule(rules, count,
				(struct device_rule){ S_ISBLK(st.st_mode), major(st.st_rdev),
						      minor(st.st_rdev), access });
	}
	if (!block && !str_starts(rest, "/dev/char/"))
		return 0;
	rest.p += sizeof("/dev/char/") - 1 + (block ? 1 : 0);
	rest.n = strlen(rest.p);
	if (!str_split(&rest, ':', &major) || str_to_u64(major, &a) < 0 || str_to_u64(rest, &b) < 0)
		return 0;
	return put_rule(rules, count, (struct device_rule){ block, (uint32_t)a, (uint32_t)b, access });
}

static int item_rules(const char *item, struct str devices, struct device_rule *rules, size_t *count)
{
	char path[4096];
	struct buf b = BUF(path);
	struct str rest = str_from(item);
	struct str node;
	int access;
	int r;

	if (!str_next_word(&rest, &node))
		return 0;
	access = device_access(str_trim(rest));
	if (access <= 0)
		return access;
	if (str_starts(node, "char-") || str_starts(node, "block-")) {
		r = device_group(node, devices, (uint32_t)access, rules, count);
		return r < 0 ? r : 0;
	}
	buf_add_str(&b, node);
	return b.overflow ? -ENAMETOOLONG : node_rule(path, (uint32_t)access, rules, count);
}

/* The policy in effect: PrivateDevices= closes what is not said otherwise. */
static enum device_policy effective(const struct cgroup_settings *cgroup,
				    const struct exec_settings *exec)
{
	if (cgroup->device_policy == DEVICE_POLICY_AUTO && exec_has(exec, EXEC_FLAG_PRIVATE_DEVICES))
		return DEVICE_POLICY_CLOSED;
	return cgroup->device_policy;
}

bool device_policy_wanted(const struct cgroup_settings *cgroup, const struct exec_settings *exec)
{
	return effective(cgroup, exec) != DEVICE_POLICY_AUTO || cgroup->device_allow.count > 0;
}

static int collect(const struct cgroup_settings *cgroup, const struct exec_settings *exec,
		   struct device_rule *rules, size_t *count)
{
	/* What nobody can do without and nobody can do harm with. */
	static const char *const always[] = { "/dev/null rwm",	  "/dev/zero rwm",
					      "/dev/full rwm",	  "/dev/random rwm",
					      "/dev/urandom rwm", "/dev/tty rwm",
					      "/dev/ptmx rwm",	  "char-pts rw" };
	const struct text_list *allow = &cgroup->device_allow;
	static char text[DEVICES_SIZE] _table_;
	ssize_t n = file_read(AT_FDCWD, "/proc/devices", text, sizeof(text));
	struct str devices = { text, n > 0 ? (size_t)n : 0 };
	int r = 0;

	for (size_t i = 0;
	     r == 0 && effective(cgroup, exec) != DEVICE_POLICY_STRICT && i < ARRAY_SIZE(always); i++)
		r = item_rules(always[i], devices, rules, count);
	for (const char *item = text_list_next(allow, NULL); r == 0 && item;
	     item = text_list_next(allow, item))
		r = item_rules(item, devices, rules, count);
	if (r == 0 && exec_has(exec, EXEC_FLAG_PROTECT_CLOCK))
		r = item_rules("char-rtc r", devices, rules, count);
	return r;
}

/* ---- the kernel ---- */

static int bpf(int command, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

/* The program that we have put there before. Return: its descriptor or -ENOENT. */
static int attached(int cgroup)
{
	uint32_t ids[64];
	union bpf_attr attr = { 0 };
	int r;

	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ARRAY_SIZE(ids);
	r = bpf(BPF_PROG_QUERY, &attr);
	if (r < 0 || attr.query.prog_cnt == 0)
		return -ENOENT;
	attr = (union bpf_attr){ 0 };
	attr.prog_id = ids[0];
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

int device_policy_apply(const struct cgroup_settings *cgroup, const struct exec_settings *exec, int fd)
{
	static struct device_rule rules[DEVICE_RULE_MAX] _table_;
	static struct bpf_insn program[DEVICE_PROGRAM_MAX] _table_;
	union bpf_attr attr = { 0 };
	size_t count = 0;
	_cleanup_fd_ int loaded = -1;
	_cleanup_fd_ int before = -1;
	int r = collect(cgroup, exec, rules, &count);

	if (r == 0)
		r = device_program(rules, count, program, ARRAY_SIZE(program));
	if (r < 0)
		return r;
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.insn_cnt = (uint32_t)r;
	attr.license = (uint64_t)(uintptr_t) "Dual MIT/GPL";
	memcpy(attr.prog_name, "orlop_devices", sizeof("orlop_devices"));
	loaded = bpf(BPF_PROG_LOAD, &attr);
	if (loaded < 0)
		return loaded;
	before = attached(fd);
	attr = (union bpf_attr){ 0 };
	attr.target_fd = (uint32_t)fd;
	attr.attach_bpf_fd = (uint32_t)loaded;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (before >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)before;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}
