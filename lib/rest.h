// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * When a daemon that has nothing to do gives back what it touched while it had. Sooner, and a burst of work
 * would fault its pages in each time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** rest_moved() - something other than time has happened, at @now. Until it is called nobody rests. */
void rest_moved(uint64_t now);

/** rest_deadline() - when to call rest_try(); CLOCK_TIME_MAX: not before something moves. */
uint64_t rest_deadline(void);

/**
 * rest_try() - after some seconds in which nothing moved, gives the kernel back scratch memory, unused stack, and code and
 * constants, which come again from the page cache as they are used (lib/pages.h). Nobody may be using scratch memory.
 * Return: whether it did.
 */
bool rest_try(uint64_t now);
