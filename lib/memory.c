// SPDX-License-Identifier: MIT OR Apache-2.0
/* Giving pages back: see memory.h. That it fails costs memory and nothing else. */
#include "lib/memory.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Deeper than PID 1's stack can have been: no function of ours has a frame of more than some KiB. */
#define STACK_DEPTH (1024 * 1024)

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

void memory_release(void *memory, size_t size)
{
	uintptr_t mask = page_size() - 1;
	uintptr_t start = ((uintptr_t)memory + mask) & ~mask;
	uintptr_t end = ((uintptr_t)memory + size) & ~mask;

	if (end > start)
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
}

/*
 * From the page after next on: what lies under the stack pointer within a page may be in use by the
 * call that is made. Where the mapping ends the kernel says ENOMEM, after it did the rest.
 */
void memory_release_stack(void)
{
	uintptr_t mask = page_size() - 1;
	uintptr_t end = ((uintptr_t)__builtin_frame_address(0) & ~mask) - page_size();

	(void)madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}
