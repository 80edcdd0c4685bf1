/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/macro.h"

/* A table of text for people: columns as wide as they must be, rows cut at the terminal's width. */
typedef struct Table {
        size_t columns;
        char **cells; /* row by row; printable, of one line */
        const char **colors;
        size_t n;
} Table;

typedef struct TableStyle {
        size_t width; /* columns of the terminal; 0: no limit */
        bool color;
        bool utf8; /* else what is not ASCII is shown as '?' */
        bool no_titles;
} TableStyle;

/* titles: NULL-terminated. Return: 0, -ENOMEM. */
int table_init(Table *t, const char *const *titles);
void table_done(Table *t);
#define _cleanup_table_ _cleanup_(table_done)

/* Adds the next cell; NULL and "" show as "-". Any bytes: what is not printable is left out, and so is what
 * changes the direction of the text around it.
 * color: parameters of an SGR sequence (ECMA-48), "31", in static memory; NULL: none.
 * Return: 0, -ENOMEM. */
int table_add(Table *t, const char *cell, const char *color);

/* Prints it. Return: 0, -ENOMEM. */
int table_print(const Table *t, FILE *f, const TableStyle *style);
