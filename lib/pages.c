// SPDX-License-Identifier: MIT OR Apache-2.0
/* Giving static memory back: see pages.h. */
#include "lib/pages.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/macros.h"

/* The smallest that there is; on a kernel with larger ones madvise(2) refuses what is not aligned, and nothing is given back. */
#define PAGE_SIZE 4096U
/* Deeper than any of ours goes. */
#define STACK_DEPTH (256U * 1024)

/* What is marked _scratch_ lies between these two. */
static char scratch_begin[1] __attribute__((section(".bss.zy_a")));
static char scratch_end[1] __attribute__((section(".bss.zy_z")));

void pages_give_back(void *start, size_t size)
{
	uintptr_t first = ((uintptr_t)start + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
	uintptr_t end = ((uintptr_t)start + size) & ~(uintptr_t)(PAGE_SIZE - 1);

	if (first < end)
		(void)madvise((void *)first, end - first, MADV_DONTNEED);
}

void pages_zero(void *start, size_t size)
{
	unsigned char *bytes = start;

	for (size_t at = 0; at < size; at++)
		if (bytes[at] != 0) {
			/* From here to the end of its page. */
			size_t rest = PAGE_SIZE - ((uintptr_t)&bytes[at] & (PAGE_SIZE - 1));
			size_t n = rest < size - at ? rest : size - at;

			memset(&bytes[at], 0, n);
			at += n - 1;
		}
}

void stack_give_back(void)
{
	char here;
	/* A page for what runs until the call returns. */
	uintptr_t end = ((uintptr_t)&here - PAGE_SIZE) & ~(uintptr_t)(PAGE_SIZE - 1);

	/* What the stack has never grown to is refused, after the rest is done. */
	(void)madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}

void text_give_back(void)
{
	/* The linker's: the ELF header, and the end of the code. Nothing between them is ever written to. */
	extern char __executable_start[];
	extern char etext[];

	pages_give_back(__executable_start, (size_t)((uintptr_t)etext - (uintptr_t)__executable_start));
}

void scratch_give_back(void)
{
	pages_give_back(scratch_begin, (size_t)((uintptr_t)scratch_end - (uintptr_t)scratch_begin));
}
