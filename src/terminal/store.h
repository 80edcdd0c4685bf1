/* SPDX-License-Identifier: MIT */
#pragma once

#include <vterm.h>

#include "sdbg/base/macro.h"

/* The emulator's memory. Nearly all of it are cells of some 40 bytes each, of which most are equal to their
 * neighbours; while nobody looks they are packed, and their pages given back. */
typedef struct Block Block;

typedef struct Store {
        Block *blocks; /* the large ones */
        bool is_packed;
} Store;

/* For vterm_new_with_allocator(), with a Store as the data. */
extern VTermAllocatorFunctions store_functions;

/* Packs all that gets smaller by it. Nothing may use the memory until it is unpacked.
 * cells: of a screen, which a block holds; where it does not, it gets less small. */
void store_pack(Store *s, size_t cells);
void store_unpack(Store *s);
