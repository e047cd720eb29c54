// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A plain main() for fuzz targets, where libFuzzer is not wanted: it feeds a
 * target each file of its corpus, and then a sweep of mutations of them.
 *
 * The sweep is the same on every machine and in every run: the generator has a
 * fixed seed, the work is bounded by a count and not by time, and the corpus
 * comes in the order of the arguments. Without a corpus it starts from the
 * empty input.
 *
 * When a sanitizer, an assertion or a hang ends the program, the input at hand
 * is written to the file --failed-input, to be replayed alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer corpus files are cut: what Orlop parses is bounded, mostly by a page or two. */
#define INPUT_MAX ((size_t)64 * 1024)

/* Far above any target's time for one input, even on a busy machine. */
#define HANG_S 60

#define MUTATIONS_DEFAULT 20000

struct input {
	uint8_t *data;
	size_t size;
};

static const char *failed_input_path;
static struct input current;

/* In a signal handler or a dying process: only write(2) and its like. */
static void save_current(void)
{
	static const char note[] = "the failing input is kept in ";
	int fd;

	if (!failed_input_path)
		return;
	fd = open(failed_input_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, current.data, current.size) == (ssize_t)current.size) {
		(void)!write(STDERR_FILENO, note, sizeof(note) - 1);
		(void)!write(STDERR_FILENO, failed_input_path, strlen(failed_input_path));
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	close(fd);
}

static void on_hang(int signal_number)
{
	static const char message[] = "one input took too long\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	save_current();
	_exit(1);
}

/* abort(3), from an assertion in a target. */
static void on_abort(int signal_number)
{
	save_current();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/*
 * The target gets a copy of exactly the input's size from the heap, so that
 * AddressSanitizer sees a read past its end.
 */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		die("malloc");
	if (size > 0)
		memcpy(copy, data, size);
	current = (struct input){ copy, size };
	alarm(HANG_S);
	LLVMFuzzerTestOneInput(copy, size);
	alarm(0);
	current = (struct input){ 0 };
	free(copy);
}

static struct input input_read(const char *path)
{
	struct input input = { .data = malloc(INPUT_MAX) };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || !input.data)
		die(path);
	while (input.size < INPUT_MAX) {
		n = read(fd, input.data + input.size, INPUT_MAX - input.size);
		if (n < 0)
			die(path);
		if (n == 0)
			break;
		input.size += (size_t)n;
	}
	close(fd);
	return input;
}

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static size_t random_below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return limit ? (size_t)(random_state % limit) : 0;
}

/* Bytes at which text and binary parsers change their mind. */
static const uint8_t telling_bytes[] = { 0,   1,   '\t', '\n', '\r', ' ',  '"',	 '%',  '\'', '*',
					 ',', '-', '.',	 '/',  '0',  '9',  ':',	 ';',  '=',  '@',
					 '[', ']', '_',	 '\\', 0x7f, 0x80, 0xc0, 0xfe, 0xff };

/* Numbers at which sizes and offsets overflow, as they stand in binary input. */
static const uint64_t telling_numbers[] = {
	0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, UINT64_MAX, UINT64_MAX >> 1
};

static void insert(struct input *input, size_t at, const uint8_t *bytes, size_t n)
{
	if (n > INPUT_MAX - input->size)
		n = INPUT_MAX - input->size;
	memmove(input->data + at + n, input->data + at, input->size - at);
	memmove(input->data + at, bytes, n);
	input->size += n;
}

static void mutate_once(struct input *input, const struct input *other)
{
	uint8_t byte = telling_bytes[random_below(sizeof(telling_bytes))];
	size_t at = random_below(input->size + 1), n = 0;
	uint64_t number;

	if (at < input->size)
		n = 1 + random_below(input->size - at < 64 ? input->size - at : 64);
	switch (random_below(9)) {
	case 0: /* flip a bit */
		if (n > 0)
			input->data[at] ^= (uint8_t)(1U << random_below(8));
		break;
	case 1:
		if (n > 0)
			input->data[at] = byte;
		break;
	case 2:
		insert(input, at, &byte, 1);
		break;
	case 3: /* any byte at all */
		byte = (uint8_t)random_below(256);
		insert(input, at, &byte, 1);
		break;
	case 4: /* take a piece out */
		memmove(input->data + at, input->data + at + n, input->size - at - n);
		input->size -= n;
		break;
	case 5: { /* say a piece again, right there */
		uint8_t piece[64];

		memcpy(piece, input->data + at, n);
		insert(input, at, piece, n);
		break;
	}
	case 6: /* cut the end off */
		input->size = at;
		break;
	case 7: /* go on as another input does */
		if (other->size > 0) {
			size_t from = random_below(other->size);

			input->size = at;
			insert(input, at, other->data + from, other->size - from);
		}
		break;
	case 8: /* a number, two to eight bytes, little endian */
		number = telling_numbers[random_below(sizeof(telling_numbers) / sizeof(telling_numbers[0]))];
		n = (size_t)2 << random_below(3);
		if (at + n <= input->size)
			memcpy(input->data + at, &number, n);
		break;
	default:
		break;
	}
}

static void sweep(const struct input *inputs, size_t count, unsigned long mutations)
{
	static const struct input empty;
	struct input work = { .data = malloc(INPUT_MAX) };

	if (!work.data)
		die("malloc");
	for (unsigned long i = 0; i < mutations; i++) {
		const struct input *seed = count ? &inputs[i % count] : &empty;
		const struct input *other = count ? &inputs[random_below(count)] : &empty;

		work.size = seed->size;
		if (seed->size > 0)
			memcpy(work.data, seed->data, seed->size);
		for (size_t steps = 1 + random_below(6); steps > 0; steps--)
			mutate_once(&work, other);
		run(work.data, work.size);
	}
	free(work.data);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mutations", required_argument, NULL, 'm' },
		{ "failed-input", required_argument, NULL, 'f' },
		{ 0 },
	};
	unsigned long mutations = MUTATIONS_DEFAULT;
	struct input *inputs;
	size_t count;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm') {
			mutations = strtoul(optarg, NULL, 10);
		} else if (option == 'f') {
			failed_input_path = optarg;
		} else {
			fprintf(stderr, "usage: %s [--mutations N] [--failed-input FILE] INPUT...\n",
				argv[0]);
			return 2;
		}
	}
	signal(SIGALRM, on_hang);
	signal(SIGABRT, on_abort);
	__sanitizer_set_death_callback(save_current);

	count = (size_t)(argc - optind);
	inputs = calloc(count + 1, sizeof(*inputs));
	if (!inputs)
		die("calloc");
	for (size_t i = 0; i < count; i++) {
		inputs[i] = input_read(argv[optind + (int)i]);
		run(inputs[i].data, inputs[i].size);
	}
	sweep(inputs, count, mutations);
	printf("%zu inputs, %lu mutations\n", count, mutations);

	for (size_t i = 0; i < count; i++)
		free(inputs[i].data);
	free(inputs);
	return 0;
}
