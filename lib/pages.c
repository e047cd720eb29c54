// SPDX-License-Identifier: MIT OR Apache-2.0
/* Giving static memory back: see pages.h. */
#include "lib/pages.h"

#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/macros.h"

/* The smallest that there is; on a kernel with larger ones madvise(2) refuses what is not aligned, and nothing is given back. */
#define PAGE_SIZE 4096U
/* Deeper than any of ours goes. */
#define STACK_DEPTH (256U * 1024)

/* What is marked _scratch_ lies between these two. */
static char scratch_begin[1] __attribute__((section(".bss.zy_a")));
static char scratch_end[1] __attribute__((section(".bss.zy_z")));

/* What is locked, in whole pages. */
static struct page_range {
	uintptr_t start;
	uintptr_t end;
} locked[PAGES_LOCKED_MAX];
static size_t locked_count;

static uintptr_t page_down(uintptr_t address)
{
	return address & ~(uintptr_t)(PAGE_SIZE - 1);
}

static uintptr_t page_up(uintptr_t address)
{
	return page_down(address + PAGE_SIZE - 1);
}

/*
 * Our tables are static and mostly empty. With transparent huge pages on, as Debian has them, the first
 * byte that is used of 2 MiB makes all of them resident. For this process alone: a prctl would go
 * on to every service.
 */
void pages_keep_small(void)
{
	extern char __bss_start[];
	extern char _end[];
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)__bss_start & ~(page - 1);

	/* A kernel without huge pages says EINVAL, and all is well. */
	(void)madvise((void *)start, (uintptr_t)_end - start, MADV_NOHUGEPAGE);
}

void pages_give_back(void *start, size_t size)
{
	uintptr_t first = page_up((uintptr_t)start);
	uintptr_t end = page_down((uintptr_t)start + size);

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
	uintptr_t end = page_down((uintptr_t)&here - PAGE_SIZE);

	/* What the stack has never grown to is refused, after the rest is done. */
	(void)madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}

void pages_lock(const void *start, size_t size)
{
	struct page_range range = { page_down((uintptr_t)start), page_up((uintptr_t)start + size) };

	if (locked_count < PAGES_LOCKED_MAX && mlock((void *)range.start, range.end - range.start) == 0)
		locked[locked_count++] = range;
}

/* The first locked range that reaches behind @address. */
static struct page_range next_locked(uintptr_t address)
{
	struct page_range next = { UINTPTR_MAX, UINTPTR_MAX };

	for (size_t i = 0; i < locked_count; i++)
		if (locked[i].end > address && locked[i].start < next.start)
			next = locked[i];
	return next;
}

/* madvise(2) stops at the first page that is locked. */
static void give_back_around_locked(uintptr_t start, uintptr_t end)
{
	while (start < end) {
		struct page_range next = next_locked(start);

		if (next.start > start)
			pages_give_back((void *)start, (next.start < end ? next.start : end) - start);
		start = next.end;
	}
}

void code_give_back(void)
{
	/* The linker's: where the file is mapped. */
	extern char __executable_start[];
	const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM);

	for (unsigned long i = 0; i < count; i++)
		/* What was ever writable has been relocated, and is in no file. */
		if (header[i].p_type == PT_LOAD && (header[i].p_flags & PF_W) == 0)
			give_back_around_locked((uintptr_t)__executable_start + header[i].p_vaddr,
						(uintptr_t)__executable_start + header[i].p_vaddr +
							header[i].p_memsz);
}

void scratch_give_back(void)
{
	pages_give_back(scratch_begin, (size_t)((uintptr_t)scratch_end - (uintptr_t)scratch_begin));
}
