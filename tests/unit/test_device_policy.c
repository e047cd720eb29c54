// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/device_policy: rules from names, and the program that they become, run by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "supervisor/device_policy.h"

static struct device_rule rules[DEVICE_RULE_MAX];
static struct bpf_insn program[DEVICE_PROGRAM_MAX];

/* As much of the machine as the programs use. Return: what register 0 has at the exit. */
static uint64_t run(size_t count, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t r[11] = { 0 };
	const uint32_t *fields = (const uint32_t *)context;

	for (size_t i = 0; i < count; i++) {
		const struct bpf_insn *in = &program[i];
		uint64_t *dst = &r[in->dst_reg];
		uint32_t imm = (uint32_t)in->imm;

		switch (in->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			*dst = fields[in->off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*dst = (uint32_t)*dst & imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*dst = (uint32_t)*dst >> imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = r[in->src_reg];
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			i += (uint32_t)*dst != imm ? (size_t)in->off : 0;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_X:
			i += (uint32_t)*dst != (uint32_t)r[in->src_reg] ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("instruction %zu has the code %#x", i, in->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

static bool allowed(size_t count, unsigned type, uint32_t major, uint32_t minor, unsigned access)
{
	const struct bpf_cgroup_dev_ctx context = { access << 16 | type, major, minor };

	return run(count, &context) == 1;
}

static void test_program(void **state _unused_)
{
	const unsigned r = BPF_DEVCG_ACC_READ;
	const unsigned w = BPF_DEVCG_ACC_WRITE;
	const unsigned m = BPF_DEVCG_ACC_MKNOD;
	const struct device_rule two[] = {
		{ false, 1, 3, r | w | m },
		{ true, 8, DEVICE_ANY, r },
	};
	int n = device_program(two, 2, program, ARRAY_SIZE(program));
	size_t count = (size_t)n;

	assert_true(n > 0);
	assert_true(allowed(count, BPF_DEVCG_DEV_CHAR, 1, 3, r | w));
	assert_true(allowed(count, BPF_DEVCG_DEV_CHAR, 1, 3, m));
	assert_false(allowed(count, BPF_DEVCG_DEV_CHAR, 1, 5, r));
	assert_false(allowed(count, BPF_DEVCG_DEV_BLOCK, 1, 3, r));
	assert_true(allowed(count, BPF_DEVCG_DEV_BLOCK, 8, 17, r));
	assert_false(allowed(count, BPF_DEVCG_DEV_BLOCK, 8, 17, r | w));
	assert_false(allowed(count, BPF_DEVCG_DEV_BLOCK, 8, 17, m));
	assert_false(allowed(count, BPF_DEVCG_DEV_CHAR, 8, 17, r));
}

static void test_program_limits(void **state _unused_)
{
	for (size_t i = 0; i < DEVICE_RULE_MAX; i++)
		rules[i] = (struct device_rule){ i & 1, (uint32_t)i, (uint32_t)i, BPF_DEVCG_ACC_READ };
	assert_true(device_program(rules, DEVICE_RULE_MAX, program, ARRAY_SIZE(program)) > 0);
	assert_int_equal(device_program(rules, DEVICE_RULE_MAX, program, 100), -E2BIG);
	assert_true(device_program(rules, 0, program, ARRAY_SIZE(program)) > 0);
	assert_false(allowed((size_t)device_program(rules, 0, program, ARRAY_SIZE(program)),
			     BPF_DEVCG_DEV_CHAR, 1, 3, BPF_DEVCG_ACC_READ));
}

static void test_access(void **state _unused_)
{
	assert_int_equal(device_access(STR("rw")), BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
	assert_int_equal(device_access(STR("")), 7);
	assert_int_equal(device_access(STR("x")), -EINVAL);
}

static void test_groups(void **state _unused_)
{
	const struct str devices = STR("Character devices:\n  1 mem\n 10 misc\n136 pts\n250 ptp\n251 pps\n"
				       "203 cpu/cpuid\n\nBlock devices:\n  7 loop\n  8 sd\n 65 sd\n");
	size_t count = 0;

	assert_int_equal(device_group(STR("char-pps"), devices, 3, rules, &count), 1);
	assert_int_equal(rules[0].major, 251);
	assert_false(rules[0].block);
	assert_int_equal(rules[0].minor, DEVICE_ANY);
	assert_int_equal(device_group(STR("block-*"), devices, 7, rules, &count), 3);
	assert_true(rules[1].block);
	assert_int_equal(device_group(STR("char-p?p"), devices, 7, rules, &count), 1);
	assert_int_equal(device_group(STR("char-cpu/*"), devices, 7, rules, &count), 1);
	assert_int_equal(device_group(STR("char-rtc"), devices, 7, rules, &count), 0);
	assert_int_equal(device_group(STR("char-sd"), devices, 7, rules, &count), 0);
	assert_int_equal(count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_program_limits),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
