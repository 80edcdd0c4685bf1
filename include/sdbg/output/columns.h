/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/output/table.h"
#include "sdbg/ops/jobs.h"

/* The columns of `sdbg list`. */

#define COLUMNS_MAX 32

typedef struct Column Column;

/* NULL-terminated. */
typedef struct ColumnList {
        const Column *columns[COLUMNS_MAX + 1];
} ColumnList;

/* The columns that are shown unless others are asked for; wide: most of them. */
extern const char *const columns_default, *const columns_wide;

/* Reads "name,state,memory". Return: 0; -EINVAL with reterr said (usage). */
int columns_parse(const char *text, ColumnList *ret, Error *reterr);

/* How much must be known of the jobs to show them. */
JobDetail columns_detail(const ColumnList *l);

/* Sorts by a column, "-memory" the other way round; jobs of which it is unknown come last. Numbers and times
 * by their value, all else as text. Return: 0; -EINVAL with reterr said (usage). */
int columns_sort(const char *by, JobList *io, Error *reterr);

/* The table, with a row of titles. Return: 0, -ENOMEM. */
int columns_show(FILE *f, const ColumnList *l, const JobList *jobs, const TableStyle *style);
