// SPDX-License-Identifier: MIT OR Apache-2.0
/* SipHash-2-4 (Aumasson and Bernstein, 2012): numbers from names that stay the same over boots. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** siphash24() - Return: the hash of @size bytes at @data under @key. */
uint64_t siphash24(const void *data, size_t size, const uint8_t key[static 16]);
