// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Giving pages back that were needed once: what boot and the reading of units touched is not to stay
 * with a process that lives as long as the machine, nor to be copied at each of its forks.
 */
#pragma once

#include <stddef.h>

/**
 * memory_release() - gives the whole pages within @memory back; what they held is zero when it is
 * looked at again. For static buffers whose content is not needed any more. Bytes on pages that are
 * shared with something else stay as they are.
 */
void memory_release(void *memory, size_t size);

/** memory_release_stack() - the same for the stack below the caller: as deep as it ever was. */
void memory_release_stack(void);
