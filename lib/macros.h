// SPDX-License-Identifier: MIT OR Apache-2.0
/* The few macros that every file may rely on. */
#pragma once

#include <stddef.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Runs @function on the address of the variable when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _noreturn_ __attribute__((noreturn))
#define _unused_ __attribute__((unused))

/* Moves a pointer out of a variable that has a cleanup, which then does nothing. */
#define TAKE_PTR(pointer)                               \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

/*
 * Where static memory lies decides how many of its pages are touched. The linker sorts by these names:
 * the many small variables come first and share a few pages; then scratch, whose content nobody needs
 * once the function that fills it has returned, in one piece so that its pages can be given back
 * (scratch_give_back()); then tables, of which mostly only the beginning is used.
 */
#define _scratch_ __attribute__((section(".bss.zy_scratch")))
#define _table_ __attribute__((section(".bss.zz_table")))
