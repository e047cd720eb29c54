// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Linked into a build of orlop for the tests, in front of the allocator and of what gets memory from the
 * kernel: once PID 1 is in its loop, a call of any of them ends it, by name (hc-45). Its children, between
 * fork and exec, may allocate. With ALLOCATION_GUARD=self-test it makes such a call itself, to show that
 * the guard bites.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/act3.h"
#include "init/loop.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__real_sbrk(intptr_t increment);
void __real_loop_run(void);
_noreturn_ void __real_act3_finish(enum power_action action, enum act3_manner manner);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_sbrk(intptr_t increment);
void __wrap_loop_run(void);
_noreturn_ void __wrap_act3_finish(enum power_action action, enum act3_manner manner);

static bool in_loop;

static void check(const char *what)
{
	static const char text[] = "allocation guard: PID 1 called ";

	if (!in_loop || getpid() != 1)
		return;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)!write(STDERR_FILENO, what, strlen(what));
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(99);
}

void *__wrap_malloc(size_t size)
{
	check("malloc");
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	check("calloc");
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	check("realloc");
	return __real_realloc(memory, size);
}

/* Of nothing is no allocation's business: clean-up code does it without a thought. */
void __wrap_free(void *memory)
{
	if (memory)
		check("free");
	__real_free(memory);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	check("mmap");
	return __real_mmap(address, size, protection, flags, fd, offset);
}

void *__wrap_sbrk(intptr_t increment)
{
	check("sbrk");
	return __real_sbrk(increment);
}

void __wrap_loop_run(void)
{
	const char *wish = getenv("ALLOCATION_GUARD");

	in_loop = true;
	if (wish && strcmp(wish, "self-test") == 0) {
		/* Volatile, or the compiler would see that nobody needs it. */
		void *volatile memory = malloc(1);

		free(memory);
	}
	__real_loop_run();
}

/* All units are down: the loop is over, and act 3 shares memory with the children that do its work. */
void __wrap_act3_finish(enum power_action action, enum act3_manner manner)
{
	in_loop = false;
	__real_act3_finish(action, manner);
}
