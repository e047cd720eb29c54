// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * profile_plugin: a plugin of QEMU's (TCG plugins, API version 1) that counts how often each translated block is executed,
 * apart for what lies between the stamps of bench-boot (stamp.c). A stamp is known by its entry point, which no other
 * program of the image has. At the end it writes to the file of its argument out= one line for each block:
 *
 *	ADDRESS INSTRUCTIONS EXECUTIONS-BEFORE-/init EXECUTIONS-IN-ACT-1 ... (one for each part)
 *
 * The functions are declared here, as Debian packages no header for them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 5
#define BLOCKS_MAX (1U << 22)
#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

EXPORTED int qemu_plugin_version = 1;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int,
					  void *);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);

EXPORTED int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

struct block {
	uint64_t address;
	uint64_t instructions;
	uint64_t executions[PARTS];
};

static struct block *blocks;
static size_t block_count;
static uint64_t stamps[4];
static unsigned stamp_count;
static unsigned part;
static const char *out_path;

static void on_execution(unsigned processor, void *data)
{
	struct block *block = data;

	(void)processor;
	for (unsigned i = 0; i < stamp_count; i++)
		if (block->address == stamps[i] && part < PARTS - 1)
			part++;
	block->executions[part]++;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
	struct block *block = &blocks[block_count];

	(void)id;
	if (block_count == BLOCKS_MAX)
		return;
	block_count++;
	block->address = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, 0, block);
}

static void on_exit_of_qemu(plugin_id id, void *data)
{
	FILE *out = fopen(out_path, "w");

	(void)id;
	(void)data;
	if (!out)
		return;
	for (size_t i = 0; i < block_count; i++) {
		fprintf(out, "%" PRIx64 " %" PRIu64, blocks[i].address, blocks[i].instructions);
		for (unsigned k = 0; k < PARTS; k++)
			fprintf(out, " %" PRIu64, blocks[i].executions[k]);
		fputc('\n', out);
	}
	fclose(out);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			out_path = argv[i] + 4;
		else if (strncmp(argv[i], "stamp=", 6) == 0 && stamp_count < 4)
			stamps[stamp_count++] = strtoull(argv[i] + 6, NULL, 16);
	}
	blocks = calloc(BLOCKS_MAX, sizeof(*blocks));
	if (!blocks || !out_path || stamp_count == 0)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
