/* SPDX-License-Identifier: MIT */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdbg/base/macro.h"

/* What every unit test uses. */

/* An assertion in a loop over a table: says which row it was that failed. */
#define assert_row(row, condition)                                                                           \
        do {                                                                                                 \
                if (!(condition))                                                                            \
                        fail_msg("row '%s': %s", (row), #condition);                                         \
        } while (0)

/* A literal that may hold NULs, as a pointer and a length. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/* Room for what format_*() write. */
#define FORMAT_MAX 64
