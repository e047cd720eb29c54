// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pages of static memory that were used once: given back to the kernel, they read as zeros again. */
#pragma once

#include <stddef.h>

/** pages_keep_small() - no huge page for static memory, of which single pages are touched. First of all in main(). */
void pages_keep_small(void);

/** pages_give_back() - gives back the whole pages among the @size bytes from @start on. */
void pages_give_back(void *start, size_t size);

/** pages_zero() - zeros @size bytes, and touches only the pages in which something is not zero yet. */
void pages_zero(void *start, size_t size);

/** stack_give_back() - the same for the stack below the caller, as far as it has ever been used. */
void stack_give_back(void);

/** code_give_back() - the same for the program's own code and constants: what is used again is mapped again, from the page cache. */
void code_give_back(void);

/**
 * scratch_give_back() - the same for all that is marked _scratch_ (lib/macros.h). Nobody may be using any of it.
 * Only in programs that are linked with --sort-section=name.
 */
void scratch_give_back(void);
