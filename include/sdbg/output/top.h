/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/output/table.h"

/* The table of `sdbg top`, apart from any terminal: jobs and keys in, text out. The clock is an argument. */

typedef enum TopSort { TOP_BY_NAME, TOP_BY_CPU, TOP_BY_MEMORY } TopSort;
typedef enum TopMode { TOP_TABLE, TOP_CONFIRM_STOP, TOP_HELP } TopMode;

#define TOP_COLUMNS 7
#define TOP_MESSAGE_MAX 256

/* All zero at first. */
typedef struct Top {
        JobList jobs;             /* as shown, from the first to the last */
        struct TopSample *before; /* what each had used when it was looked at the time before, by name */
        size_t n_before;
        usec_t before_at, at; /* CLOCK_MONOTONIC */
        TopSort sort;
        TopMode mode;
        char *selected; /* a job's name: the mark stays with it, or where it was */
        size_t mark;
        size_t first, rows;            /* of the jobs that are on the screen */
        size_t widths[TOP_COLUMNS];    /* of the columns: they only grow */
        char message[TOP_MESSAGE_MAX]; /* in place of the list of keys, until the next key */
} Top;

/* Frees what it holds; it is then empty. */
void top_done(Top *t);
#define _cleanup_top_ _cleanup_(top_done)

/* Takes a new sample, whose jobs are moved out of `io`. Return: 0, -ENOMEM. */
int top_take(Top *t, JobList *io, usec_t now);

/* A running job's share of one CPU since the sample before, in thousandths.
 * Return: UINT64_MAX where it is not known. */
uint64_t top_cpu(const Top *t, const Job *j);

/* The job with the mark. Return: borrowed; NULL where there is none. */
const Job *top_selected(const Top *t);

/* Scrolls so that the mark can be seen on a terminal of so many rows. Return: the jobs that are to be seen,
 * whose details the caller may fill in; *ret_n: how many. */
Job *top_scroll(Top *t, unsigned rows, size_t *ret_n);

/* Keys: characters as they are, others from here. */
enum {
        TOP_KEY_NONE = 0x100,
        TOP_KEY_UP,
        TOP_KEY_DOWN,
        TOP_KEY_PAGE_UP,
        TOP_KEY_PAGE_DOWN,
        TOP_KEY_HOME,
        TOP_KEY_END
};

/* The first key of what was typed (len > 0): control bytes and what terminals send for keys (XTerm Control
 * Sequences). A sequence that comes in two pieces is none, and its letters are bound to nothing.
 * Return: its length. */
size_t top_decode_key(const char *typed, size_t len, int *ret);

typedef enum TopAction {
        TOP_NOTHING,
        TOP_QUIT,
        TOP_FOLLOW,
        TOP_ATTACH,
        TOP_STOP,
        TOP_RESTART,
        TOP_PAUSE,
        TOP_RESUME,
} TopAction;

/* What a key asks for, of the job with the mark where it is about one. */
TopAction top_key(Top *t, int key);

/* Says something below the table until the next key. */
void top_say(Top *t, const char *format, ...) _printf_(2, 3);

/* Appends what draws the whole screen, of so many rows and the width of the style. top_scroll() comes before.
 * Return: 0, -ENOMEM. */
int top_draw(Top *t, unsigned rows, const TableStyle *style, Buf *out);

/* All jobs once: as a table, or as `sdbg list --json` with cpu_percent. Return: 0, -ENOMEM. */
int top_print(const Top *t, FILE *f, const TableStyle *style);
int top_print_json(const Top *t, FILE *f);
