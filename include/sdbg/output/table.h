/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/macro.h"

/* A table of text for people: columns as wide as they must be, the last one cut at the terminal's
 * width. */
typedef struct Table {
        size_t columns;
        char **cells; /* row by row */
        size_t n;
} Table;

/* titles: NULL-terminated. Return: 0, -ENOMEM. */
int table_init(Table *t, const char *const *titles);
void table_done(Table *t);
#define _cleanup_table_ _cleanup_(table_done)

/* Adds the next cell; NULL shows as "-". Return: 0, -ENOMEM. */
int table_add(Table *t, const char *cell);

/* Prints it. width: columns of the terminal; 0: no limit. */
void table_print(const Table *t, FILE *f, size_t width);

/* Return: the width of the terminal on f; 0 where it is none. */
size_t terminal_width(FILE *f);
