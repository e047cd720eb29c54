// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pages of static memory that were used once: given back to the kernel, they read as zeros again. */
#pragma once

#include <stddef.h>

/** pages_keep_small() - no huge page for static memory, of which single pages are touched. First of all in main(). */
void pages_keep_small(void);

/* Ranges that pages_lock() takes. */
#define PAGES_LOCKED_MAX 4

/**
 * pages_lock() - keeps the pages with the @size bytes of code or constants from @start on in memory (mlock(2)), for what has to
 * run when the file that they are from cannot be read any more. Where it is not allowed to, nothing is locked.
 */
void pages_lock(const void *start, size_t size);

/** pages_give_back() - gives back the whole pages among the @size bytes from @start on. */
void pages_give_back(void *start, size_t size);

/** pages_zero() - zeros @size bytes, and touches only the pages in which something is not zero yet. */
void pages_zero(void *start, size_t size);

/** stack_give_back() - the same for the stack below the caller, as far as it has ever been used. */
void stack_give_back(void);

/**
 * code_give_back() - the same for the program's own code and constants: what is used again is mapped again, from the page cache.
 * What pages_lock() has locked stays.
 */
void code_give_back(void);

/**
 * scratch_give_back() - the same for all that is marked _scratch_ (lib/macros.h). Nobody may be using any of it.
 * Only in programs that are linked with --sort-section=name.
 */
void scratch_give_back(void);
